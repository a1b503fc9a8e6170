import type { HistoryEventType } from '@aws-sdk/client-sfn';
import { untilAborted } from '../execution/activity.ts';
import { log, type Outcome, type Visit, viewOf } from '../execution/frame.ts';
import type { Json, TaskState } from '../language/definition.ts';
import { checkSize, StateError } from '../language/errors.ts';
import { evaluate, evaluateInteger } from '../language/expressions.ts';
import type { Integration } from '../tasks/integration.ts';
import { integrationOf } from '../tasks/resources.ts';
import { runGuarded } from './guarded.ts';

export const runTask = (visit: Visit, state: TaskState): Promise<Outcome> =>
  runGuarded(visit, state, async () => {
    const integration = integrationOf(visit.frame.run.region, state.Resource);
    if (!integration) throw new StateError('States.Runtime', `The Resource '${state.Resource}' cannot be run here.`);
    return await attempt(visit, state, integration);
  });

const attempt = async (visit: Visit, state: TaskState, integration: Integration): Promise<Json> => {
  const { frame } = visit;
  const { tokens } = frame.run;
  if (integration.waitsFor === 'token') visit.token = tokens.mint(frame.run.machine.arn);
  const args =
    state.Arguments === undefined ? visit.input : await evaluate(state.Arguments, viewOf(visit), 'Arguments');
  checkSize(args, `The Arguments of state '${visit.name}'`);
  const timeout =
    state.TimeoutSeconds === undefined
      ? undefined
      : await evaluateInteger(state.TimeoutSeconds, viewOf(visit), 'TimeoutSeconds');
  const events = createEvents(visit, integration);
  const limit = createLimit(visit, timeout);
  events.scheduled(args, timeout);
  try {
    const call = () => integration.call(frame.run, args);
    const result =
      visit.token === undefined
        ? await untilAborted(call(), limit.signal)
        : await answered(visit, visit.token, call, { limit, events });
    checkSize(result, `The result of state '${visit.name}'`);
    events.succeeded(result);
    return result;
  } catch (error) {
    if (error instanceof StateError && !frame.signal.aborted) events.failed(error);
    throw error;
  } finally {
    limit.clear();
    if (visit.token !== undefined) tokens.close(visit.token);
    delete visit.token;
  }
};

/** Waits for the token; the call that hands it out fails the Task when it fails. */
const answered = (
  { frame }: Visit,
  token: string,
  call: () => Promise<Json>,
  { limit, events }: { limit: Limit; events: Events },
): Promise<Json> => {
  const { activity, tokens } = frame.run;
  return activity.wait<Json>(limit.signal, ({ resolve, reject }) => {
    tokens.open(token, { succeed: resolve, fail: reject });
    activity.enter();
    call()
      .then(events.submitted, reject)
      .finally(() => activity.leave());
    return undefined;
  });
};

interface Limit {
  signal: AbortSignal;
  clear(): void;
}

/** Aborts with the execution, and once the time that the Task has is over. */
const createLimit = ({ frame, name }: Visit, seconds: number | undefined): Limit => {
  const over = new AbortController();
  const signal = AbortSignal.any([frame.signal, over.signal]);
  if (seconds === undefined) return { signal, clear: () => undefined };
  const { clock } = frame.run.region;
  const time = new Date(clock.now().getTime() + seconds * 1000);
  const end = new StateError('States.Timeout', `State '${name}' had ${seconds} s.`);
  return { signal, clear: clock.at(time, () => over.abort(end)) };
};

interface Events {
  scheduled(args: Json, timeout: number | undefined): void;
  submitted(result: Json): void;
  succeeded(result: Json): void;
  failed(error: StateError): void;
}

const createEvents = ({ frame }: Visit, { resourceType, resource }: Integration): Events => {
  const about = { resourceType, resource };
  const add = (event: string, details: object) => log(frame, `Task${event}` as HistoryEventType, details);
  return {
    scheduled(args, timeout) {
      const limit = timeout !== undefined && { timeoutInSeconds: timeout };
      add('Scheduled', { ...about, region: frame.run.region.name, parameters: JSON.stringify(args), ...limit });
      add('Started', about);
    },
    submitted: (result) => add('Submitted', { ...about, output: JSON.stringify(result) }),
    succeeded: (result) => add('Succeeded', { ...about, output: JSON.stringify(result) }),
    failed: (error) =>
      add(error.name.endsWith('Timeout') ? 'TimedOut' : 'Failed', {
        ...about,
        error: error.name,
        cause: error.message,
      }),
  };
};
