import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import sample from '../../../events/samples/rds/export-snapshot.json' with { type: 'json' };
import { handler as exportSnapshot } from '../../../functions/rds/export-snapshot.ts';
import { handler as settle } from '../../../functions/rds/settle-point.ts';
import { ACCOUNT, PRIMARY, VAULT } from '../../support/environment.ts';
import { invoke, type ShopPlatform, shopPlatform } from '../../support/platform.ts';
import { day, exportPoint, snapshotPoint } from '../../support/points.ts';
import { refusal } from '../../support/rds-api.ts';

const ID = 'shop-db-20261122t030000z-export';
const TASK = `lifeboat-${ID}`;
const FINGERPRINT = 'fingerprints/shop-db/after/closed.json';
const snapshot = snapshotPoint(day('2026-11-22'), { fingerprint: { after: `s3://${VAULT}/${FINGERPRINT}` } });

let shop: ShopPlatform;
beforeEach(async () => {
  shop = shopPlatform('2026-11-22T03:00:00Z');
  await shop.vault.addPoint(snapshot);
  shop.rds.addSnapshot('primary', { DBSnapshotIdentifier: snapshot.nativeId });
  await shop.vault.place(
    FINGERPRINT,
    JSON.stringify({
      tables: [
        { name: 'public.orders', rows: 9 },
        { name: 'public.customers', rows: 4 },
      ],
    }),
  );
});
afterEach(() => vi.useRealTimers());

const look = () => invoke(settle, { recoveryPoint: ID });
const taskIs = (Status: string, FailureCause?: string): void =>
  void Object.assign(shop.rds.primary.exports.get(TASK) ?? {}, { Status, FailureCause });
const others = (count: number): void => {
  for (let n = 0; n < count; n++)
    shop.rds.primary.exports.set(`other-${n}`, { ExportTaskIdentifier: `other-${n}`, Status: 'IN_PROGRESS' });
};

describe('an export', () => {
  it('is asked for once, of the newest stored snapshot, named after its own scheduled time', async () => {
    await expect(invoke(exportSnapshot, sample)).resolves.toEqual({ recoveryPoint: ID, status: 'started' });
    await invoke(exportSnapshot, sample);
    expect(shop.rds.inputs('StartExportTask')).toEqual([
      {
        ExportTaskIdentifier: TASK,
        SourceArn: `arn:aws:rds:${PRIMARY}:${ACCOUNT}:snapshot:${snapshot.nativeId}`,
        S3BucketName: VAULT,
        S3Prefix: 'rds-snapshots/2026/11/22',
        IamRoleArn: `arn:aws:iam::${ACCOUNT}:role/export`,
        KmsKeyId: `arn:aws:kms:${PRIMARY}:${ACCOUNT}:key/mrk-vault`,
      },
    ]);
    expect(shop.vault.point(ID)).toMatchObject({
      method: 'export',
      parent: snapshot.id,
      pointInTime: snapshot.pointInTime,
      retention: { class: 'compliance' },
    });
  });

  it('is one when many ask at once', async () => {
    const runs = await Promise.all(Array.from({ length: 4 }, () => invoke(exportSnapshot, sample)));
    expect(new Set(runs.map(({ recoveryPoint }) => recoveryPoint))).toEqual(new Set([ID]));
    expect([...shop.rds.primary.exports.keys()]).toEqual([TASK]);
  });

  it('has a name within the 60 characters RDS allows, for the longest source there can be', () => {
    expect(`lifeboat-${'a'.repeat(27)}-20261122t030000z-export`).toHaveLength(60);
  });

  it('of chosen tables names them with their database', async () => {
    await invoke(exportSnapshot, { ...sample, tables: ['public.orders'] });
    expect(shop.rds.inputs('StartExportTask')[0]).toMatchObject({ ExportOnly: ['shop.public.orders'] });
    expect(shop.vault.point(ID).tables).toEqual(['public.orders']);
  });

  it('of a snapshot that is named takes that one', async () => {
    const older = await shop.vault.addPoint(snapshotPoint(day('2026-11-20')));
    shop.rds.addSnapshot('primary', { DBSnapshotIdentifier: older.nativeId });
    await invoke(exportSnapshot, { ...sample, recoveryPoint: older.id });
    expect(shop.vault.point(ID).parent).toBe(older.id);
  });

  it.each([
    ['failed', snapshotPoint(day('2026-11-22'), { status: 'failed' })],
    ['still being made', snapshotPoint(day('2026-11-22'), { status: 'started', copies: [] })],
    ['an export itself', exportPoint(new Date('2026-11-21T03:00:00Z'), snapshot.id, { status: 'stored' })],
  ])('of what is %s is refused, and says what to do', async (_, point) => {
    await shop.vault.addPoint(point);
    const asking = invoke(exportSnapshot, { ...sample, recoveryPoint: point.id });
    await expect(asking).rejects.toMatchObject({ name: 'RecoveryPointMissing', facts: { source: 'shop-db' } });
    await expect(asking).rejects.toThrow(/Take a snapshot first/);
    expect(shop.rds.changes).toEqual([]);
  });

  it('where there is no snapshot at all is refused by name', async () => {
    shop.vault.remove(shop.vault.keys('catalog/')[0] ?? '');
    await expect(invoke(exportSnapshot, sample)).rejects.toMatchObject({ name: 'RecoveryPointMissing' });
  });

  it.each([
    ['a table without its schema', { tables: ['orders'] }],
    ['an empty list of tables', { tables: [] }],
    ['a misspelt field', { table: ['public.orders'] }],
  ])('with %s is refused', async (_, change) => {
    await expect(invoke(exportSnapshot, { ...sample, ...change })).rejects.toMatchObject({ name: 'RequestInvalid' });
  });
});

