// Steps of a failover that fail: the machine stops by a name, people are told what is done, what is not and why, and a
// redrive goes on once the cause is gone. One failover meets them all, one after the other.
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeExecution, untilEnded } from '../../local/story/observations.ts';
import {
  begin,
  type Ended,
  type Failover,
  grant,
  order,
  recordOf,
  refusedWith,
  startMovableShop,
  toldAbout,
  watchMachines,
} from '../support/failovers.ts';
import type { ShopPlatform } from '../support/shop-platform.ts';

/** A release that ends as soon as it begins. */
const BROKEN = 'lifeboat.local/shop-order:broken';
const CRASHES = fileURLToPath(new URL('../support/crashing-service.ts', import.meta.url));

let shop: ShopPlatform;
let failover: Failover;
/** What the shop's own infrastructure code makes is refused until then. */
let allowBuild: () => void;
const DENIED = { kind: 'error', code: 'AccessDenied', status: 403, when: 'before' } as const;
beforeAll(async () => {
  shop = await startMovableShop();
}, 300_000);
afterAll(() => shop?.stop());

const removeDatabase = async (): Promise<void> => {
  await shop.ask(shop.recovery, 'rds', 'DeleteDBInstance', {
    DBInstanceIdentifier: 'shop-db-replica',
    SkipFinalSnapshot: true,
  });
  await shop.world.clock.settled();
};
const redrive = async (): Promise<Ended> => {
  await shop.ask(shop.recovery, 'states', 'RedriveExecution', { executionArn: failover.execution });
  await untilEnded(shop, failover.execution, 3);
  return describeExecution<Ended>(shop, failover.execution);
};
/** Changes one of the workloads of the region that takes over. */
const change = (name: string, spec: object): void => {
  const metadata = { name, namespace: 'shop' };
  shop.recovery.eks.cluster('shop').apply({ apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec });
};
const release = (name: string, image: string): void =>
  change(name, { template: { spec: { containers: [{ name, image }] } } });
const stopped = (name: string) =>
  expect.objectContaining({ status: 'FAILED', error: 'FailoverStopped', cause: expect.stringContaining(name) });

