import type { HistoryEventType } from '@aws-sdk/client-sfn';
import type { Json, State } from '../language/definition.ts';
import { StateError } from '../language/errors.ts';
import { runChoice, runFail, runPass, runSucceed, runWait } from '../states/flow.ts';
import { runMap } from '../states/map.ts';
import { runParallel } from '../states/parallel.ts';
import { runTask } from '../states/task.ts';
import { type Frame, log, type Outcome, type Visit } from './frame.ts';

const runState = (visit: Visit, state: State): Promise<Outcome> => {
  switch (state.Type) {
    case 'Task':
      return runTask(visit, state);
    case 'Pass':
      return runPass(visit, state);
    case 'Choice':
      return runChoice(visit, state);
    case 'Wait':
      return runWait(visit, state);
    case 'Succeed':
      return runSucceed(visit, state);
    case 'Fail':
      return runFail(visit, state);
    case 'Parallel':
      return runParallel(visit, state, runScope);
    case 'Map':
      return runMap(visit, state, runScope);
  }
};

/** Types for which the history knows a `…StateAborted`. */
const ABORTABLE = new Set(['Task', 'Wait', 'Parallel', 'Map']);

const visitState = async (visit: Visit, state: State): Promise<Outcome> => {
  const { frame, name } = visit;
  try {
    return await runState(visit, state);
  } catch (error) {
    if (!(error instanceof StateError)) {
      if (ABORTABLE.has(state.Type)) log(frame, `${state.Type}StateAborted` as HistoryEventType);
    } else if (error.name === 'States.QueryEvaluationError') {
      log(frame, 'EvaluationFailed', { state: name, error: error.name, cause: error.message });
    }
    throw error;
  }
};

/** Runs from where `progress` stands to the end of the scope, and returns its output. */
export const runScope = async (frame: Frame): Promise<Json> => {
  const { progress } = frame;
  for (;;) {
    frame.signal.throwIfAborted();
    const { state: name, input } = progress;
    const state = frame.scope.States[name] as State;
    log(frame, `${state.Type}StateEntered` as HistoryEventType, { name, input: JSON.stringify(input) });
    const enteredAt = frame.run.region.clock.now().toISOString();
    const outcome = await visitState({ frame, name, input, enteredAt, retryCount: 0 }, state);
    Object.assign(progress.variables, outcome.assigned);
    const output = JSON.stringify(outcome.output);
    log(frame, `${state.Type}StateExited` as HistoryEventType, { name, output });
    delete progress.children;
    if (outcome.next === undefined) {
      progress.output = { value: outcome.output };
      return outcome.output;
    }
    progress.state = outcome.next;
    progress.input = outcome.output;
  }
};
