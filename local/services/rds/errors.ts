// Errors RDS answers with that its SDK has no class for.
import type { Filter } from '@aws-sdk/client-rds';
import { ApiError } from '../../service.ts';

export const invalidCombination = (message: string): ApiError =>
  new ApiError('InvalidParameterCombination', 400, message);

export const invalidValue = (message: string): ApiError => new ApiError('InvalidParameterValue', 400, message);

/** Not in the SDK's model, though the API answers with it (seen in public bug reports, read 2026-11-20). */
export const exportLimitReached = (): ApiError =>
  new ApiError('ExportTaskLimitReachedFault', 400, 'You have reached the limit of 5 concurrent export tasks.');

/** A list that passes over its filters would tell too much. @throws ApiError */
export const refuseFilters = (filters: Filter[] | undefined): void => {
  if (filters?.length) throw new ApiError('NotImplemented', 501, 'The local RDS does not offer Filters.');
};

/** The code of an AWS error, of whatever class. */
export const codeOf = (error: unknown): string => {
  const { code, name } = error as { code?: string; name?: string };
  return code ?? name ?? 'Unknown';
};
