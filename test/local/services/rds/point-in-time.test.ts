import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFakeWorld, type FakeWorld } from './fake-world.ts';
import { call, countOrders, createShop, eventIds, instance, query } from './shop.ts';

let world: FakeWorld;
/** So much the machine's clock may be set back while this runs. */
const APART_MS = 1000;
/** Region time after 100, 200 and 300 orders, with hours of region time between. */
const moments: Date[] = [];
const HOUR_MS = 3_600_000;

beforeAll(async () => {
  world = await createFakeWorld();
  await createShop(world.primary);
  for (const more of [101, 201]) {
    await delay(APART_MS);
    moments.push(world.clock.now());
    await world.clock.advanceTo(new Date(world.clock.now().getTime() + 2 * HOUR_MS));
    await delay(APART_MS);
    await query(
      world.primary,
      'shop-db',
      `insert into orders select n, 1 from generate_series(${more}, ${more + 99}) n`,
    );
  }
});
afterAll(() => world.close());

const restoreTo = async (id: string, input: object) => {
  await call(world.primary, 'RestoreDBInstanceToPointInTime', {
    SourceDBInstanceIdentifier: 'shop-db',
    TargetDBInstanceIdentifier: id,
    ...input,
  });
  await world.clock.settled();
  return instance(world.primary, id);
};

describe('a restore of an RDS instance to a point in time', { timeout: 60_000 }, () => {
  it('holds what had been committed at that moment of region time, and nothing later', async () => {
    // An hour after the first moment nothing had happened yet.
    await instance(world.primary, 'shop-db');
    const idle = new Date((moments[0]?.getTime() ?? 0) + HOUR_MS);
    expect((await restoreTo('first', { RestoreTime: moments[0] })).DBInstanceStatus).toBe('available');
    expect((await restoreTo('idle', { RestoreTime: idle })).DBInstanceStatus).toBe('available');
    expect((await restoreTo('second', { RestoreTime: moments[1] })).DBInstanceStatus).toBe('available');
    expect(await countOrders(world.primary, 'first')).toBe(100);
    expect(await countOrders(world.primary, 'idle')).toBe(100);
    expect(await countOrders(world.primary, 'second')).toBe(200);
    expect(eventIds(world.primary)).toContain('RDS-EVENT-0019');
  });

  it('goes to the latest restorable time, which is at most five minutes ago', async () => {
    await world.clock.advanceTo(new Date(world.clock.now().getTime() + HOUR_MS));
    const { LatestRestorableTime } = await instance(world.primary, 'shop-db');
    expect(world.clock.now().getTime() - (LatestRestorableTime?.getTime() ?? 0)).toBeLessThan(5 * 60_000);
    expect((await restoreTo('latest', { UseLatestRestorableTime: true })).DBInstanceStatus).toBe('available');
    expect(await countOrders(world.primary, 'latest')).toBe(300);
  });

  it('is refused outside what can be restored, naming the limits', async () => {
    const { LatestRestorableTime, InstanceCreateTime } = await instance(world.primary, 'shop-db');
    for (const RestoreTime of [new Date((LatestRestorableTime?.getTime() ?? 0) + HOUR_MS), InstanceCreateTime]) {
      await expect(restoreTo('never', { RestoreTime })).rejects.toMatchObject({ code: 'InvalidParameterValue' });
    }
    await expect(restoreTo('never', {})).rejects.toMatchObject({ code: 'InvalidParameterCombination' });
  });

  it('writes into an archive of its own, never into its parent’s', async () => {
    const archive = async (id: string) =>
      (await readdir(join(dirname(world.primary.rds.server(id).directory), 'archive'))).sort();
    const before = await archive('shop-db');
    await query(world.primary, 'latest', 'insert into orders select n, 1 from generate_series(1000, 1100) n');
    await world.clock.advanceTo(new Date(world.clock.now().getTime() + HOUR_MS));
    expect((await instance(world.primary, 'latest')).LatestRestorableTime).toBeInstanceOf(Date);
    expect((await archive('latest')).some((name) => name.startsWith('00000002'))).toBe(true);
    expect(await archive('shop-db')).toEqual(before);
  });

  it('reaches no further while the archive takes nothing, and catches up once it does', async () => {
    const latest = async () => (await instance(world.primary, 'shop-db')).LatestRestorableTime?.getTime() ?? 0;
    await world.primary.rds.pauseArchiving('shop-db', true);
    const before = await latest();
    await query(world.primary, 'shop-db', 'insert into orders select n, 1 from generate_series(301, 400) n');
    await world.clock.advanceTo(new Date(world.clock.now().getTime() + HOUR_MS));
    expect(await latest()).toBe(before);
    await restoreTo('behind', { UseLatestRestorableTime: true });
    expect(await countOrders(world.primary, 'behind')).toBe(300);
    await world.primary.rds.pauseArchiving('shop-db', false);
    expect(world.clock.now().getTime() - (await latest())).toBeLessThan(5 * 60_000);
    await restoreTo('level', { UseLatestRestorableTime: true });
    expect(await countOrders(world.primary, 'level')).toBe(400);
  });

  it('works from the archive alone after the source’s server is lost', async () => {
    await world.primary.rds.stopServer('shop-db');
    expect((await restoreTo('survivor', { UseLatestRestorableTime: true })).DBInstanceStatus).toBe('available');
    expect(await countOrders(world.primary, 'survivor')).toBe(400);
  });
});
