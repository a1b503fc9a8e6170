import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planItems } from '../../../functions/verification/fingerprint-items.ts';
import { PAGES_PER_BUCKET } from '../../../functions/verification/row-digests.ts';

const tables = (...pages: number[]) => pages.map((each) => ({ pages: each }));

describe('the work items of a fingerprint', () => {
  it('hold every page of every table once, and what is added behind it', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10_000), { maxLength: 50 }), (pages) => {
        const ranges = planItems(tables(...pages), 800, 10).flat();
        pages.forEach((_, table) => {
          const own = ranges.filter((range) => range.table === table).sort((a, b) => a.fromPage - b.fromPage);
          expect(own[0]?.fromPage).toBe(0);
          expect(own.at(-1)?.toPage).toBeNull();
          expect(own.slice(1).map(({ fromPage }) => fromPage)).toEqual(own.slice(0, -1).map(({ toPage }) => toPage));
        });
      }),
    );
  });

  it('end between buckets, so that no bucket is in two items', () => {
    const ends = planItems(tables(10_000, 3_333), 801).flatMap((ranges) => ranges.map(({ toPage }) => toPage ?? 0));
    expect(ends.every((end) => end % PAGES_PER_BUCKET === 0)).toBe(true);
  });

  it('take small tables together, up to a number of pages and of tables', () => {
    expect(planItems(tables(0, 0, 0, 0, 0), 800, 2).map((ranges) => ranges.length)).toEqual([2, 2, 1]);
    expect(planItems(tables(300, 300, 300), 800).map((ranges) => ranges.length)).toEqual([2, 1]);
  });

  it('are none where there are no tables', () => {
    expect(planItems([])).toEqual([]);
  });
});
