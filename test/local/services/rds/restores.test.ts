import { open } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFakeWorld, type FakeWorld } from './fake-world.ts';
import { call, countOrders, createShop, eventIds, instance, query, restore, takeSnapshot } from './shop.ts';

const KEY = 'arn:aws:kms:us-east-1:111122223333:key/one';
let world: FakeWorld;
beforeAll(async () => {
  world = await createFakeWorld();
  world.keys.set(KEY, 'Enabled');
  await createShop(world.primary, {
    StorageEncrypted: true,
    KmsKeyId: KEY,
    MultiAZ: true,
    DeletionProtection: true,
    VpcSecurityGroupIds: ['sg-1'],
    BackupRetentionPeriod: 0,
  });
  await takeSnapshot(world.primary, 'good');
});
afterAll(() => world.close());

describe('a restore from an RDS snapshot', { timeout: 60_000 }, () => {
  it('has the settings of the request, and of the original where the request is silent, but no protection', async () => {
    const restored = await restore(world.primary, 'good', 'test-1', {
      DBSubnetGroupName: 'isolated',
      VpcSecurityGroupIds: ['sg-test'],
      Tags: [{ Key: 'purpose', Value: 'verification' }],
    });
    expect(restored).toMatchObject({
      DBInstanceStatus: 'available',
      MultiAZ: false,
      DeletionProtection: false,
      PubliclyAccessible: false,
      StorageEncrypted: true,
      VpcSecurityGroups: [{ VpcSecurityGroupId: 'sg-test' }],
      DBSubnetGroup: { DBSubnetGroupName: 'isolated' },
      TagList: [{ Key: 'purpose', Value: 'verification' }],
    });
    expect(await countOrders(world.primary, 'test-1')).toBe(100);
  });

  it('lives its own life: what is written to it never reaches the original', async () => {
    await query(world.primary, 'test-1', 'delete from orders');
    expect(await countOrders(world.primary, 'shop-db')).toBe(100);
  });

  it('lets a test change one byte through the superuser of its server', async () => {
    const access = world.primary.rds.server('test-1');
    const admin = new pg.Client({ ...access, database: 'shop' });
    await admin.connect();
    await admin.query("insert into orders values (1, 1, 'tampered')");
    expect((await admin.query('show is_superuser')).rows).toEqual([{ is_superuser: 'on' }]);
    await admin.end();
    expect(await countOrders(world.primary, 'test-1')).toBe(1);
  });

  it('is refused under a name that is taken', async () => {
    await expect(restore(world.primary, 'good', 'test-1')).rejects.toMatchObject({
      name: 'DBInstanceAlreadyExistsFault',
    });
  });

  it('ends without access to its key when that is disabled', async () => {
    world.keys.set(KEY, 'Disabled');
    expect((await restore(world.primary, 'good', 'no-key')).DBInstanceStatus).toBe(
      'inaccessible-encryption-credentials',
    );
    expect(eventIds(world.primary)).toContain('RDS-EVENT-0418');
    world.keys.set(KEY, 'Enabled');
  });

  it('is refused to a caller who may not use the key', async () => {
    world.refused.add('kms:CreateGrant');
    await expect(restore(world.primary, 'good', 'no-grant')).rejects.toMatchObject({
      name: 'KMSKeyNotAccessibleFault',
    });
    world.refused.clear();
  });

  it('fails, with the reason in its event, when the copy does not start', async () => {
    await takeSnapshot(world.primary, 'damaged');
    const file = await open(join(world.primary.rds.snapshotDirectory('damaged'), 'global/pg_control'), 'r+');
    await file.write(Buffer.alloc(64, 0xff), 0, 64, 0);
    await file.close();
    expect((await restore(world.primary, 'damaged', 'broken')).DBInstanceStatus).toBe('failed');
    expect(world.primary.events.at(-1)?.detail).toMatchObject({
      EventID: 'RDS-EVENT-0031',
      SourceIdentifier: 'broken',
    });
  });

  it('starts from a copy with a damaged page, which shows only when it is read', async () => {
    await takeSnapshot(world.primary, 'bit-flip');
    const { rows } = await query(world.primary, 'shop-db', "select pg_relation_filepath('orders') as path");
    const file = await open(join(world.primary.rds.snapshotDirectory('bit-flip'), rows[0].path), 'r+');
    await file.write(Buffer.from([0x55]), 0, 1, 8000);
    await file.close();
    expect((await restore(world.primary, 'bit-flip', 'flipped')).DBInstanceStatus).toBe('available');
    await expect(countOrders(world.primary, 'flipped')).rejects.toThrow(/invalid page/);
  });

  it('ends in the status a campaign asks for, once', async () => {
    world.primary.rds.failNextRestore('incompatible-restore');
    expect((await restore(world.primary, 'good', 'incompatible')).DBInstanceStatus).toBe('incompatible-restore');
    expect((await restore(world.primary, 'good', 'compatible')).DBInstanceStatus).toBe('available');
  });

  it('that hangs stays in creation while time goes on, and can be deleted', async () => {
    world.primary.rds.hangRestores(true);
    expect((await restore(world.primary, 'good', 'hanging')).DBInstanceStatus).toBe('creating');
    world.primary.rds.hangRestores(false);
    await world.clock.advanceTo(new Date(world.clock.now().getTime() + 3_600_000));
    expect(await instance(world.primary, 'hanging')).toMatchObject({ DBInstanceStatus: 'creating' });
    await call(world.primary, 'DeleteDBInstance', { DBInstanceIdentifier: 'hanging', SkipFinalSnapshot: true });
    await world.clock.settled();
    await expect(instance(world.primary, 'hanging')).rejects.toMatchObject({ name: 'DBInstanceNotFoundFault' });
  });
});
