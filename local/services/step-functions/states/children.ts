import type { Frame, Progress, Visit } from '../execution/frame.ts';
import type { Json } from '../language/definition.ts';
import { Cancelled, StateError } from '../language/errors.ts';

export type RunScope = (frame: Frame) => Promise<Json>;

interface Children {
  visit: Visit;
  progresses: Progress[];
  concurrency: number;
  run(progress: Progress, index: number, signal: AbortSignal): Promise<Json>;
  /** Whether the others may go on after this failure. */
  tolerates(error: StateError, index: number): boolean;
}

/**
 * Runs branches or items side by side. After the first failure that is not tolerated the others are cancelled, and only
 * when all have stopped is it thrown. Outputs of tolerated failures are missing.
 */
export const runChildren = async (children: Children): Promise<Json[]> => {
  const { visit, progresses, concurrency, run, tolerates } = children;
  const { activity } = visit.frame.run;
  const cancel = new AbortController();
  const signal = AbortSignal.any([visit.frame.signal, cancel.signal]);
  const queue = progresses.entries();
  let failure: unknown;
  const work = async () => {
    for (const [index, progress] of queue) {
      if (signal.aborted) break;
      if (progress.output) continue;
      try {
        await run(progress, index, signal);
      } catch (error) {
        if (error instanceof StateError && !signal.aborted && tolerates(error, index)) continue;
        failure ??= error;
        cancel.abort(new Cancelled(`a sibling of '${visit.name}' failed`));
      }
    }
    activity.leave();
  };
  const workers = Array.from({ length: Math.min(concurrency, progresses.length) }, () => {
    activity.enter();
    return work();
  });
  activity.leave();
  await Promise.all(workers);
  activity.enter();
  visit.frame.signal.throwIfAborted();
  if (failure) throw failure;
  return progresses.flatMap(({ output }) => (output ? [output.value] : []));
};