describe('the quota of five exports', () => {
  it('makes an export wait, which is no error; it goes when there is room', async () => {
    others(5);
    await expect(invoke(exportSnapshot, sample)).resolves.toEqual({ recoveryPoint: ID, status: 'started' });
    expect(shop.rds.inputs('StartExportTask')).toEqual([]);
    shop.rds.primary.exports.delete('other-0');
    await look();
    expect(shop.rds.primary.exports.has(TASK)).toBe(true);
    expect(shop.messages).toEqual([]);
  });

  it('does not count those that ended', async () => {
    others(5);
    shop.rds.primary.exports.set('other-1', { ExportTaskIdentifier: 'other-1', Status: 'COMPLETE' });
    await invoke(exportSnapshot, sample);
    expect(shop.rds.primary.exports.has(TASK)).toBe(true);
  });

  it('that others used up since it was looked at makes an export wait as well', async () => {
    shop.rds.before = (operation) => {
      if (operation === 'StartExportTask') throw refusal('ExportTaskLimitReachedFault');
    };
    await expect(invoke(exportSnapshot, sample)).resolves.toEqual({ recoveryPoint: ID, status: 'started' });
    expect(shop.messages).toEqual([]);
  });

  it('that never ends is told after a week', async () => {
    others(5);
    await invoke(exportSnapshot, sample);
    shop.setTime('2026-11-29T02:59:00Z');
    await expect(look()).resolves.toMatchObject({ status: 'started' });
    shop.setTime('2026-11-29T03:01:00Z');
    await expect(look()).resolves.toMatchObject({ status: 'failed' });
    expect(shop.messages[0]?.text).toContain('never begun');
  });
});

describe('an export under way', () => {
  beforeEach(() => invoke(exportSnapshot, sample));

  it.each(['STARTING', 'IN_PROGRESS', 'CANCELING'])('%s goes on', async (status) => {
    taskIs(status);
    await expect(look()).resolves.toMatchObject({ status: 'started' });
  });

  it.each([
    ['FAILED', 'The key is disabled', /FAILED: The key is disabled/],
    ['CANCELED', undefined, /CANCELED: no cause given/],
  ])('that RDS ended %s has failed, and people are told why, once', async (status, cause, text) => {
    taskIs(status, cause);
    await expect(look()).resolves.toMatchObject({ status: 'failed' });
    await look();
    expect(shop.messages).toEqual([expect.objectContaining({ topic: 'critical', text: expect.stringMatching(text) })]);
  });

  it('that RDS refuses to describe leaves under the name RDS gave', async () => {
    shop.rds.before = () => {
      throw refusal('Throttling');
    };
    await expect(look()).rejects.toMatchObject({ name: 'Throttling' });
  });

  it('is adopted where the answer to the request was lost', async () => {
    shop.rds.primary.exports.clear();
    let lost = false;
    shop.rds.after = (operation) => {
      if (operation !== 'StartExportTask' || lost) return;
      lost = true;
      throw refusal('TimeoutError');
    };
    await expect(look()).rejects.toMatchObject({ name: 'TimeoutError' });
    await expect(look()).resolves.toMatchObject({ status: 'started' });
    expect([...shop.rds.primary.exports.keys()]).toEqual([TASK]);
  });

  it('that another began in between is adopted', async () => {
    shop.rds.primary.exports.clear();
    shop.rds.before = (operation) => {
      if (operation === 'StartExportTask')
        shop.rds.primary.exports.set(TASK, { ExportTaskIdentifier: TASK, Status: 'STARTING' });
    };
    await expect(look()).resolves.toMatchObject({ status: 'started' });
  });

  it('of a snapshot that is gone leaves under the name RDS gave', async () => {
    shop.rds.primary.exports.clear();
    shop.rds.primary.snapshots.clear();
    await expect(look()).rejects.toMatchObject({ name: 'DBSnapshotNotFoundFault' });
  });
});
