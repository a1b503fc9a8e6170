// What a fingerprint looks like in the vault: a plan, one part per work item, and a closing document that names them.
import { z } from 'zod';
import { Artifact } from '../../shared/catalog/recovery-point.ts';

export const PHASES = ['before', 'after'] as const;
export const Phase = z.enum(PHASES);
export type Phase = z.output<typeof Phase>;

/** Old rows of a run of pages: how many, and the sums of two 64-bit digests of each, modulo 2^64. */
export interface Bucket {
  index: number;
  rows: number;
  d1: bigint;
  d2: bigint;
}

/** The digests of one row and the bucket it stands in. */
export type RowDigest = Omit<Bucket, 'rows'>;

/** Tables, page ranges and everything else that is read once, at the beginning of a phase. */
export const PlannedTable = z.strictObject({
  schema: z.string(),
  name: z.string(),
  oid: z.string(),
  /** Changes when the table is rewritten or truncated: rows of another file stand elsewhere. */
  filenode: z.string(),
  pages: z.int().nonnegative(),
  /** Columns of the primary key; empty where there is none. */
  key: z.array(z.string()),
});
export type PlannedTable = z.output<typeof PlannedTable>;

export const tableName = ({ schema, name }: { schema: string; name: string }): string => `${schema}.${name}`;

/** Pages of one table, by its place in the plan. */
export const Range = z.strictObject({
  table: z.int().nonnegative(),
  fromPage: z.int().nonnegative(),
  toPage: z.int().positive().nullable(),
});
export type Range = z.output<typeof Range>;

/** One object of the schema, as its definition's digest. `version` changes with its catalogue row, even when it changes back. */
export const Definition = z.strictObject({
  kind: z.string(),
  name: z.string(),
  digest: z.string(),
  version: z.string(),
});
export type Definition = z.output<typeof Definition>;

export const Sequence = z.strictObject({
  name: z.string(),
  /** Null until it was used. */
  value: z.string().nullable(),
  increment: z.string(),
  cache: z.string(),
  cycle: z.boolean(),
});
export type Sequence = z.output<typeof Sequence>;

export const NotCompared = z.strictObject({ name: z.string(), reason: z.string() });
export type NotCompared = z.output<typeof NotCompared>;

const common = {
  schemaVersion: z.literal(1),
  source: z.string(),
  recoveryPoint: z.string(),
  phase: Phase,
  at: z.iso.datetime(),
};

export const Plan = z.strictObject({
  ...common,
  /** RDS's own id of the instance that was read: another one of the same name has other transactions. */
  resource: z.string(),
  reader: z.enum(['primary', 'replica']),
  serverVersion: z.string(),
  /** Oldest running transaction before the first row was read; the same in both phases. */
  horizon: z.string(),
  /** The next transaction when this phase began. */
  next: z.string(),
  tables: z.array(PlannedTable),
  items: z.array(z.array(Range)),
  notCompared: z.array(NotCompared),
  definitions: z.array(Definition),
  sequences: z.array(Sequence),
});
export type Plan = z.output<typeof Plan>;

export const PartRange = z.strictObject({
  ...Range.shape,
  state: z.enum(['read', 'rewritten', 'dropped', 'refused']),
  reason: z.string().optional(),
  /** All rows that were visible, old or not. */
  total: z.int().nonnegative(),
  buckets: z.string(),
  /** Only after: rows of those buckets that changed since before; null where there were too many to keep. */
  changedRows: z.string().nullable().optional(),
});
export type PartRange = z.output<typeof PartRange>;

export const Part = z.strictObject({ ...common, item: z.int().nonnegative(), ranges: z.array(PartRange) });
export type Part = z.output<typeof Part>;

export const Closed = z.strictObject({
  ...common,
  plan: Artifact,
  parts: z.array(Artifact),
  /** Rows visible in each table while this phase read it. */
  tables: z.array(z.strictObject({ name: z.string(), rows: z.int().nonnegative() })),
  rows: z.int().nonnegative(),
  /** Only after: tables defined otherwise once every row was read than when this phase was planned. */
  redefined: z.array(z.string()).default([]),
});
export type Closed = z.output<typeof Closed>;

const BUCKET_BYTES = 24;
const ROW_BYTES = 20;

export const packBuckets = (buckets: readonly Bucket[]): string => {
  const bytes = Buffer.alloc(buckets.length * BUCKET_BYTES);
  buckets.forEach(({ index, rows, d1, d2 }, place) => {
    const at = place * BUCKET_BYTES;
    bytes.writeUInt32LE(index, at);
    bytes.writeUInt32LE(rows, at + 4);
    bytes.writeBigUInt64LE(d1, at + 8);
    bytes.writeBigUInt64LE(d2, at + 16);
  });
  return bytes.toString('base64');
};

export const unpackBuckets = (text: string): Bucket[] => {
  const bytes = Buffer.from(text, 'base64');
  return Array.from({ length: bytes.length / BUCKET_BYTES }, (_, place) => {
    const at = place * BUCKET_BYTES;
    return {
      index: bytes.readUInt32LE(at),
      rows: bytes.readUInt32LE(at + 4),
      d1: bytes.readBigUInt64LE(at + 8),
      d2: bytes.readBigUInt64LE(at + 16),
    };
  });
};

export const packRows = (rows: readonly RowDigest[]): string => {
  const bytes = Buffer.alloc(rows.length * ROW_BYTES);
  rows.forEach(({ index, d1, d2 }, place) => {
    const at = place * ROW_BYTES;
    bytes.writeUInt32LE(index, at);
    bytes.writeBigUInt64LE(d1, at + 4);
    bytes.writeBigUInt64LE(d2, at + 12);
  });
  return bytes.toString('base64');
};

export const unpackRows = (text: string): RowDigest[] => {
  const bytes = Buffer.from(text, 'base64');
  return Array.from({ length: bytes.length / ROW_BYTES }, (_, place) => {
    const at = place * ROW_BYTES;
    return { index: bytes.readUInt32LE(at), d1: bytes.readBigUInt64LE(at + 4), d2: bytes.readBigUInt64LE(at + 12) };
  });
};
