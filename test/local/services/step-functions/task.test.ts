import { TooManyRequestsException } from '@aws-sdk/client-lambda';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../../local/services/step-functions/language/definition.ts';
import { createTestRegion, functions, invoke, machine, named, pending, ROLE } from './support.ts';

const after = (seconds: number) => new Date(Date.parse('2026-11-20T00:00:00Z') + seconds * 1000);
const DONE = { Done: { Type: 'Succeed' } };
const caughtAll = (Next: string) => [{ ErrorEquals: ['States.ALL'], Next }];

describe('a Task that invokes a function', () => {
  it('runs as the role of the machine', async () => {
    const { run, calls } = createTestRegion({ 'lambda.Invoke': functions({ f: () => null }) });
    await run(machine({ Call: invoke('f', { End: true }) }));
    expect(calls.find(({ name }) => name === 'lambda.Invoke')?.caller).toMatchObject({
      roleArn: ROLE,
      actor: expect.stringMatching(/^machine-/),
    });
  });

  it('has the answer of the service with the payload read as $states.result', async () => {
    const { run } = createTestRegion({ 'lambda.Invoke': functions({ f: (event) => ({ got: event }) }) });
    const { output } = await run(machine({ Call: invoke('f', { End: true }) }), { a: 1 });
    expect(output).toEqual({ ExecutedVersion: '$LATEST', StatusCode: 200, Payload: { got: { a: 1 } } });
  });

  it('fails with the errorType of the function as Error and its whole payload as Cause', async () => {
    const fail = () => {
      throw named('InstanceMissing', 'no such instance');
    };
    const { run } = createTestRegion({ 'lambda.Invoke': functions({ f: fail }) });
    const { status, error, cause } = await run(machine({ Call: invoke('f', { End: true }) }));
    expect({ status, error }).toEqual({ status: 'FAILED', error: 'InstanceMissing' });
    expect(JSON.parse(cause ?? '')).toEqual({ errorType: 'InstanceMissing', errorMessage: 'no such instance' });
  });

  const failing = async (thrown: unknown) => {
    const { run } = createTestRegion({
      'lambda.Invoke': () => {
        throw thrown;
      },
    });
    return (await run(machine({ Call: invoke('f', { End: true }) }))).error;
  };

  it('names errors of the service, refusals and lost connections as AWS does', async () => {
    const throttled = new TooManyRequestsException({ message: 'Rate Exceeded', $metadata: { httpStatusCode: 429 } });
    expect(await failing(throttled)).toBe('Lambda.TooManyRequestsException');
    expect(await failing(Object.assign(named('AccessDenied'), { code: 'AccessDenied', status: 403 }))).toBe(
      'Lambda.AWSLambdaException',
    );
    expect(await failing(new Error('socket hang up'))).toBe('Lambda.SdkClientException');
  });

  it('fails where the result has more than 256 KiB, and States.ALL does not catch that', async () => {
    const { run } = createTestRegion({ 'lambda.Invoke': functions({ f: () => 'x'.repeat(262_144) }) });
    const task = (ErrorEquals: string[]) =>
      machine({ Call: invoke('f', { Catch: [{ ErrorEquals, Next: 'Done' }], Next: 'Done' }), ...DONE });
    expect(await run(task(['States.ALL']))).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
    expect((await run(task(['States.DataLimitExceeded']))).status).toBe('SUCCEEDED');
  });
});

