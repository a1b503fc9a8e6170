import type { Filter } from '@aws-sdk/client-rds';
import { invalidValue } from './errors.ts';

/** Whether an item passes all filters. A filter nobody knows is an error, as in AWS. */
export const passes = <T>(
  item: T,
  filters: Filter[] | undefined,
  known: Record<string, (item: T) => string[]>,
): boolean =>
  (filters ?? []).every((filter) => {
    const valuesOf = known[filter.Name ?? ''];
    if (!valuesOf) throw invalidValue(`Unrecognized filter name: ${filter.Name}`);
    return valuesOf(item).some((value) => filter.Values?.includes(value));
  });
