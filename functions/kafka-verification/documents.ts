// What the steps of one verification of archives leave for each other.
import { z } from 'zod';
import { evidenceFolder } from '../../shared/verification/steps.ts';

const count = z.int().nonnegative();

export const Plan = z.strictObject({
  recoveryPoint: z.string(),
  /** The newest archive that an earlier verification vouches for: what is read begins behind it. Null: everything is read. */
  since: z.string().nullable(),
  /** Archives in groups; each is read by one function at a time. */
  groups: z.array(z.array(z.string()).min(1)),
  /** Where the archives are replayed, too: the restore, how many partitions it has, and in how many shares. */
  replay: z
    .strictObject({ into: z.string(), restoreId: z.string(), topics: z.array(z.string()), parts: count, shares: count })
    .nullable(),
  /** What is missing by the indexes alone. */
  incomplete: z.array(z.string()),
});
export type Plan = z.output<typeof Plan>;

/** What was read of one topic. */
const Tally = z.strictObject({ parts: count, bytes: count, batches: count, records: count, damaged: count });
export type Tally = z.output<typeof Tally>;

export const Progress = z.strictObject({
  /** The archive of the group that is next, and its next segment. */
  archive: count,
  segment: count,
  topics: z.record(z.string(), Tally),
  /** What is not as it was written, up to a hundred. */
  damage: z.array(z.string()),
  done: z.boolean(),
});
export type Progress = z.output<typeof Progress>;

export const planKey = (recoveryPoint: string, execution: string): string =>
  `${evidenceFolder(recoveryPoint, execution)}/plan.json`;
export const progressKey = (recoveryPoint: string, execution: string, group: number): string =>
  `${evidenceFolder(recoveryPoint, execution)}/groups/${group}.json`;
