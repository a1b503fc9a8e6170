import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import sample from '../../../events/samples/rds/restore.json' with { type: 'json' };
import { handler as restore } from '../../../functions/rds/restore.ts';
import { invoke, type ShopPlatform, shopPlatform } from '../../support/platform.ts';
import { day, exportPoint, snapshotPoint } from '../../support/points.ts';
import { refusal } from '../../support/rds-api.ts';

const ID = 'shop-db-20261120t020000z-scheduled';
const LATEST = new Date('2026-11-20T11:56:00Z');

let shop: ShopPlatform;
beforeEach(async () => {
  shop = shopPlatform('2026-11-20T12:00:00Z');
  shop.rds.primary.instances.set('shop-db', { DBInstanceIdentifier: 'shop-db', LatestRestorableTime: LATEST });
  for (const date of ['2026-09-01', '2026-11-18', '2026-11-19', '2026-11-20']) {
    const point = await shop.vault.addPoint(snapshotPoint(day(date)));
    shop.rds.addSnapshot('primary', { DBSnapshotIdentifier: point.nativeId });
  }
});
afterEach(() => vi.useRealTimers());

const from = (choice: object) => ({ ...sample, from: choice });
const restored = () => shop.rds.primary.instances.get('shop-db-restored');

describe('a restore from a snapshot', () => {
  it('makes a new, private instance, tagged with where it came from', async () => {
    await expect(invoke(restore, sample)).resolves.toEqual({
      source: 'shop-db',
      instance: 'shop-db-restored',
      pointInTime: '2026-11-20T02:01:00.000Z',
      recoveryPoint: ID,
      created: true,
    });
    expect(shop.rds.inputs('RestoreDBInstanceFromDBSnapshot')).toMatchObject([
      { DBSnapshotIdentifier: `lifeboat-${ID}`, PubliclyAccessible: false, DeletionProtection: false },
    ]);
    expect(restored()?.TagList).toContainEqual({ Key: 'lifeboat:restored-from', Value: ID });
  });

  it.each([
    ['the latest', { latest: 'snapshot' }, '2026-11-20'],
    ['the newest before a time', { before: '2026-11-20T02:00:59Z' }, '2026-11-19'],
    ['the newest before a time, to the second', { before: '2026-11-20T02:01:00Z' }, '2026-11-20'],
    ['the newest before a time long ago', { before: '2026-10-01T00:00:00Z' }, '2026-09-01'],
  ])('takes %s', async (_, choice, date) => {
    const { recoveryPoint } = await invoke(restore, from(choice));
    expect(recoveryPoint).toBe(`shop-db-${date.replaceAll('-', '')}t020000z-scheduled`);
  });

  it('reads nothing newer than the time it was asked for', async () => {
    shop.vault.requests.length = 0;
    await invoke(restore, from({ before: '2026-10-01T00:00:00Z' }));
    expect(shop.vault.requests.filter((request) => request.startsWith('get'))).toHaveLength(1);
  });

  it('passes over what failed, expired or is not finished, and over exports', async () => {
    await shop.vault.addPoint(snapshotPoint(day('2026-11-20'), { status: 'failed' }));
    await shop.vault.addPoint(snapshotPoint(day('2026-11-19'), { status: 'expired' }));
    await shop.vault.addPoint(exportPoint(new Date('2026-11-20T03:00:00Z'), ID, { status: 'stored' }));
    const { recoveryPoint } = await invoke(restore, from({ latest: 'snapshot' }));
    expect(recoveryPoint).toBe('shop-db-20261118t020000z-scheduled');
  });

  it.each([
    ['there is none before the time', { before: '2026-01-01T00:00:00Z' }, /Found none/],
    ['the point has failed', { recoveryPoint: 'shop-db-20261120t040000z-scheduled' }, /snapshot, failed/],
    ['the point is an export', { recoveryPoint: 'shop-db-20261120t030000z-export' }, /export, stored/],
  ])('is refused where %s, and says what to do', async (_, choice, message) => {
    await shop.vault.addPoint(snapshotPoint(new Date('2026-11-20T04:00:00Z'), { status: 'failed' }));
    await shop.vault.addPoint(exportPoint(new Date('2026-11-20T03:00:00Z'), ID, { status: 'stored' }));
    const restoring = invoke(restore, from(choice));
    await expect(restoring).rejects.toMatchObject({ name: 'RecoveryPointMissing' });
    await expect(restoring).rejects.toThrow(message);
    expect(shop.rds.changes).toEqual([]);
  });

  it('does not take the point of another source', async () => {
    const other = snapshotPoint(day('2026-11-20'), { id: 'other-db-20261120t020000z-scheduled', source: 'other-db' });
    await shop.vault.addPoint(other);
    await expect(invoke(restore, from({ recoveryPoint: other.id }))).rejects.toMatchObject({
      name: 'RecoveryPointMissing',
    });
  });
});

