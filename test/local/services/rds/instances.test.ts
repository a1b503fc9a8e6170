import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFakeWorld, type FakeWorld } from './fake-world.ts';
import { call, countOrders, createShop, eventIds, instance, query, restore, snapshot } from './shop.ts';

let world: FakeWorld;
beforeAll(async () => {
  world = await createFakeWorld();
  await createShop(world.primary, { BackupRetentionPeriod: 0, DeletionProtection: true });
});
afterAll(() => world.close());

const change = async (operation: string, input: object = {}) => {
  await call(world.primary, operation, { DBInstanceIdentifier: 'shop-db', ...input });
  await world.clock.settled();
  return instance(world.primary, 'shop-db');
};

describe('an RDS instance', { timeout: 60_000 }, () => {
  it('counts towards the quotas of its account', async () => {
    const { AccountQuotas } = await call<{ AccountQuotas: object[] }>(world.primary, 'DescribeAccountAttributes', {});
    expect(AccountQuotas).toEqual([
      { AccountQuotaName: 'DBInstances', Used: 1, Max: 40 },
      { AccountQuotaName: 'AllocatedStorage', Used: expect.any(Number), Max: 100_000 },
      { AccountQuotaName: 'ManualSnapshots', Used: 0, Max: 100 },
    ]);
  });

  it('gives its master user no superuser’s rights, but the right to read everything', async () => {
    const { rows } = await query(
      world.primary,
      'shop-db',
      "select current_setting('is_superuser') as super, pg_has_role('pg_read_all_data', 'member') as reader",
    );
    expect(rows).toEqual([{ super: 'off', reader: true }]);
  });

  it('offers no restorable time without backups, and refuses to restore to one', async () => {
    expect((await instance(world.primary, 'shop-db')).LatestRestorableTime).toBeUndefined();
    await expect(
      call(world.primary, 'RestoreDBInstanceToPointInTime', {
        SourceDBInstanceIdentifier: 'shop-db',
        TargetDBInstanceIdentifier: 'past',
        UseLatestRestorableTime: true,
      }),
    ).rejects.toMatchObject({ name: 'PointInTimeRestoreNotEnabledFault' });
  });

  it('is backed up as soon as backups are switched on', async () => {
    expect(
      await change('ModifyDBInstance', { BackupRetentionPeriod: 7, PreferredBackupWindow: '03:00-04:00' }),
    ).toMatchObject({
      DBInstanceStatus: 'available',
      BackupRetentionPeriod: 7,
      PreferredBackupWindow: '03:00-04:00',
    });
    expect((await instance(world.primary, 'shop-db')).LatestRestorableTime).toBeInstanceOf(Date);
  });

  it('is backed up every day in its window, and keeps what its retention needs', async () => {
    const automated = async () => {
      const list = { DBInstanceIdentifier: 'shop-db', SnapshotType: 'automated' };
      return (
        await call<{ DBSnapshots: { DBSnapshotIdentifier: string }[] }>(world.primary, 'DescribeDBSnapshots', list)
      ).DBSnapshots;
    };
    await world.clock.advanceTo(new Date(world.clock.now().getTime() + 2 * 86_400_000));
    const names = (await automated()).map((one) => one.DBSnapshotIdentifier);
    expect(names.filter((name) => name.endsWith('-03-00'))).toHaveLength(2);
    const before = names[0] ?? '';
    await change('ModifyDBInstance', { BackupRetentionPeriod: 1 });
    await world.clock.advanceTo(new Date(world.clock.now().getTime() + 86_400_000));
    // One day's restore may have to begin at the backup before it.
    expect((await automated()).map((one) => one.DBSnapshotIdentifier)).toHaveLength(2);
    expect((await automated()).map((one) => one.DBSnapshotIdentifier)).not.toContain(before);
  });

  it('tells what time can be restored, however long it was idle', async () => {
    const { LatestRestorableTime } = await instance(world.primary, 'shop-db');
    expect(world.clock.now().getTime() - (LatestRestorableTime?.getTime() ?? 0)).toBeLessThan(5 * 60_000 + 5_000);
  });

  it('stands still in what can be restored once its server is gone', async () => {
    const before = (await instance(world.primary, 'shop-db')).LatestRestorableTime;
    await world.primary.rds.stopServer('shop-db');
    await world.clock.advanceTo(new Date(world.clock.now().getTime() + 3_600_000));
    expect((await instance(world.primary, 'shop-db')).LatestRestorableTime).toEqual(before);
    world.primary.rds.startServers();
    await world.clock.settled();
  });

  it('changes and lists its tags', async () => {
    const arn = (await instance(world.primary, 'shop-db')).DBInstanceArn;
    const list = async () =>
      (await call<{ TagList: object[] }>(world.primary, 'ListTagsForResource', { ResourceName: arn })).TagList;
    await call(world.primary, 'AddTagsToResource', {
      ResourceName: arn,
      Tags: [
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: '2' },
      ],
    });
    await call(world.primary, 'AddTagsToResource', { ResourceName: arn, Tags: [{ Key: 'a', Value: '3' }] });
    expect(await list()).toEqual([
      { Key: 'b', Value: '2' },
      { Key: 'a', Value: '3' },
    ]);
  });

  it('is deleted only without protection, and with a word on the final snapshot', async () => {
    await expect(change('DeleteDBInstance', { SkipFinalSnapshot: true })).rejects.toMatchObject({
      code: 'InvalidParameterCombination',
      message: 'Cannot delete protected DB Instance, please disable deletion protection and try again.',
    });
    await change('ModifyDBInstance', { DeletionProtection: false });
    await expect(change('DeleteDBInstance')).rejects.toThrow(/FinalDBSnapshotIdentifier is required/);
  });

  it('leaves its final snapshot, and neither process nor files', async () => {
    const { directory, port } = world.primary.rds.server('shop-db');
    const pid = Number((await readFile(`${directory}/postmaster.pid`, 'utf8')).split('\n')[0]);
    await expect(change('DeleteDBInstance', { FinalDBSnapshotIdentifier: 'final' })).rejects.toMatchObject({
      name: 'DBInstanceNotFoundFault',
    });
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
    await expect(stat(dirname(directory))).rejects.toThrow(/ENOENT/);
    expect(port).toBeGreaterThan(0);
    expect(await snapshot(world.primary, 'final')).toMatchObject({
      Status: 'available',
      DBInstanceIdentifier: 'shop-db',
    });
    expect(eventIds(world.primary).at(-1)).toBe('RDS-EVENT-0003');
    await restore(world.primary, 'final', 'again');
    expect(await countOrders(world.primary, 'again')).toBe(100);
  });

  it('is refused with another engine, without a usable password, and under the name of another', async () => {
    const create = (input: object) =>
      call(world.primary, 'CreateDBInstance', {
        DBInstanceIdentifier: 'other',
        Engine: 'postgres',
        MasterUsername: 'shop',
        MasterUserPassword: 'long-enough',
        ...input,
      });
    await expect(create({ Engine: 'mysql' })).rejects.toMatchObject({ code: 'InvalidParameterValue' });
    await expect(create({ MasterUserPassword: 'short' })).rejects.toMatchObject({ code: 'InvalidParameterValue' });
    await expect(create({ DBInstanceIdentifier: 'again' })).rejects.toMatchObject({
      name: 'DBInstanceAlreadyExistsFault',
    });
  });
});
