import tls from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import sample from '../../../events/samples/recovery/restore-cache.json' with { type: 'json' };
import type { Step } from '../../../functions/recovery/phases.ts';
import { handler } from '../../../functions/recovery/restore-cache.ts';
import { handler as openPoint } from '../../../functions/redis/open-point.ts';
import { handler as settlePoint } from '../../../functions/redis/settle-point.ts';
import type { RecoveryPoint } from '../../../shared/catalog/recovery-point.ts';
import { Epoch, epochKey, PhaseRecord, phaseKey } from '../../../shared/recovery/documents.ts';
import { type CachePlatform, GROUP, openCachePlatform } from '../../support/cache-platform.ts';
import { EXCHANGE, PRIMARY, RECOVERY, VAULT } from '../../support/environment.ts';
import { invoke } from '../../support/platform.ts';

vi.mock('#platform', () => import('../../support/workloads.config.ts'));

const ID = sample.failoverId;
const AT = '2026-11-20T03:00:00.000Z';
let cache: CachePlatform;
/** Archives, oldest first; the newest two were made of other content than the one before. */
let archives: RecoveryPoint[];

const archived = async (hour: number): Promise<RecoveryPoint> => {
  const scheduledAt = new Date(Date.UTC(2026, 10, 20, hour)).toISOString();
  const { recoveryPoint } = await invoke(openPoint, { source: 'shop-cache', scheduledAt, purpose: 'scheduled' });
  for (let looks = 0; looks < 12; looks++) {
    const { done } = await invoke(settlePoint, { recoveryPoint }, 600_000);
    await cache.world.clock.settled();
    if (done) return cache.point(`${recoveryPoint}-export`);
  }
  throw new Error('it was never archived');
};

beforeAll(async () => {
  cache = await openCachePlatform();
  cache.begin();
  // As NODE_EXTRA_CA_CERTS does for functions.
  const { ca } = cache.region.elasticache.server(GROUP);
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), ...(ca ? [ca] : [])]);
  archives = [];
  for (const hour of [0, 1, 2]) {
    await cache.redis(GROUP, ['SET', `hour-${hour}`, 'x'], ['WAIT', '2', '10000']);
    archives.push(await archived(hour));
  }
}, 120_000);
afterAll(() => cache[Symbol.asyncDispose]());

const record = async (): Promise<PhaseRecord> =>
  PhaseRecord.parse(JSON.parse((await cache.read(VAULT, phaseKey(ID, 'cache'))).toString()));
const place = (key: string, value: object) => cache.write(VAULT, key, JSON.stringify(value));
const groups = async (): Promise<string[]> => {
  const { ReplicationGroups } = await cache.ask<{ ReplicationGroups: { ReplicationGroupId: string }[] }>(
    'elasticache',
    'DescribeReplicationGroups',
    {},
  );
  return ReplicationGroups.map(({ ReplicationGroupId }) => ReplicationGroupId);
};
const remove = async (): Promise<void> => {
  if (!(await groups()).includes(GROUP)) return;
  await cache.ask('elasticache', 'DeleteReplicationGroup', { ReplicationGroupId: GROUP });
  await cache.world.clock.settled();
};
const call = () => invoke(handler, sample, 300_000) as Promise<Step>;
/** Calls as the machine does. */
const untilDone = async (most = 20): Promise<Record<string, unknown>> => {
  for (let calls = 0; calls < most; calls++) {
    const answer = await call();
    if (answer.done) return answer.facts;
    await cache.world.clock.settled();
  }
  throw new Error('it was never done');
};
const keysOf = () => cache.redis(GROUP, ['DBSIZE']);

