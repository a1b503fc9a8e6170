import { type Outcome, type Visit, viewOf } from '../execution/frame.ts';
import type { ChoiceState, FailState, PassState, SucceedState, WaitState } from '../language/definition.ts';
import { StateError } from '../language/errors.ts';
import { evaluateBoolean, evaluateInteger, evaluateString } from '../language/expressions.ts';
import { finish } from './finish.ts';

export const runPass = (visit: Visit, state: PassState): Promise<Outcome> =>
  finish(visit, { part: state, otherwise: visit.input, next: state.Next });

export const runSucceed = (visit: Visit, state: SucceedState): Promise<Outcome> =>
  finish(visit, { part: state, otherwise: visit.input, next: undefined });

export const runFail = async (visit: Visit, state: FailState): Promise<Outcome> => {
  const view = viewOf(visit);
  const error = await evaluateString(state.Error ?? '', view, 'Error');
  throw new StateError(error, await evaluateString(state.Cause ?? '', view, 'Cause'));
};

export const runChoice = async (visit: Visit, state: ChoiceState): Promise<Outcome> => {
  const view = viewOf(visit);
  for (const [index, rule] of state.Choices.entries()) {
    const place = `Choices[${index}]/`;
    if (await evaluateBoolean(rule.Condition, view, `${place}Condition`)) {
      return await finish(visit, { part: rule, otherwise: visit.input, next: rule.Next, place });
    }
  }
  if (state.Default !== undefined) {
    return await finish(visit, { part: state, otherwise: visit.input, next: state.Default });
  }
  throw new StateError(
    'States.NoChoiceMatched',
    `State '${visit.name}': no condition held and there is no Default. Add one.`,
  );
};

export const runWait = async (visit: Visit, state: WaitState): Promise<Outcome> => {
  const { run, signal } = visit.frame;
  const seconds = await evaluateInteger(state.Seconds, viewOf(visit), 'Seconds');
  await run.activity.sleepUntil(new Date(Date.parse(visit.enteredAt) + seconds * 1000), signal);
  return await finish(visit, { part: state, otherwise: visit.input, next: state.Next });
};
