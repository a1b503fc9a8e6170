// What each step of one verification found, as documents in the vault. The verdict is judged from these and nothing else.
import { z } from 'zod';
import { evidenceFolder } from '../../shared/verification/steps.ts';
import { NotCompared } from './fingerprint-document.ts';

/** One thing in the restored copy that cannot be a state the database was in. */
export const Difference = z.strictObject({
  /** Table, sequence or schema object. */
  in: z.string(),
  kind: z.enum([
    'changed',
    'missing',
    'resurrected',
    'foreign',
    'unnamed',
    'table missing',
    'table rewritten',
    'unreadable',
    'definition',
    'sequence',
  ]),
  /** Primary key values; no other column is ever told. */
  key: z.string().optional(),
  /** Pages of the table that hold it. */
  pages: z.string().optional(),
  expected: z.string().optional(),
  found: z.string().optional(),
});
export type Difference = z.output<typeof Difference>;

export const TableComparison = z.strictObject({
  table: z.string(),
  /** Rows proven equal byte for byte, by the digest of their bucket or one by one. */
  exact: z.int().nonnegative(),
  oneByOne: z.int().nonnegative(),
  /** Rows that were deleted or replaced while the backup was made: the copy may rightly hold them or not. */
  undecided: z.int().nonnegative(),
  /** Rows written while the backup was made. */
  written: z.int().nonnegative(),
  damagedBuckets: z.int().nonnegative(),
  differences: z.array(Difference),
  notCompared: z.string().optional(),
});
export type TableComparison = z.output<typeof TableComparison>;

export const Comparison = z.strictObject({
  item: z.union([z.literal('schema'), z.int().nonnegative()]),
  at: z.iso.datetime(),
  seconds: z.number(),
  /** Schema objects and sequences found equal. */
  objects: z.int().nonnegative(),
  tables: z.array(TableComparison),
  differences: z.array(Difference),
  notCompared: z.array(NotCompared),
});
export type Comparison = z.output<typeof Comparison>;

export const CheckResult = z.strictObject({
  name: z.string(),
  kind: z.string(),
  severity: z.enum(['critical', 'warning']),
  expected: z.string(),
  found: z.string(),
  passed: z.boolean(),
  at: z.iso.datetime(),
  seconds: z.number(),
  /** Keys of rows that break the rule, at most five. */
  samples: z.array(z.string()),
});
export type CheckResult = z.output<typeof CheckResult>;

export const LoginProof = z.strictObject({
  at: z.iso.datetime(),
  seconds: z.number(),
  /** Seconds from asking for the restore until the database answered. */
  restoreSeconds: z.number(),
  serverVersion: z.string(),
  credential: z.string(),
});
export type LoginProof = z.output<typeof LoginProof>;

export const comparisonKey = (recoveryPoint: string, execution: string, item: 'schema' | number): string =>
  `${evidenceFolder(recoveryPoint, execution)}/compare-${item}.json`;
export const checkKey = (recoveryPoint: string, execution: string, check: number): string =>
  `${evidenceFolder(recoveryPoint, execution)}/check-${check}.json`;
export const loginKey = (recoveryPoint: string, execution: string): string =>
  `${evidenceFolder(recoveryPoint, execution)}/login.json`;
