import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CacheWorld,
  call,
  clusters,
  createCacheWorld,
  createGroup,
  createKey,
  group,
  redis,
  snapshot,
  snapshots,
  takeSnapshot,
} from './cache.ts';

const HOUR = 3_600_000;
let test: CacheWorld;
let key: string;
beforeAll(async () => {
  test = await createCacheWorld();
  key = await createKey(test.east);
  await createGroup(test.east, { NumCacheClusters: 3, AtRestEncryptionEnabled: true, KmsKeyId: key });
  await redis(test.east, 'shop-cache', 'SET', 'basket:1', 'bread');
  await redis(test.east, 'shop-cache', 'WAIT', '2', '5000');
});
afterAll(() => test[Symbol.asyncDispose]());

const later = (hours: number) => test.world.clock.advanceTo(new Date(test.world.clock.now().getTime() + hours * HOUR));
const create = (options: object) => call(test.east, 'CreateSnapshot', options);

describe('a snapshot of a node', { timeout: 60_000 }, () => {
  it('is an RDB file of what the node held, taken while the group is snapshotting', async () => {
    const { Snapshot } = await call<{ Snapshot: object }>(test.east, 'CreateSnapshot', {
      CacheClusterId: 'shop-cache-002',
      SnapshotName: 'First',
      Tags: [{ Key: 'purpose', Value: 'test' }],
    });
    expect(Snapshot).toMatchObject({ SnapshotName: 'first', SnapshotStatus: 'creating', SnapshotSource: 'manual' });
    expect((await group(test.east)).Status).toBe('snapshotting');
    expect((await clusters(test.east)).map((one) => one.CacheClusterStatus)).toEqual([
      'available',
      'snapshotting',
      'available',
    ]);
    await expect(create({ CacheClusterId: 'shop-cache-003', SnapshotName: 'busy' })).rejects.toMatchObject({
      name: 'InvalidCacheClusterStateFault',
    });
    await expect(create({ ReplicationGroupId: 'shop-cache', SnapshotName: 'busy' })).rejects.toMatchObject({
      name: 'InvalidReplicationGroupStateFault',
    });
    await expect(call(test.east, 'DeleteReplicationGroup', { ReplicationGroupId: 'shop-cache' })).rejects.toMatchObject(
      { name: 'InvalidReplicationGroupStateFault' },
    );
    await test.world.clock.settled();

    const taken = await snapshot(test.east, 'first');
    expect(taken).toMatchObject({
      SnapshotStatus: 'available',
      ARN: 'arn:aws:elasticache:us-east-1:111122223333:snapshot:first',
      CacheClusterId: 'shop-cache-002',
      KmsKeyId: key,
      NodeSnapshots: [{ CacheNodeId: '0001', CacheSize: expect.stringMatching(/^\d+ MB$/) }],
    });
    expect(taken.ReplicationGroupId).toBeUndefined();
    expect(taken.NodeSnapshots?.[0]?.SnapshotCreateTime).toBeInstanceOf(Date);
    const rdb = await readFile(test.east.elasticache.snapshotFile('first'));
    expect(rdb.subarray(0, 5).toString()).toBe('REDIS');
    expect(rdb.includes('basket:1')).toBe(true);
    expect((await group(test.east)).Status).toBe('available');
    const arn = { ResourceName: taken.ARN };
    expect(await call(test.east, 'ListTagsForResource', arn)).toEqual({ TagList: [{ Key: 'purpose', Value: 'test' }] });
  });

  it('is described as the group’s where it was asked of the group', async () => {
    await takeSnapshot(test.east, 'of-group', { CacheClusterId: undefined, ReplicationGroupId: 'shop-cache' });
    const [found] = await snapshots(test.east, { ReplicationGroupId: 'shop-cache' });
    expect(found).toMatchObject({
      SnapshotName: 'of-group',
      ReplicationGroupId: 'shop-cache',
      ReplicationGroupDescription: 'baskets and sessions',
      NodeSnapshots: [{ CacheClusterId: 'shop-cache-002', NodeGroupId: '0001' }],
    });
    expect(found?.CacheClusterId).toBeUndefined();
    const ofNode = await snapshots(test.east, { CacheClusterId: 'shop-cache-002' });
    expect(ofNode.map(({ SnapshotName }) => SnapshotName)).toEqual(['first']);
  });

  it('is refused without a source or with two, under a name that is taken, and of what is not there', async () => {
    await expect(create({ SnapshotName: 'a' })).rejects.toMatchObject({ name: 'InvalidParameterCombinationException' });
    const both = { SnapshotName: 'a', CacheClusterId: 'shop-cache-002', ReplicationGroupId: 'shop-cache' };
    await expect(create(both)).rejects.toMatchObject({ name: 'InvalidParameterCombinationException' });
    const node = { CacheClusterId: 'shop-cache-002' };
    await expect(create({ ...node, SnapshotName: 'FIRST' })).rejects.toMatchObject({
      name: 'SnapshotAlreadyExistsFault',
    });
    await expect(create({ ...node, SnapshotName: '1st' })).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
    });
    await expect(create({ SnapshotName: 'a', CacheClusterId: 'x' })).rejects.toMatchObject({
      name: 'CacheClusterNotFoundFault',
    });
    await expect(create({ SnapshotName: 'a', ReplicationGroupId: 'x' })).rejects.toMatchObject({
      name: 'ReplicationGroupNotFoundFault',
    });
    await expect(snapshots(test.east, { SnapshotName: 'none' })).rejects.toMatchObject({
      name: 'SnapshotNotFoundFault',
    });
  });

  it('fails where the node’s server is gone, the key is disabled or the test asks for it; the group is available again', async () => {
    test.east.elasticache.failNextSnapshot();
    expect((await takeSnapshot(test.east, 'asked')).SnapshotStatus).toBe('failed');
    await test.east.call('kms', 'DisableKey', { KeyId: key }, test.world.iam.operator);
    expect((await takeSnapshot(test.east, 'no-key')).SnapshotStatus).toBe('failed');
    await test.east.call('kms', 'EnableKey', { KeyId: key }, test.world.iam.operator);
    await test.east.elasticache.stopServer('shop-cache-003');
    expect((await takeSnapshot(test.east, 'no-server', { CacheClusterId: 'shop-cache-003' })).SnapshotStatus).toBe(
      'failed',
    );
    expect((await group(test.east)).Status).toBe('available');
  });

  it('is one of at most 20 of its node in 24 hours; another node has its own', async () => {
    const { length: before } = await snapshots(test.east, { CacheClusterId: 'shop-cache-002' });
    expect(before).toBeLessThan(20);
    for (let n = 4; n < 20; n++) expect((await takeSnapshot(test.east, `many-${n}`)).SnapshotStatus).toBe('available');
    await call(test.east, 'DeleteSnapshot', { SnapshotName: 'many-4' });
    await expect(create({ CacheClusterId: 'shop-cache-002', SnapshotName: 'one-too-many' })).rejects.toMatchObject({
      name: 'SnapshotQuotaExceededFault',
      message: expect.stringContaining('has been reached its quota of 20'),
    });
    expect((await takeSnapshot(test.east, 'other-node', { CacheClusterId: 'shop-cache-001' })).SnapshotStatus).toBe(
      'available',
    );
    await later(23);
    await expect(create({ CacheClusterId: 'shop-cache-002', SnapshotName: 'too-early' })).rejects.toMatchObject({
      name: 'SnapshotQuotaExceededFault',
    });
    await later(1.1);
    expect((await takeSnapshot(test.east, 'next-day')).SnapshotStatus).toBe('available');
  });

  it('is listed in pages of 20 to 50', async () => {
    const page = (options: object) =>
      call<{ Snapshots: { SnapshotName: string }[]; Marker?: string }>(test.east, 'DescribeSnapshots', options);
    const first = await page({ MaxRecords: 20 });
    const second = await page({ MaxRecords: 20, Marker: first.Marker });
    expect(first.Snapshots).toHaveLength(20);
    expect(second.Marker).toBeUndefined();
    const all = await snapshots(test.east);
    expect([...first.Snapshots, ...second.Snapshots].map((one) => one.SnapshotName)).toEqual(
      all.map((one) => one.SnapshotName),
    );
    await expect(page({ MaxRecords: 51 })).rejects.toMatchObject({ code: 'InvalidParameterValue' });
  });
});

