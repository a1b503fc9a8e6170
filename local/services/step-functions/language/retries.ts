import type { Retrier } from './definition.ts';
import { matchesError, type StateError } from './errors.ts';

/** AWS's own upper bound of MaxDelaySeconds: 31622400 (one leap year). */
const LONGEST_SECONDS = 31_622_400;

/** Counts the attempts of one visit to a state. `after` tells how many seconds to wait before the next attempt, or nothing when there is none. */
export interface Retries {
  count: number;
  after(error: StateError): number | undefined;
}

export const createRetries = (retriers: Retrier[] = [], random: () => number = Math.random): Retries => {
  const used = retriers.map(() => 0);
  return {
    count: 0,
    after(error) {
      const index = retriers.findIndex(({ ErrorEquals }) => matchesError(ErrorEquals, error));
      const retrier = retriers[index];
      const attempts = used[index] ?? 0;
      if (!retrier || attempts >= (retrier.MaxAttempts ?? 3)) return undefined;
      used[index] = attempts + 1;
      this.count += 1;
      const delay = (retrier.IntervalSeconds ?? 1) * (retrier.BackoffRate ?? 2) ** attempts;
      const bounded = Math.min(delay, retrier.MaxDelaySeconds ?? LONGEST_SECONDS);
      return retrier.JitterStrategy === 'FULL' ? bounded * random() : bounded;
    },
  };
};