describe('Retry', () => {
  const flaky = (failures: string[]) => {
    const left = [...failures];
    const times: Date[] = [];
    const world = createTestRegion({
      'lambda.Invoke': functions({
        f: () => {
          times.push(world.clock.now());
          const name = left.shift();
          if (name) throw named(name);
          return 'done';
        },
      }),
    });
    return { ...world, times };
  };
  const retried = (retriers: object[], more: object = {}) =>
    machine({ Call: invoke('f', { Retry: retriers, Next: 'Done', ...more }), ...DONE });

  it('waits IntervalSeconds, multiplied by BackoffRate, but no longer than MaxDelaySeconds', async () => {
    const { run, times } = flaky(['A', 'A', 'A', 'A']);
    const retrier = { ErrorEquals: ['A'], IntervalSeconds: 2, BackoffRate: 3, MaxAttempts: 9, MaxDelaySeconds: 20 };
    expect((await run(retried([retrier]))).status).toBe('SUCCEEDED');
    expect(times).toEqual([0, 2, 8, 26, 46].map(after));
  });

  it('gives up after MaxAttempts, three where none is given', async () => {
    const { run, times } = flaky(['A', 'A', 'A', 'A']);
    expect(await run(retried([{ ErrorEquals: ['A'] }]))).toMatchObject({ status: 'FAILED', error: 'A' });
    expect(times).toEqual([0, 1, 3, 7].map(after));
  });

  it('counts each retrier for itself', async () => {
    const { run, times } = flaky(['A', 'B', 'A', 'B']);
    const once = (name: string) => ({ ErrorEquals: [name], MaxAttempts: 1 });
    expect((await run(retried([once('A'), once('B')]))).error).toBe('A');
    expect(times.length).toBe(3);
  });

  it('with full jitter waits somewhere between nothing and the interval', async () => {
    const { run, times } = flaky(['A']);
    await run(retried([{ ErrorEquals: ['A'], IntervalSeconds: 100, JitterStrategy: 'FULL' }]));
    const waited = (times[1]?.getTime() ?? 0) - (times[0]?.getTime() ?? 0);
    expect(waited).toBeGreaterThan(0);
    expect(waited).toBeLessThan(100_000);
  });

  it('comes before Catch', async () => {
    const { run, times } = flaky(['A', 'A']);
    const retrier = { ErrorEquals: ['A'], MaxAttempts: 1 };
    expect((await run(retried([retrier], { Catch: caughtAll('Done') }))).status).toBe('SUCCEEDED');
    expect(times.length).toBe(2);
  });

  it('shows its count in $states.context.State.RetryCount', async () => {
    const { run } = flaky(['A', 'A']);
    const Output = '{% $states.context.State.RetryCount %}';
    expect((await run(retried([{ ErrorEquals: ['A'] }], { Output }))).output).toBe(2);
  });

  it('does not burst when the execution is stopped while an attempt is under way', async () => {
    const { calls, start, ask, clock, handlers } = createTestRegion();
    const hanging = pending<never>();
    handlers['lambda.Invoke'] = () => hanging.promise;
    const retrier = { ErrorEquals: ['States.ALL'], IntervalSeconds: 1, MaxAttempts: 99 };
    const executionArn = await start(retried([retrier]));
    await new Promise(setImmediate);
    await ask('StopExecution', { executionArn });
    hanging.reject(new Error('connection lost'));
    await clock.skip(600);
    expect(calls.filter(({ name }) => name === 'lambda.Invoke').length).toBe(1);
  });

  it('does not go on when the execution is stopped between two attempts', async () => {
    const { start, ask, clock, times, describe: found } = flaky(['A', 'A', 'A']);
    const executionArn = await start(retried([{ ErrorEquals: ['A'], IntervalSeconds: 60 }]));
    await clock.settled();
    await ask('StopExecution', { executionArn, error: 'Enough', cause: 'a person said so' });
    await clock.skip(600);
    expect(times.length).toBe(1);
    expect(await found(executionArn)).toMatchObject({ status: 'ABORTED', error: 'Enough', cause: 'a person said so' });
  });
});

