import { afterEach, describe, expect, it } from 'vitest';
import { createClock, type LocalClock } from '../../../../local/clock.ts';
import type { Json } from '../../../../local/services/step-functions/language/definition.ts';
import { createTestRegion, functions, invoke, machine, pending } from './support.ts';

let clock: LocalClock;
afterEach(() => clock.close());

const setUp = (byName: Parameters<typeof functions>[0]) => {
  clock = createClock({ start: new Date('2026-11-20T00:00:00Z') });
  return createTestRegion(
    { 'lambda.Invoke': functions(byName) },
    {
      ...clock,
      held: () => clock.holding().length,
      skip: (seconds) => clock.advanceTo(new Date(clock.now().getTime() + seconds * 1000)),
      pass: () => {
        throw new Error('real time cannot be hurried');
      },
    },
  );
};

const polling = (calls: object) =>
  machine({
    Look: invoke('look', {
      Assign: { seen: '{% $states.result.Payload %}' },
      Output: {},
      TimeoutSeconds: 30,
      ...calls,
      Next: 'Ready?',
    }),
    'Ready?': { Type: 'Choice', Choices: [{ Condition: '{% $seen > 100 %}', Next: 'Done' }], Default: 'Rest' },
    Rest: { Type: 'Wait', Seconds: 600, Next: 'Look' },
    Done: { Type: 'Succeed', Output: '{% $seen %}' },
  });

describe('on the clock of the region', () => {
  it('a machine that polls for most of a day is done in a moment, each look ten minutes after the last', async () => {
    const times: number[] = [];
    const { run } = setUp({ look: () => times.push(clock.now().getTime()) });
    const { status, output } = await run(polling({}));
    expect({ status, output }).toEqual({ status: 'SUCCEEDED', output: 101 });
    const gaps = times.slice(1).map((time, index) => Math.round((time - (times[index] ?? 0)) / 60_000));
    expect(new Set(gaps)).toEqual(new Set([10]));
  });

  it('the jump waits for the calls that are under way', async () => {
    const answer = pending<Json>();
    const { start, describe: found } = setUp({ look: () => answer.promise });
    const arn = await start(polling({}));
    let jumped = false;
    const jump = clock.advanceTo(new Date('2026-11-21T00:00:00Z')).then(() => {
      jumped = true;
    });
    await new Promise((done) => setTimeout(done, 30));
    expect(jumped).toBe(false);
    answer.resolve(101);
    await jump;
    expect((await found(arn)).status).toBe('SUCCEEDED');
  });

  it('a call that hangs is timed out in real time, and nothing is left that holds the clock', async () => {
    const { start, describe: found, states } = setUp({ look: () => new Promise(() => undefined) });
    const arn = await start(polling({ TimeoutSeconds: 1 }));
    await clock.settled();
    expect(await found(arn)).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
    await states.close?.();
    expect(clock.holding()).toEqual([]);
  });
});
