// Taking a fingerprint: each item reads its pages in short statements and leaves one part in the vault.
import { z } from 'zod';
import { now } from '../../shared/clock.ts';
import { QueryFailed } from '../../shared/postgres/errors.ts';
import { findDocument, readDocument, writeOnce } from '../../shared/verification/step-documents.ts';
import { align, isQuiet } from './bucket-comparison.ts';
import { liveDatabase } from './databases.ts';
import {
  type Bucket,
  Part,
  type PartRange,
  Plan,
  packBuckets,
  packRows,
  type Range,
  type RowDigest,
  unpackBuckets,
} from './fingerprint-document.ts';
import { partKey, planKey } from './fingerprint-keys.ts';
import { PlanRequest } from './fingerprint-plans.ts';
import { isSameFile, type Reading, readBuckets, readRows } from './row-digests.ts';

export const TakeRequest = PlanRequest.extend({
  item: z.int().nonnegative(),
  pauseSeconds: z.number().min(0).max(10).default(0),
});
export type TakeRequest = z.output<typeof TakeRequest>;

/** Rows of changed buckets an item keeps one by one, 20 bytes each; beyond that only their number is compared. */
const ROWS_KEPT = 1_000_000;

/** Reads one item of the plan. Run again, it finds its part. @throws {QueryTimedOut} {DatabaseUnreachable} */
export const takeFingerprint = async (
  request: TakeRequest,
  { signal }: { signal: AbortSignal },
): Promise<{ item: number; rows: number }> => {
  const { source, recoveryPoint, phase, item } = request;
  const key = partKey(recoveryPoint, phase, item);
  const part =
    (await findDocument(key, Part)) ??
    (await writeOnce(key, Part, {
      schemaVersion: 1,
      source,
      recoveryPoint,
      phase,
      item,
      at: now().toISOString(),
      ranges: await readItem(request, signal),
    }));
  return { item, rows: part.value.ranges.reduce((sum, { total }) => sum + total, 0) };
};

const readItem = async (
  { source, recoveryPoint, phase, item, pauseSeconds }: TakeRequest,
  signal: AbortSignal,
): Promise<PartRange[]> => {
  const { value: plan } = await readDocument(planKey(recoveryPoint, phase), Plan);
  const before =
    phase === 'after' ? (await readDocument(partKey(recoveryPoint, 'before', item), Part)).value : undefined;
  const live = await liveDatabase(source);
  await using session = await live.open({ statementSeconds: 120, signal });
  const ranges: PartRange[] = [];
  for (const [place, range] of (plan.items[item] ?? []).entries()) {
    const table = plan.tables[range.table];
    if (!table) continue;
    const reading = { session, table, horizon: BigInt(plan.horizon), signal, pauseSeconds };
    ranges.push(await readRange(reading, range, before?.ranges[place]));
  }
  return ranges;
};

const readRange = async (reading: Reading, range: Range, before: PartRange | undefined): Promise<PartRange> => {
  const nothing = { ...range, total: 0, buckets: '' };
  try {
    const { buckets, total } = await readBuckets(reading, range);
    const changed =
      before?.state === 'read' ? await readChanged(reading, unpackBuckets(before.buckets), buckets) : undefined;
    const state = await isSameFile(reading);
    if (state !== 'same') return { ...nothing, state };
    return {
      ...range,
      state: 'read',
      total,
      buckets: packBuckets(buckets),
      ...(changed === undefined ? {} : { changedRows: changed }),
    };
  } catch (error) {
    // What the server refuses for this table (dropped meanwhile, a value too large to show) is no reason to skip the others.
    if (!(error instanceof QueryFailed)) throw error;
    return { ...nothing, state: error.sqlState === '42P01' ? 'dropped' : 'refused', reason: error.sqlState };
  }
};

/** Rows of the buckets that differ from before, one by one; the buckets themselves become those rows, so that both agree. */
const readChanged = async (reading: Reading, before: Bucket[], after: Bucket[]): Promise<string | null> => {
  const changed = align(before, after, [])
    .filter((triple) => !isQuiet(triple))
    .map((triple) => triple.after);
  if (changed.reduce((sum, { rows }) => sum + rows, 0) > ROWS_KEPT) return null;
  const kept: RowDigest[] = [];
  for await (const { index, d1, d2 } of readRows(
    reading,
    changed.map(({ index }) => index),
  ))
    kept.push({ index, d1, d2 });
  const byBucket = Map.groupBy(kept, ({ index }) => index);
  for (const bucket of changed) Object.assign(bucket, sumOf(byBucket.get(bucket.index) ?? []));
  return packRows(kept);
};

const sumOf = (rows: RowDigest[]): Omit<Bucket, 'index'> => {
  const sum = (side: 'd1' | 'd2') =>
    BigInt.asUintN(
      64,
      rows.reduce((total, row) => total + row[side], 0n),
    );
  return { rows: rows.length, d1: sum('d1'), d2: sum('d2') };
};
