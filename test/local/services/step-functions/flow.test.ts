import { describe, expect, it } from 'vitest';
import { createTestRegion, machine } from './support.ts';

const pass = (Output: unknown, more: object = { End: true }) => ({ Type: 'Pass', Output, ...more });

describe('a state', () => {
  it('hands its input on where it has no Output', async () => {
    const { run } = createTestRegion();
    const { status, output } = await run(machine({ One: { Type: 'Pass', Next: 'Two' }, Two: { Type: 'Succeed' } }), {
      a: 1,
    });
    expect({ status, output }).toEqual({ status: 'SUCCEEDED', output: { a: 1 } });
  });

  it('evaluates every expression in Output and leaves other text alone', async () => {
    const { run } = createTestRegion();
    const template = { sum: '{% $states.input.a + 1 %}', list: ['{% $states.input.a %}', '$states.input.a'] };
    const { output } = await run(machine({ One: pass(template) }), { a: 1 });
    expect(output).toEqual({ sum: 2, list: [1, '$states.input.a'] });
  });

  it('fails with States.QueryEvaluationError where an expression yields nothing', async () => {
    const { run } = createTestRegion();
    const { status, error, cause } = await run(machine({ One: pass('{% $states.input.missing %}') }));
    expect({ status, error }).toEqual({ status: 'FAILED', error: 'States.QueryEvaluationError' });
    expect(cause).toContain("State 'One': the JSONata expression '$states.input.missing' of field 'Output'");
  });

  it('fails with States.QueryEvaluationError where an expression throws', async () => {
    const { run } = createTestRegion();
    const { error, cause } = await run(machine({ One: pass("{% 1 + 'a' %}") }));
    expect(error).toBe('States.QueryEvaluationError');
    expect(cause).toContain('T2002');
  });

  it('fails with States.DataLimitExceeded where its output has more than 256 KiB', async () => {
    const { run } = createTestRegion();
    const padded = (length: number) => machine({ One: pass(`{% $pad('', ${length}, 'x') %}`) });
    expect((await run(padded(262_142))).status).toBe('SUCCEEDED');
    expect(await run(padded(262_143))).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
  });

  it('knows the execution, the machine and itself from $states.context', async () => {
    const { run } = createTestRegion();
    const { output, executionArn, name } = await run(machine({ One: pass('{% $states.context %}') }), { a: 1 });
    expect(output).toMatchObject({
      Execution: {
        Id: executionArn,
        Name: name,
        Input: { a: 1 },
        StartTime: '2026-11-20T00:00:00.000Z',
        RedriveCount: 0,
      },
      State: { Name: 'One', EnteredTime: '2026-11-20T00:00:00.000Z', RetryCount: 0 },
      StateMachine: { Name: expect.stringMatching(/^machine-/) },
    });
  });
});

describe('a Choice', () => {
  const choice = (more: object = {}) =>
    machine({
      Which: {
        Type: 'Choice',
        Choices: [
          { Condition: '{% $states.input.n > 10 %}', Assign: { size: 'large' }, Next: 'Said' },
          { Condition: '{% $states.input.n > 5 %}', Output: { replaced: true }, Next: 'Kept' },
        ],
        ...more,
      },
      Kept: { Type: 'Succeed' },
      Said: { Type: 'Succeed', Output: '{% $size %}' },
      Otherwise: { Type: 'Succeed', Output: "{% 'otherwise' %}" },
    });

  it('takes the first rule whose condition holds, with its Assign and Output', async () => {
    const { run } = createTestRegion();
    expect((await run(choice({ Default: 'Otherwise' }), { n: 11 })).output).toBe('large');
    expect((await run(choice({ Default: 'Otherwise' }), { n: 6 })).output).toEqual({ replaced: true });
  });

  it('takes Default where no condition holds', async () => {
    const { run } = createTestRegion();
    expect((await run(choice({ Default: 'Otherwise' }), { n: 1 })).output).toBe('otherwise');
  });

  it('fails with States.NoChoiceMatched where there is no Default either', async () => {
    const { run } = createTestRegion();
    const only = machine({
      Which: { Type: 'Choice', Choices: [{ Condition: '{% $states.input.n > 5 %}', Next: 'Done' }] },
      Done: { Type: 'Succeed' },
    });
    expect(await run(only, { n: 1 })).toMatchObject({ status: 'FAILED', error: 'States.NoChoiceMatched' });
  });

  it('refuses a condition that is no boolean', async () => {
    const { run } = createTestRegion();
    const odd = machine({
      Which: { Type: 'Choice', Choices: [{ Condition: "{% 'yes' %}", Next: 'Done' }], Default: 'Done' },
      Done: { Type: 'Succeed' },
    });
    expect(await run(odd)).toMatchObject({
      error: 'States.QueryEvaluationError',
      cause: expect.stringContaining('must yield a boolean; found "yes"'),
    });
  });
});

describe('a Wait', () => {
  const wait = (more: object) => machine({ Rest: { Type: 'Wait', ...more, Next: 'Done' }, Done: pass('{% $now() %}') });

  it('lasts its seconds by the clock of the region, and not less', async () => {
    const { start, clock, describe: found } = createTestRegion();
    const arn = await start(wait({ Seconds: '{% $states.input.seconds %}' }), { seconds: 30 });
    await clock.skip(29);
    expect((await found(arn)).status).toBe('RUNNING');
    await clock.skip(1);
    expect((await found(arn)).output).toBe('"2026-11-20T00:00:30.000Z"');
  });

  it('does not keep the clock from jumping', async () => {
    const { start, clock } = createTestRegion();
    await start(wait({ Seconds: 3600 }));
    await clock.settled();
    expect(clock.held()).toBe(0);
  });
});

describe('a Fail', () => {
  it('ends the execution with its Error and Cause, which may be expressions', async () => {
    const { run } = createTestRegion();
    const fail = { Type: 'Fail', Error: 'NotToday', Cause: "{% 'because ' & $states.input.why %}" };
    const { status, error, cause } = await run(machine({ Stop: fail }), { why: 'rain' });
    expect({ status, error, cause }).toEqual({ status: 'FAILED', error: 'NotToday', cause: 'because rain' });
  });
});

describe('an execution', () => {
  it('ends TIMED_OUT after the TimeoutSeconds of its machine', async () => {
    const { run } = createTestRegion();
    const { status, error, stopDate } = await run(
      machine({ Rest: { Type: 'Wait', Seconds: 600, End: true } }, { TimeoutSeconds: 60 }),
    );
    expect({ status, error }).toEqual({ status: 'TIMED_OUT', error: 'States.Timeout' });
    expect(stopDate).toEqual(new Date('2026-11-20T00:01:00Z'));
  });

  it('fails when its history is full, so an endless loop ends', async () => {
    const { start, clock, describe: found, history } = createTestRegion();
    const arn = await start(
      machine({
        One: { Type: 'Pass', Next: 'Two' },
        Two: { Type: 'Pass', Next: 'Three' },
        Three: {
          Type: 'Choice',
          Choices: [{ Condition: '{% false %}', Next: 'End' }],
          Default: 'One',
        },
        End: { Type: 'Succeed' },
      }),
    );
    await clock.skip(1);
    expect(await found(arn)).toMatchObject({
      status: 'FAILED',
      error: 'States.Runtime',
      cause: expect.stringContaining('25000'),
    });
    expect((await history(arn)).length).toBe(1000);
  });
});
