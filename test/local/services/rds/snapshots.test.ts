import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFakeWorld, type FakeWorld } from './fake-world.ts';
import {
  call,
  countOrders,
  createShop,
  eventIds,
  instance,
  PASSWORD,
  query,
  restore,
  snapshot,
  takeSnapshot,
} from './shop.ts';

const KEY = 'arn:aws:kms:us-east-1:111122223333:key/one';
let world: FakeWorld;
beforeAll(async () => {
  world = await createFakeWorld();
  world.keys.set(KEY, 'Enabled');
  await createShop(world.primary, { StorageEncrypted: true, KmsKeyId: KEY, Tags: [{ Key: 'team', Value: 'shop' }] });
}, 60_000);
afterAll(() => world.close());

describe('RDS snapshots', { timeout: 60_000 }, () => {
  it('describes the instance as it was asked for, available after its first automated backup', async () => {
    expect(await instance(world.primary, 'shop-db')).toMatchObject({
      DBInstanceStatus: 'available',
      Endpoint: { Address: '127.0.0.1' },
      StorageEncrypted: true,
      KmsKeyId: KEY,
      BackupRetentionPeriod: 1,
      TagList: [{ Key: 'team', Value: 'shop' }],
    });
    expect(eventIds(world.primary)).toEqual(['RDS-EVENT-0005', 'RDS-EVENT-0090', 'RDS-EVENT-0091']);
  });

  it('copies the database while writes go on, and a restore holds whole transactions only', async () => {
    const before = world.clock.now();
    world.primary.events.length = 0;
    const writing = writeWhile(() => takeSnapshot(world.primary, 'busy'));
    const taken = await writing;
    expect(taken).toMatchObject({ Status: 'available', PercentProgress: 100, SnapshotType: 'manual', KmsKeyId: KEY });
    expect(taken.SnapshotCreateTime?.getTime()).toBeGreaterThanOrEqual(before.getTime());
    expect(taken.OriginalSnapshotCreateTime).toEqual(taken.SnapshotCreateTime);
    expect(taken.FullSnapshotSizeInBytes).toBeGreaterThan(1_000_000);
    expect(eventIds(world.primary)).toEqual(['RDS-EVENT-0040', 'RDS-EVENT-0042']);
    expect(world.primary.events[1]).toMatchObject({
      source: 'aws.rds',
      'detail-type': 'RDS DB Snapshot Event',
      detail: { SourceType: 'SNAPSHOT', SourceIdentifier: 'busy', SourceArn: taken.DBSnapshotArn },
    });

    expect(await restore(world.primary, 'busy', 'restored')).toMatchObject({
      DBInstanceStatus: 'available',
      MasterUsername: 'shop',
      DeletionProtection: false,
      TagList: [],
    });
    const { rows } = await query(
      world.primary,
      'restored',
      'select count(*) % 2 as odd, count(*) > 100 as more from orders',
    );
    expect(rows).toEqual([{ odd: '0', more: true }]);
    expect(eventIds(world.primary)).toContain('RDS-EVENT-0043');
  });

  it('keeps the credentials the master user had when the snapshot was taken', async () => {
    await takeSnapshot(world.primary, 'old-password');
    await call(world.primary, 'ModifyDBInstance', {
      DBInstanceIdentifier: 'shop-db',
      MasterUserPassword: 'new-password',
    });
    await restore(world.primary, 'old-password', 'old-credentials');
    await expect(query(world.primary, 'shop-db', 'select 1')).rejects.toThrow(/password authentication failed/);
    await expect(query(world.primary, 'old-credentials', 'select 1', 'new-password')).rejects.toThrow(/password/);
    expect(await countOrders(world.primary, 'old-credentials')).toBeGreaterThan(100);
    await call(world.primary, 'ModifyDBInstance', { DBInstanceIdentifier: 'shop-db', MasterUserPassword: PASSWORD });
  });

  it('is refused for an instance that is being backed up, and under a name that is taken', async () => {
    const first = call(world.primary, 'CreateDBSnapshot', {
      DBInstanceIdentifier: 'shop-db',
      DBSnapshotIdentifier: 'one',
    });
    await first;
    const again = (id: string) =>
      call(world.primary, 'CreateDBSnapshot', { DBInstanceIdentifier: 'shop-db', DBSnapshotIdentifier: id });
    await expect(again('two')).rejects.toMatchObject({ name: 'InvalidDBInstanceStateFault' });
    expect((await instance(world.primary, 'shop-db')).DBInstanceStatus).toBe('backing-up');
    await world.clock.settled();
    await expect(again('one')).rejects.toMatchObject({ name: 'DBSnapshotAlreadyExistsFault' });
  });

  it('lists by instance and type, page after page', async () => {
    const list = (input: object) =>
      call<{ DBSnapshots: { DBSnapshotIdentifier: string }[]; Marker?: string }>(
        world.primary,
        'DescribeDBSnapshots',
        input,
      );
    const manual = await list({ DBInstanceIdentifier: 'shop-db', SnapshotType: 'manual', MaxRecords: 20 });
    expect(manual.DBSnapshots.map((one) => one.DBSnapshotIdentifier)).toEqual(['busy', 'old-password', 'one']);
    expect(manual.Marker).toBeUndefined();
    expect((await list({ SnapshotType: 'automated' })).DBSnapshots[0]?.DBSnapshotIdentifier).toMatch(
      /^rds:shop-db-\d{4}-/,
    );
    expect((await list({ Marker: 'old-password' })).DBSnapshots.map((one) => one.DBSnapshotIdentifier)).toContain(
      'one',
    );
    await expect(list({ DBSnapshotIdentifier: 'nothing' })).rejects.toMatchObject({ name: 'DBSnapshotNotFoundFault' });
  });

  it('deletes a snapshot with its files, and restores nothing from it any more', async () => {
    await call(world.primary, 'DeleteDBSnapshot', { DBSnapshotIdentifier: 'one' });
    await expect(snapshot(world.primary, 'one')).rejects.toMatchObject({ name: 'DBSnapshotNotFoundFault' });
    await expect(restore(world.primary, 'one', 'from-nothing')).rejects.toMatchObject({
      name: 'DBSnapshotNotFoundFault',
    });
  });
});

/** Inserts pairs of orders, two in one transaction, until the work is done. */
const writeWhile = async <T>(work: () => Promise<T>): Promise<T> => {
  let done = false;
  const write = async () => {
    for (let pair = 0; !done; pair++) {
      const values = [0, 1].map((n) => `(${100_000 + 2 * pair + n}, 1, 'meanwhile')`);
      await query(world.primary, 'shop-db', `insert into orders values ${values.join()}`);
    }
  };
  const writing = write();
  await query(world.primary, 'shop-db', 'insert into orders values (90000, 1), (90001, 1)');
  const result = await work();
  done = true;
  await writing;
  return result;
};
