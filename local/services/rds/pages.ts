import type { Filter } from '@aws-sdk/client-rds';
import { invalidValue } from './errors.ts';

/** One page of a listing; the marker is the identifier the next page starts after. RDS takes 20 to 100 records, 100 by default. */
export const pageOf = <T>(
  items: T[],
  key: (item: T) => string,
  request: { Marker?: string | undefined; MaxRecords?: number | undefined },
): { items: T[]; marker: string | undefined } => {
  const size = request.MaxRecords ?? 100;
  if (size < 20 || size > 100) throw invalidValue(`Invalid value ${size} for MaxRecords. Must be between 20 and 100`);
  const { Marker } = request;
  const sorted = items.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
  const rest = Marker === undefined ? sorted : sorted.filter((item) => key(item) > Marker);
  const page = rest.slice(0, size);
  const last = page.at(-1);
  return { items: page, marker: rest.length > size && last !== undefined ? key(last) : undefined };
};

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
