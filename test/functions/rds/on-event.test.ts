import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import sample from '../../../events/samples/rds/on-event.json' with { type: 'json' };
import { handler as exportSnapshot } from '../../../functions/rds/export-snapshot.ts';
import { handler as onEvent } from '../../../functions/rds/on-event.ts';
import { handler as snapshot } from '../../../functions/rds/snapshot.ts';
import { PRIMARY, RECOVERY, VAULT } from '../../support/environment.ts';
import { invoke, type ShopPlatform, shopPlatform } from '../../support/platform.ts';
import { exportPoint } from '../../support/points.ts';
import { failure, once } from '../../support/vault.ts';

const ID = 'shop-db-20261120t020000z-scheduled';
const NATIVE = `lifeboat-${ID}`;

let shop: ShopPlatform;
beforeEach(async () => {
  shop = shopPlatform('2026-11-20T02:00:00Z');
  await invoke(snapshot, { source: 'shop-db', scheduledAt: '2026-11-20T02:00:00Z', purpose: 'scheduled' });
  Object.assign(shop.rds.primary.snapshots.get(NATIVE) ?? {}, {
    Status: 'available',
    SnapshotCreateTime: new Date('2026-11-20T02:01:00Z'),
  });
  shop.setTime('2026-11-20T02:06:00Z');
});
afterEach(() => vi.useRealTimers());

const event = (EventID: string, Message: string, change: { id?: string; region?: string } = {}) => ({
  ...sample,
  region: change.region ?? PRIMARY,
  detail: { ...sample.detail, EventID, Message, SourceIdentifier: change.id ?? NATIVE },
});
const created = sample;
const finished = event('RDS-EVENT-0060', `Finished copy of snapshot ${NATIVE} from region us-east-1 in 4 minutes.`, {
  region: RECOVERY,
});

