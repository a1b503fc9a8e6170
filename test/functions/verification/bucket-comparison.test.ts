import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  align,
  type BucketFinding,
  isQuiet,
  judgeBusy,
  judgeQuiet,
} from '../../../functions/verification/bucket-comparison.ts';
import {
  type Bucket,
  packBuckets,
  packRows,
  type RowDigest,
  unpackBuckets,
  unpackRows,
} from '../../../functions/verification/fingerprint-document.ts';

const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const row: fc.Arbitrary<RowDigest> = fc.record({ index: fc.constant(0), d1: u64, d2: u64 });
const sum = (rows: RowDigest[], side: 'd1' | 'd2') =>
  BigInt.asUintN(
    64,
    rows.reduce((total, one) => total + one[side], 0n),
  );
const bucket = (rows: RowDigest[]): Bucket => ({
  index: 0,
  rows: rows.length,
  d1: sum(rows, 'd1'),
  d2: sum(rows, 'd2'),
});

/** Judges one bucket from the rows of the three readings, as a comparison does. */
const judge = (before: RowDigest[], copy: RowDigest[], after: RowDigest[], kept = true): BucketFinding => {
  const [triple] = align([bucket(before)], [bucket(after)], [bucket(copy)]);
  if (!triple) throw new Error('nothing to judge');
  return isQuiet(triple) ? judgeQuiet(triple) : judgeBusy(triple, kept ? after : undefined, copy);
};

/** Rows before the snapshot, and for each whether it is still there in the copy and after. Doubles are possible. */
const history = fc
  .array(fc.tuple(row, fc.constantFrom('stays', 'goes after the snapshot', 'goes before the snapshot')), {
    minLength: 1,
    maxLength: 20,
  })
  .chain((rows) => fc.constant([...rows, ...rows.slice(0, 2)]))
  .map((rows) => ({
    before: rows.map(([one]) => one),
    copy: rows.filter(([, fate]) => fate !== 'goes before the snapshot').map(([one]) => one),
    after: rows.filter(([, fate]) => fate === 'stays').map(([one]) => one),
  }));

describe('a bucket', () => {
  it('is never called damaged while the copy is a state between the two readings', () => {
    fc.assert(
      fc.property(history, fc.boolean(), ({ before, copy, after }, kept) => {
        const finding = judge(before, copy, after, kept);
        expect(finding.damage).toBeUndefined();
        expect(finding.exact + finding.undecided).toBe(copy.length);
      }),
    );
  });

  it('is called damaged where a row that was there all the time is changed or missing', () => {
    fc.assert(
      fc.property(history, row, fc.nat(), (rows, other, pick) => {
        fc.pre(rows.after.length > 0);
        const victim = rows.after[pick % rows.after.length] as RowDigest;
        const rest = rows.copy.toSpliced(rows.copy.indexOf(victim), 1);
        expect(judge(rows.before, [...rest, other], rows.after).damage).toBeDefined();
        expect(judge(rows.before, rest, rows.after).damage).toBeDefined();
      }),
    );
  });

  it('is called damaged where a row is there that had gone before the first reading, unless others that went leave room for it', () => {
    fc.assert(
      fc.property(history, row, ({ before, copy, after }, other) => {
        const gone = before.length - after.length;
        const found = judge(before, [...copy, other], after).damage !== undefined;
        const extra = copy.length + 1 - after.length;
        expect(found).toBe(extra >= gone);
      }),
    );
  });

  it('whose rows were not kept is still bounded by their number', () => {
    const rows = Array.from({ length: 5 }, (_, n) => ({ index: 0, d1: BigInt(n), d2: BigInt(n) }));
    expect(judge(rows, rows.slice(0, 2), rows.slice(0, 3), false).damage).toMatchObject({
      leastRows: 3,
      mostRows: 5,
      foundRows: 2,
    });
    expect(judge(rows, rows.slice(0, 4), rows.slice(0, 3), false)).toMatchObject({ exact: 0, undecided: 4 });
  });

  it('that grew accuses nobody: that is not what the proof is about', () => {
    const rows = Array.from({ length: 3 }, (_, n) => ({ index: 0, d1: BigInt(n), d2: BigInt(n) }));
    expect(judge(rows.slice(0, 1), [], rows)).toMatchObject({ exact: 0, undecided: 0 });
  });
});

describe('buckets and rows', () => {
  it('come out of the vault as they went in', () => {
    const number = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(fc.array(fc.record({ index: number, rows: number, d1: u64, d2: u64 })), (buckets) => {
        expect(unpackBuckets(packBuckets(buckets))).toEqual(buckets);
        const rows = buckets.map(({ index, d1, d2 }) => ({ index, d1, d2 }));
        expect(unpackRows(packRows(rows))).toEqual(rows);
      }),
    );
  });
});
