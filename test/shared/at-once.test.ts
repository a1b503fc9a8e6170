import { describe, expect, it } from 'vitest';
import { mapAtOnce } from '../../shared/at-once.ts';

describe('many things at once', () => {
  it('are so many at a time, and answered in their order', async () => {
    let running = 0;
    let most = 0;
    const answers = await mapAtOnce(
      [30, 1, 20, 2, 10],
      async (thing, number) => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, thing));
        running -= 1;
        return `${number}: ${thing}`;
      },
      2,
    );
    expect(answers).toEqual(['0: 30', '1: 1', '2: 20', '3: 2', '4: 10']);
    expect(most).toBe(2);
    expect(await mapAtOnce([], async () => 1)).toEqual([]);
  });

  it('end with the first that fails: no further one is begun', async () => {
    const begun: number[] = [];
    const running = mapAtOnce(
      [0, 1, 2, 3, 4, 5],
      async (thing) => {
        begun.push(thing);
        await Promise.resolve();
        if (thing === 1) throw new RangeError('one');
        await new Promise((resolve) => setTimeout(resolve, 5));
      },
      2,
    );
    await expect(running).rejects.toThrow('one');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(begun).toEqual([0, 1]);
  });
});
