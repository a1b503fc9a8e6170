import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planRetention } from '../../../functions/retention/plan.ts';
import { rulesFor } from '../../../functions/retention/rules.ts';
import type { RecoveryPoint } from '../../../shared/catalog/recovery-point.ts';
import { sourceNamed } from '../../../shared/config/platform.ts';
import { archivePoint, cachePoint, day, exportPoint, snapshotPoint } from '../../support/points.ts';

const DAY_MS = 86_400_000;
const NOW = new Date('2026-11-20T06:00:00Z');
const isCopied = ({ copies }: RecoveryPoint): boolean => copies.some(({ status }) => status === 'available');
const plan = (...points: RecoveryPoint[]) =>
  planRetention(points, NOW, rulesFor(sourceNamed(points[0]?.source ?? 'shop-db'), points));
const old = (date: string, change: Partial<RecoveryPoint> = {}) => snapshotPoint(day(date), change);
const fresh = old('2026-11-20');
type CopyStatus = RecoveryPoint['copies'][number]['status'];
const copyThatIs = (status: CopyStatus): RecoveryPoint['copies'] => [
  { region: 'us-west-2', snapshotId: 'x', status, attempts: 1 },
];
const reasons = (decisions: { id: string; reason: string }[]) =>
  decisions.map(({ id, reason }) => `${id.slice(8, 16)} ${reason}`);

describe('the plan of retention', () => {
  it('removes what its class no longer keeps, and says why', () => {
    const { keep, remove, refused } = plan(old('2026-09-01'), old('2026-09-02'), fresh);
    expect(reasons(remove)).toEqual([
      '20260901 its class (daily) ended 2026-10-01T02:00:00.000Z',
      '20260902 its class (daily) ended 2026-10-02T02:00:00.000Z',
    ]);
    expect(keep).toEqual([
      { id: fresh.id, reason: 'younger than its class (daily) allows', until: '2026-12-20T02:00:00.000Z' },
    ]);
    expect(refused).toEqual([]);
  });

  it('keeps a point to the very end of its class', () => {
    const ends = (at: string) => old('2026-09-01', { retention: { class: 'daily', expiresAt: at } });
    expect(plan(ends('2026-11-20T06:00:00.001Z'), fresh).keep).toHaveLength(2);
    expect(plan(ends('2026-11-20T06:00:00.000Z'), fresh).remove).toHaveLength(1);
  });

  it('refuses to remove the newest point, verified or not', () => {
    expect(reasons(plan(old('2026-09-01'), old('2026-09-02')).refused)).toEqual(['20260902 the newest point']);
  });

  it('refuses to remove the newest proven point, however many unproven ones are newer', () => {
    const { refused, remove } = plan(
      old('2026-08-01', { status: 'verified' }),
      old('2026-09-01', { status: 'verified' }),
      old('2026-09-02'),
      fresh,
    );
    expect(reasons(refused)).toEqual(['20260901 the newest proven point']);
    expect(remove.map(({ id }) => id.slice(8, 16))).toEqual(['20260801', '20260902']);
  });

  it('names the stronger reason where several hold', () => {
    expect(reasons(plan(old('2026-09-02', { status: 'verified', copies: [] })).refused)).toEqual([
      '20260902 the newest proven point',
    ]);
  });

  it('does not take a failed point for the newest good one', () => {
    const { refused } = plan(old('2026-09-01'), old('2026-11-19', { status: 'failed' }));
    expect(reasons(refused)).toEqual(['20260901 the newest point']);
  });

  it.each(['waiting', 'copying'] as const)('refuses to remove a point whose copy is %s', (status) => {
    expect(reasons(plan(old('2026-09-01', { copies: copyThatIs(status) }), fresh).refused)).toEqual([
      '20260901 not yet copied to the recovery region',
    ]);
  });

  it('lets a point go whose copy was given up once a newer one is copied, and not before', () => {
    const givenUp = old('2026-09-01', { copies: copyThatIs('failed') });
    expect(plan(givenUp, fresh).remove.map(({ id }) => id)).toEqual([givenUp.id]);
    const uncopied = old('2026-11-20', { copies: copyThatIs('waiting') });
    for (const others of [[uncopied], [old('2026-08-31'), uncopied]])
      expect(reasons(plan(givenUp, ...others).refused)).toContain('20260901 not yet copied to the recovery region');
  });

  it('refuses to remove what is still being made, and what is being exported', () => {
    const parent = old('2026-09-01');
    const exporting = exportPoint(new Date('2026-09-01T03:00:00Z'), parent.id);
    const { refused } = plan(
      parent,
      { ...exporting, retention: { class: 'pre-change', expiresAt: '2026-10-01T00:00:00.000Z' } },
      fresh,
    );
    expect(reasons(refused)).toEqual([`20260901 being exported as ${exporting.id}`, '20260901 still being made']);
  });

  it('lets a failed point go once its class has ended, and not before', () => {
    expect(plan(old('2026-09-01', { status: 'failed' }), fresh).remove).toHaveLength(1);
    expect(plan(old('2026-11-10', { status: 'failed' }), fresh).remove).toHaveLength(0);
  });

  it('guards exports by themselves: the newest one stays though snapshots are newer', () => {
    const exported = exportPoint(new Date('2019-11-01T03:00:00Z'), 'x', {
      status: 'stored',
      retention: { class: 'compliance', expiresAt: '2026-11-01T03:00:00.000Z' },
    });
    expect(reasons(plan(exported, fresh).refused)).toEqual(['20191101 the newest point']);
  });

  it('says nothing of points that are expired already', () => {
    expect(plan(old('2026-09-01', { status: 'expired' }))).toEqual({ keep: [], remove: [], refused: [] });
  });
});