describe('a restore to a point in time', () => {
  it('takes the moment that is asked for', async () => {
    await expect(invoke(restore, from({ time: '2026-11-20T11:30:00Z' }))).resolves.toEqual({
      source: 'shop-db',
      instance: 'shop-db-restored',
      pointInTime: '2026-11-20T11:30:00.000Z',
      recoveryPoint: null,
      created: true,
    });
    expect(shop.rds.inputs('RestoreDBInstanceToPointInTime')).toMatchObject([
      {
        SourceDBInstanceIdentifier: 'shop-db',
        TargetDBInstanceIdentifier: 'shop-db-restored',
        RestoreTime: new Date('2026-11-20T11:30:00Z'),
        PubliclyAccessible: false,
      },
    ]);
  });

  it('takes the latest restorable one', async () => {
    await expect(invoke(restore, from({ latest: 'restorable-time' }))).resolves.toMatchObject({
      pointInTime: LATEST.toISOString(),
    });
  });

  it('that is later than RDS has archived is refused, with the latest that is', async () => {
    const restoring = invoke(restore, from({ time: '2026-11-20T11:56:01Z' }));
    await expect(restoring).rejects.toMatchObject({ name: 'TimeNotRestorable' });
    await expect(restoring).rejects.toThrow(/2026-11-20T11:56:00\.000Z.*Ask for an earlier time/);
    expect(shop.rds.changes).toEqual([]);
    await expect(invoke(restore, from({ time: LATEST.toISOString() }))).resolves.toMatchObject({ created: true });
  });

  it.each([[{ latest: 'restorable-time' }], [{ time: '2026-11-20T11:30:00Z' }]])(
    'without automated backups is refused: %j',
    async (choice) => {
      shop.rds.primary.instances.set('shop-db', { DBInstanceIdentifier: 'shop-db' });
      const restoring = invoke(restore, from(choice));
      await expect(restoring).rejects.toMatchObject({ name: 'TimeNotRestorable' });
      await expect(restoring).rejects.toThrow(/automated backups are off/);
    },
  );

  it('of an instance that is gone is refused by name', async () => {
    shop.rds.primary.instances.clear();
    await expect(invoke(restore, from({ latest: 'restorable-time' }))).rejects.toMatchObject({
      name: 'InstanceMissing',
    });
  });

  it('to the latest moment, asked again when that moved on, is still the same restore', async () => {
    await invoke(restore, from({ latest: 'restorable-time' }));
    shop.rds.primary.instances.set('shop-db', { LatestRestorableTime: new Date('2026-11-20T12:01:00Z') });
    await expect(invoke(restore, from({ latest: 'restorable-time' }))).resolves.toMatchObject({
      pointInTime: LATEST.toISOString(),
      created: false,
    });
  });

  it('to the latest moment is not one of yesterday', async () => {
    await invoke(restore, from({ latest: 'restorable-time' }));
    shop.rds.primary.instances.set('shop-db', { LatestRestorableTime: new Date('2026-11-21T12:01:00Z') });
    await expect(invoke(restore, from({ latest: 'restorable-time' }))).rejects.toMatchObject({ name: 'NameTaken' });
  });

  it('to one moment is not that to another, however near', async () => {
    await invoke(restore, from({ time: '2026-11-20T11:30:00Z' }));
    await expect(invoke(restore, from({ time: '2026-11-20T11:30:01Z' }))).rejects.toMatchObject({ name: 'NameTaken' });
  });
});

describe.each([
  ['a snapshot', { recoveryPoint: ID }],
  ['a point in time', { time: '2026-11-20T11:30:00Z' }],
])('a restore from %s', (_, choice) => {
  it('that runs twice finds its own instance', async () => {
    await invoke(restore, from(choice));
    await expect(invoke(restore, from(choice))).resolves.toMatchObject({
      created: false,
      instance: 'shop-db-restored',
    });
  });

  it('makes one when many run at once', async () => {
    const runs = await Promise.all(Array.from({ length: 4 }, () => invoke(restore, from(choice))));
    expect(runs.filter(({ created }) => created)).toHaveLength(1);
  });

  it('is adopted where the answer to the request was lost', async () => {
    let lost = false;
    shop.rds.after = (operation) => {
      if (!operation.startsWith('Restore') || lost) return;
      lost = true;
      throw refusal('TimeoutError');
    };
    await expect(invoke(restore, from(choice))).rejects.toMatchObject({ name: 'TimeoutError' });
    await expect(invoke(restore, from(choice))).resolves.toMatchObject({ created: false });
  });

  it('never takes over an instance that is not its own', async () => {
    shop.rds.primary.instances.set('shop-db-restored', { DBInstanceIdentifier: 'shop-db-restored' });
    const restoring = invoke(restore, from(choice));
    await expect(restoring).rejects.toMatchObject({ name: 'NameTaken' });
    await expect(restoring).rejects.toThrow(/not made by a restore of this service.*Choose another target name/);
  });

  it('never touches what another restore made', async () => {
    await invoke(restore, from({ recoveryPoint: 'shop-db-20261118t020000z-scheduled' }));
    const restoring = invoke(restore, from(choice));
    await expect(restoring).rejects.toMatchObject({ name: 'NameTaken' });
    await expect(restoring).rejects.toThrow(/restored from shop-db-20261118t020000z-scheduled/);
  });

  it.each(['Throttling', 'InsufficientDBInstanceCapacityFault', 'KMSKeyNotAccessibleFault'])(
    'lets %s leave under its name',
    async (name) => {
      shop.rds.before = (operation) => {
        if (operation.startsWith('Restore')) throw refusal(name);
      };
      await expect(invoke(restore, from(choice))).rejects.toMatchObject({ name });
    },
  );
});

describe('a request for a restore', () => {
  it.each([
    ['the name of nothing', { ...sample, target: '' }],
    ['a name RDS refuses', { ...sample, target: 'Shop--DB' }],
    ['two choices', from({ recoveryPoint: ID, before: '2026-11-20T00:00:00Z' })],
    ['no choice', from({})],
    ['a latest nobody knows', from({ latest: 'backup' })],
    ['a misspelt field', { ...sample, overwrite: true }],
  ])('with %s is refused', async (_, event) => {
    await expect(invoke(restore, event)).rejects.toMatchObject({ name: 'RequestInvalid' });
  });
});
