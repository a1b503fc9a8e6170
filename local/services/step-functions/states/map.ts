import { randomUUID } from 'node:crypto';
import { type Frame, log, type Outcome, type Progress, type Visit, viewOf } from '../execution/frame.ts';
import { createHistory } from '../execution/history.ts';
import type { Json, JsonObject, MapState } from '../language/definition.ts';
import { StateError, Stopped } from '../language/errors.ts';
import { evaluate, evaluateInteger } from '../language/expressions.ts';
import { type RunScope, runChildren } from './children.ts';
import { runGuarded } from './guarded.ts';
import { batched, itemsOf } from './items.ts';

/** "Up to 40 concurrent iterations" inline, 10,000 distributed (Step Functions guide, Map, 2026-11). */
const CONCURRENCY = { INLINE: 40, DISTRIBUTED: 10_000 };

export const runMap = (visit: Visit, state: MapState, runScope: RunScope): Promise<Outcome> =>
  runGuarded(visit, state, async () => {
    const { frame } = visit;
    const mode = state.ItemProcessor.ProcessorConfig?.Mode ?? 'INLINE';
    frame.progress.children ??= await childrenOf(visit, state);
    const progresses = frame.progress.children;
    const limit = await evaluateInteger(state.MaxConcurrency ?? 0, viewOf(visit), 'MaxConcurrency');
    const concurrency = Math.min(limit || CONCURRENCY[mode], CONCURRENCY[mode]);
    log(frame, 'MapStateStarted', { length: progresses.length });
    try {
      const outputs =
        mode === 'INLINE'
          ? await runInline(visit, state, runScope, concurrency)
          : await runDistributed(visit, state, runScope, concurrency);
      log(frame, 'MapStateSucceeded');
      return outputs;
    } catch (error) {
      if (!frame.signal.aborted) log(frame, 'MapStateFailed');
      throw error;
    }
  });

const childrenOf = async (visit: Visit, state: MapState): Promise<Progress[]> => {
  const items = await itemsOf(visit, state);
  const selected: Json[] = [];
  for (const [Index, Value] of items.entries()) {
    const view = viewOf(visit, {}, { Map: { Item: { Index, Value } } });
    selected.push(state.ItemSelector === undefined ? Value : await evaluate(state.ItemSelector, view, 'ItemSelector'));
  }
  const inputs = state.ItemBatcher ? await batched(visit, state.ItemBatcher, selected) : selected;
  const start = state.ItemProcessor.StartAt;
  return inputs.map((input, Index) => ({
    state: start,
    input,
    variables: {},
    ...(!state.ItemBatcher && { item: { Index, Value: items[Index] as Json } }),
  }));
};

const itemContext = ({ item }: Progress): JsonObject => (item ? { Map: { Item: { ...item } } } : {});

/** Iterations share history and variables' outer scopes with the machine; the first failure ends the Map. */
const runInline = (visit: Visit, state: MapState, runScope: RunScope, concurrency: number): Promise<Json[]> =>
  runChildren({
    visit,
    concurrency,
    progresses: visit.frame.progress.children ?? [],
    tolerates: () => false,
    run: async (progress, index, signal) => {
      const { frame, name } = visit;
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

/** Each child is an execution of its own, with its own history and without sight of the variables outside. */
const runDistributed = async (
  visit: Visit,
  state: MapState,
  runScope: RunScope,
  concurrency: number,
): Promise<Json[]> => {
  const { frame, name } = visit;
  const progresses = frame.progress.children ?? [];
  const mapRunArn = `${frame.run.machine.arn.replace(':stateMachine:', ':mapRun:')}/${state.Label ?? name}:${randomUUID()}`;
  log(frame, 'MapRunStarted', { mapRunArn });
  try {
    const outputs = await runChildren({
      visit,
      concurrency,
      progresses,
      tolerates: await toleranceOf(visit, state, progresses),
      run: async (progress, _index, signal) => {
        const { parent: _, ...own } = frame;
        const full = new AbortController();
        const history = createHistory(frame.run.region.clock, () =>
          full.abort(new Stopped('FAILED', 'States.Runtime', 'A child execution reached 25000 history events.')),
        );
        const id = randomUUID();
        const execution = frame.context.Execution as JsonObject;
        const Execution = { ...execution, Id: `${mapRunArn}:${id}`, Name: id, Input: progress.input };
        return await runScope({
          ...own,
          scope: state.ItemProcessor,
          progress,
          signal: AbortSignal.any([signal, full.signal]),
          history,
          lastEvent: 0,
          context: { ...frame.context, Execution, ...itemContext(progress) },
        });
      },
    });
    log(frame, 'MapRunSucceeded');
    return outputs;
  } catch (error) {
    if (error instanceof StateError) log(frame, 'MapRunFailed', { error: error.name, cause: error.message });
    throw error;
  }
};

/** A failed batch counts with all its items. */
const toleranceOf = async (
  visit: Visit,
  state: MapState,
  progresses: Progress[],
): Promise<(error: StateError, index: number) => boolean> => {
  const view = viewOf(visit);
  const { ToleratedFailureCount: count, ToleratedFailurePercentage: percentage } = state;
  const most = count === undefined ? undefined : await evaluateInteger(count, view, 'ToleratedFailureCount');
  const share =
    percentage === undefined ? undefined : await evaluateInteger(percentage, view, 'ToleratedFailurePercentage');
  const sizes = progresses.map(({ input }) => (state.ItemBatcher ? (input as { Items: Json[] }).Items.length : 1));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let failed = 0;
  return (error, index) => {
    failed += sizes[index] ?? 1;
    const within =
      (most !== undefined || share !== undefined) &&
      (most === undefined || failed <= most) &&
      (share === undefined || (failed / total) * 100 <= share);
    if (within) return true;
    throw new StateError(
      'States.ExceedToleratedFailureThreshold',
      `${failed} of ${total} items failed, more than tolerated. The last error: ${error.name}: ${error.message}`,
    );
  };
};
