import { describe, expect, it } from 'vitest';
import type { Json } from '../../../../local/services/step-functions/language/definition.ts';
import { createTestRegion, functions, invoke, machine, named, ROLE } from './support.ts';

const rest = machine({
  Rest: { Type: 'Wait', Seconds: 60, Next: 'Done' },
  Done: { Type: 'Succeed', Output: { ok: true } },
});
const text = (definition: object) => JSON.stringify({ QueryLanguage: 'JSONata', ...definition });

describe('state machines', () => {
  it('are described as they were made', async () => {
    const { create, ask } = createTestRegion();
    const stateMachineArn = await create(rest, 'verify');
    expect(stateMachineArn).toBe('arn:aws:states:us-east-1:111122223333:stateMachine:verify');
    expect(await ask('DescribeStateMachine', { stateMachineArn })).toMatchObject({
      ...{ name: 'verify', status: 'ACTIVE', type: 'STANDARD', roleArn: ROLE, definition: text(rest) },
    });
    expect(await ask('ListStateMachines', {})).toMatchObject({ stateMachines: [{ stateMachineArn, name: 'verify' }] });
  });

  it('are made once: the same again is the same, another of that name is refused', async () => {
    const { create } = createTestRegion();
    expect(await create(rest, 'verify')).toBe(await create(rest, 'verify'));
    await expect(create(machine({ Done: { Type: 'Succeed' } }), 'verify')).rejects.toMatchObject({
      name: 'StateMachineAlreadyExists',
    });
  });

  it('are refused where Step Functions may not assume their role', async () => {
    const { create, trusted } = createTestRegion();
    trusted.delete(ROLE);
    await expect(create(rest)).rejects.toThrow(`states.amazonaws.com may not assume ${ROLE}`);
  });

  it('of type EXPRESS run, and leave nothing to describe or to hear of', async () => {
    const { ask, clock, calls, events, region } = createTestRegion({ 'lambda.Invoke': functions({ f: () => null }) });
    const { stateMachineArn } = await ask<{ stateMachineArn: string }>('CreateStateMachine', {
      ...{ name: 'beats', type: 'EXPRESS', roleArn: ROLE },
      definition: text(machine({ Beat: invoke('f', { End: true }) })),
    });
    expect(await ask('DescribeStateMachine', { stateMachineArn })).toMatchObject({ type: 'EXPRESS' });
    const { executionArn } = await ask<{ executionArn: string }>('StartExecution', { stateMachineArn });
    expect(executionArn).toContain(`:states:${region.name}:111122223333:express:beats:`);
    await clock.skip(1);
    expect(calls.filter(({ name }) => name === 'lambda.Invoke')).toHaveLength(1);
    expect(events).toEqual([]);
    await expect(ask('DescribeExecution', { executionArn })).rejects.toMatchObject({ name: 'ExecutionDoesNotExist' });
  });

  it('that do not exist are named', async () => {
    const { ask } = createTestRegion();
    await expect(ask('StartExecution', { stateMachineArn: 'arn:gone' })).rejects.toMatchObject({
      name: 'StateMachineDoesNotExist',
    });
  });
});

describe('starting', () => {
  const starting = async () => {
    const world = createTestRegion();
    const stateMachineArn = await world.create(rest);
    const start = async (input: string, name?: string) =>
      (await world.ask<{ executionArn: string }>('StartExecution', { stateMachineArn, input, name })).executionArn;
    return { ...world, start, stateMachineArn };
  };

  it('twice with the same name and input while the first runs is one execution', async () => {
    const { start, ask, stateMachineArn } = await starting();
    expect(await start('{"a":1}', 'one')).toBe(await start('{ "a": 1 }', 'one'));
    const { executions } = await ask<{ executions: object[] }>('ListExecutions', { stateMachineArn });
    expect(executions.length).toBe(1);
  });

  it('with a name that has another input, or has ended, is refused', async () => {
    const { start, clock } = await starting();
    await start('{"a":1}', 'one');
    await expect(start('{"a":2}', 'one')).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
    await clock.skip(100);
    await expect(start('{"a":1}', 'one')).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
  });

  it('without a name makes one up', async () => {
    const { start } = await starting();
    expect(await start('{}')).not.toBe(await start('{}'));
  });

  it('refuses an input that is no JSON, and names with forbidden characters', async () => {
    const { start } = await starting();
    await expect(start('{')).rejects.toMatchObject({ name: 'InvalidExecutionInput' });
    await expect(start('{}', 'a b')).rejects.toMatchObject({ name: 'InvalidName' });
  });

  it('lists executions by status, the newest first', async () => {
    const { start, ask, clock, stateMachineArn } = await starting();
    const first = await start('{}');
    await clock.skip(50);
    const second = await start('{}');
    await clock.skip(20);
    const list = async (statusFilter?: string) => {
      const { executions } = await ask<{ executions: { executionArn: string }[] }>('ListExecutions', {
        stateMachineArn,
        statusFilter,
      });
      return executions.map(({ executionArn }) => executionArn);
    };
    expect(await list()).toEqual([second, first]);
    expect(await list('RUNNING')).toEqual([second]);
    expect(await list('FAILED')).toEqual([]);
  });
});

