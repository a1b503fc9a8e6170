import { describe, expect, it } from 'vitest';
import type { Json } from '../../../../local/services/step-functions/language/definition.ts';
import { createTestRegion, functions, invoke, machine, named, pending } from './support.ts';

const parallel = (branches: Record<string, object>[], more: object = { End: true }) => ({
  Type: 'Parallel',
  Branches: branches.map((States) => ({ StartAt: Object.keys(States)[0], States })),
  ...more,
});
const fail = () => {
  throw named('Broken');
};

describe('a Parallel', () => {
  it('has the outputs of its branches in their order, each started with its Arguments', async () => {
    const { run } = createTestRegion();
    const both = parallel(
      [
        {
          Slow: { Type: 'Wait', Seconds: 60, Next: 'A' },
          A: { Type: 'Pass', Output: "{% $states.input.x & 'a' %}", End: true },
        },
        { B: { Type: 'Pass', Output: "{% $states.input.x & 'b' %}", End: true } },
      ],
      { Arguments: { x: '{% $states.input.y %}' }, Output: '{% $reverse($states.result) %}', End: true },
    );
    expect((await run(machine({ Both: both }), { y: 'y' })).output).toEqual(['yb', 'ya']);
  });

  it('cancels the other branches when one fails, without bursts of their retries', async () => {
    const { run, calls, types } = createTestRegion({ 'lambda.Invoke': functions({ busy: fail, fail }) });
    const retrier = { ErrorEquals: ['States.ALL'], IntervalSeconds: 600, MaxAttempts: 99 };
    const both = parallel([
      { Busy: invoke('busy', { Retry: [retrier], End: true }) },
      { Rest: { Type: 'Wait', Seconds: 3600, End: true } },
      { Late: { Type: 'Wait', Seconds: 60, Next: 'Fails' }, Fails: invoke('fail', { End: true }) },
    ]);
    const { status, error, stopDate, executionArn } = await run(machine({ Both: both }));
    expect({ status, error, stopDate }).toEqual({
      status: 'FAILED',
      error: 'Broken',
      stopDate: new Date('2026-11-20T00:01:00Z'),
    });
    expect(calls.filter(({ input }) => input.FunctionName === 'busy').length).toBe(1);
    expect(await types(executionArn ?? '')).toEqual(
      expect.arrayContaining(['TaskStateAborted', 'WaitStateAborted', 'ParallelStateFailed']),
    );
  });

  it('retries all of its branches, and catches their errors', async () => {
    const { run, calls } = createTestRegion({ 'lambda.Invoke': functions({ fine: () => 1, fail }) });
    const both = parallel([{ Fine: invoke('fine', { End: true }) }, { Fails: invoke('fail', { End: true }) }], {
      Retry: [{ ErrorEquals: ['Broken'], MaxAttempts: 2 }],
      Catch: [{ ErrorEquals: ['States.ALL'], Output: '{% $states.errorOutput.Error %}', Next: 'Done' }],
      Next: 'Done',
    });
    const { output } = await run(machine({ Both: both, Done: { Type: 'Succeed' } }));
    expect(output).toBe('Broken');
    expect(calls.filter(({ input }) => input.FunctionName === 'fine').length).toBe(3);
  });

  it('lets the clock jump only while all of its branches wait', async () => {
    const answer = pending<Json>();
    const { start, clock } = createTestRegion({ 'lambda.Invoke': functions({ f: () => answer.promise }) });
    const both = parallel([{ Call: invoke('f', { End: true }) }, { Rest: { Type: 'Wait', Seconds: 60, End: true } }]);
    await start(machine({ Both: both }));
    await new Promise((done) => setTimeout(done, 20));
    expect(clock.held()).toBe(1);
    answer.resolve(null);
    await clock.settled();
    expect(clock.held()).toBe(0);
  });
});

describe('variables', () => {
  const assign = (Assign: object, Next?: string) => ({ Type: 'Pass', Assign, ...(Next ? { Next } : { End: true }) });

  it('last from the state that assigns them to the end of the machine', async () => {
    const { run } = createTestRegion();
    const states = {
      First: assign({ a: 1, b: { c: '{% $states.input.x %}' } }, 'Second'),
      Second: { Type: 'Pass', Output: { un: 'related' }, Next: 'Third' },
      Third: { Type: 'Pass', Output: '{% $a + $b.c %}', End: true },
    };
    expect((await run(machine(states), { x: 2 })).output).toBe(3);
  });

  it('keep their old values for every expression of the state that assigns them', async () => {
    const { run } = createTestRegion();
    const states = {
      First: assign({ a: 1, b: 2 }, 'Swap'),
      Swap: { Type: 'Pass', Assign: { a: '{% $b %}', b: '{% $a %}' }, Output: '{% [$a, $b] %}', Next: 'Tell' },
      Tell: { Type: 'Pass', Output: '{% [$states.input, [$a, $b]] %}', End: true },
    };
    expect((await run(machine(states))).output).toEqual([1, 2, [2, 1]]);
  });

  it('of outer scopes are read inside, and those assigned inside are unknown outside', async () => {
    const { run } = createTestRegion();
    const states = {
      First: assign({ outer: 'o' }, 'Both'),
      Both: parallel(
        [
          {
            A: assign({ inner: "{% $outer & 'i' %}" }, 'B') as object,
            B: { Type: 'Pass', Output: '{% $inner %}', End: true },
          },
        ],
        { Next: 'Last' },
      ),
      Last: { Type: 'Pass', Output: '{% [$states.input, $exists($inner)] %}', End: true },
    };
    expect((await run(machine(states))).output).toEqual(['oi', false]);
  });

  it('of an outer scope cannot be assigned inside: such a machine is refused', async () => {
    const { create } = createTestRegion();
    const states = { First: assign({ outer: 'o' }, 'Both'), Both: parallel([{ A: assign({ outer: 1 }) }]) };
    await expect(create(machine(states))).rejects.toThrow('Both/A: $outer belongs to an outer scope');
  });

  it('can be assigned by a rule and by a catcher', async () => {
    const { run } = createTestRegion({ 'lambda.Invoke': functions({ fail }) });
    const states = {
      Call: invoke('fail', {
        Catch: [{ ErrorEquals: ['States.ALL'], Assign: { trouble: '{% $states.errorOutput.Error %}' }, Next: 'Which' }],
        Next: 'Which',
      }),
      Which: {
        Type: 'Choice',
        Choices: [{ Condition: "{% $trouble = 'Broken' %}", Assign: { known: true }, Next: 'Tell' }],
      },
      Tell: { Type: 'Pass', Output: '{% [$trouble, $known] %}', End: true },
    };
    expect((await run(machine(states))).output).toEqual(['Broken', true]);
  });
});