describe('an event of RDS', () => {
  it('about a made snapshot stores it and has it copied', async () => {
    await expect(invoke(onEvent, created)).resolves.toEqual({ recoveryPoint: ID, status: 'stored' });
    expect(shop.rds.recovery.snapshots.has(NATIVE)).toBe(true);
  });

  it('delivered again and again, together and apart, leads to one result', async () => {
    await Promise.all(Array.from({ length: 5 }, () => invoke(onEvent, created)));
    await invoke(onEvent, created);
    expect(shop.vault.point(ID)).toMatchObject({ status: 'stored', copies: [{ status: 'copying', attempts: 1 }] });
    expect(shop.rds.recovery.snapshots.size).toBe(1);
  });

  it('forwarded from the recovery region completes the copy', async () => {
    await invoke(onEvent, created);
    Object.assign(shop.rds.recovery.snapshots.get(NATIVE) ?? {}, { Status: 'available' });
    await invoke(onEvent, finished);
    expect(shop.vault.point(ID).copies).toMatchObject([{ status: 'available', lagSeconds: 300 }]);
  });

  it('that comes before its time says only where to look', async () => {
    Object.assign(shop.rds.primary.snapshots.get(NATIVE) ?? {}, { Status: 'creating' });
    await expect(invoke(onEvent, finished)).resolves.toEqual({ recoveryPoint: ID, status: 'started' });
  });

  it('about a complete export catalogues it, although RDS names the snapshot', async () => {
    await invoke(onEvent, created);
    const { recoveryPoint } = await invoke(exportSnapshot, { source: 'shop-db', scheduledAt: '2026-11-20T02:06:00Z' });
    const task = `lifeboat-${recoveryPoint}`;
    Object.assign(shop.rds.primary.exports.get(task) ?? {}, { Status: 'COMPLETE' });
    await shop.vault.place(`rds-snapshots/2026/11/20/${task}/shop/public.orders/1/part-0.gz.parquet`, 'data');
    await invoke(onEvent, event('RDS-EVENT-0040', 'Creating manual snapshot'));
    expect(shop.vault.point(recoveryPoint).status).toBe('started');
    await invoke(onEvent, event('RDS-EVENT-0161', 'The snapshot export task completed.'));
    expect(shop.vault.point(recoveryPoint)).toMatchObject({
      status: 'stored',
      artifacts: [{ uri: expect.stringContaining(VAULT) }],
    });
  });

  it('about an export does not look at exports of other snapshots', async () => {
    await invoke(onEvent, created);
    const other = await shop.vault.addPoint(
      exportPoint(new Date('2026-11-20T01:00:00Z'), 'shop-db-20261119t020000z-scheduled'),
    );
    await invoke(onEvent, event('RDS-EVENT-0161', 'The snapshot export task completed.'));
    expect(shop.rds.inputs('DescribeExportTasks')).toEqual([]);
    expect(shop.vault.point(other.id).status).toBe('started');
  });

  it.each([
    ['RDS-EVENT-0159', 'FAILED'],
    ['RDS-EVENT-0160', 'CANCELED'],
  ])('%s about an export that %s tells people', async (id, Status) => {
    await invoke(onEvent, created);
    const { recoveryPoint } = await invoke(exportSnapshot, { source: 'shop-db', scheduledAt: '2026-11-20T02:06:00Z' });
    Object.assign(shop.rds.primary.exports.get(`lifeboat-${recoveryPoint}`) ?? {}, { Status });
    await invoke(onEvent, event(id, 'The snapshot export task ended.'));
    expect(shop.vault.point(recoveryPoint).status).toBe('failed');
    expect(shop.messages).toHaveLength(1);
  });

  it.each([
    ['a snapshot of somebody else', 'nightly-2026-11-20'],
    ['an automated snapshot', 'rds:shop-db-2026-11-20-03-00'],
  ])('about %s is none of ours', async (_, id) => {
    await expect(invoke(onEvent, event('RDS-EVENT-0091', 'Automated snapshot created', { id }))).resolves.toEqual({
      recoveryPoint: null,
      status: null,
    });
  });

  it.each(['lifeboat-shop-db-20260101t000000z-scheduled', 'lifeboat-by-hand'])(
    'about a snapshot named like ours that the catalogue does not know (%s) is noted, and is no error',
    async (id) => {
      await expect(invoke(onEvent, event('RDS-EVENT-0042', 'Manual snapshot created', { id }))).resolves.toEqual({
        recoveryPoint: null,
        status: null,
      });
      expect(shop.telemetry.logs()).toContainEqual(
        expect.objectContaining({ level: 'WARN', message: 'event of an unknown recovery point', snapshot: id }),
      );
    },
  );

  it('reads the name out of an ARN, should RDS send one', async () => {
    const id = `arn:aws:rds:us-east-1:111122223333:snapshot:${NATIVE}`;
    await expect(invoke(onEvent, event('RDS-EVENT-0042', 'Manual snapshot created', { id }))).resolves.toMatchObject({
      recoveryPoint: ID,
    });
  });

  it('that cannot be followed now fails, so that it is delivered again', async () => {
    shop.vault.before = once(failure('SlowDown', 503), () => true);
    await expect(invoke(onEvent, created)).rejects.toMatchObject({ name: 'SlowDown' });
    await expect(invoke(onEvent, created)).resolves.toMatchObject({ status: 'stored' });
  });

  it.each([
    ['another service', { ...sample, source: 'aws.ec2' }, /source/],
    ['another type', { ...sample, 'detail-type': 'RDS DB Instance Event' }, /detail-type/],
    ['no event id', { ...sample, detail: { ...sample.detail, EventID: 'unknown' } }, /EventID/],
    ['no source', { ...sample, detail: { ...sample.detail, SourceIdentifier: '' } }, /SourceIdentifier/],
  ])('of %s is refused, never passed over', async (_, wrong, message) => {
    await expect(invoke(onEvent, wrong)).rejects.toThrow(message);
  });
});
