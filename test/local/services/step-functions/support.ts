import * as lambdaSdk from '@aws-sdk/client-lambda';
import * as rdsSdk from '@aws-sdk/client-rds';
import type { DescribeExecutionOutput, HistoryEvent } from '@aws-sdk/client-sfn';
import type { Definition, Json, State } from '../../../../local/services/step-functions/language/definition.ts';
import { createStepFunctions } from '../../../../local/services/step-functions/service.ts';
import type { BusEvent, CallContext, Caller, Clock, Region, Service } from '../../../../local/types.ts';

interface Timer {
  time: number;
  task: () => void | Promise<void>;
}

export interface TestClock extends Clock {
  /** Real time going by, whatever is under way. */
  pass(seconds: number): void;
  /** Jumps as the region does: from timer to timer, and only while nothing is under way. */
  skip(seconds: number): Promise<void>;
  held(): number;
}

const createTestClock = (start = '2026-11-20T00:00:00Z'): TestClock => {
  let now = Date.parse(start);
  let holds = 0;
  const timers = new Set<Timer>();
  const next = (until: number) => [...timers].filter(({ time }) => time <= until).sort((a, b) => a.time - b.time)[0];
  const fire = (timer: Timer) => {
    timers.delete(timer);
    now = Math.max(now, timer.time);
    return timer.task();
  };
  const settled = async () => {
    for (let quiet = 0; quiet < 3; quiet = holds === 0 ? quiet + 1 : 0) await new Promise(setImmediate);
  };
  const advanceTo = async (time: Date) => {
    await settled();
    for (let timer = next(time.getTime()); timer; timer = next(time.getTime())) {
      await fire(timer);
      await settled();
    }
    now = Math.max(now, time.getTime());
  };
  return {
    now: () => new Date(now),
    offset: () => 0,
    at(time, task) {
      const timer = { time: time.getTime(), task };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    sleep: async () => {
      throw new Error('not used by state machines');
    },
    hold() {
      let held = true;
      holds += 1;
      return () => {
        if (held) holds -= 1;
        held = false;
      };
    },
    settled,
    advanceTo,
    toEngineTime: (time) => time,
    toRegionTime: (time) => time,
    held: () => holds,
    skip: (seconds) => advanceTo(new Date(now + seconds * 1000)),
    pass(seconds) {
      const end = now + seconds * 1000;
      for (let timer = next(end); timer; timer = next(end)) fire(timer);
      now = end;
    },
  };
};

export type Handler = (input: Record<string, unknown>, caller: Caller) => unknown;

export const ROLE = 'arn:aws:iam::111122223333:role/machine';
const OPERATOR: Caller = { arn: 'arn:aws:iam::111122223333:user/operator', account: '111122223333' };

/** A region in which only Step Functions is real. Handlers are named `service.Operation`. */
export const createTestRegion = (handlers: Record<string, Handler> = {}, clock: TestClock = createTestClock()) => {
  const events: BusEvent[] = [];
  const calls: { name: string; input: Record<string, unknown>; caller: Caller }[] = [];
  const services = new Map<string, Service>();
  const trusted = new Set([ROLE]);
  const iam = {
    assume(roleArn: string, principal: string, options: { actor: string }): Caller {
      if (!trusted.has(roleArn))
        throw Object.assign(new Error(`${principal} may not assume ${roleArn}`), { status: 403 });
      return { arn: `${roleArn}/${options.actor}`, account: '111122223333', roleArn, actor: options.actor };
    },
  };
  const region = {
    name: 'us-east-1',
    account: '111122223333',
    clock,
    services,
    world: { iam },
    emit: (event: BusEvent) => void events.push(event),
    async call(service: string, operation: string, input: Record<string, unknown>, caller: Caller) {
      const name = `${service}.${operation}`;
      calls.push({ name, input, caller });
      const handler = handlers[name];
      if (handler) return await handler(input, caller);
      const own = services.get(service)?.operations[operation];
      if (own) return await own(input, { region, caller } as unknown as CallContext);
      throw new Error(`no handler for ${name}`);
    },
  } as unknown as Region;
  const states = createStepFunctions(region);
  services.set('states', states);
  for (const [name, sdk] of Object.entries({ rds: rdsSdk, lambda: lambdaSdk })) {
    services.set(name, { sdk, operations: {} } as unknown as Service);
  }
  const ask = <T = Record<string, never>>(operation: string, input: object): Promise<T> =>
    region.call<T>('states', operation, input, OPERATOR);

  const create = async (definition: Partial<Definition> & object, name = 'machine'): Promise<string> => {
    const text = JSON.stringify({ QueryLanguage: 'JSONata', ...definition });
    const input = { name, definition: text, roleArn: ROLE };
    return (await ask<{ stateMachineArn: string }>('CreateStateMachine', input)).stateMachineArn;
  };
  const start = async (definition: Partial<Definition> & object, input: Json = {}, name?: string): Promise<string> => {
    const stateMachineArn = await create(definition, `machine-${calls.length}`);
    const started = await ask<{ executionArn: string }>('StartExecution', {
      ...{ stateMachineArn, input: JSON.stringify(input), name },
    });
    return started.executionArn;
  };
  const describe = (executionArn: string) => ask<DescribeExecutionOutput>('DescribeExecution', { executionArn });
  /** Runs to the end, skipping what is waited for, and returns the description with its output read. */
  const run = async (definition: Partial<Definition> & object, input: Json = {}, seconds = 86_400) => {
    const executionArn = await start(definition, input);
    await clock.skip(seconds);
    const found = await describe(executionArn);
    return { ...found, output: found.output === undefined ? undefined : (JSON.parse(found.output) as Json) };
  };
  const history = async (executionArn: string): Promise<HistoryEvent[]> =>
    (await ask<{ events: HistoryEvent[] }>('GetExecutionHistory', { executionArn, maxResults: 1000 })).events;
  const types = async (executionArn: string) => (await history(executionArn)).map(({ type }) => type);
  return { region, clock, events, calls, handlers, trusted, states, ask, create, start, describe, run, history, types };
};

/** A machine of one state, or of several in their order. */
export const machine = (states: Record<string, unknown>, rest: object = {}): Partial<Definition> => ({
  StartAt: Object.keys(states)[0] ?? '',
  States: states as Record<string, State>,
  ...rest,
});

export const invoke = (name: string, more: object = {}) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { FunctionName: name, Payload: '{% $states.input %}' },
  ...more,
});

/** A Lambda that answers by function name; what it throws by name becomes the error of the function. */
export const functions =
  (byName: Record<string, (event: Json) => Json | Promise<Json>>): Handler =>
  async ({ FunctionName, Payload }) => {
    const event = JSON.parse(Buffer.from(Payload as Uint8Array).toString());
    const answer = (value: unknown, more = {}) => ({
      ...{ StatusCode: 200, ExecutedVersion: '$LATEST', Payload: Buffer.from(JSON.stringify(value)), ...more },
    });
    try {
      return answer(await byName[FunctionName as string]?.(event));
    } catch (error) {
      const { name, message } = error as Error;
      return answer({ errorType: name, errorMessage: message }, { FunctionError: 'Unhandled' });
    }
  };

export const named = (name: string, message = ''): Error => Object.assign(new Error(message), { name });

/** A promise that a test settles by hand. */
export const pending = <T>() => Promise.withResolvers<T>();
