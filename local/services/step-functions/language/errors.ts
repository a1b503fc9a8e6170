import type { JsonObject } from './definition.ts';

/** An error that a state reports: what Retry and Catch match on. */
export class StateError extends Error {
  override readonly name: string;

  constructor(error: string, cause: string) {
    super(cause);
    this.name = error;
  }

  /** `$states.errorOutput`. */
  get output(): JsonObject {
    return { Error: this.name, Cause: this.message };
  }
}

/** The end of an execution from outside or from its own limits: no Retry and no Catch sees it. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
  readonly status: 'ABORTED' | 'TIMED_OUT' | 'FAILED';
  readonly error: string | undefined;
  readonly reason: string | undefined;

  constructor(status: 'ABORTED' | 'TIMED_OUT' | 'FAILED', error?: string, reason?: string) {
    super(reason ?? error ?? status);
    this.status = status;
    this.error = error;
    this.reason = reason;
  }
}

/** The end of a branch or an item because a sibling failed. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

export const queryError = (cause: string): StateError => new StateError('States.QueryEvaluationError', cause);

/** "This error … can't be caught by States.ALL" (Step Functions guide, error handling, 2026-11); States.Runtime by nothing at all. */
const TERMINAL = new Set(['States.DataLimitExceeded', 'States.Runtime']);

/** Whether `ErrorEquals` names this error, with the wildcards as AWS documents them. */
export const matchesError = (patterns: string[], error: StateError): boolean => {
  if (error.name === 'States.Runtime') return false;
  return patterns.some((pattern) => {
    if (pattern === error.name) return true;
    if (TERMINAL.has(error.name)) return false;
    if (pattern === 'States.TaskFailed') return error.name !== 'States.Timeout';
    return pattern === 'States.ALL';
  });
};

/** 256 KiB of UTF-8 for every payload (Step Functions quotas, 2026-11). */
const MAX_PAYLOAD_BYTES = 262_144;

/** @throws {StateError} States.DataLimitExceeded. */
export const checkSize = <T>(value: T, what: string): T => {
  const bytes = Buffer.byteLength(JSON.stringify(value) ?? '');
  if (bytes <= MAX_PAYLOAD_BYTES) return value;
  throw new StateError(
    'States.DataLimitExceeded',
    `${what} has ${bytes} bytes; at most ${MAX_PAYLOAD_BYTES} are allowed. Keep the data in S3 and pass its name.`,
  );
};
