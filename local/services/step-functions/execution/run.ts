// One execution from its start, or its redrive, to its end.

import type { Clock } from '../../../types.ts';
import type { Definition, Json, JsonObject } from '../language/definition.ts';
import { StateError, Stopped } from '../language/errors.ts';
import { createActivity } from './activity.ts';
import type { Progress, Run } from './frame.ts';
import type { History } from './history.ts';
import { runScope } from './scope.ts';

export type Ending =
  | { status: 'SUCCEEDED'; output: Json }
  | { status: 'FAILED' | 'TIMED_OUT' | 'ABORTED'; error?: string; cause?: string };

interface Start {
  clock: Clock;
  name: string;
  definition: Definition;
  progress: Progress;
  history: History;
  lastEvent: number;
  context: JsonObject;
  stop: AbortController;
  shared: Omit<Run, 'activity'>;
  /** Called before the clock is let go, so that whoever waits for the end goes on at the same instant. */
  ended(ending: Ending): void;
}

const endingOf = (error: unknown): Ending => {
  if (error instanceof Stopped) {
    const { status, error: name, reason } = error;
    return { status, ...(name !== undefined && { error: name }), ...(reason !== undefined && { cause: reason }) };
  }
  if (error instanceof StateError) return { status: 'FAILED', error: error.name, cause: error.message };
  // A fault of the interpreter itself: say so, rather than let it pass for the machine's.
  const cause = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { status: 'FAILED', error: 'States.Runtime', cause };
};

/** The machine's own TimeoutSeconds ends the execution from outside: no Catch runs. */
export const runExecution = async (start: Start): Promise<void> => {
  const { clock, definition, progress, history, lastEvent, context, stop, shared } = start;
  const activity = createActivity(clock, `execution ${start.name}`);
  activity.enter();
  const seconds = definition.TimeoutSeconds;
  const cancel =
    seconds === undefined
      ? undefined
      : clock.at(new Date(clock.now().getTime() + seconds * 1000), () =>
          stop.abort(new Stopped('TIMED_OUT', 'States.Timeout', `The execution had ${seconds} s.`)),
        );
  try {
    const frame = { run: { ...shared, activity }, scope: definition, progress, history, lastEvent, context };
    const output = await runScope({ ...frame, signal: stop.signal });
    stop.signal.throwIfAborted();
    start.ended({ status: 'SUCCEEDED', output });
  } catch (error) {
    start.ended(endingOf(stop.signal.aborted ? stop.signal.reason : error));
  } finally {
    cancel?.();
    activity.leave();
  }
};