describe('Catch', () => {
  const failing = (name: string) =>
    createTestRegion({
      'lambda.Invoke': functions({
        f: () => {
          throw named(name, 'said the function');
        },
      }),
    });
  const caught = (ErrorEquals: string[], more: object = {}) =>
    machine({
      Call: invoke('f', { Catch: [{ ErrorEquals, Next: 'Caught', ...more }], Next: 'Done' }),
      ...DONE,
      Caught: { Type: 'Succeed', Output: { input: '{% $states.input %}' } },
    });

  it('goes on with the error as output', async () => {
    const { output } = await failing('Broken').run(caught(['Broken']));
    expect(output).toEqual({ input: { Error: 'Broken', Cause: expect.stringContaining('said the function') } });
  });

  it('evaluates its own Assign and Output with $states.errorOutput', async () => {
    const more = { Output: '{% $states.errorOutput.Error %}', Assign: { trouble: '{% $states.errorOutput %}' } };
    expect((await failing('Broken').run(caught(['Broken'], more))).output).toEqual({ input: 'Broken' });
  });

  it('catches by States.TaskFailed and States.ALL, but nothing by another name', async () => {
    expect((await failing('Broken').run(caught(['States.TaskFailed']))).status).toBe('SUCCEEDED');
    expect((await failing('Broken').run(caught(['States.ALL']))).status).toBe('SUCCEEDED');
    expect((await failing('Broken').run(caught(['Brok']))).error).toBe('Broken');
  });

  it('catches a failing expression of its own Task', async () => {
    const { run } = createTestRegion({ 'lambda.Invoke': functions({ f: () => null }) });
    const task = invoke('f', { Output: '{% $states.result.none %}', Catch: caughtAll('Caught'), Next: 'Caught' });
    const { output } = await run(
      machine({ Call: task, Caught: { Type: 'Succeed', Output: '{% $states.input.Error %}' } }),
    );
    expect(output).toBe('States.QueryEvaluationError');
  });

  it('is not a finally: after the time-out of the machine no catcher runs', async () => {
    const cleaned: Json[] = [];
    const { start, clock, describe: found, handlers } = createTestRegion();
    const hanging = pending<never>();
    handlers['lambda.Invoke'] = functions({ f: () => hanging.promise, clean: (event) => cleaned.push(event) });
    const arn = await start(
      machine(
        { Call: invoke('f', { Catch: caughtAll('Clean'), Next: 'Clean' }), Clean: invoke('clean', { End: true }) },
        { TimeoutSeconds: 60 },
      ),
    );
    await new Promise(setImmediate);
    clock.pass(61);
    await clock.skip(600);
    expect(await found(arn)).toMatchObject({ status: 'TIMED_OUT', error: 'States.Timeout' });
    expect(cleaned).toEqual([]);
  });
});

describe('TimeoutSeconds', () => {
  it('ends a call that hangs with States.Timeout, which States.TaskFailed does not catch', async () => {
    const { start, clock, handlers, describe: found } = createTestRegion();
    handlers['lambda.Invoke'] = () => pending<never>().promise;
    const limited = (name: string) =>
      machine({
        Call: invoke('f', {
          TimeoutSeconds: '{% $states.input.limit %}',
          Catch: [{ ErrorEquals: [name], Next: 'Done', Output: '{% $states.errorOutput.Error %}' }],
          Next: 'Done',
        }),
        ...DONE,
      });
    const caught = await start(limited('States.Timeout'), { limit: 30 });
    const missed = await start(limited('States.TaskFailed'), { limit: 30 });
    await new Promise((done) => setTimeout(done, 20));
    clock.pass(31);
    await clock.settled();
    expect((await found(caught)).output).toBe('"States.Timeout"');
    expect((await found(missed)).error).toBe('States.Timeout');
  });

  it('keeps the clock from jumping while a call is under way', async () => {
    const answer = pending<Json>();
    const { start, clock } = createTestRegion({ 'lambda.Invoke': functions({ f: () => answer.promise }) });
    await start(machine({ Call: invoke('f', { TimeoutSeconds: 30, End: true }) }));
    await new Promise((done) => setTimeout(done, 20));
    expect(clock.held()).toBe(1);
    answer.resolve('done');
    await clock.settled();
    expect(clock.held()).toBe(0);
  });
});
