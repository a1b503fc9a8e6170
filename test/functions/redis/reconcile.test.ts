import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import sample from '../../../events/samples/redis/reconcile.json' with { type: 'json' };
import { handler as openPoint } from '../../../functions/redis/open-point.ts';
import { handler as reconcile } from '../../../functions/redis/reconcile.ts';
import { type CachePlatform, GROUP, openCachePlatform } from '../../support/cache-platform.ts';
import { EXCHANGE } from '../../support/environment.ts';
import { invoke } from '../../support/platform.ts';
import { archivePoint, cachePoint } from '../../support/points.ts';

let cache: CachePlatform;
beforeAll(async () => {
  cache = await openCachePlatform({ replicas: 1 });
  await cache.redis(GROUP, ['SET', 'basket', 'bread'], ['WAIT', '1', '5000']);
});
afterAll(() => cache[Symbol.asyncDispose]());
beforeEach(() => cache.begin());

let minute = 0;
const recently = (): Date => new Date(Math.floor(Date.now() / 60_000) * 60_000 - ++minute * 60_000);
const run = async () => {
  const result = await invoke(reconcile, sample, 600_000);
  await cache.world.clock.settled();
  return result;
};

describe('the reconciler of caches', { timeout: 60_000 }, () => {
  it('takes a backup nobody looks after all the way into the vault', async () => {
    const scheduledAt = recently().toISOString();
    const { recoveryPoint } = await invoke(openPoint, { source: 'shop-cache', scheduledAt, purpose: 'scheduled' });
    for (let i = 0; i < 4; i++) await run();
    expect((await cache.point(`${recoveryPoint}-export`)).status).toBe('stored');
    expect(await run()).toEqual({ looked: 0, moved: [], removed: [] });
  });

  it('opens the archive of a snapshot whose execution died before it did', async () => {
    const scheduledAt = recently();
    const snapshot = cachePoint(scheduledAt);
    await cache.ask('elasticache', 'CreateSnapshot', {
      CacheClusterId: 'shop-cache-002',
      SnapshotName: snapshot.nativeId,
    });
    await cache.world.clock.settled();
    await cache.addPoint(snapshot);
    expect((await run()).moved).toEqual([snapshot.id]);
    await run();
    expect((await cache.point(`${snapshot.id}-export`)).status).toBe('stored');
  });

  it('removes exported files that are in the vault already, and leaves those it does not know', async () => {
    const archive = await cache.addPoint(archivePoint(await cache.addPoint(cachePoint(recently()))));
    await cache.write(EXCHANGE, `${archive.nativeId}-0001.rdb`, 'left over');
    await cache.write(EXCHANGE, 'lifeboat-shop-cache-20200101t000000z-scheduled-export-0001.rdb', 'unknown');
    await cache.write(EXCHANGE, 'seeds/x.rdb', 'a restore under way');
    expect((await run()).removed).toEqual([`${archive.nativeId}-0001.rdb`]);
    expect(await cache.keys(EXCHANGE)).toHaveLength(2);
  });

  it('names what it could not move, after it tried the others', async () => {
    const [first, second] = [recently(), recently()];
    await cache.addPoint(
      archivePoint(cachePoint(first), { status: 'started', parent: 'shop-cache-20200101t000000z-x' }),
    );
    await invoke(openPoint, { source: 'shop-cache', scheduledAt: second.toISOString(), purpose: 'scheduled' });
    const running = run();
    await expect(running).rejects.toMatchObject({ name: 'PartlyDone' });
    await expect(running).rejects.toThrow(/shop-cache-20200101t000000z-x.*The next run tries again/);
    await cache.world.clock.settled();
    expect((await cache.snapshots()).length).toBeGreaterThan(2);
  });
});
