import { type Frame, log, type Outcome, type Progress, type Visit, viewOf } from '../execution/frame.ts';
import type { Json, JsonObject, MapState } from '../language/definition.ts';
import { queryError, StateError } from '../language/errors.ts';
import { evaluate, evaluateArray, evaluateInteger } from '../language/expressions.ts';
import { type RunScope, runChildren } from './children.ts';
import { runGuarded } from './guarded.ts';

/** "Up to 40 concurrent iterations" (Step Functions guide, Map in inline mode, 2026-11). */
const MAX_CONCURRENCY = 40;

/** Iterations share history and variables' outer scopes with the machine; the first failure ends the Map. */
export const runMap = (visit: Visit, state: MapState, runScope: RunScope): Promise<Outcome> =>
  runGuarded(visit, state, async () => {
    const { frame, name } = visit;
    frame.progress.children ??= await childrenOf(visit, state);
    const progresses = frame.progress.children;
    const limit = await evaluateInteger(state.MaxConcurrency ?? 0, viewOf(visit), 'MaxConcurrency');
    const concurrency = Math.min(limit || MAX_CONCURRENCY, MAX_CONCURRENCY);
    log(frame, 'MapStateStarted', { length: progresses.length });
    try {
      const outputs = await runChildren({
        ...{ visit, concurrency, progresses },
        run: async (progress, index, signal) => {
          const context = { ...frame.context, ...itemContext(progress) };
          const child: Frame = { ...frame, parent: frame, scope: state.ItemProcessor, progress, signal, context };
          log(child, 'MapIterationStarted', { name, index });
          try {
            const output = await runScope(child);
            log(child, 'MapIterationSucceeded', { name, index });
            return output;
          } catch (error) {
            log(child, error instanceof StateError ? 'MapIterationFailed' : 'MapIterationAborted', { name, index });
            throw error;
          }
        },
      });
      log(frame, 'MapStateSucceeded');
      return outputs;
    } catch (error) {
      if (!frame.signal.aborted) log(frame, 'MapStateFailed');
      throw error;
    }
  });

const childrenOf = async (visit: Visit, state: MapState): Promise<Progress[]> => {
  const children: Progress[] = [];
  for (const [Index, Value] of (await itemsOf(visit, state)).entries()) {
    const item = { Index, Value };
    const view = viewOf(visit, {}, { Map: { Item: item } });
    const input = state.ItemSelector === undefined ? Value : await evaluate(state.ItemSelector, view, 'ItemSelector');
    children.push({ state: state.ItemProcessor.StartAt, input, variables: {}, item });
  }
  return children;
};

/** The items a Map is to process, before ItemSelector. */
const itemsOf = async (visit: Visit, state: MapState): Promise<Json[]> => {
  if (state.Items !== undefined) return await evaluateArray(state.Items, viewOf(visit), 'Items');
  if (Array.isArray(visit.input)) return visit.input;
  throw queryError(`State '${visit.name}': there is no field 'Items', and the input is not an array.`);
};

const itemContext = ({ item }: Progress): JsonObject => (item ? { Map: { Item: { ...item } } } : {});
