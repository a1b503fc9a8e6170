import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { catalogKey, parsePointId, pointId } from '../../../shared/catalog/ids.ts';
import { STATUSES, type Status } from '../../../shared/catalog/recovery-point.ts';
import { assertTransition } from '../../../shared/catalog/transitions.ts';
import { day, snapshotPoint } from '../../support/points.ts';

const allowed: Record<Status, Status[]> = {
  started: ['started', 'stored', 'failed'],
  stored: ['stored', 'verified', 'failed', 'expired'],
  verified: ['verified', 'failed', 'expired'],
  failed: ['failed', 'stored', 'verified', 'expired'],
  expired: ['expired'],
};

describe('the life of a recovery point', () => {
  it.each(STATUSES.flatMap((from) => STATUSES.map((to) => ({ from, to }))))('$from → $to', ({ from, to }) => {
    const step = () =>
      assertTransition(
        snapshotPoint(day('2026-11-20'), { status: from }),
        snapshotPoint(day('2026-11-20'), { status: to }),
      );
    if (allowed[from].includes(to)) expect(step).not.toThrow();
    else expect(step).toThrow(/cannot change like this.*Look at who wrote/);
  });
});

describe('ids of recovery points', () => {
  const source = fc.stringMatching(/^[a-z][a-z0-9-]{0,26}$/);
  const time = fc.date({ min: new Date('2000-01-01'), max: new Date('2099-12-31'), noInvalidDate: true });
  const suffix = fc.constantFrom('scheduled', 'on-demand', 'pre-migration', 'pre-recovery', 'export');

  it('hold the source and the second they were scheduled for, whatever the source is called', () => {
    fc.assert(
      fc.property(source, time, suffix, (name, at, kind) => {
        const parsed = parsePointId(pointId(name, at, kind));
        expect(parsed.source).toBe(name);
        expect(parsed.scheduledAt.getTime()).toBe(Math.floor(at.getTime() / 1000) * 1000);
      }),
    );
  });

  it('sort by time as text, within a source, and so do their keys', () => {
    fc.assert(
      fc.property(source, time, time, suffix, (name, a, b, kind) => {
        const [earlier, later] = [a, b]
          .toSorted((x, y) => x.getTime() - y.getTime())
          .map((at) => pointId(name, at, kind)) as [string, string];
        expect(earlier <= later).toBe(true);
        expect(catalogKey(earlier) <= catalogKey(later)).toBe(true);
      }),
    );
  });

  it('differ where source, second or purpose differ', () => {
    fc.assert(
      fc.property(fc.tuple(source, time, suffix), fc.tuple(source, time, suffix), (a, b) => {
        const second = ([name, at, kind]: [string, Date, string]) =>
          `${name}|${Math.floor(at.getTime() / 1000)}|${kind}`;
        expect(pointId(...a) === pointId(...b)).toBe(second(a) === second(b));
      }),
    );
  });
});
