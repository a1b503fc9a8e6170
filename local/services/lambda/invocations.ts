// Runs functions: at once for callers that wait, from a queue with retries for those that do not.
import { TooManyRequestsException } from '@aws-sdk/client-lambda';
import type { Region } from '../../types.ts';
import { recordMetric } from '../cloudwatch/record.ts';
import type { FunctionRecord } from './functions.ts';
import type { Pool } from './pool.ts';
import type { Outcome } from './processes.ts';

/** Lambda quotas, 2026-11: bytes of a request, of an answer, and of an event (1 MB since October 2025, 256 KB before). */
export const MAX_REQUEST = 6_291_456;
const MAX_ANSWER = 6_291_556;
export const MAX_EVENT = 1_048_576;
/** Pauses before the first and second retry of an event whose function failed (developer guide, "Asynchronous invocation"). */
const RETRY_MS = [60_000, 120_000];
/** An event that is older is dropped. */
const MAX_AGE_MS = 21_600_000;
/** Pauses while the function cannot run at all: doubling from one second to five minutes. */
const MAX_PAUSE_MS = 300_000;

export interface Invocations {
  /** Runs it now. @throws TooManyRequestsException beyond the reserved concurrency. */
  run(record: FunctionRecord, payload: string, requestId: string): Promise<Outcome>;
  /** Takes an event; it runs soon, twice more after a failure, and is dropped in the end. */
  accept(name: string, payload: string, requestId: string): Promise<void>;
  /** Drops the events that wait. */
  close(): void;
  /** The largest resident set of a function's processes so far, in kilobytes. */
  peakKilobytes(name: string): number;
}

export const createInvocations = (
  region: Region,
  pool: Pool,
  find: (name: string) => FunctionRecord | undefined,
): Invocations => {
  const peaks = new Map<string, number>();
  let closed = false;
  const count = (name: string, functionName: string, value = 1, unit = 'Count'): void =>
    recordMetric(region, 'AWS/Lambda', name, value, { FunctionName: functionName }, unit);

  const run = async (record: FunctionRecord, payload: string, requestId: string): Promise<Outcome> => {
    if (record.reservedConcurrency !== undefined && pool.running(record.name) >= record.reservedConcurrency) {
      count('Throttles', record.name);
      throw new TooManyRequestsException({
        Type: 'User',
        Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
        message: 'Rate Exceeded.',
        $metadata: {},
      });
    }
    const release = region.clock.hold(`function ${record.name}`);
    const begun = performance.now();
    try {
      const deadline = region.clock.now().getTime() + record.timeout * 1000;
      const invocation = { requestId, payload, functionArn: record.arn, deadline, offset: region.clock.offset() };
      const outcome = limitAnswer(await pool.run(record, invocation));
      peaks.set(record.name, Math.max(peaks.get(record.name) ?? 0, outcome.peakKilobytes));
      count('Invocations', record.name);
      count('Errors', record.name, outcome.failed ? 1 : 0);
      count('Duration', record.name, performance.now() - begun, 'Milliseconds');
      return outcome;
    } finally {
      release();
    }
  };

  interface Event {
    name: string;
    payload: string;
    requestId: string;
    acceptedAt: number;
    failures: number;
    pauses: number;
  }

  const later = (event: Event, ms: number): void => {
    region.clock.at(new Date(region.clock.now().getTime() + ms), () => attempt(event));
  };

  const attempt = async (event: Event): Promise<void> => {
    const record = find(event.name);
    if (!record || closed) return;
    const age = region.clock.now().getTime() - event.acceptedAt;
    if (age > MAX_AGE_MS || record.reservedConcurrency === 0) return count('AsyncEventsDropped', record.name);
    const pause = (): void =>
      later({ ...event, pauses: event.pauses + 1 }, Math.min(1000 * 2 ** event.pauses, MAX_PAUSE_MS));
    // The queue of a region that is down waits with it.
    if (!region.alive) return pause();
    let outcome: Outcome;
    try {
      outcome = await run(record, event.payload, event.requestId);
    } catch (error) {
      if (error instanceof TooManyRequestsException) return pause();
      throw error;
    }
    if (!outcome.failed || closed) return;
    const wait = RETRY_MS[event.failures];
    if (wait === undefined) return count('AsyncEventsDropped', record.name);
    later({ ...event, failures: event.failures + 1 }, wait);
  };

  return {
    run,
    accept: async (name, payload, requestId) => {
      const release = region.clock.hold(`event for ${name}`);
      // The caller is answered first: the event waits in a queue.
      await new Promise((resolve) => setImmediate(resolve));
      const acceptedAt = region.clock.now().getTime();
      await attempt({ name, payload, requestId, acceptedAt, failures: 0, pauses: 0 }).catch(warn).finally(release);
    },
    close: () => {
      closed = true;
    },
    peakKilobytes: (name) => peaks.get(name) ?? 0,
  };
};

const warn = (error: unknown): void => process.emitWarning(error instanceof Error ? error : String(error));

const limitAnswer = (outcome: Outcome): Outcome => {
  const bytes = Buffer.byteLength(outcome.payload);
  if (bytes <= MAX_ANSWER) return outcome;
  const errorMessage = `Response payload size (${bytes} bytes) exceeded maximum allowed payload size (${MAX_ANSWER} bytes).`;
  return {
    ...outcome,
    failed: true,
    payload: JSON.stringify({ errorType: 'Function.ResponseSizeTooLarge', errorMessage }),
  };
};
