// Snapshots of caches, removed from a real ElastiCache.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { handler as expire } from '../../../functions/retention/expire.ts';
import { type CachePlatform, openCachePlatform } from '../../support/cache-platform.ts';
import { invoke } from '../../support/platform.ts';
import { archivePoint, cachePoint } from '../../support/points.ts';

const DAY_MS = 86_400_000;

let cache: CachePlatform;
beforeAll(async () => {
  cache = await openCachePlatform({ replicas: 1 });
});
afterAll(() => cache[Symbol.asyncDispose]());
beforeEach(() => cache.begin());

/** A snapshot of so many days ago with its archive, and what ElastiCache has of it. */
const daysAgo = async (days: number, tag?: string) => {
  const at = new Date(Math.floor(Date.now() / 1000) * 1000 - days * DAY_MS);
  const snapshot = await cache.addPoint(cachePoint(at));
  const archive = await cache.addPoint(archivePoint(snapshot));
  await cache.ask('elasticache', 'CreateSnapshot', {
    CacheClusterId: 'shop-cache-002',
    SnapshotName: snapshot.nativeId,
    Tags: [{ Key: 'lifeboat:recovery-point', Value: tag ?? snapshot.id }],
  });
  await cache.world.clock.settled();
  return { snapshot, archive };
};

describe('retention of a cache', { timeout: 60_000 }, () => {
  it('deletes what is old and archived, marks it, and leaves what is not tagged as its own', async () => {
    const old = await daysAgo(40);
    const strange = await daysAgo(39, 'another');
    const gone = await daysAgo(38);
    await cache.ask('elasticache', 'DeleteSnapshot', { SnapshotName: gone.snapshot.nativeId });
    const young = await daysAgo(1);
    const plans = await invoke(expire, { dryRun: true });
    expect(plans['shop-cache']?.remove).toHaveLength(3);
    expect(await cache.snapshots()).toHaveLength(3);

    await invoke(expire, {});
    const left = (await cache.snapshots()).map(({ SnapshotName }) => SnapshotName);
    expect(left.sort()).toEqual([strange.snapshot.nativeId, young.snapshot.nativeId].sort());
    for (const { snapshot } of [old, strange, gone]) expect((await cache.point(snapshot.id)).status).toBe('expired');
    for (const { id } of [young.snapshot, young.archive, old.archive])
      expect((await cache.point(id)).status).toBe('stored');
    expect(cache.messages).toEqual([]);
  });
});
