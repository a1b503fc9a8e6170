import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { timetableOf } from '../../../shared/schedules/timetable.ts';

const NOW = new Date('2026-11-20T00:00:00Z'); // a Friday
const lastOf = (text: string, until = NOW, zone = 'UTC'): string | undefined =>
  timetableOf(text, zone, new Date('2026-11-19T23:59:00Z')).last(until)?.toISOString().replace('.000Z', 'Z');

describe('the last time a schedule was due', () => {
  it.each([
    ['cron(0 2 * * ? *)', '2026-11-19T02:00:00Z'],
    ['cron(0 0 * * ? *)', '2026-11-20T00:00:00Z'],
    ['cron(1 0 * * ? *)', '2026-11-19T00:01:00Z'],
    ['cron(0 3 ? * SUN *)', '2026-11-15T03:00:00Z'],
    ['cron(0 3 ? * 1 *)', '2026-11-15T03:00:00Z'],
    ['cron(0 3 ? * 2-6 *)', '2026-11-19T03:00:00Z'],
    ['cron(0 3 ? * 6L *)', '2026-10-30T03:00:00Z'],
    ['cron(0 3 ? * L *)', '2026-11-14T03:00:00Z'],
    ['cron(0 3 ? * 2#1 *)', '2026-11-02T03:00:00Z'],
    ['cron(0 3 L * ? *)', '2026-10-31T03:00:00Z'],
    ['cron(0 3 22W * ? *)', '2026-10-22T03:00:00Z'],
    ['cron(0/15 * * * ? *)', '2026-11-20T00:00:00Z'],
    ['cron(0 12 1 JAN,JUL ? 2020-2025)', '2025-07-01T12:00:00Z'],
    ['cron(0 12 1 1 ? 2030)', undefined],
    ['rate(1 minute)', '2026-11-20T00:00:00Z'],
    ['rate(5 minutes)', '2026-11-19T23:59:00Z'],
  ])('%s was %s', (text, expected) => {
    expect(lastOf(text)).toBe(expected);
  });

  it('of a rate is none before its start', () => {
    expect(lastOf('rate(1 day)', new Date('2026-11-19T00:00:00Z'))).toBeUndefined();
  });

  it('is read in its time zone', () => {
    expect(lastOf('cron(0 2 * * ? *)', NOW, 'America/New_York')).toBe('2026-11-19T07:00:00Z');
  });

  it.each([
    'cron(30 2 * * ? *)',
    'cron(0 3 ? * 1 *)',
    'cron(0 3 L * ? *)',
    'cron(7/20 */3 ? * 2-6 *)',
    'rate(7 minutes)',
  ])('is the one before the next, at whatever moment one asks: %s', (text) => {
    const from = Date.UTC(2026, 0, 1);
    const timetable = timetableOf(text, 'UTC', new Date(from));
    fc.assert(
      fc.property(fc.integer({ min: 40 * 86_400, max: 500 * 86_400 }), (seconds) => {
        const at = new Date(from + seconds * 1000);
        const last = timetable.last(at) as Date;
        const next = timetable.next(at) as Date;
        expect(last.getTime()).toBeLessThanOrEqual(at.getTime());
        expect(next.getTime()).toBeGreaterThan(at.getTime());
        expect(timetable.next(last)).toEqual(next);
        expect(timetable.last(new Date(next.getTime() - 1))).toEqual(last);
      }),
      { numRuns: 60 },
    );
  });
});

it('refuses what is no schedule, and says what is wrong and what to do', () => {
  expect(() => lastOf('cron(0 2 * * *)')).toThrow(/cron\(0 2 \* \* \*\): found 5 fields.*Correct the expression/);
  expect(() => lastOf('at(2026-12-24T18:00:00)')).toThrow(expect.objectContaining({ name: 'ScheduleInvalid' }));
});
