// Rehearsals of the failover on a platform that is at work: nothing of production changes, nothing is left behind, whichever
// way the drill ends. The recovery region's own schedules do what they do on AWS.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { application } from '../../local/platform.ts';
import { describeExecution, invoke, readObject, startMachine, untilEnded } from '../../local/story/observations.ts';
import { type Drill, Drills, drillsKey } from '../../shared/recovery/drills.ts';
import {
  begin,
  type Ended,
  pass,
  startMovableShop,
  toldAbout,
  until,
  watchEffects,
  watchMachines,
} from '../support/failovers.ts';
import type { ShopPlatform } from '../support/shop-platform.ts';

let shop: ShopPlatform;
beforeAll(async () => {
  shop = await startMovableShop();
}, 300_000);
afterAll(() => shop?.stop());

const beat = () => invoke(shop, 'recoveryWriteCanary', {}, shop.primary);
const rehearse = () => invoke<{ begun: string[]; left: string[] }>(shop, 'recoveryRehearse', {}, shop.recovery);
const drillOf = async (id: string): Promise<Drill> => {
  const bucket = String(shop.stacks.recovery.outputs.VaultBucketName);
  const book = await readObject(shop, shop.recovery, bucket, drillsKey(shop.recovery.name));
  return Drills.parse(JSON.parse(book)).find((drill) => drill.id === id) as Drill;
};

/** Whatever RDS, ElastiCache, Kubernetes and the scheduler show of both regions, as far as nobody but people changes it. */
const production = async () => {
  const regions = await Promise.all(
    [shop.primary, shop.recovery].map(async (region) => {
      const ask = <T>(service: string, operation: string, input = {}) => shop.ask<T>(region, service, operation, input);
      const { DBInstances } = await ask<{ DBInstances: Record<string, unknown>[] }>('rds', 'DescribeDBInstances');
      const { DBSnapshots } = await ask<{ DBSnapshots: object[] }>('rds', 'DescribeDBSnapshots');
      const { ReplicationGroups } = await ask<{ ReplicationGroups: object[] }>(
        'elasticache',
        'DescribeReplicationGroups',
      );
      const { Schedules } = await ask<{ Schedules: object[] }>('scheduler', 'ListSchedules');
      const { MetricAlarms = [] } = await ask<{ MetricAlarms?: { AlarmName: string; ActionsEnabled: boolean }[] }>(
        'monitoring',
        'DescribeAlarms',
      );
      return {
        ...{ DBInstances: DBInstances.map(still), DBSnapshots, ReplicationGroups, Schedules },
        alarms: MetricAlarms.map(({ AlarmName, ActionsEnabled }) => [AlarmName, ActionsEnabled]),
      };
    }),
  );
  return JSON.parse(JSON.stringify(regions));
};
/** Time goes on for point-in-time restores, and a replica that reconnects says so for a moment. */
const still = ({ LatestRestorableTime: _, StatusInfos: __, ...instance }: Record<string, unknown>) => instance;

const replicaFollows = () =>
  until(shop, async () => {
    const { DBInstances } = await shop.ask<{ DBInstances: { StatusInfos?: { Normal: boolean }[] }[] }>(
      shop.recovery,
      'rds',
      'DescribeDBInstances',
      { DBInstanceIdentifier: 'shop-db-replica' },
    );
    return DBInstances[0]?.StatusInfos?.[0]?.Normal;
  });

const customersAreServed = async (): Promise<void> => {
  const client = await shop.connect(shop.primary, 'shop-db', application);
  try {
    expect(await client.query('UPDATE customers SET email = email WHERE id = 1')).toMatchObject({ rowCount: 1 });
  } finally {
    await client.end();
  }
};

