import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { handler as reconcile } from '../../../functions/rds/reconcile.ts';
import { handler as snapshot } from '../../../functions/rds/snapshot.ts';
import { PRIMARY } from '../../support/environment.ts';
import { invoke, type ShopPlatform, shopPlatform } from '../../support/platform.ts';
import { day, exportPoint, snapshotPoint } from '../../support/points.ts';
import { refusal } from '../../support/rds-api.ts';

let shop: ShopPlatform;
beforeEach(() => {
  shop = shopPlatform('2026-11-20T12:00:00Z');
});
afterEach(() => vi.useRealTimers());

const run = () => invoke(reconcile, {});
const started = (date: string) => {
  const { storedAt: _, ...point } = snapshotPoint(day(date), { status: 'started', copies: [] });
  return point;
};

describe('the reconciler', () => {
  it('carries a snapshot from nothing to its copy, though no event ever came', async () => {
    shop.setTime('2026-11-20T02:00:00Z');
    const { recoveryPoint } = await invoke(snapshot, {
      source: 'shop-db',
      scheduledAt: '2026-11-20T02:00:00Z',
      purpose: 'scheduled',
    });
    const id = `lifeboat-${recoveryPoint}`;
    Object.assign(shop.rds.primary.snapshots.get(id) ?? {}, { Status: 'available' });
    shop.setTime('2026-11-20T02:05:00Z');
    await expect(run()).resolves.toMatchObject({ looked: 1, moved: [recoveryPoint] });
    await expect(run()).resolves.toMatchObject({ looked: 1, moved: [] });
    Object.assign(shop.rds.recovery.snapshots.get(id) ?? {}, { Status: 'available' });
    await expect(run()).resolves.toMatchObject({ looked: 1, moved: [recoveryPoint] });
    await expect(run()).resolves.toEqual({ looked: 0, moved: [], unclaimed: [] });
    expect(shop.vault.point(recoveryPoint).copies).toMatchObject([{ status: 'available' }]);
  });

  it('makes one of everything when it runs twice at once', async () => {
    const point = await shop.vault.addPoint(started('2026-11-20'));
    shop.rds.addSnapshot('primary', { DBSnapshotIdentifier: point.nativeId });
    await Promise.all([run(), run(), run()]);
    expect(shop.rds.recovery.snapshots.size).toBe(1);
    expect(shop.vault.point(point.id)).toMatchObject({
      status: 'stored',
      copies: [{ status: 'copying', attempts: 1 }],
    });
  });

  it('looks only at what is open and younger than eight days', async () => {
    for (const point of [
      snapshotPoint(day('2026-11-19')),
      snapshotPoint(day('2026-11-18'), { status: 'failed' }),
      snapshotPoint(day('2026-11-17'), { status: 'expired' }),
      started('2026-11-11'),
    ])
      await shop.vault.addPoint(point);
    await expect(run()).resolves.toEqual({ looked: 0, moved: [], unclaimed: [] });
    expect(shop.rds.changes).toEqual([]);
  });

  describe('finds a snapshot that was given up', () => {
    const givenUp = async (Status: string, change = {}) => {
      const point = await shop.vault.addPoint({
        ...started('2026-11-19'),
        status: 'failed',
        failure: 'never made',
        ...change,
      });
      shop.rds.addSnapshot('primary', { DBSnapshotIdentifier: point.nativeId, Status });
      return point.id;
    };

    it('and that RDS completed later: it is stored, without its failure, and copied', async () => {
      const id = await givenUp('available');
      await expect(run()).resolves.toMatchObject({ looked: 1, moved: [id] });
      expect(shop.vault.point(id)).toMatchObject({ status: 'stored', copies: [{ status: 'copying' }] });
      expect(shop.vault.point(id).failure).toBeUndefined();
      expect(shop.rds.recovery.snapshots.size).toBe(1);
    });

    it.each(['creating', 'failed'])(
      'and that RDS calls %s: it stays failed, and nobody is told again',
      async (status) => {
        const id = await givenUp(status);
        await run();
        await run();
        expect(shop.vault.point(id)).toMatchObject({ status: 'failed', failure: 'never made' });
        expect(shop.messages).toEqual([]);
      },
    );

    it('and that RDS does not have: nothing is asked for', async () => {
      const id = await givenUp('available');
      shop.rds.primary.snapshots.clear();
      await run();
      expect(shop.vault.point(id).status).toBe('failed');
      expect(shop.rds.changes).toEqual([]);
    });

    it('but leaves alone what a verification found bad: its snapshot was whole all the time', async () => {
      const id = await givenUp('available', { storedAt: '2026-11-19T02:05:00.000Z' });
      await expect(run()).resolves.toMatchObject({ looked: 0, moved: [] });
      expect(shop.vault.point(id).status).toBe('failed');
    });
  });

  it('tries everything, and then names what could not be moved, and why', async () => {
    for (const date of ['2026-11-18', '2026-11-19', '2026-11-20']) {
      const point = await shop.vault.addPoint(started(date));
      shop.rds.addSnapshot('primary', { DBSnapshotIdentifier: point.nativeId });
    }
    shop.rds.before = (_, region, id) => {
      if (region === PRIMARY && id.includes('20261119')) throw refusal('Throttling');
    };
    const running = run();
    await expect(running).rejects.toMatchObject({ name: 'PartlyDone' });
    await expect(running).rejects.toThrow(/shop-db-20261119t020000z-scheduled: Throttling/);
    expect(shop.vault.point('shop-db-20261118t020000z-scheduled').status).toBe('stored');
    expect(shop.vault.point('shop-db-20261120t020000z-scheduled').status).toBe('stored');
    shop.rds.before = () => undefined;
    await expect(run()).resolves.toMatchObject({ moved: ['shop-db-20261119t020000z-scheduled'] });
  });

  it('carries exports on', async () => {
    await shop.vault.addPoint(snapshotPoint(day('2026-11-19')));
    shop.rds.addSnapshot('primary', { DBSnapshotIdentifier: 'lifeboat-shop-db-20261119t020000z-scheduled' });
    const point = await shop.vault.addPoint(
      exportPoint(new Date('2026-11-20T03:00:00Z'), 'shop-db-20261119t020000z-scheduled'),
    );
    await run();
    expect(shop.rds.primary.exports.has(point.nativeId)).toBe(true);
  });

  it('names young snapshots with our tag that no recovery point claims, over all pages', async () => {
    const tagged = [{ Key: 'lifeboat:recovery-point', Value: 'x' }];
    const at = new Date('2026-11-20T02:00:00Z');
    shop.rds.addSnapshot('primary', { DBSnapshotIdentifier: 'of-somebody-else', SnapshotCreateTime: at, TagList: [] });
    shop.rds.addSnapshot('primary', {
      DBSnapshotIdentifier: 'old',
      SnapshotCreateTime: new Date('2026-11-01'),
      TagList: tagged,
    });
    shop.rds.addSnapshot('primary', { DBSnapshotIdentifier: 'lost', SnapshotCreateTime: at, TagList: tagged });
    const point = await shop.vault.addPoint(snapshotPoint(day('2026-11-20')));
    shop.rds.addSnapshot('primary', { DBSnapshotIdentifier: point.nativeId, SnapshotCreateTime: at, TagList: tagged });
    await expect(run()).resolves.toMatchObject({ unclaimed: ['lost'] });
    expect(shop.telemetry.logs()).toContainEqual(expect.objectContaining({ level: 'WARN', snapshots: ['lost'] }));
    expect(shop.rds.changes).toEqual([]);
  });

  it('refuses an event with anything in it', async () => {
    await expect(invoke(reconcile, { source: 'shop-db' })).rejects.toMatchObject({ name: 'RequestInvalid' });
  });
});
