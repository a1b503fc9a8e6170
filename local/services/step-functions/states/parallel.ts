import { log, type Outcome, type Visit, viewOf } from '../execution/frame.ts';
import type { ParallelState, Scope } from '../language/definition.ts';
import { evaluate } from '../language/expressions.ts';
import { type RunScope, runChildren } from './children.ts';
import { runGuarded } from './guarded.ts';

export const runParallel = (visit: Visit, state: ParallelState, runScope: RunScope): Promise<Outcome> =>
  runGuarded(visit, state, async () => {
    const { frame } = visit;
    const input =
      state.Arguments === undefined ? visit.input : await evaluate(state.Arguments, viewOf(visit), 'Arguments');
    log(frame, 'ParallelStateStarted');
    frame.progress.children ??= state.Branches.map(({ StartAt }) => ({ state: StartAt, input, variables: {} }));
    const lastEvent = frame.lastEvent;
    try {
      const outputs = await runChildren({
        visit,
        progresses: frame.progress.children,
        concurrency: Number.POSITIVE_INFINITY,
        run: (progress, index, signal) =>
          runScope({ ...frame, parent: frame, scope: state.Branches[index] as Scope, progress, signal, lastEvent }),
      });
      log(frame, 'ParallelStateSucceeded');
      return outputs;
    } catch (error) {
      if (!frame.signal.aborted) log(frame, 'ParallelStateFailed');
      throw error;
    }
  });