describe('the history', () => {
  it('tells each step by its AWS name, with input and output', async () => {
    const { run, history } = createTestRegion({ 'lambda.Invoke': functions({ f: () => 1 }) });
    const { executionArn } = await run(
      machine({ Call: invoke('f', { Output: '{% $states.result.Payload %}', End: true }) }),
      { a: 1 },
    );
    const events = await history(executionArn ?? '');
    expect(events.map(({ id, type }) => `${id} ${type}`)).toEqual([
      '1 ExecutionStarted',
      '2 TaskStateEntered',
      '3 TaskScheduled',
      '4 TaskStarted',
      '5 TaskSucceeded',
      '6 TaskStateExited',
      '7 ExecutionSucceeded',
    ]);
    expect(events[1]).toMatchObject({
      previousEventId: 1,
      stateEnteredEventDetails: { name: 'Call', input: '{"a":1}' },
    });
    expect(events[2]).toMatchObject({
      taskScheduledEventDetails: {
        resourceType: 'lambda',
        resource: 'invoke',
        parameters: '{"FunctionName":"f","Payload":{"a":1}}',
      },
    });
    expect(events[5]).toMatchObject({ stateExitedEventDetails: { name: 'Call', output: '1' } });
  });

  it('comes in pages, and backwards when asked', async () => {
    const { run, ask } = createTestRegion();
    const { executionArn } = await run(rest);
    const first = await ask<{ events: { id: number }[]; nextToken: string }>('GetExecutionHistory', {
      executionArn,
      maxResults: 2,
    });
    expect(first.events.map(({ id }) => id)).toEqual([1, 2]);
    const { nextToken } = first;
    const next = await ask<{ events: { id: number }[] }>('GetExecutionHistory', {
      executionArn,
      maxResults: 2,
      nextToken,
    });
    expect(next.events.map(({ id }) => id)).toEqual([3, 4]);
    const back = await ask<{ events: { type: string }[] }>('GetExecutionHistory', { executionArn, reverseOrder: true });
    expect(back.events[0]?.type).toBe('ExecutionSucceeded');
  });
});

describe('a change of status', () => {
  it('is told on the bus as AWS tells it', async () => {
    const { run, events } = createTestRegion();
    const { executionArn, stateMachineArn, name } = await run(rest, { a: 1 });
    expect(events.map(({ detail }) => detail.status)).toEqual(['RUNNING', 'SUCCEEDED']);
    expect(events[1]).toMatchObject({
      source: 'aws.states',
      'detail-type': 'Step Functions Execution Status Change',
      resources: [executionArn],
      detail: {
        ...{ executionArn, stateMachineArn, name, status: 'SUCCEEDED', input: '{"a":1}', output: '{"ok":true}' },
        ...{ startDate: Date.parse('2026-11-20T00:00:00Z'), stopDate: Date.parse('2026-11-20T00:01:00Z') },
        ...{ error: null, cause: null, redriveCount: 0, redriveStatus: 'NOT_REDRIVABLE' },
      },
    });
  });

  it('names error and cause of what failed', async () => {
    const { run, events } = createTestRegion();
    await run(machine({ Stop: { Type: 'Fail', Error: 'E', Cause: 'C' } }));
    expect(events.at(-1)?.detail).toMatchObject({ status: 'FAILED', error: 'E', cause: 'C', output: null });
  });
});

