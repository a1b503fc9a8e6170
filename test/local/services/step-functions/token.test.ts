import { describe, expect, it } from 'vitest';
import { createTestRegion, functions, machine, named } from './support.ts';

const asking = (more: object = {}) =>
  machine({
    Ask: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
      Arguments: { FunctionName: 'ask', Payload: { token: '{% $states.context.Task.Token %}' } },
      Next: 'Done',
      ...more,
    },
    Done: { Type: 'Succeed' },
  });

const setUp = () => {
  const tokens: string[] = [];
  const ask = (event: unknown) => {
    tokens.push((event as { token: string }).token);
    return null;
  };
  const world = createTestRegion({ 'lambda.Invoke': functions({ ask }) });
  const token = () => tokens.at(-1) ?? '';
  return {
    ...world,
    tokens,
    succeed: (output: unknown, taskToken = token()) =>
      world.ask('SendTaskSuccess', { taskToken, output: JSON.stringify(output) }),
    fail: (error: string) => world.ask('SendTaskFailure', { taskToken: token(), error, cause: 'a person said no' }),
  };
};

describe('a Task that waits for its token', () => {
  it('goes on with what SendTaskSuccess brings, days later', async () => {
    const { start, clock, succeed, describe: found, types } = setUp();
    const arn = await start(asking());
    await clock.skip(3 * 86_400);
    expect((await found(arn)).status).toBe('RUNNING');
    await succeed({ approved: true });
    await clock.settled();
    expect((await found(arn)).output).toBe('{"approved":true}');
    expect(await types(arn)).toContain('TaskSubmitted');
  });

  it('does not keep the clock from jumping while it waits', async () => {
    const { start, clock } = setUp();
    await start(asking());
    await clock.settled();
    expect(clock.held()).toBe(0);
  });

  it('fails with what SendTaskFailure brings', async () => {
    const { start, clock, fail, describe: found } = setUp();
    const arn = await start(asking());
    await clock.settled();
    await fail('Refused');
    await clock.settled();
    expect(await found(arn)).toMatchObject({ status: 'FAILED', error: 'Refused', cause: 'a person said no' });
  });

  it('is answered once: the second answer is told that nobody waits', async () => {
    const { start, clock, succeed, fail, describe: found } = setUp();
    const arn = await start(asking());
    await clock.settled();
    await succeed('first');
    await expect(succeed('second')).rejects.toMatchObject({ name: 'TaskTimedOut' });
    await expect(fail('Refused')).rejects.toMatchObject({ name: 'TaskTimedOut' });
    await clock.settled();
    expect((await found(arn)).output).toBe('"first"');
  });

  it('is answered once even by two answers at the same moment', async () => {
    const { start, clock, succeed, describe: found } = setUp();
    const arn = await start(asking());
    await clock.settled();
    const answers = await Promise.allSettled([succeed('first'), succeed('second')]);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await clock.settled();
    expect((await found(arn)).output).toBe('"first"');
  });

  it('takes no answer after its time-out, and none for a token that never was', async () => {
    const { run, succeed } = setUp();
    expect((await run(asking({ TimeoutSeconds: 60 }))).error).toBe('States.Timeout');
    await expect(succeed('late')).rejects.toMatchObject({ name: 'TaskTimedOut' });
    await expect(succeed('guess', 'AAAA')).rejects.toMatchObject({ name: 'InvalidToken' });
  });

  it('keeps its token open where the answer is no JSON', async () => {
    const { start, clock, ask, tokens, succeed } = setUp();
    await start(asking());
    await clock.settled();
    await expect(ask('SendTaskSuccess', { taskToken: tokens[0], output: '{' })).rejects.toMatchObject({
      name: 'InvalidOutput',
    });
    await expect(succeed('now')).resolves.toEqual({});
  });

  it('gets a new token for every attempt', async () => {
    const { start, clock, fail, succeed, tokens, describe: found } = setUp();
    const arn = await start(asking({ Retry: [{ ErrorEquals: ['Again'] }] }));
    await clock.settled();
    await fail('Again');
    await clock.skip(10);
    await expect(succeed('old', tokens[0])).rejects.toMatchObject({ name: 'TaskTimedOut' });
    await succeed('new');
    await clock.settled();
    expect(new Set(tokens).size).toBe(2);
    expect((await found(arn)).output).toBe('"new"');
  });

  it('fails at once where the call that hands out the token fails', async () => {
    const { run, handlers } = setUp();
    handlers['lambda.Invoke'] = functions({
      ask: () => {
        throw named('NobodyHome');
      },
    });
    expect((await run(asking())).error).toBe('NobodyHome');
  });

  it('is closed when the execution is stopped', async () => {
    const { start, clock, ask, succeed, types } = setUp();
    const executionArn = await start(asking());
    await clock.settled();
    await ask('StopExecution', { executionArn });
    await expect(succeed('late')).rejects.toMatchObject({ name: 'TaskTimedOut' });
    expect((await types(executionArn)).slice(-2)).toEqual(['TaskStateAborted', 'ExecutionAborted']);
  });
});
