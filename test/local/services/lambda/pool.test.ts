import { expect, it } from 'vitest';
import { createLambda } from '../../../../local/services/lambda/service.ts';
import { createFunction, invoke } from './functions.ts';
import { createRegions } from './regions.ts';

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

it('as many processes as are needed at once, up to a limit; few stay warm, and none outlives its region', async () => {
  const world = createRegions([createLambda]);
  const body = `exports.handler = () => new Promise((done) => setTimeout(done, 150, process.pid));`;
  await createFunction(world, 'busy', body, { Timeout: 60 });
  const pids = (await Promise.all(Array.from({ length: 20 }, () => invoke(world, 'busy')))).map(
    ({ value }) => value as number,
  );
  const distinct = [...new Set(pids)];
  expect(distinct.length).toBeGreaterThan(3);
  expect(distinct.length).toBeLessThanOrEqual(16);
  await expect.poll(() => distinct.filter(isAlive).length).toBe(3);
  await world.close();
  expect(distinct.filter(isAlive)).toEqual([]);
});
