// The judgement over one bucket, from three counts and digests, by set inclusion alone: what the copy holds of old rows is
// part of what was there before the snapshot, and holds all that was still there after it.
import type { Bucket, RowDigest } from './fingerprint-document.ts';

export interface BucketFinding {
  index: number;
  /** Old rows proven equal, byte for byte, by the bucket's digest or one by one. */
  exact: number;
  oneByOne: number;
  /** Rows that vanished while the backup was made: the copy may hold them or not. */
  undecided: number;
  /** Set where the copy cannot be a state between before and after. */
  damage?: {
    /** Between these numbers of rows everything would be as it may be. */
    leastRows: number;
    mostRows: number;
    foundRows: number;
    /** Of the rows after the snapshot. */
    expectedDigest: string;
    foundDigest: string;
    missing: RowDigest[];
    extra: RowDigest[];
  };
}

const MASK = 2n ** 64n;
const empty = (index: number): Bucket => ({ index, rows: 0, d1: 0n, d2: 0n });
const digestText = ({ d1, d2 }: { d1: bigint; d2: bigint }): string =>
  d1.toString(16).padStart(16, '0') + d2.toString(16).padStart(16, '0');
const same = (a: Bucket, b: Bucket): boolean => a.rows === b.rows && a.d1 === b.d1 && a.d2 === b.d2;

export interface Triple {
  index: number;
  before: Bucket;
  after: Bucket;
  copy: Bucket;
}

/** Buckets of the three readings side by side; one that is missing from a reading was empty there. */
export const align = (before: Bucket[], after: Bucket[], copy: Bucket[]): Triple[] => {
  const [b, a, c] = [before, after, copy].map((list) => new Map(list.map((bucket) => [bucket.index, bucket])));
  const indexes = new Set([...before, ...after, ...copy].map(({ index }) => index));
  return [...indexes]
    .sort((x, y) => x - y)
    .map((index) => ({
      index,
      before: b?.get(index) ?? empty(index),
      after: a?.get(index) ?? empty(index),
      copy: c?.get(index) ?? empty(index),
    }));
};

/** Whether the bucket's digests decide on their own. */
export const isQuiet = ({ before, after }: Triple): boolean => same(before, after);

/** A bucket nothing happened in while the backup was made: the copy has to be equal. */
export const judgeQuiet = ({ index, before, copy }: Triple): BucketFinding =>
  same(before, copy)
    ? { index, exact: before.rows, oneByOne: 0, undecided: 0 }
    : damaged({ index, before, after: before, copy }, [], []);

/**
 * A bucket that lost rows while the backup was made. `afterRows` and `copyRows` are its old rows one by one; left out
 * where they were not kept: then only counts bound it.
 */
export const judgeBusy = (triple: Triple, afterRows: RowDigest[] | undefined, copyRows: RowDigest[]): BucketFinding => {
  const { index, before, after, copy } = triple;
  // Nothing old can appear: readings like these are not what the proof is about, so they accuse nobody.
  if (after.rows > before.rows) return { index, exact: 0, oneByOne: 0, undecided: copy.rows };
  if (afterRows === undefined) {
    const possible = copy.rows >= after.rows && copy.rows <= before.rows;
    return possible ? { index, exact: 0, oneByOne: 0, undecided: copy.rows } : damaged(triple, [], []);
  }
  const { missing, extra } = subtract(afterRows, copyRows);
  const gone = before.rows - after.rows;
  const sum = (side: 'd1' | 'd2') => extra.reduce((total, row) => (total + row[side]) % MASK, 0n);
  const difference = (side: 'd1' | 'd2') => (before[side] - after[side] + MASK) % MASK;
  // All that vanished later is still in the copy: then it has to be exactly what vanished.
  const complete = extra.length === gone;
  const explained =
    extra.length < gone || (complete && sum('d1') === difference('d1') && sum('d2') === difference('d2'));
  if (missing.length > 0 || !explained) return damaged(triple, missing, extra);
  const certain = afterRows.length + (complete ? extra.length : 0);
  return { index, exact: certain, oneByOne: certain, undecided: complete ? 0 : extra.length };
};

/** Rows of `expected` that `found` lacks, and rows of `found` beyond `expected`; equal rows count as often as they stand. */
const subtract = (expected: RowDigest[], found: RowDigest[]): { missing: RowDigest[]; extra: RowDigest[] } => {
  const left = new Map<string, RowDigest[]>();
  for (const row of found) {
    const alike = left.get(digestText(row));
    if (alike) alike.push(row);
    else left.set(digestText(row), [row]);
  }
  const missing = expected.filter((row) => left.get(digestText(row))?.pop() === undefined);
  return { missing, extra: [...left.values()].flat() };
};

const damaged = ({ index, before, after, copy }: Triple, missing: RowDigest[], extra: RowDigest[]): BucketFinding => ({
  index,
  exact: 0,
  oneByOne: 0,
  undecided: 0,
  damage: {
    leastRows: after.rows,
    mostRows: before.rows,
    foundRows: copy.rows,
    expectedDigest: digestText(after),
    foundDigest: digestText(copy),
    missing,
    extra,
  },
});
