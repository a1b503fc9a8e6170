import { type Outcome, type Visit, viewOf } from '../execution/frame.ts';
import type { ChoiceState, FailState, PassState, SucceedState, WaitState } from '../language/definition.ts';
import { queryError, StateError } from '../language/errors.ts';
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
  await run.activity.sleepUntil(await endOf(visit, state), signal);
  return await finish(visit, { part: state, otherwise: visit.input, next: state.Next });
};

const endOf = async (visit: Visit, state: WaitState): Promise<Date> => {
  const view = viewOf(visit);
  if (state.Timestamp === undefined) {
    const seconds = await evaluateInteger(state.Seconds ?? 0, view, 'Seconds');
    return new Date(Date.parse(visit.enteredAt) + seconds * 1000);
  }
  const timestamp = await evaluateString(state.Timestamp, view, 'Timestamp');
  const time = new Date(timestamp);
  if (Number.isFinite(time.getTime())) return time;
  throw queryError(`State '${visit.name}': field 'Timestamp' must be an RFC 3339 time; found '${timestamp}'.`);
};
