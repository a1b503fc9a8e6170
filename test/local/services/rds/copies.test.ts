import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Rds, rdsIn, type Snapshot } from '../../../../local/services/rds/state.ts';
import { createFakeWorld, type FakeWorld } from './fake-world.ts';
import { call, countOrders, createShop, eventIds, query, restore, snapshot, takeSnapshot } from './shop.ts';

const HERE = 'arn:aws:kms:us-east-1:111122223333:key/one';
const THERE = 'arn:aws:kms:us-west-2:111122223333:key/two';
let world: FakeWorld;
let source: string;
beforeAll(async () => {
  world = await createFakeWorld();
  world.keys.set(HERE, 'Enabled');
  await createShop(world.primary, { StorageEncrypted: true, KmsKeyId: HERE, BackupRetentionPeriod: 0 });
  source =
    (await takeSnapshot(world.primary, 'original', { Tags: [{ Key: 'point', Value: 'one' }] })).DBSnapshotArn ?? '';
});
beforeEach(() => {
  world.keys.set(HERE, 'Enabled').set(THERE, 'Enabled');
  world.primary.alive = true;
  world.recovery.events.length = 0;
});
afterAll(() => world.close());

const begin = (id: string, options: object = {}) =>
  call(world.recovery, 'CopyDBSnapshot', {
    SourceDBSnapshotIdentifier: source,
    TargetDBSnapshotIdentifier: id,
    KmsKeyId: THERE,
    ...options,
  });
const end = async (id: string) => {
  await world.clock.settled();
  return snapshot(world.recovery, id);
};
const copy = async (id: string, options: object = {}) => {
  await begin(id, options);
  return end(id);
};

describe('a copy of an RDS snapshot into another region', { timeout: 60_000 }, () => {
  it('is encrypted with that region’s key, keeps the original time and the tags, and restores there', async () => {
    const original = await snapshot(world.primary, 'original');
    const copied = await copy('copied', { CopyTags: true, Tags: [{ Key: 'copy', Value: 'yes' }] });
    expect(copied).toMatchObject({
      Status: 'available',
      KmsKeyId: THERE,
      SourceRegion: 'us-east-1',
      SourceDBSnapshotIdentifier: source,
      OriginalSnapshotCreateTime: original.SnapshotCreateTime,
      TagList: [
        { Key: 'point', Value: 'one' },
        { Key: 'copy', Value: 'yes' },
      ],
    });
    expect(copied.SnapshotCreateTime?.getTime()).toBeGreaterThan(original.SnapshotCreateTime?.getTime() ?? 0);
    expect(eventIds(world.recovery)).toEqual(['RDS-EVENT-0059', 'RDS-EVENT-0060']);

    world.primary.alive = false;
    await world.primary.rds.stopServers();
    await restore(world.recovery, 'copied', 'recovered');
    expect(await countOrders(world.recovery, 'recovered')).toBe(100);
    await expect(query(world.primary, 'shop-db', 'select 1')).rejects.toThrow(/ECONNREFUSED/);
  });

  it('demands a key of that region, which the caller may use', async () => {
    await expect(copy('no-key', { KmsKeyId: undefined })).rejects.toMatchObject({
      code: 'InvalidParameterCombination',
    });
    world.refused.add('kms:CreateGrant');
    await expect(copy('no-grant')).rejects.toMatchObject({ name: 'KMSKeyNotAccessibleFault' });
    world.refused.clear();
  });

  it('is refused when the source’s key is disabled, and fails when that happens on the way', async () => {
    world.keys.set(HERE, 'Disabled');
    await expect(copy('disabled')).rejects.toMatchObject({ name: 'KMSKeyNotAccessibleFault' });

    world.keys.set(HERE, 'Enabled');
    await begin('disabled-later');
    world.keys.set(HERE, 'Disabled');
    expect((await end('disabled-later')).Status).toBe('failed');
    expect(eventIds(world.recovery)).toEqual(['RDS-EVENT-0059', 'RDS-EVENT-0061']);
  });

  it('cannot find its source in a region that is gone, and fails when the region goes on the way', async () => {
    await begin('half-way');
    world.primary.alive = false;
    expect((await end('half-way')).Status).toBe('failed');
    await expect(copy('too-late')).rejects.toMatchObject({ name: 'DBSnapshotNotFoundFault' });
  });

  it('is one of at most 20 under way', async () => {
    const ids = Array.from({ length: 21 }, (_, n) => `many-${n}`);
    const started = await Promise.allSettled(ids.map((id) => begin(id)));
    await world.clock.settled();
    const refused = started.filter((one) => one.status === 'rejected');
    expect(refused.map(({ reason }) => [reason.name, reason.message])).toEqual([
      ['SnapshotQuotaExceededFault', 'Cannot copy more than 20 snapshots across regions'],
    ]);
  });

  it('counts among the 100 manual snapshots a region may hold', async () => {
    const { snapshots } = rdsIn(world.recovery) as Rds;
    const one = snapshots.get('copied') as Snapshot;
    const fillers = Array.from({ length: 100 - snapshots.size }, (_, n) => `filler-${n}`);
    for (const id of fillers) snapshots.set(id, { ...one, id });
    const message = 'Cannot create more than 100 manual snapshots';
    await expect(copy('one-too-many')).rejects.toMatchObject({ name: 'SnapshotQuotaExceededFault', message });
    for (const id of fillers) snapshots.delete(id);
    expect((await copy('fits-again')).Status).toBe('available');
  });
});

describe('a copy of an RDS snapshot within its region', () => {
  it('keeps its key, and is a snapshot of its own', async () => {
    await call(world.primary, 'CopyDBSnapshot', {
      SourceDBSnapshotIdentifier: 'original',
      TargetDBSnapshotIdentifier: 'twin',
    });
    await world.clock.settled();
    expect(await snapshot(world.primary, 'twin')).toMatchObject({ Status: 'available', KmsKeyId: HERE });
    expect(eventIds(world.primary).slice(-2)).toEqual(['RDS-EVENT-0196', 'RDS-EVENT-0197']);
    await call(world.primary, 'DeleteDBSnapshot', { DBSnapshotIdentifier: 'original' });
    expect((await restore(world.primary, 'twin', 'from-twin')).DBInstanceStatus).toBe('available');
  });
});