describe('snapshots that a group takes by itself', { timeout: 60_000 }, () => {
  it('are taken daily of one node, kept as long as the group says, and go with it; others and the final one stay', async () => {
    await createGroup(test.west, { SnapshotRetentionLimit: 2, SnapshotWindow: '04:00-05:00' });
    expect(await group(test.west)).toMatchObject({
      SnapshottingClusterId: 'shop-cache-002',
      SnapshotRetentionLimit: 2,
    });
    await takeSnapshot(test.west, 'manual');
    const automatic = async () =>
      (await snapshots(test.west, { SnapshotSource: 'system' })).map(({ SnapshotName }) => SnapshotName);
    await later(3 * 24);
    const names = await automatic();
    expect(names).toHaveLength(2);
    expect(names[0]).toMatch(/^automatic\.shop-cache-002-2026-11-\d\d-04-00$/);
    await later(24);
    expect(await automatic()).toHaveLength(2);
    expect(await automatic()).not.toContain(names[0]);

    await call(test.west, 'DeleteReplicationGroup', {
      ReplicationGroupId: 'shop-cache',
      FinalSnapshotIdentifier: 'final',
    });
    await test.world.clock.settled();
    expect(await snapshots(test.west)).toMatchObject([
      { SnapshotName: 'final', SnapshotStatus: 'available', ReplicationGroupId: 'shop-cache' },
      { SnapshotName: 'manual' },
    ]);
  });
});
