// What a restore into a cluster leaves in the vault.
import { createHash } from 'node:crypto';
import { z } from 'zod';

const time = z.iso.datetime();
const offset = z.int().nonnegative();

/** Names a restore; the same one goes on where it stopped. */
export const RestoreId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{2,79}$/, 'a restore id of 3 to 80 lower case letters, digits and hyphens');

/** Half-open; a restore of everything has neither. */
const Limits = z.strictObject({
  offsets: z.strictObject({ from: offset.optional(), to: offset.optional() }).optional(),
  /** Milliseconds since 1970. */
  times: z.strictObject({ from: z.int().optional(), to: z.int().optional() }).optional(),
});

/** One partition of one topic, and where it goes. */
export const RestorePart = Limits.extend({
  topic: z.string(),
  topicId: z.string(),
  partition: z.int().nonnegative(),
  as: z.string(),
  /** High watermark of the target before anything was written: what is behind it is of this restore. */
  base: offset,
});
export type RestorePart = z.output<typeof RestorePart>;

/** A topic that is made for it. `setAside` is what would drop or change records while they are written: people set it afterwards. */
export const MadeTopic = z.strictObject({
  name: z.string(),
  partitions: z.int().positive(),
  replicas: z.int().positive(),
  settings: z.record(z.string(), z.string()),
  setAside: z.record(z.string(), z.string()),
});
export type MadeTopic = z.output<typeof MadeTopic>;

/** Partitions that one function restores, one after the other; a partition is in one of them. */
export const RestoreShare = z.strictObject({
  /** Numbers of parts of the plan. */
  parts: z.array(z.int().nonnegative()).min(1),
  /** So many indexes of the chain, from the newest back, have something of them. */
  indexes: z.int().nonnegative(),
});
export type RestoreShare = z.output<typeof RestoreShare>;

/** Decided once, before anything is made or written. */
export const RestorePlan = z.strictObject({
  restoreId: RestoreId,
  source: z.string(),
  recoveryPoint: z.string(),
  /** Name of the configured cluster that is written to. */
  into: z.string(),
  plannedAt: time,
  undecided: z.boolean(),
  topics: z.array(MadeTopic),
  parts: z.array(RestorePart).min(1),
  shares: z.array(RestoreShare).min(1),
});
export type RestorePlan = z.output<typeof RestorePlan>;

/** Offsets of the archive that follow each other, and the offset that the first of them got. */
export const OffsetRun = z.strictObject({ from: offset, to: offset, at: offset });
export type OffsetRun = z.output<typeof OffsetRun>;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** Records of a partition that were written and compared in one piece. */
const Stretch = z.strictObject({
  /** Offsets of the archive. */
  from: offset,
  to: offset,
  records: z.int().positive(),
  /** Over everything that is kept of every record, the same of the archive and of what was read back. */
  sha256,
});
export type Stretch = z.output<typeof Stretch>;

/** A partition that was written and read back. */
export const RestoredPart = z.strictObject({
  records: offset,
  /** Of its only stretch; of several, over their digests, 32 bytes each, one after the other (`digestOf`). */
  sha256,
  stretches: z.array(Stretch),
  offsets: z.array(OffsetRun),
  verifiedAt: time,
});
export type RestoredPart = z.output<typeof RestoredPart>;

export const digestOf = (stretches: readonly Pick<Stretch, 'sha256'>[]): string => {
  const [only, ...more] = stretches;
  if (only && more.length === 0) return only.sha256;
  return createHash('sha256')
    .update(Buffer.concat(stretches.map((each) => Buffer.from(each.sha256, 'hex'))))
    .digest('hex');
};

/**
 * How far a partition is. Written before the first record: what stands behind the base from then on is of this restore. Whoever goes
 * on with it is the same producer, and numbers records as the archive does: brokers refuse to take one twice, even one that they do
 * not show yet.
 */
export const RestoreProgress = z.strictObject({
  begunAt: time,
  producer: z.strictObject({ id: z.string().regex(/^\d+$/), epoch: z.int() }),
  /** Offset of the archive behind what the stretches hold; what was left out before it is passed, too. */
  next: offset,
  /** Nothing is behind it. */
  whole: z.boolean(),
  stretches: z.array(Stretch.extend({ readBack: z.boolean() })),
  /** Of all stretches. */
  offsets: z.array(OffsetRun),
});
export type RestoreProgress = z.output<typeof RestoreProgress>;

/** While it is restored a topic keeps everything. */
export const KEEPING = { 'retention.ms': '-1', 'retention.bytes': '-1', 'cleanup.policy': 'delete' };

const folderOf = (restoreId: string): string => `kafka/restores/${restoreId}`;
export const restorePlanKey = (restoreId: string): string => `${folderOf(restoreId)}/plan.json`;
export const restoreProgressKey = (restoreId: string, part: number): string =>
  `${folderOf(restoreId)}/progress/${part}.json`;
export const restoredKey = (restoreId: string, part: number): string => `${folderOf(restoreId)}/parts/${part}.json`;
/** Where a group was set to, and what it had before. Offsets are those of the restored topics. */
export const RestoredGroups = z.strictObject({
  restoreId: RestoreId,
  state: z.enum(['planned', 'applied', 'rolled back']),
  groups: z.array(
    z.strictObject({
      group: z.string(),
      offsets: z.array(
        z.strictObject({
          topic: z.string(),
          partition: offset,
          archived: offset,
          offset,
          metadata: z.string(),
          /** Null where the group had none. */
          before: z.strictObject({ offset, metadata: z.string() }).nullable(),
        }),
      ),
    }),
  ),
});
export type RestoredGroups = z.output<typeof RestoredGroups>;
export const restoredGroupsKey = (restoreId: string): string => `${folderOf(restoreId)}/groups.json`;

/** What of ACLs and quotas is set with it. */
export const restoreAccessKey = (restoreId: string): string => `${folderOf(restoreId)}/access.json`;
export const restoreSummaryKey = (restoreId: string): string => `${folderOf(restoreId)}/summary.json`;
