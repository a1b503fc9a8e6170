// What a region that was left keeps of its way back: what its old database and the living one do not share, and how far
// its new replica is.
import { z } from 'zod';

const time = z.iso.datetime();
const count = z.int().nonnegative();

/**
 * Rows of one table that the two databases do not share. `left`: of the region that was left; `living`: of the region where
 * the platform lives.
 */
export const TableDifferences = z.strictObject({
  table: z.string(),
  /** Rows read of the old database. */
  rows: count,
  /** Written in the left region after the two parted, and not in the living database: these are lost unless somebody brings them over. */
  leftInserted: count,
  leftChanged: count,
  leftDeleted: count,
  /** Changed on both sides: somebody has to decide. */
  bothChanged: count,
  /** What went on since: nothing to do. */
  livingInserted: count,
  livingChanged: count,
  livingDeleted: count,
  /** Different, though neither side wrote it after they parted. */
  unexplained: count,
  /** Keys of what the living database lacks or has otherwise, the first of them. */
  keys: z.array(z.strictObject({ kind: z.string(), key: z.string() })),
  /** Why it was not compared, or not all of it. */
  skipped: z.string().optional(),
});
export type TableDifferences = z.output<typeof TableDifferences>;

/** What the living database lacks, or has otherwise. */
export const LACKING = ['leftInserted', 'leftChanged', 'leftDeleted', 'bothChanged', 'unexplained'] as const;
export const isLacking = (of: TableDifferences): boolean => LACKING.some((kind) => of[kind] > 0);

export const Rejoin = z.strictObject({
  startedAt: time,
  /** Oldest transaction that may have ended differently on the two sides; left out where nobody noted it. */
  partedAt: z.string().optional(),
  /** What there was to compare with. */
  left: z.string().optional(),
  tables: z.array(TableDifferences),
  comparedAt: time.optional(),
  /** The last snapshot of the old cache, which went. */
  cacheRetired: z.string().optional(),
  /** The name under which the old database stays. */
  keptAs: z.string().optional(),
  /** When the replica was asked for, and when it was found following the living database. */
  askedAt: time.optional(),
  readyAt: time.optional(),
  toldAt: time.optional(),
});
export type Rejoin = z.output<typeof Rejoin>;

/** @param failoverId of the move that took the platform away; `none` where it never moved */
export const rejoinKey = (failoverId: string, region: string): string => `recovery/${failoverId}/rejoin/${region}.json`;
