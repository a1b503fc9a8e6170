import type { Frame, Progress, Visit } from '../execution/frame.ts';
import type { Json } from '../language/definition.ts';
import { Cancelled } from '../language/errors.ts';

export type RunScope = (frame: Frame) => Promise<Json>;

interface Children {
  visit: Visit;
  progresses: Progress[];
  concurrency: number;
  run(progress: Progress, index: number, signal: AbortSignal): Promise<Json>;
}

/**
 * Runs branches or items side by side. After the first failure the others are cancelled, and only when all have stopped is it
 * thrown.
 */
export const runChildren = async (children: Children): Promise<Json[]> => {
  const { visit, progresses, concurrency, run } = children;
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
