import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { handler as openPoint } from '../../../functions/redis/open-point.ts';
import { handler as settlePoint } from '../../../functions/redis/settle-point.ts';
import { type CachePlatform, GROUP, openCachePlatform } from '../../support/cache-platform.ts';
import { invoke } from '../../support/platform.ts';

let small: CachePlatform;
beforeAll(async () => {
  small = await openCachePlatform({ replicas: 0 });
});
afterAll(() => small[Symbol.asyncDispose]());
beforeEach(() => small.begin());

describe('a cache whose nodes have had their twenty', { timeout: 300_000 }, () => {
  it('waits, says since when, and goes on when a node is free', async () => {
    for (let i = 0; i < 20; i++) {
      await small.ask('elasticache', 'CreateSnapshot', { CacheClusterId: 'shop-cache-001', SnapshotName: `mine-${i}` });
      await small.world.clock.settled();
    }
    const { recoveryPoint } = await invoke(openPoint, {
      source: 'shop-cache',
      scheduledAt: '2026-11-20T03:00:00Z',
      purpose: 'scheduled',
    });
    expect(await invoke(settlePoint, { recoveryPoint })).toMatchObject({ status: 'started', done: false });
    expect((await small.point(recoveryPoint)).waitsForQuotaSince).toMatch(/^20/);
    // Deleted snapshots count in AWS and are not seen: then the refusal is what says so.
    for (let i = 0; i < 5; i++) await small.ask('elasticache', 'DeleteSnapshot', { SnapshotName: `mine-${i}` });
    expect(await invoke(settlePoint, { recoveryPoint })).toMatchObject({ status: 'started', done: false });
    expect(await small.snapshots()).toHaveLength(15);
  });
});

describe('a source whose replication group', () => {
  it('is not there is named, with what to do', async () => {
    await small.ask('elasticache', 'DeleteReplicationGroup', { ReplicationGroupId: GROUP });
    await small.world.clock.settled();
    const { recoveryPoint } = await invoke(openPoint, {
      source: 'shop-cache',
      scheduledAt: '2026-11-20T04:00:00Z',
      purpose: 'scheduled',
    });
    const looking = invoke(settlePoint, { recoveryPoint });
    await expect(looking).rejects.toMatchObject({ name: 'ReplicationGroupMissing' });
    await expect(looking).rejects.toThrow(/shop-cache.*remove the source/);
  });
});