describe('redriving', () => {
  it('goes on from the state that failed, with its input and the variables of before', async () => {
    let broken = true;
    const seen: Json[] = [];
    const {
      run,
      ask,
      clock,
      describe: found,
      types,
    } = createTestRegion({
      'lambda.Invoke': functions({
        f: (event) => {
          seen.push(event);
          if (broken) throw named('Broken');
          return event;
        },
      }),
    });
    const { executionArn = '' } = await run(
      machine({
        First: { Type: 'Pass', Assign: { kept: 'k' }, Output: { from: 'first' }, Next: 'Call' },
        Call: invoke('f', { Next: 'Tell' }),
        Tell: { Type: 'Pass', Output: '{% [$kept, $states.context.Execution.RedriveCount] %}', End: true },
      }),
    );
    broken = false;
    await ask('RedriveExecution', { executionArn });
    await clock.skip(1);
    expect(await found(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: '["k",1]', redriveCount: 1 });
    expect(seen).toEqual([{ from: 'first' }, { from: 'first' }]);
    expect((await types(executionArn)).filter((type) => type === 'PassStateEntered').length).toBe(2);
    expect(await types(executionArn)).toContain('ExecutionRedriven');
  });

  it('runs only those items of a Map again that had not ended well', async () => {
    let broken = true;
    const seen: Json[] = [];
    const {
      run,
      ask,
      clock,
      describe: found,
    } = createTestRegion({
      'lambda.Invoke': functions({
        f: (event) => {
          seen.push(event);
          if (event === 2 && broken) throw named('Broken');
          return event;
        },
      }),
    });
    const States = { Call: invoke('f', { Output: '{% $states.result.Payload %}', End: true }) };
    const ItemProcessor = { ProcessorConfig: { Mode: 'INLINE' }, StartAt: 'Call', States };
    const { executionArn = '' } = await run(
      machine({ Each: { Type: 'Map', MaxConcurrency: 1, ItemProcessor, End: true } }),
      [1, 2, 3],
    );
    broken = false;
    await ask('RedriveExecution', { executionArn });
    await clock.skip(1);
    expect((await found(executionArn)).output).toBe('[1,2,3]');
    expect(seen).toEqual([1, 2, 2, 3]);
  });

  it('is refused for what succeeded or still runs', async () => {
    const { run, start, ask } = createTestRegion();
    const { executionArn } = await run(rest);
    await expect(ask('RedriveExecution', { executionArn })).rejects.toMatchObject({ name: 'ExecutionNotRedrivable' });
    const running = await start(rest);
    await expect(ask('RedriveExecution', { executionArn: running })).rejects.toMatchObject({
      name: 'ExecutionNotRedrivable',
    });
  });
});

describe('stopping', () => {
  it('ends a Wait at once, and is the same the second time', async () => {
    const { start, ask, describe: found, types } = createTestRegion();
    const executionArn = await start(rest);
    const first = await ask('StopExecution', { executionArn, error: 'E', cause: 'C' });
    expect(await found(executionArn)).toMatchObject({ status: 'ABORTED', error: 'E', cause: 'C' });
    expect(await ask('StopExecution', { executionArn, error: 'other' })).toEqual(first);
    expect((await types(executionArn)).slice(-2)).toEqual(['WaitStateAborted', 'ExecutionAborted']);
  });

  it('lets go of the clock', async () => {
    const { start, ask, clock } = createTestRegion({
      'lambda.Invoke': functions({ f: () => new Promise(() => undefined) }),
    });
    const executionArn = await start(machine({ Call: invoke('f', { End: true }) }));
    await new Promise((done) => setTimeout(done, 20));
    expect(clock.held()).toBe(1);
    await ask('StopExecution', { executionArn });
    await clock.settled();
    expect(clock.held()).toBe(0);
  });

  it('of the whole service ends everything that runs', async () => {
    const { start, states, describe: found } = createTestRegion();
    const arn = await start(rest);
    await states.close?.();
    expect((await found(arn)).status).toBe('ABORTED');
  });
});

describe('permissions', () => {
  it('are asked for the machine, the execution, the role passed on, and the machine of a token', async () => {
    const { states, run, calls } = createTestRegion({ 'lambda.Invoke': functions({ f: () => null }) });
    const checks = (operation: string, input: object) => states.authorize?.(operation, input, {} as never);
    expect(checks('StartExecution', { stateMachineArn: 'arn:m' })).toEqual([
      { action: 'states:StartExecution', resource: 'arn:m' },
    ]);
    expect(checks('StopExecution', { executionArn: 'arn:e' })).toEqual([
      { action: 'states:StopExecution', resource: 'arn:e' },
    ]);
    expect(checks('CreateStateMachine', { name: 'm', roleArn: ROLE })).toEqual([
      { action: 'states:CreateStateMachine', resource: 'arn:aws:states:us-east-1:111122223333:stateMachine:m' },
      { action: 'iam:PassRole', resource: ROLE, context: { 'iam:PassedToService': 'states.amazonaws.com' } },
    ]);
    const Resource = 'arn:aws:states:::lambda:invoke.waitForTaskToken';
    const Arguments = { FunctionName: 'f', Payload: '{% $states.context.Task.Token %}' };
    const { stateMachineArn } = await run(
      machine({ Ask: { Type: 'Task', Resource, Arguments, TimeoutSeconds: 5, End: true } }),
    );
    const payload = calls.find(({ name }) => name === 'lambda.Invoke')?.input.Payload as Uint8Array;
    const taskToken = JSON.parse(Buffer.from(payload).toString());
    expect(checks('SendTaskSuccess', { taskToken })).toEqual([
      { action: 'states:SendTaskSuccess', resource: stateMachineArn },
    ]);
  });
});