describe('a failover whose steps fail', { timeout: 240_000 }, () => {
  it('stops where the promoted instance turns incompatible, and says that it can be deleted', async () => {
    const throttled = { kind: 'error', code: 'Throttling', status: 400, when: 'before' } as const;
    // More often than a client tries: the machine tries again.
    for (const [key, operation] of [
      ['recoveryPromoteDatabase', 'DescribeDBInstances'],
      ['recoveryRestoreCache', 'DescribeReplicationGroups'],
    ])
      shop.world.faults.add({ actor: `${shop.service}-${key}`, operation: operation ?? '' }, throttled, { times: 4 });
    allowBuild = shop.world.faults.add({ operation: 'CreateBucket' }, DENIED);
    shop.recovery.rds.failNextRestore('incompatible-restore');
    failover = await begin(shop, 'troubled', { override: 'shop' });
    await grant(shop, failover.id);
    expect(await failover.ended()).toEqual(stopped('InstanceUnusable'));
    expect(
      toldAbout(shop, 'troubled', 'STOPPED at "Promote the database"', 'shop-db-replica', 'incompatible-restore'),
    ).not.toEqual([]);
    expect(await refusedWith(order(shop, 'primary'))).toBe('28000');
  });

  it('stops where there is nothing to build the database from, and where infrastructure cannot be built; the cache is restored all the same', async () => {
    await removeDatabase();
    expect(await redrive()).toEqual(stopped('RecoveryPointMissing'));
    expect(toldAbout(shop, 'troubled', 'STOPPED at "Promote the database"', 'database: not done')).not.toEqual([]);
    expect(
      toldAbout(shop, 'troubled', 'Also:', 'shop-infrastructure', 'COMMAND_EXECUTION_ERROR', 'aws logs tail'),
    ).not.toEqual([]);
    expect((await recordOf(shop, failover.id, 'cache')).endedAt).toBeDefined();
  });

  it('stops where what it restores turns incompatible, and says that it can be deleted', async () => {
    await shop.backUp();
    allowBuild();
    shop.recovery.rds.failNextRestore('incompatible-restore');
    expect(await redrive()).toEqual(stopped('InstanceUnusable'));
    expect(toldAbout(shop, 'troubled', 'shop-db-replica', 'incompatible-restore', 'redrive-execution')).not.toEqual([]);
    // Two builds failed; the third was allowed to make what it makes, and there is no other.
    expect(await recordOf(shop, failover.id, 'infrastructure')).toMatchObject({ facts: { attempt: 3 } });
  });

  it('stops where pods crash again and again, and says which and why', async () => {
    await removeDatabase();
    const lost = { kind: 'error', code: 'InternalFailure', status: 500, when: 'after' } as const;
    shop.world.faults.add({ operation: 'RestoreDBInstanceFromDBSnapshot' }, lost, { times: 1 });
    shop.recovery.eks.images.set(BROKEN, CRASHES);
    release('order', BROKEN);
    expect(await redrive()).toEqual(stopped('RolloutFailed'));
    expect(toldAbout(shop, 'troubled', 'STOPPED at "Bring up the workloads"', 'order', 'CrashLoopBackOff')).not.toEqual(
      [],
    );
    release('order', 'lifeboat.local/shop-order:1');
  });

  it('stops where the names cannot be switched, with all before it done and nothing after it', async () => {
    shop.world.faults.add({ actor: `${shop.service}-recoverySwitchDns`, operation: 'PutMetricData' }, DENIED);
    expect(await redrive()).toEqual(stopped('ended as AccessDenied'));
    expect(await recordOf(shop, failover.id, 'database')).toMatchObject({ facts: { how: 'snapshot' } });
    expect(toldAbout(shop, 'troubled', 'STOPPED at "Switch the names"', 'dns: not done')).not.toEqual([]);
    await expect(recordOf(shop, failover.id, 'health')).rejects.toThrow(/NoSuchKey|not exist/);
  });

  it('stops where the names do not lead here in time, or nobody serves them, and comes to its end once they do; it says what the snapshot cost', async () => {
    shop.world.faults.clear();
    const balancer = 'shop-orders.elb.us-west-2.amazonaws.com';
    const addresses = shop.world.dns.resolve(balancer);
    shop.world.dns.register(balancer, () => []);
    expect(await redrive()).toEqual(stopped('ended as PhaseOverdue: not done within 900 s'));
    expect(toldAbout(shop, 'troubled', 'STOPPED at "the phase dns"', 'dns: not done')).not.toEqual([]);
    shop.world.dns.register(balancer, () => addresses);
    // One of the services dies when the names lead here.
    const unwatch = watchMachines(shop, async (_, key) => {
      if (key === 'recoverySwitchDns' && (await recordOf(shop, failover.id, 'dns')).endedAt)
        change('product', { replicas: 0 });
    });
    expect(await redrive()).toEqual(stopped('ended as PhaseOverdue: not done within 900 s'));
    unwatch();
    expect(toldAbout(shop, 'troubled', 'STOPPED at "the phase health"', 'health: not done', 'products')).not.toEqual(
      [],
    );
    change('product', { replicas: 2 });
    const ended = await redrive();
    expect(ended).toMatchObject({ status: 'SUCCEEDED' });
    const { facts } = await recordOf(shop, failover.id, 'database');
    expect(JSON.parse(ended.output ?? '{}')).toMatchObject({ lossSeconds: facts.lossSeconds });
    expect(toldAbout(shop, 'troubled', 'lives in us-west-2', `restored from ${facts.recoveryPoint}`)).not.toEqual([]);
    expect(await order(shop, 'recovery')).toBeGreaterThan(0);
    const { ids } = await shop.ask<{ ids: string[] }>(shop.recovery, 'codebuild', 'ListBuildsForProject', {
      projectName: 'shop-infrastructure',
    });
    expect(ids).toHaveLength(3);
  });
});
