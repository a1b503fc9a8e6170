import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HELP, perform } from '../../../local/console/commands.ts';
import { createTestWorld, type TestWorld } from '../endpoint/regions.ts';

const NOON = new Date('2026-11-22T12:00:00Z');
let test: TestWorld;
let said: string[];
beforeAll(async () => {
  test = await createTestWorld(NOON);
});
beforeEach(() => {
  said = [];
});
afterAll(() => test[Symbol.asyncDispose]());

const type = (line: string, { world } = test) => perform(line, { world, say: (text) => void said.push(text) });
const hours = (count: number): Date => new Date(test.world.clock.now().getTime() + count * 3_600_000);

describe('what is typed', () => {
  it('lets region time go on, with everything that is due, an hour at a time', async () => {
    const due: string[] = [];
    test.world.clock.at(hours(2.5), () => void due.push('in between'));
    test.world.clock.at(hours(30), () => void due.push('later'));
    const before = test.world.clock.now().getTime();
    expect(await type('  advance   6  hours ')).toBe('go on');
    expect(due).toEqual(['in between']);
    const passed = test.world.clock.now().getTime() - before;
    expect(passed).toBeGreaterThanOrEqual(6 * 3_600_000);
    expect(passed).toBeLessThan(6 * 3_600_000 + 10_000);
    expect(said).toEqual([expect.stringMatching(/^It is 2026-11-22T18:00:\d\dZ\.$/)]);
    await type('time');
    expect(said[1]).toMatch(/^It is 2026-11-22T18:00/);
  });

  it('cuts a region off and joins it again', async () => {
    await type('cut off us-west-2');
    expect([test.east.alive, test.west.alive]).toEqual([true, false]);
    await type('rejoin us-west-2');
    expect(test.west.alive).toBe(true);
    expect(said).toEqual(['Nobody reaches us-west-2.', 'us-west-2 is reached again.']);
  });

  it('kills a region, which then does not come back', async () => {
    await using other = await createTestWorld();
    await type('kill us-east-1', other);
    expect([other.east.alive, other.west.alive]).toEqual([false, true]);
    await expect(type('rejoin us-east-1', other)).rejects.toThrow('The region us-east-1 was killed');
    expect(other.east.alive).toBe(false);
    await type('kill us-east-1', other);
  });

  it.each([
    ['advance', 'a duration is written like "15 minutes"'],
    ['advance 6', 'advance 6: a duration is written like "15 minutes"'],
    ['advance -1 hours', 'a duration is written like'],
    ['kill', 'There is no region  here, only us-east-1, us-west-2.'],
    ['kill everything', 'There is no region everything here, only us-east-1, us-west-2.'],
    ['cut off', 'There is no region'],
    ['cut us-east-1', 'There is no command "cut us-east-1". There are:\n  advance'],
    ['killus-east-1', 'There is no command'],
  ])('as %j is refused, with what was expected', async (line, message) => {
    await expect(type(line)).rejects.toThrow(message);
    expect([test.east.alive, test.west.alive]).toEqual([true, true]);
  });

  it('ends with quit only', async () => {
    expect([await type(''), await type('help'), await type('quit')]).toEqual(['go on', 'go on', 'quit']);
    expect(said).toEqual([HELP]);
  });
});
