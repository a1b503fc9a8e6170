// The packaged service with a real cache in two local regions: hourly backups, retention of turns, a proof by restore, damage,
// and a restore in the other region when the first one is gone.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCache, fillCache, withCache } from '../../local/cache.ts';
import { type LocalPlatform, startPlatform } from '../../local/platform.ts';
import { catalogOf, executionsOf, invoke, keysIn, startMachine, untilEnded } from '../../local/story/observations.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';

const HOUR_MS = 3_600_000;
/** The schedules' first hour is the next full one. */
const START = new Date('2026-11-23T09:58:00Z');

let shop: LocalPlatform;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'lifeboat-redis-'));
  shop = await startPlatform({ directory, start: START });
  await createCache(shop, fillCache(300));
  await shop.wakeCaches();
}, 600_000);
afterAll(async () => {
  await shop.close();
  rmSync(directory, { recursive: true, force: true });
});

const hoursLater = async (hours: number): Promise<void> => {
  const { clock } = shop.world;
  for (let i = 0; i < hours; i++) await clock.advanceTo(new Date(clock.now().getTime() + HOUR_MS));
};
const ofCache = async (): Promise<RecoveryPoint[]> =>
  (await catalogOf(shop)).filter(({ source }) => source === 'shop-cache');
const archives = async () => (await ofCache()).filter(({ method }) => method === 'export');
const messages = (region = shop.primary): string[] => region.sns.inbox().map(({ subject }) => subject);
const verify = async (recoveryPoint: string) => {
  const scheduledAt = `${shop.world.clock.now().toISOString().slice(0, 19)}Z`;
  const execution = await startMachine(shop, 'verify-redis', { source: 'shop-cache', recoveryPoint, scheduledAt });
  const status = await untilEnded(shop, execution);
  expect(status).toBe('SUCCEEDED');
  const point = (await ofCache()).find(({ id }) => id === recoveryPoint);
  return point?.verifications.at(-1);
};
const groupsIn = async (region: typeof shop.primary): Promise<string[]> => {
  const { ReplicationGroups } = await shop.ask<{ ReplicationGroups: { ReplicationGroupId: string }[] }>(
    region,
    'elasticache',
    'DescribeReplicationGroups',
    {},
  );
  return ReplicationGroups.map(({ ReplicationGroupId }) => ReplicationGroupId);
};

describe('a cache that is backed up', { timeout: 600_000 }, () => {
  it('has an archive of every hour in both regions, taken of its replicas in turn', async () => {
    await hoursLater(3);
    const points = await ofCache();
    expect(points.map(({ method, status }) => `${method} ${status}`)).toEqual(
      Array.from({ length: 3 }, () => ['export stored', 'snapshot stored']).flat(),
    );
    const nodes = points.filter(({ method }) => method === 'snapshot').map(({ cache }) => cache?.node);
    expect(new Set(nodes)).toEqual(new Set(['shop-cache-002', 'shop-cache-003']));
    expect((await archives())[0]?.cache?.archive).toMatchObject({ checked: 'whole', keys: 633, expiring: 300 });
    for (const { status } of await executionsOf(shop, 'backup-redis')) expect(status).toBe('SUCCEEDED');
    const replica = await catalogOf(shop, shop.recovery);
    for (const point of points) expect(replica).toContainEqual(point);
    const { VaultBucketName = '' } = shop.stacks.recovery.outputs;
    expect(await keysIn(shop, shop.recovery, VaultBucketName, 'redis-snapshots/')).toHaveLength(3);
    const [measured] = await invoke<{ achievableRpo: number }[]>(shop, 'redisMeasure', {});
    expect(measured?.achievableRpo).toBeLessThan(1.1 * 3600);
  });

  it('is proven by a restore whose keys are counted and whose values are compared, and nothing is left of it', async () => {
    const [first] = await archives();
    expect(await verify(first?.id ?? '')).toMatchObject({
      verdict: 'PROVEN',
      reason: expect.stringMatching(/633 keys counted by database, type and time, 633 values compared equal/),
    });
    expect((await archives())[0]?.status).toBe('verified');
    await shop.world.clock.settled();
    expect(await groupsIn(shop.primary)).toEqual(['shop-cache']);
    expect(messages().filter((subject) => /shop-cache: recovery point/.test(subject))).toEqual([
      '[verification] shop-cache: recovery point PROVEN',
    ]);
  });

  it('with a bit flipped in the archive is found FAILED before anything is restored from it', async () => {
    const [, second] = await archives();
    const { VaultBucketName = '' } = shop.stacks.primary.outputs;
    const key = second?.artifacts[0]?.uri.split(`${VaultBucketName}/`)[1] ?? '';
    await shop.primary.s3.corrupt(VaultBucketName, key, 5_000);
    expect(await verify(second?.id ?? '')).toMatchObject({
      verdict: 'FAILED',
      reason: expect.stringMatching(/ArtifactDamaged|RdbDamaged|ArchiveMissing/),
    });
    expect(await groupsIn(shop.primary)).toEqual(['shop-cache']);
  });

  it('whose restore ElastiCache cannot finish is FAILED, whose restore never ends INCONCLUSIVE; the group is removed', async () => {
    const third = (await archives())[2]?.id ?? '';
    shop.primary.elasticache.failNextRestore();
    expect(await verify(third)).toMatchObject({
      verdict: 'FAILED',
      reason: expect.stringMatching(/RestoreFailed: ElastiCache reports the status create-failed/),
    });
    shop.primary.elasticache.hangRestores(true);
    expect(await verify(third)).toMatchObject({
      verdict: 'INCONCLUSIVE',
      reason: expect.stringMatching(/RestoreLate/),
    });
    shop.primary.elasticache.hangRestores(false);
    expect(await verify(third)).toMatchObject({ verdict: 'PROVEN' });
    // What ElastiCache would not let go of while it made it, the sweep takes away.
    for (let sweeps = 0; sweeps < 5 && (await groupsIn(shop.primary)).length > 1; sweeps++) {
      await shop.world.clock.advanceTo(new Date(shop.world.clock.now().getTime() + 300_000));
      await invoke(shop, 'redisVerificationSweep', {});
      await shop.world.clock.settled();
    }
    expect(await groupsIn(shop.primary)).toEqual(['shop-cache']);
    const { ExchangeBucketName = '' } = shop.stacks.primary.outputs;
    expect(await keysIn(shop, shop.primary, ExchangeBucketName, '')).toEqual([]);
  });

  it('is restored from its archive in the other region when the first one is dead', async () => {
    await shop.world.killRegion('us-east-1');
    const request = { source: 'shop-cache', target: 'shop-cache', from: { latest: 'archive' } };
    const begun = await invoke<{ state: string; recoveryPoint: string }>(shop, 'redisRestore', request, shop.recovery);
    expect(begun.state).toBe('restoring');
    await shop.world.clock.settled();
    const restored = await invoke<{ state: string; host: string; port: number; recoveryPoint: string }>(
      shop,
      'redisRestore',
      request,
      shop.recovery,
    );
    expect(restored).toMatchObject({ state: 'available', recoveryPoint: begun.recoveryPoint });
    const basket = await withCache(shop.recovery, 'shop-cache', (send) => send('HGET', 'basket:7', 'product-7'));
    expect(basket).toBe('3');
    expect(await withCache(shop.recovery, 'shop-cache', (send) => send('DBSIZE'))).toBe(633);
  });
});
