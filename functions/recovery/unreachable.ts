// What a failed call says about the region it was made to. Recognised by code and class, never by text.
import { LifeboatError } from '../../shared/errors.ts';
import type { Signal } from '../../shared/recovery/assessment.ts';

/** Codes of Node's network layer for "nobody answers there". */
const NO_ANSWER = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EPIPE',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
]);
const TIMED_OUT = new Set(['TimeoutError', 'AbortError']);

interface Failed {
  name?: string;
  code?: string;
  cause?: unknown;
  $metadata?: { httpStatusCode?: number };
}

/** Whether nobody answered, as opposed to an answer that we may not have what we asked for. */
export const isUnreachable = (error: unknown): boolean => {
  for (let at = error as Failed | undefined, depth = 0; at && depth < 4; at = at.cause as Failed | undefined, depth++) {
    if (NO_ANSWER.has(at.code ?? '') || TIMED_OUT.has(at.name ?? '')) return true;
    if ((at.$metadata?.httpStatusCode ?? 0) >= 500) return true;
  }
  return false;
};

/** No answer is "down"; an answer that is a refusal says nothing about the region. */
export const failureOfCall = (error: unknown): Pick<Signal, 'says' | 'evidence'> => {
  const { name = 'Error', code, message = '' } = error as Failed & { message?: string };
  const what = error instanceof LifeboatError ? message : [name, code].filter(Boolean).join(' ');
  return isUnreachable(error) ? { says: 'down', evidence: `no answer (${what})` } : { says: 'unknown', evidence: what };
};
