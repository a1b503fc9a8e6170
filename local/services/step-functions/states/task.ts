import type { HistoryEventType } from '@aws-sdk/client-sfn';
import { type Activity, untilAborted } from '../execution/activity.ts';
import { log, type Outcome, type Visit, viewOf } from '../execution/frame.ts';
import type { Json, NumberTemplate, TaskState } from '../language/definition.ts';
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

const seconds = async (visit: Visit, field: string, value: NumberTemplate | undefined): Promise<number | undefined> =>
  value === undefined ? undefined : await evaluateInteger(value, viewOf(visit), field);

const attempt = async (visit: Visit, state: TaskState, integration: Integration): Promise<Json> => {
  const { frame } = visit;
  const { tokens, activity } = frame.run;
  if (integration.waitsFor === 'token') visit.token = tokens.mint(frame.run.machine.arn);
  const args =
    state.Arguments === undefined ? visit.input : await evaluate(state.Arguments, viewOf(visit), 'Arguments');
  checkSize(args, `The Arguments of state '${visit.name}'`);
  const timeout = await seconds(visit, 'TimeoutSeconds', state.TimeoutSeconds);
  const heartbeat = await seconds(visit, 'HeartbeatSeconds', state.HeartbeatSeconds);
  const events = createEvents(visit, integration, state.Resource);
  const limit = createLimit(visit);
  events.scheduled(args, timeout);
  try {
    limit.within(timeout, 'States.Timeout');
    const result = await run(visit, integration, args, { limit, heartbeat, events, activity });
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

interface Running {
  limit: Limit;
  heartbeat: number | undefined;
  events: Events;
  activity: Activity;
}

const run = async (visit: Visit, integration: Integration, args: Json, running: Running): Promise<Json> => {
  const { frame, token } = visit;
  const { limit, activity, events } = running;
  if (token !== undefined) return await answered(visit, token, () => integration.call(frame.run, args), running);
  const result = await untilAborted(integration.call(frame.run, args), limit.signal);
  if (integration.waitsFor === 'request' || !integration.collect) return result;
  events.submitted(result);
  const { ExecutionArn } = result as { ExecutionArn: string };
  try {
    await activity.wait<void>(limit.signal, ({ resolve }) => frame.run.whenEnded(ExecutionArn, () => resolve()));
  } catch (error) {
    await frame.run.stop(ExecutionArn); // what was started for this Task does not outlive it
    throw error;
  }
  return await integration.collect(frame.run, result);
};

/** Waits for the token; the call that hands it out fails the Task when it fails. */
const answered = (visit: Visit, token: string, call: () => Promise<Json>, running: Running): Promise<Json> => {
  const { limit, heartbeat, events, activity } = running;
  return activity.wait<Json>(limit.signal, ({ resolve, reject }) => {
    const beat = () => limit.within(heartbeat, 'States.HeartbeatTimeout');
    visit.frame.run.tokens.open(token, { succeed: resolve, fail: reject, beat });
    beat();
    activity.enter();
    call()
      .then(events.submitted, reject)
      .finally(() => activity.leave());
    return undefined;
  });
};

interface Limit {
  signal: AbortSignal;
  /** Starts, or starts anew, the clock of one kind of time-out. */
  within(seconds: number | undefined, error: string): void;
  clear(): void;
}

const createLimit = (visit: Visit): Limit => {
  const { clock } = visit.frame.run.region;
  const over = new AbortController();
  const timers = new Map<string, () => void>();
  return {
    signal: AbortSignal.any([visit.frame.signal, over.signal]),
    within(limit, error) {
      timers.get(error)?.();
      if (limit === undefined) return;
      const cause = `State '${visit.name}' had ${limit} s${error === 'States.Timeout' ? '' : ' between two heartbeats'}.`;
      const time = new Date(clock.now().getTime() + limit * 1000);
      timers.set(
        error,
        clock.at(time, () => over.abort(new StateError(error, cause))),
      );
    },
    clear: () => {
      for (const cancel of timers.values()) cancel();
    },
  };
};

interface Events {
  scheduled(args: Json, timeout: number | undefined): void;
  submitted(result: Json): void;
  succeeded(result: Json): void;
  failed(error: StateError): void;
}

/** A function's ARN as Resource has events of its own kind. */
const createEvents = ({ frame }: Visit, { resourceType, resource }: Integration, arn: string): Events => {
  const direct = resource === arn;
  const kind = direct ? 'LambdaFunction' : 'Task';
  const about = direct ? {} : { resourceType, resource };
  const add = (event: string, details?: object) => log(frame, `${kind}${event}` as HistoryEventType, details);
  return {
    scheduled(args, timeout) {
      const limit = timeout !== undefined && { timeoutInSeconds: timeout };
      const input = JSON.stringify(args);
      const region = frame.run.region.name;
      add('Scheduled', direct ? { resource, input, ...limit } : { ...about, region, parameters: input, ...limit });
      add('Started', direct ? undefined : about);
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
