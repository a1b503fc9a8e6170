import { describe, expect, it } from 'vitest';
import { ATTEMPTS, type Attempt, pauseAfter, planRetries } from '../../../shared/verification/attempts.ts';

const POINT = 'shop-db-20261122t020000z-scheduled';
const at = (time: string): Date => new Date(`2026-11-22T${time}:00Z`);
const asked = { source: 'shop-db', scheduledAt: '2026-11-22T04:00:00Z' };
/** One that began at four, ended at five and could not test. */
const attempt = (change: Partial<Attempt> = {}): Attempt => ({
  name: 'first',
  status: 'SUCCEEDED',
  startedAt: at('04:00'),
  stoppedAt: at('05:00'),
  asked,
  concluded: { verdict: 'INCONCLUSIVE', recoveryPoint: POINT, worthRepeating: true },
  ...change,
});
const second = (change: Partial<Attempt> = {}) =>
  attempt({ name: 'first-attempt-2', startedAt: at('05:30'), stoppedAt: at('06:30'), ...change });
const retried = (attempts: Attempt[], time: string) => planRetries(attempts, at(time)).map(({ name }) => name);

describe('a verification that could not test', () => {
  it('is due again after half an hour, as what it was, under a name of its own', () => {
    expect(retried([attempt()], '05:29')).toEqual([]);
    expect(planRetries([attempt()], at('05:30'))).toEqual([
      { asked, attempt: 2, name: 'first-attempt-2', recoveryPoint: POINT, since: at('04:00') },
    ]);
  });

  it('waits longer after each attempt, in whatever order they are found', () => {
    expect(retried([second(), attempt()], '08:29')).toEqual([]);
    expect(retried([second(), attempt()], '08:30')).toEqual(['first-attempt-3']);
    expect([1, 2, 3].map(pauseAfter)).toEqual([1800, 7200, 28_800]);
  });

  it('is given up after four attempts', () => {
    const all = Array.from({ length: ATTEMPTS }, (_, n) => attempt({ name: `n${n}`, startedAt: at(`04:0${n}`) }));
    expect(planRetries(all.slice(1), at('23:59'))).toHaveLength(1);
    expect(planRetries(all, at('23:59'))).toEqual([]);
  });

  it.each([
    ['still runs', second({ status: 'RUNNING', stoppedAt: undefined, concluded: undefined })],
    ['is about to be redriven', second({ status: 'PENDING_REDRIVE', concluded: undefined })],
    ['proved it', second({ concluded: { verdict: 'PROVEN' } })],
    ['found it bad', second({ concluded: { verdict: 'FAILED' } })],
    ['was stopped by a person', second({ status: 'ABORTED', concluded: undefined })],
    ['would end the same', second({ concluded: { verdict: 'INCONCLUSIVE', worthRepeating: false } })],
    ['said nothing that is understood', second({ concluded: undefined })],
  ])('is not tried again where the last attempt %s', (_, last) => {
    expect(retried([attempt(), last], '23:59')).toEqual([]);
  });

  it.each(['FAILED', 'TIMED_OUT'] as const)('is tried again where the last attempt ended %s', (status) => {
    expect(retried([attempt(), second({ status, concluded: undefined })], '23:59')).toEqual(['first-attempt-3']);
  });

  it('gives way to a newer verification of the same source, and to none of another or with another aim', () => {
    const newer = { ...asked, scheduledAt: '2026-11-22T05:00:00Z' };
    const proven = { name: 'newer', concluded: { verdict: 'PROVEN' as const } };
    expect(retried([attempt(), attempt({ ...proven, asked: newer })], '23:59')).toEqual([]);
    for (const other of [{ source: 'other-db' }, { recoveryPoint: POINT }, { before: '2026-11-01T00:00:00Z' }])
      expect(retried([attempt(), attempt({ ...proven, asked: { ...newer, ...other } })], '23:59')).toEqual([
        'first-attempt-2',
      ]);
  });

  it('is asked for the point it was asked for, where it came to none', () => {
    const given = { ...asked, recoveryPoint: POINT };
    const [retry] = planRetries([attempt({ asked: given, status: 'FAILED', concluded: undefined })], at('23:59'));
    expect(retry).toMatchObject({ recoveryPoint: POINT, asked: given });
  });

  it('has a name that Step Functions takes, however long the first was', () => {
    const [retry] = planRetries([attempt({ name: 'x'.repeat(80) })], at('23:59'));
    expect(retry?.name.length).toBeLessThanOrEqual(80);
    expect(retry?.name).toMatch(/-attempt-2$/);
  });
});