describe('a drill', { timeout: 240_000 }, () => {
  it('goes through every phase beside production, measures it, and leaves nothing', async () => {
    const before = await production();
    await beat();
    await pass(shop, 4);
    const drill = await begin(shop, 'drill-by-hand', { drill: 'full' });
    await customersAreServed();
    expect(await drill.ended()).toMatchObject({ status: 'SUCCEEDED' });
    await customersAreServed();
    const { result, endedAt } = await drillOf(drill.id);
    expect(result).toMatchObject({ outcome: 'passed', tasks: [] });
    expect(endedAt).toBeDefined();
    expect(result?.rpoSeconds).toBeGreaterThanOrEqual(3);
    expect(result?.rpoSeconds).toBeLessThan(120);
    expect(result?.rtoSeconds).toBeGreaterThan(0);
    expect(Object.keys(result?.phases ?? {})).toEqual(
      expect.arrayContaining(['fence', 'database', 'cache', 'workloads', 'dns', 'health', 'monitoring', 'validate']),
    );
    expect(await production()).toEqual(before);
    await replicaFollows();
    expect(toldAbout(shop, 'drill-by-hand', 'passed', 'RTO', 'RPO', 'every copy is removed')).toHaveLength(1);
  });

  it('asks nobody, whatever a failover would need', () => {
    expect(toldAbout(shop, 'drill-by-hand', 'waits for approval')).toEqual([]);
  });

  it('whose step fails says so, and leaves nothing', async () => {
    const before = await production();
    shop.recovery.rds.failNextRestore('incompatible-restore');
    const drill = await begin(shop, 'drill-that-fails', { drill: 'partial' });
    expect(await drill.ended()).toMatchObject({ status: 'FAILED', error: 'DrillStopped' });
    const { result } = await drillOf(drill.id);
    expect(result).toMatchObject({ outcome: 'stopped', rtoSeconds: null });
    expect(result?.tasks[0]).toContain('incompatible-restore');
    expect(await production()).toEqual(before);
  });

  it('whose execution is stopped anywhere is cleaned up by the calendar, and told', async () => {
    const before = await production();
    for (const key of ['recoveryFence', 'recoveryPromoteDatabase', 'recoveryRestoreCache', 'recoveryEndDrill']) {
      const id = `drill-${key.toLowerCase()}`;
      let calls = 0;
      let execution = '';
      const unwatch = watchMachines(shop, async (machine, called) => {
        if (
          machine !== 'failover' ||
          called !== key ||
          ++calls !== (key === 'recoveryPromoteDatabase' || key === 'recoveryRestoreCache' ? 2 : 1)
        )
          return;
        await shop.ask(shop.recovery, 'states', 'StopExecution', { executionArn: execution });
      });
      execution = await startMachine(
        shop,
        'failover',
        { failoverId: id, reason: 'a test of it', drill: 'full' },
        shop.recovery,
      );
      expect(await untilEnded(shop, execution, 3), key).toBe('ABORTED');
      unwatch();
      await until(shop, async () => {
        const { left } = await rehearse();
        return left.length === 0;
      });
      expect((await drillOf(id)).result, key).toMatchObject({
        outcome: 'stopped',
        tasks: [expect.stringContaining('it ended before the drill did')],
      });
      expect(await production(), key).toEqual(before);
    }
  });

  it('whose functions are killed after each act makes each thing once, leaves nothing, and is compared with the one before', async () => {
    const before = await production();
    const acts = ['CreateDBSnapshot', 'RestoreDBInstanceFromDBSnapshot', 'CreateReplicationGroup', 'DeleteDBInstance'];
    for (const operation of [...acts, 'DeleteDBSnapshot', 'DeleteReplicationGroup'])
      shop.world.faults.add(
        { actor: /recovery(PromoteDatabase|RestoreCache|EndDrill)$/, operation },
        { kind: 'kill', when: 'after' },
        { times: 1 },
      );
    const done: string[] = [];
    const unwatch = watchEffects(shop, (operation) => {
      if (acts.includes(operation)) done.push(operation);
    });
    await beat();
    const drill = await begin(shop, 'drill-with-kills', { drill: 'surprise' });
    expect(await drill.ended()).toMatchObject({ status: 'SUCCEEDED' });
    unwatch();
    shop.world.faults.clear();
    expect(done.toSorted()).toEqual(acts.toSorted());
    expect(await drillOf(drill.id)).toMatchObject({ result: { outcome: 'passed', tasks: [] } });
    expect(await production()).toEqual(before);
    await replicaFollows();
    expect(toldAbout(shop, drill.id, 's in drill-by-hand')).not.toEqual([]);
  });

  it('makes way for a failover', async () => {
    const drill = await begin(shop, 'drill-in-the-way', { drill: 'full' });
    await until(shop, async () => (await describeCopies()).length > 0);
    const failover = await begin(shop, 'the-real-thing', { override: 'shop' });
    expect(await drill.ended()).toMatchObject({ status: 'FAILED', error: 'DrillStopped' });
    expect((await drillOf(drill.id)).result?.tasks[0]).toContain('a failover began');
    expect(await describeCopies()).toEqual([]);
    expect(await describeExecution<Ended>(shop, failover.execution)).toMatchObject({ status: 'RUNNING' });
    const late = await begin(shop, 'drill-too-late', { drill: 'full' });
    expect(await late.ended()).toMatchObject({ status: 'FAILED', error: 'DrillStopped' });
    await invoke(shop, 'recoveryAbandon', { failoverId: failover.id, platform: 'shop', by: 'Ada' }, shop.recovery);
  });
});

const describeCopies = async (): Promise<string[]> => {
  const { DBInstances } = await shop.ask<{ DBInstances: { DBInstanceIdentifier: string }[] }>(
    shop.recovery,
    'rds',
    'DescribeDBInstances',
    {},
  );
  return DBInstances.flatMap(({ DBInstanceIdentifier: id }) => (id.startsWith('lifeboat-drill-') ? [id] : []));
};