describe('the cache of the region that takes over', { timeout: 120_000 }, () => {
  beforeEach(async () => {
    cache.begin();
    cache.world.faults.clear();
    await remove();
    // In this region, as if it were taking over from the other.
    const epoch: Epoch = {
      epoch: 1,
      failoverId: ID,
      kind: 'failover',
      from: RECOVERY,
      to: PRIMARY,
      execution: 'execution-1',
      status: 'running',
      declaredAt: AT,
      reason: 'a test',
    };
    await place(epochKey(PRIMARY), Epoch.parse(epoch));
    await place(phaseKey(ID, 'declare'), {
      ...{ phase: 'declare', startedAt: AT, endedAt: AT, attempts: 1 },
      facts: { downSince: new Date(Date.parse(archives[2]?.pointInTime ?? '') + 90_000).toISOString() },
    });
    await cache.ask('s3', 'DeleteObject', { Bucket: VAULT, Key: phaseKey(ID, 'cache') });
    for (const point of archives) await cache.addPoint(point);
  });

  it('is made from the newest archive, answers, and what was lost is said in seconds', async () => {
    expect(await untilDone()).toMatchObject({
      recoveryPoint: archives[2]?.id,
      pointInTime: archives[2]?.pointInTime,
      lossSeconds: 90,
      replicationGroup: GROUP,
      host: expect.any(String),
      port: expect.any(Number),
      keys: 3,
      proven: false,
    });
    expect(await keysOf()).toBe(3);
    expect(await cache.keys(EXCHANGE)).toEqual([]);
  });

  it('is made once, whichever call takes effect without an answer', async () => {
    const asked: string[] = [];
    const { around } = cache.world.faults;
    cache.world.faults.around = (of, run) => {
      asked.push(of.operation);
      return around(of, run);
    };
    let failed = 0;
    let skip = 0;
    let facts: Record<string, unknown> | undefined;
    while (!facts) {
      const action = { kind: 'error', code: 'AccessDenied', status: 403, when: 'after' } as const;
      const heal = cache.world.faults.add({}, action, { skip, times: 1 });
      try {
        const answer = await call();
        skip = 0;
        if (answer.done) facts = answer.facts;
      } catch {
        skip += 1;
        failed += 1;
      }
      heal();
      await cache.world.clock.settled();
    }
    cache.world.faults.around = around;
    expect(failed).toBeGreaterThan(8);
    expect(facts).toMatchObject({ recoveryPoint: archives[2]?.id, keys: 3 });
    expect(asked.filter((operation) => operation === 'CreateReplicationGroup')).toHaveLength(1);
    expect(await untilDone()).toEqual(facts);
  });

  it('is made from the archive that was chosen first, though a newer one arrives meanwhile', async () => {
    const late = archives[2] as RecoveryPoint;
    await cache.ask('s3', 'DeleteObject', { Bucket: VAULT, Key: `catalog/shop-cache/2026/11/20/${late.id}.json` });
    await call();
    await cache.addPoint(late);
    expect(await untilDone()).toMatchObject({ recoveryPoint: archives[1]?.id, keys: 2 });
  });

  it('is made from one that was read and found whole, not from one of which nothing is known', async () => {
    const { cache: facts, ...newest } = archives[2] as RecoveryPoint;
    await cache.addPoint({
      ...newest,
      cache: { ...(facts as NonNullable<typeof facts>), archive: { checked: 'not understood' } },
    });
    expect(await untilDone()).toMatchObject({ recoveryPoint: archives[1]?.id });
  });

  it('is made from one that a restore has proven, and says so', async () => {
    await cache.addPoint({ ...(archives[2] as RecoveryPoint), status: 'failed' });
    await cache.addPoint({ ...(archives[1] as RecoveryPoint), status: 'verified' });
    expect(await untilDone()).toMatchObject({ recoveryPoint: archives[1]?.id, proven: true });
  });

  it('passes over an archive that is not what was written, and says which', async () => {
    const [file] = (archives[2] as RecoveryPoint).artifacts;
    await cache.addPoint({
      ...(archives[2] as RecoveryPoint),
      artifacts: [{ ...file, crc64nvme: 'AAAAAAAAAAA=' } as RecoveryPoint['artifacts'][number]],
    });
    expect(await untilDone()).toMatchObject({ recoveryPoint: archives[1]?.id, passedOver: [archives[2]?.id] });
    expect(await keysOf()).toBe(2);
  });

  it('ends by a name where there is nothing to make it from', async () => {
    for (const point of archives) await cache.addPoint({ ...point, status: 'expired' });
    await expect(call()).rejects.toMatchObject({ name: 'RecoveryPointMissing' });
    expect(await groups()).toEqual([]);
  });

  it('ends by a name where ElastiCache cannot make it, and goes on once the group is gone', async () => {
    cache.region.elasticache.failNextRestore();
    await expect(untilDone()).rejects.toThrow(/shop-cache.*create-failed.*delete-replication-group/s);
    await expect(call()).rejects.toMatchObject({ name: 'CacheRestoreFailed' });
    await remove();
    expect(await untilDone()).toMatchObject({ recoveryPoint: archives[2]?.id });
  });

  it('leaves alone a cache of that name that it did not make', async () => {
    await cache.ask('elasticache', 'CreateReplicationGroup', {
      ReplicationGroupId: GROUP,
      ReplicationGroupDescription: 'somebody’s',
      CacheNodeType: 'cache.t4g.small',
      NumCacheClusters: 1,
    });
    await cache.world.clock.settled();
    await call();
    await expect(call()).rejects.toMatchObject({ name: 'NameTaken' });
    expect((await record()).endedAt).toBeUndefined();
  });

  it('is touched by nobody who does not hold the platform', async () => {
    await call();
    await place(epochKey(PRIMARY), {
      ...{ epoch: 2, failoverId: 'another-one', kind: 'failover', from: RECOVERY, to: PRIMARY },
      ...{ execution: 'execution-2', status: 'running', declaredAt: AT, reason: 'a test' },
    });
    await expect(call()).rejects.toMatchObject({ name: 'EpochLost' });
    expect(await groups()).toEqual([]);
  });
});
