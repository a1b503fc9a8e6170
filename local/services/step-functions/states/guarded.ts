import type { Outcome, Visit } from '../execution/frame.ts';
import type { GuardedState, Json } from '../language/definition.ts';
import { matchesError, StateError } from '../language/errors.ts';
import { createRetries } from '../language/retries.ts';
import { finish } from './finish.ts';

/**
 * Task, Parallel and Map: attempts, their retries, and the catcher. Only what a state reports is retried or caught; a
 * stopped execution and a cancelled branch pass through at once.
 */
export const runGuarded = async (visit: Visit, state: GuardedState, attempt: () => Promise<Json>): Promise<Outcome> => {
  const { frame } = visit;
  const { clock } = frame.run.region;
  const retries = createRetries(state.Retry);
  for (;;) {
    try {
      const result = await attempt();
      return await finish(visit, { part: state, more: { result }, otherwise: result, next: state.Next });
    } catch (error) {
      frame.signal.throwIfAborted();
      if (!(error instanceof StateError)) throw error;
      const seconds = retries.after(error);
      if (seconds === undefined) return await caught(visit, state, error);
      await frame.run.activity.sleepUntil(new Date(clock.now().getTime() + seconds * 1000), frame.signal);
      visit.retryCount = retries.count;
      delete frame.progress.children;
    }
  }
};

const caught = async (visit: Visit, state: GuardedState, error: StateError): Promise<Outcome> => {
  const index = state.Catch?.findIndex(({ ErrorEquals }) => matchesError(ErrorEquals, error)) ?? -1;
  const part = state.Catch?.[index];
  if (!part) throw error;
  const { output } = error;
  const place = `Catch[${index}]/`;
  return await finish(visit, { part, more: { errorOutput: output }, otherwise: output, next: part.Next, place });
};
