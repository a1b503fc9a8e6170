import type { DBInstance } from '@aws-sdk/client-rds';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { handler as measure } from '../../../functions/rds/measure.ts';
import { invoke, type ShopPlatform, shopPlatform } from '../../support/platform.ts';
import { day, exportPoint, snapshotPoint } from '../../support/points.ts';
import { refusal } from '../../support/rds-api.ts';

let shop: ShopPlatform;
beforeEach(() => {
  shop = shopPlatform('2026-11-20T12:00:00Z');
  shop.rds.primary.instances.set('shop-db', { LatestRestorableTime: new Date('2026-11-20T11:56:00Z') });
  replica();
  shop.replicaLag = [lag('11:57', 4), lag('11:59', 7), lag('11:58', 900)];
});
afterEach(() => vi.useRealTimers());

const lag = (time: string, Maximum: number) => ({ Timestamp: new Date(`2026-11-20T${time}:00Z`), Maximum });
const replica = (change: DBInstance = {}): void =>
  void shop.rds.recovery.instances.set('shop-db-replica', {
    DBInstanceStatus: 'available',
    StatusInfos: [{ Normal: true }],
    ...change,
  });
const measured = async () => (await invoke(measure, {}))[0];
const metrics = () => Object.fromEntries(shop.telemetry.metrics().map(({ name, value }) => [name, value]));

describe('what a disaster would cost now', () => {
  it('is measured: loss of a point-in-time restore, ages of the newest and the newest proven point, replica', async () => {
    await shop.vault.addPoint(snapshotPoint(day('2026-11-20')));
    await shop.vault.addPoint(snapshotPoint(day('2026-11-15'), { status: 'verified' }));
    await expect(measured()).resolves.toEqual({
      source: 'shop-db',
      achievableRpo: 240,
      newestPointAge: 10 * 3600 - 60,
      provenPointAge: 5 * 86_400 + 10 * 3600 - 60,
      replica: { status: 'available', lagSeconds: 7, ready: true },
    });
    expect(metrics()).toEqual({
      AchievableRpo: 240,
      RecoveryPointAge: 35_940,
      ProvenPointAge: 467_940,
      ReplicaLag: 7,
    });
  });

  it('does not count failed, expired or unfinished points, nor exports', async () => {
    await shop.vault.addPoint(snapshotPoint(day('2026-11-20'), { status: 'failed' }));
    await shop.vault.addPoint(snapshotPoint(day('2026-11-19'), { status: 'started' }));
    await shop.vault.addPoint(snapshotPoint(day('2026-11-18'), { status: 'expired' }));
    await shop.vault.addPoint(exportPoint(new Date('2026-11-20T03:00:00Z'), 'x', { status: 'stored' }));
    await expect(measured()).resolves.toMatchObject({ newestPointAge: null, provenPointAge: null });
  });

  it('writes no number where there is none: silence raises the alarm', async () => {
    shop.rds.primary.instances.set('shop-db', { DBInstanceIdentifier: 'shop-db' });
    shop.replicaLag = [];
    await expect(measured()).resolves.toMatchObject({
      achievableRpo: null,
      replica: { lagSeconds: null, ready: false },
    });
    expect(metrics()).toEqual({});
  });

  it.each<[string, DBInstance, number, boolean]>([
    ['lags less than its bound', {}, 899, true],
    ['lags as much as its bound', {}, 900, false],
    ['does not replicate (lag -1)', {}, -1, false],
    ['is not available', { DBInstanceStatus: 'modifying' }, 1, false],
    ['says that replication stopped', { StatusInfos: [{ StatusType: 'read replication', Normal: false }] }, 1, false],
  ])('a replica that %s: %j, lag %i, ready %s', async (_, change, seconds, ready) => {
    replica(change);
    shop.replicaLag = [lag('11:59', seconds)];
    await expect(measured()).resolves.toMatchObject({ replica: { lagSeconds: seconds, ready } });
  });

  it.each([
    ['the instance is gone', () => shop.rds.primary.instances.clear(), /shop-db: .*knows no instance/],
    ['the replica is gone', () => shop.rds.recovery.instances.clear(), /shop-db-replica in us-west-2/],
    [
      'RDS refuses',
      () => {
        shop.rds.before = () => {
          throw refusal('Throttling');
        };
      },
      /shop-db: Throttling/,
    ],
  ])('fails by name where %s', async (_, damage, message) => {
    damage();
    const measuring = invoke(measure, {});
    await expect(measuring).rejects.toMatchObject({ name: 'PartlyDone' });
    await expect(measuring).rejects.toThrow(message);
  });

  it('says what is known of this region where the replica in the other one is not: an alarm hears of what fails, and of nothing else', async () => {
    await shop.vault.addPoint(snapshotPoint(day('2026-11-15'), { status: 'verified' }));
    shop.rds.recovery.instances.clear();
    await expect(invoke(measure, {})).rejects.toMatchObject({ name: 'PartlyDone' });
    expect(metrics()).toEqual({ AchievableRpo: 240, RecoveryPointAge: 467_940, ProvenPointAge: 467_940 });
  });
});
