// What a failed call says about the region it was made to. Recognised by code and class, never by text.

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
