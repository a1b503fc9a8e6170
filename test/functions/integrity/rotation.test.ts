import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dayNumber, shareOf, sharesDue } from '../../../functions/integrity/rotation.ts';

describe('the share of a day', () => {
  it('is one of thirty where yesterday was complete', () => {
    expect([...sharesDue(20_000, 19_999, 30)]).toEqual([20_000 % 30]);
  });

  it('grows by every day that was missed', () => {
    expect(sharesDue(20_000, 19_996, 30)).toEqual(new Set([19_997, 19_998, 19_999, 20_000].map((day) => day % 30)));
  });

  it('is everything where more than a period was missed, or nothing is known', () => {
    expect(sharesDue(20_000, 19_000, 30).size).toBe(30);
    expect(sharesDue(20_000, undefined, 30).size).toBe(30);
  });

  it('is never nothing, though the clock went back', () => {
    expect([...sharesDue(20_000, 20_003, 30)]).toEqual([20_000 % 30]);
  });

  it('of an object follows from its name alone, and objects spread over all shares', () => {
    const shares = Array.from({ length: 3000 }, (_, n) => shareOf(`s3://vault/object-${n}`, 30));
    expect(new Set(shares).size).toBe(30);
    expect(shareOf('s3://vault/object-7', 30)).toBe(shares[7]);
    for (const share of shares) expect(share).toBeLessThan(30);
  });

  it('changes at midnight UTC', () => {
    expect(dayNumber(new Date('2026-11-21T00:00:00Z')) - dayNumber(new Date('2026-11-20T23:59:59Z'))).toBe(1);
  });
});

describe('whatever runs are missed', () => {
  const shares = fc.integer({ min: 1, max: 60 });
  const gaps = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 40 });

  it('every run leaves every share read since its own day last came round', () => {
    fc.assert(
      fc.property(shares, gaps, fc.integer({ min: 20_000, max: 30_000 }), (count, pauses, start) => {
        const readOn = new Map<number, number>();
        let today = start;
        let last: number | undefined;
        for (const pause of pauses) {
          today += pause;
          for (const share of sharesDue(today, last, count)) readOn.set(share, today);
          last = today;
          for (let share = 0; share < count; share++) {
            const itsDay = today - ((((today - share) % count) + count) % count);
            expect(readOn.get(share), `share ${share} on day ${today}`).toBeGreaterThanOrEqual(itsDay);
          }
        }
      }),
    );
  });

  it('with a run every day, every share is read within the period, and no more than once', () => {
    fc.assert(
      fc.property(shares, fc.integer({ min: 100, max: 50_000 }), (count, start) => {
        const reads: number[] = [];
        for (let day = start; day < start + count; day++) reads.push(...sharesDue(day, day - 1, count));
        expect(reads.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, share) => share));
      }),
    );
  });
});
