// What a failed call says about the region it was made to, as a signal of an assessment.
import { isUnreachable } from '../../shared/aws/unreachable.ts';
import { LifeboatError } from '../../shared/errors.ts';
import type { Signal } from '../../shared/recovery/assessment.ts';

/** No answer is "down"; an answer that is a refusal says nothing about the region. */
export const failureOfCall = (error: unknown): Pick<Signal, 'says' | 'evidence'> => {
  const { name = 'Error', code, message = '' } = error as { name?: string; code?: string; message?: string };
  const what = error instanceof LifeboatError ? message : [name, code].filter(Boolean).join(' ');
  return isUnreachable(error) ? { says: 'down', evidence: `no answer (${what})` } : { says: 'unknown', evidence: what };
};
