// A verification that could not test says nothing about its point: it is tried again by itself, with growing pauses, as
// long as no newer verification of the source takes its place. What to try again is computed here, from what was tried.
import type { Execution } from '../aws/executions.ts';
import type { Verdict } from '../catalog/recovery-point.ts';

/** After the first attempt, the second, the third. What does not pass within half a day needs a person. */
const PAUSES_SECONDS = [1800, 7200, 28_800];
export const ATTEMPTS = PAUSES_SECONDS.length + 1;

/** Seconds from the end of an attempt to the next; undefined after the last. */
export const pauseAfter = (attempt: number): number | undefined => PAUSES_SECONDS[attempt - 1];

/** What was asked for, the same in every attempt. */
export interface Asked {
  source: string;
  recoveryPoint?: string | undefined;
  before?: string | undefined;
  scheduledAt: string;
}

export interface Attempt extends Pick<Execution, 'name' | 'status' | 'startedAt' | 'stoppedAt'> {
  asked: Asked;
  /** What it said at its end. */
  concluded?:
    | { verdict: Verdict; recoveryPoint?: string | undefined; worthRepeating?: boolean | undefined }
    | undefined;
}

export interface Retry {
  asked: Asked;
  /** Number of the attempt that is due: 2 for the first retry. */
  attempt: number;
  /** Of the execution: the same whoever begins it. */
  name: string;
  /** The point that could not be tested, where it is known. */
  recoveryPoint?: string | undefined;
  /** When the first attempt began: what was found out since needs no other. */
  since: Date;
}

/** Attempts that are due now. */
export const planRetries = (attempts: readonly Attempt[], at: Date): Retry[] =>
  [...Map.groupBy(attempts, ({ asked }) => aim(asked)).values()].flatMap((ofOneAim) => {
    const times = ofOneAim.map(({ asked }) => Date.parse(asked.scheduledAt));
    const newest = ofOneAim.filter(({ asked }) => Date.parse(asked.scheduledAt) === Math.max(...times));
    return nextOf(newest, at) ?? [];
  });

/** A newer verification with the same aim takes the place of an older one. */
const aim = ({ source, recoveryPoint = '', before = '' }: Asked): string => `${source} ${recoveryPoint} ${before}`;

const nextOf = (attempts: readonly Attempt[], at: Date): Retry | undefined => {
  const inOrder = attempts.toSorted((a, b) => a.startedAt.getTime() - b.startedAt.getTime());
  const [first, last] = [inOrder[0], inOrder.at(-1)];
  if (!first || !last || !cameToNothing(last)) return undefined;
  const pause = pauseAfter(inOrder.length);
  if (pause === undefined || !last.stoppedAt || at.getTime() < last.stoppedAt.getTime() + pause * 1000)
    return undefined;
  const attempt = inOrder.length + 1;
  return {
    asked: first.asked,
    attempt,
    name: `${first.name.slice(0, 66)}-attempt-${attempt}`,
    recoveryPoint: last.concluded?.recoveryPoint ?? first.asked.recoveryPoint,
    since: first.startedAt,
  };
};

/** Ended without a verdict that says something. One that a person stopped is theirs. */
const cameToNothing = ({ status, concluded }: Attempt): boolean =>
  status === 'FAILED' ||
  status === 'TIMED_OUT' ||
  (status === 'SUCCEEDED' && concluded?.verdict === 'INCONCLUSIVE' && concluded.worthRepeating !== false);
