// Names what is wrong in damaged buckets, by reading their rows from the copy and, where it still is the same file, from
// the live table. Whether something is wrong was decided before; here it only gets its name.
import { quoteName } from '../../shared/postgres/identifiers.ts';
import type { BucketFinding } from './bucket-comparison.ts';
import type { Difference } from './evidence.ts';
import { tableName } from './fingerprint-document.ts';
import { isOld } from './horizon.ts';
import { isSameFile, type NamedRow, nameOf, PAGES_PER_BUCKET, type Reading, readRows } from './row-digests.ts';

/** Differences told by name for one table; the rest is counted. */
const NAMED = 20;
/** Damaged buckets looked into: one is enough to fail, these are to help. */
const BUCKETS = 40;

export type DamagedBucket = BucketFinding & { damage: NonNullable<BucketFinding['damage']> };

/** `copy.next` has to be set; `live` is left out where the live database cannot be asked. */
export const nameDifferences = async (
  damaged: DamagedBucket[],
  copy: Reading,
  live: Reading | undefined,
): Promise<Difference[]> => {
  const buckets = damaged.slice(0, BUCKETS);
  const indexes = buckets.map(({ index }) => index);
  const copied = await Array.fromAsync(readRows(copy, indexes));
  const lived =
    live && (await isSameFile(live)) === 'same' ? await Array.fromAsync(readRows(live, indexes)) : undefined;
  const all = buckets.flatMap((bucket) => inBucket(bucket, copied, lived, copy));
  const told = new Set(all.map(({ index }) => index));
  const named = await distinct(all, copy);
  const unnamed = buckets.filter(({ index }) => !told.has(index)).map((bucket) => describe(bucket, copy, 'unnamed'));
  return [...named.map(({ difference }) => difference), ...unnamed].slice(0, NAMED);
};

interface Named {
  index: number;
  row: NamedRow;
  difference: Difference;
}

const inBucket = (bucket: DamagedBucket, copied: NamedRow[], lived: NamedRow[] | undefined, copy: Reading): Named[] => {
  const inThis = (row: NamedRow) => row.index === bucket.index;
  const found = new Map(copied.filter(inThis).map((row) => [row.place, row]));
  const known = new Map((lived ?? []).filter(inThis).map((row) => [row.place, row]));
  const name = (row: NamedRow, kind: Difference['kind']): Named => ({
    index: bucket.index,
    row,
    difference: describe(bucket, copy, kind, row),
  });
  const lost = [...known.values()].flatMap((row) => {
    const there = found.get(row.place);
    if (there?.xmin !== row.xmin) return [name(row, 'missing')];
    return there.d1 === row.d1 && there.d2 === row.d2 ? [] : [name(row, 'changed')];
  });
  const surplus = [...found.values()].filter((row) => known.get(row.place)?.xmin !== row.xmin);
  // Written by a transaction the live database had not begun when the snapshot was complete: by whoever ran the copy.
  const [foreign, strange] = [
    surplus.filter((row) => isForeign(row, copy)),
    surplus.filter((row) => !isForeign(row, copy)),
  ];
  const { foundRows, mostRows, extra } = bucket.damage;
  const missing = lost.filter(({ difference }) => difference.kind === 'missing').length;
  const tooMany = Math.max(0, foundRows - foreign.length - (mostRows - missing));
  const candidates =
    extra.length > 0
      ? strange.filter((row) => extra.some(({ d1, d2 }) => d1 === row.d1 && d2 === row.d2))
      : lived
        ? strange
        : [];
  // What is in the copy and not live may rightly have been deleted since: where that leaves a choice, nobody is accused by name.
  const resurrected = candidates.length === tooMany ? candidates : [];
  return [
    ...lost,
    ...foreign.map((row) => name(row, 'foreign')),
    ...resurrected.map((row) => name(row, 'resurrected')),
  ];
};

/** What the copy counts as old although its writer comes after the snapshot was written in the copy itself. */
const isForeign = ({ xmin }: NamedRow, { next = 0n }: Reading): boolean =>
  !isOld(Number(xmin), { horizon: next, next: next + 1_000_000n });

const describe = (bucket: DamagedBucket, { table }: Reading, kind: Difference['kind'], row?: NamedRow): Difference => ({
  in: tableName(table),
  kind,
  ...(row ? { key: row.key } : {}),
  pages: `${bucket.index * PAGES_PER_BUCKET} to ${(bucket.index + 1) * PAGES_PER_BUCKET - 1}`,
  expected: `${rowsExpected(bucket.damage)}, digest ${bucket.damage.expectedDigest}`,
  found: `${bucket.damage.foundRows} rows, digest ${bucket.damage.foundDigest}`,
});

const rowsExpected = ({ leastRows, mostRows }: DamagedBucket['damage']): string =>
  leastRows === mostRows ? `${leastRows} rows` : `${leastRows} to ${mostRows} rows`;

/** One difference a key: a row that is gone from its place and stands elsewhere in the copy was changed. */
const distinct = async (all: Named[], copy: Reading): Promise<Named[]> => {
  if (copy.table.key.length === 0) return all;
  const gone = all.filter(({ difference }) => difference.kind !== 'foreign');
  const keys = new Set(gone.map(({ row }) => row.key));
  for (const named of gone.slice(0, NAMED)) {
    if (named.difference.kind === 'missing' && (await stands(named.row, copy))) named.difference.kind = 'changed';
  }
  return [...gone, ...all.filter(({ row, difference }) => difference.kind === 'foreign' && !keys.has(row.key))];
};

const stands = async ({ keyValues }: NamedRow, { session, table }: Reading): Promise<boolean> => {
  const condition = table.key.map((column, place) => `${quoteName(column)} = $${place + 1}`).join(' AND ');
  return (
    (await session.rows(`SELECT 1 AS found FROM ONLY ${nameOf(table)} WHERE ${condition} LIMIT 1`, keyValues)).length >
    0
  );
};