describe('whatever the points are', () => {
  const status = fc.constantFrom('started', 'stored', 'verified', 'failed', 'expired') as fc.Arbitrary<
    RecoveryPoint['status']
  >;
  const point = fc
    .record({
      age: fc.integer({ min: 0, max: 400 }),
      kept: fc.integer({ min: 1, max: 100 }),
      status,
      copy: fc.constantFrom<CopyStatus[]>('available', 'copying', 'failed'),
      exported: fc.boolean(),
    })
    .map(({ age, kept, status: state, copy, exported }): RecoveryPoint => {
      const at = new Date(NOW.getTime() - age * DAY_MS);
      const change: Partial<RecoveryPoint> = {
        status: state,
        retention: { class: 'daily', expiresAt: new Date(at.getTime() + kept * DAY_MS).toISOString() },
      };
      return exported ? exportPoint(at, 'x', change) : snapshotPoint(at, { ...change, copies: copyThatIs(copy) });
    });
  const points = fc.uniqueArray(point, { maxLength: 30, selector: ({ id }) => id });

  it('each gets exactly one decision, unless it is expired', () => {
    fc.assert(
      fc.property(points, (all) => {
        const { keep, remove, refused } = plan(...all);
        const decided = [...keep, ...remove, ...refused].map(({ id }) => id).sort();
        expect(decided).toEqual(
          all
            .filter((each) => each.status !== 'expired')
            .map(({ id }) => id)
            .sort(),
        );
      }),
    );
  });

  it('nothing is removed that is the newest proven, the newest, not copied, too young, or under way', () => {
    fc.assert(
      fc.property(points, (all) => {
        const removed = new Set(plan(...all).remove.map(({ id }) => id));
        for (const method of ['snapshot', 'export']) {
          const good = all.filter((each) => each.method === method && ['stored', 'verified'].includes(each.status));
          const newest = (some: RecoveryPoint[]) =>
            some.toSorted((a, b) => a.scheduledAt.localeCompare(b.scheduledAt)).at(-1)?.id;
          expect(removed).not.toContain(newest(good));
          expect(removed).not.toContain(newest(good.filter((each) => each.status === 'verified')));
        }
        for (const each of all.filter(({ id }) => removed.has(id))) {
          expect(new Date(each.retention.expiresAt).getTime()).toBeLessThanOrEqual(NOW.getTime());
          expect(['stored', 'verified', 'failed']).toContain(each.status);
          if (each.method !== 'snapshot' || each.status === 'failed' || isCopied(each)) continue;
          expect(each.copies[0]?.status).toBe('failed');
          const newer = all.filter(
            (other) =>
              other.method === 'snapshot' &&
              ['stored', 'verified'].includes(other.status) &&
              other.scheduledAt > each.scheduledAt,
          );
          expect(newer.some(isCopied)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('of a cache', () => {
  const hourly = (date: string, change: Partial<RecoveryPoint> = {}) => {
    const snapshot = cachePoint(day(date));
    return [snapshot, archivePoint(snapshot, change)];
  };
  const newest = hourly('2026-11-20');

  it('snapshots go after thirty days, archives after ninety', () => {
    const { remove, refused } = plan(...hourly('2026-08-20'), ...hourly('2026-10-15'), ...newest);
    expect(reasons(remove).map((reason) => reason.replace(/ ended.*/, ''))).toEqual([
      'he-20260 its class (snapshot)',
      'he-20260 its class (archive)',
      'he-20261 its class (snapshot)',
    ]);
    expect(refused).toEqual([]);
  });

  it.each([
    ['failed', { status: 'failed' }],
    ['is still being made', { status: 'started' }],
    [
      'was not understood',
      { cache: { node: 'shop-cache-002', engine: 'redis', archive: { checked: 'not understood' } } },
    ],
  ] as const)('a snapshot whose archive %s stays, and the others go all the same', (_, change) => {
    const [kept, archive] = hourly('2026-10-01', change as Partial<RecoveryPoint>) as [RecoveryPoint, RecoveryPoint];
    const { keep, remove, refused } = plan(kept, archive, ...hourly('2026-10-02'), ...newest);
    expect(keep).toContainEqual({ id: kept.id, reason: 'its archive is not in the vault, or was not found whole' });
    expect(remove).toHaveLength(1);
    expect(refused).toEqual([]);
  });

  it('a snapshot without any archive stays', () => {
    const lonely = cachePoint(day('2026-10-01'));
    expect(plan(lonely, ...newest).keep.map(({ id }) => id)).toContain(lonely.id);
  });

  it('a snapshot that was never made goes', () => {
    const failed = cachePoint(day('2026-10-01'), { status: 'failed' });
    expect(plan(failed, ...newest).remove.map(({ id }) => id)).toEqual([failed.id]);
  });

  it('refuses to remove the newest archive, proven or not, for want of newer ones', () => {
    const { refused } = plan(...hourly('2026-08-01'), ...hourly('2026-08-02', { status: 'verified' }));
    expect(refused.map(({ reason }) => reason)).toEqual(['the newest point', 'the newest proven point']);
  });
});
