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
    await expect(run()).resolves.toEqual({ looked: 0, moved: [], begun: [], unclaimed: [] });
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

  it('looks only at what is open', async () => {
    for (const point of [
      snapshotPoint(day('2026-11-19')),
      snapshotPoint(day('2026-11-18'), { status: 'failed' }),
      snapshotPoint(day('2026-11-17'), { status: 'expired' }),
    ])
      await shop.vault.addPoint(point);
    await expect(run()).resolves.toEqual({ looked: 0, moved: [], begun: [], unclaimed: [] });
    expect(shop.rds.changes).toEqual([]);
  });

  describe('ends what is open for more than eight days', () => {
    const PARENT = 'lifeboat-shop-db-20261111t020000z-scheduled';
    const openExport = async (startedAt: string, Status: string) => {
      shop.rds.addSnapshot('primary', { DBSnapshotIdentifier: PARENT });
      const point = await shop.vault.addPoint(
        exportPoint(new Date('2026-11-11T03:00:00Z'), 'shop-db-20261111t020000z-scheduled', { startedAt }),
      );
      shop.rds.primary.exports.set(point.nativeId, {
        ExportTaskIdentifier: point.nativeId,
        Status,
        PercentProgress: 43,
      });
      return point.id;
    };

    it('an export that RDS leaves in progress: failed, with its cause, and told once', async () => {
      const id = await openExport('2026-11-12T11:59:00.000Z', 'IN_PROGRESS');
      await expect(run()).resolves.toMatchObject({ moved: [id] });
      await run();
      expect(shop.vault.point(id)).toMatchObject({
        status: 'failed',
        failure: expect.stringMatching(/more than 8 days: RDS calls the export IN_PROGRESS, 43 % done/),
      });
      expect(shop.messages).toMatchObject([{ topic: 'critical', text: expect.stringContaining('IN_PROGRESS') }]);
    });

    it('counted from when it began, whatever time it was scheduled for', async () => {
      const id = await openExport('2026-11-12T12:01:00.000Z', 'IN_PROGRESS');
      await run();
      expect(shop.vault.point(id).status).toBe('started');
    });

    it('a snapshot that RDS never completes', async () => {
      const point = await shop.vault.addPoint(started('2026-11-11'));
      shop.rds.addSnapshot('primary', { DBSnapshotIdentifier: point.nativeId, Status: 'creating' });
      await run();
      expect(shop.vault.point(point.id).failure).toMatch(/RDS calls the snapshot creating/);
    });

    it('a copy that never got a place: the point stays stored, and people are told', async () => {
      for (let n = 0; n < 20; n++)
        shop.rds.addSnapshot('recovery', { DBSnapshotIdentifier: `x-${n}`, Status: 'creating', SourceRegion: PRIMARY });
      const point = snapshotPoint(day('2026-11-11'));
      const copies = point.copies.map((copy) => ({ ...copy, status: 'waiting' as const, attempts: 0 }));
      await shop.vault.addPoint({ ...point, copies });
      await run();
      await run();
      expect(shop.vault.point(point.id)).toMatchObject({ status: 'stored', copies: [{ status: 'failed' }] });
      expect(shop.messages).toMatchObject([
        { topic: 'critical', text: expect.stringContaining('no room in its quota') },
      ]);
    });

    it('but looks first: what ended well while the reconciler could not run is stored', async () => {
      const point = await shop.vault.addPoint(started('2026-10-20'));
      shop.rds.addSnapshot('primary', { DBSnapshotIdentifier: point.nativeId });
      await run();
      expect(shop.vault.point(point.id)).toMatchObject({ status: 'stored', copies: [{ status: 'copying' }] });
    });

    it('and does not take a look that failed for the end, until it failed for as long again', async () => {
      const id = await openExport('2026-11-12T11:59:00.000Z', 'COMPLETE');
      shop.rds.before = (operation) => {
        if (operation === 'DescribeExportTasks') throw refusal('Throttling');
      };
      await expect(run()).rejects.toMatchObject({ name: 'PartlyDone' });
      expect(shop.vault.point(id).status).toBe('started');
      shop.schedules.state = 'DISABLED';
      shop.setTime('2026-11-28T12:00:00Z');
      await run();
      expect(shop.vault.point(id)).toMatchObject({ status: 'failed', failure: expect.stringContaining('Throttling') });
    });

    it('and does not call it ended before people could be told', async () => {
      const id = await openExport('2026-11-12T11:59:00.000Z', 'IN_PROGRESS');
      shop.publishing = () => {
        throw refusal('Throttled');
      };
      await expect(run()).rejects.toThrow(/Throttled/);
      expect(shop.vault.point(id).status).toBe('started');
    });

    it('without listing the history before the last five weeks', async () => {
      const old = await shop.vault.addPoint(started('2026-10-01'));
      await run();
      expect(shop.vault.point(old.id).status).toBe('started');
      expect(shop.vault.requests.filter((each) => each.includes(old.id))).toEqual([]);
    });
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

    it('but not for ever: after eight days it is not looked at any more', async () => {
      const id = await givenUp('available', { startedAt: '2026-11-12T11:00:00.000Z' });
      await expect(run()).resolves.toMatchObject({ looked: 0 });
      expect(shop.vault.point(id).status).toBe('failed');
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
