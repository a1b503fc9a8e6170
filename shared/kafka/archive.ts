// What an archive of a cluster leaves in the vault, as documents. Offsets are half-open everywhere: `from` is in it, `to` is not.
import { z } from 'zod';
import { parsePointId } from '../catalog/ids.ts';
import { Artifact } from '../catalog/recovery-point.ts';
import { datePath } from '../clock.ts';
import { settings } from '../config/settings.ts';
import { ArchivedAccess } from './access.ts';

const time = z.iso.datetime();
const offset = z.int().nonnegative();

/** A topic as it was when its archive was planned; what recreates it. */
export const TopicFacts = z.strictObject({
  /** Changes when a topic is deleted and made again under its name. */
  id: z.string(),
  name: z.string(),
  partitions: z.int().positive(),
  replicas: z.int().positive(),
  /** What is configured for it and differs from the broker's defaults. */
  settings: z.record(z.string(), z.string()),
});
export type TopicFacts = z.output<typeof TopicFacts>;

/** Offsets of one partition. */
export const PartitionRange = z.strictObject({
  topicId: z.string(),
  topic: z.string(),
  partition: z.int().nonnegative(),
  from: offset,
  to: offset,
});
export type PartitionRange = z.output<typeof PartitionRange>;

/**
 * Offsets that are not in the archive and never will be, or that are in it and no longer at the brokers.
 * `trimmed`: the brokers had dropped them before they were archived. `rewound`: the brokers lost records that the archive has,
 * and give their offsets to others. `recreated`: the topic was deleted and made again; the one that is archived is gone.
 */
export const Gap = PartitionRange.extend({ why: z.enum(['trimmed', 'rewound', 'recreated']) });
export type Gap = z.output<typeof Gap>;

/** Topic id → name and, by partition, the next offset to archive. */
export const Positions = z.record(
  z.string(),
  z.strictObject({ topic: z.string(), next: z.record(z.string().regex(/^\d+$/), offset) }),
);
export type Positions = z.output<typeof Positions>;

/** How far a consumer group had committed in one partition: the next offset it would read. */
export const ArchivedGroup = z.strictObject({
  group: z.string(),
  offsets: z.array(
    z.strictObject({ topicId: z.string(), topic: z.string(), partition: offset, offset, metadata: z.string() }),
  ),
});
export type ArchivedGroup = z.output<typeof ArchivedGroup>;

/** A document of what stands beside the cluster, or why there is none. */
export const BesideDocument = z.union([
  z.strictObject({ artifact: Artifact }),
  z.strictObject({ missing: z.string() }),
]);
export type BesideDocument = z.output<typeof BesideDocument>;

/** What stands beside the cluster, asked before it: an offset of a connector is not ahead of what is archived. */
export const Beside = z.strictObject({ connect: BesideDocument.optional(), registry: BesideDocument.optional() });
export type Beside = z.output<typeof Beside>;

/** What is to be archived now: decided once for a recovery point, whoever asks again. */
export const ArchivePlan = z.strictObject({
  recoveryPoint: z.string(),
  /** The archive it goes on from; null for the first. */
  base: z.string().nullable(),
  /** When the brokers were asked how far they are. */
  takenAt: time,
  topics: z.array(TopicFacts),
  /** Asked just before the brokers were asked how far they are: no group is ahead of what is archived. */
  groups: z.array(ArchivedGroup),
  /** Asked before groups and brokers. */
  beside: Beside.default({}),
  /** Archives of earlier versions have none. */
  access: ArchivedAccess.optional(),
  /** Work of functions that archive at the same time; a partition is in one of them. */
  shares: z.array(z.array(PartitionRange)),
  gaps: z.array(Gap),
  next: Positions,
});
export type ArchivePlan = z.output<typeof ArchivePlan>;

/** Batches of one partition, one after the other in a segment. */
export const Part = PartitionRange.extend({
  /** Where in the segment they begin, and how long they are. */
  at: z.int().nonnegative(),
  bytes: z.int().positive(),
  batches: z.int().positive(),
  records: z.int().nonnegative(),
  /** Whether there are batches or markers of transactions in it. */
  transactions: z.boolean(),
  /** Milliseconds since 1970; of the record with the latest timestamp. Producers may say more than a number holds exactly. */
  maxTimestamp: z.number(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type Part = z.output<typeof Part>;

/** One object: record batches as the brokers keep them, nothing between. */
export const Segment = z.strictObject({ artifact: Artifact, parts: z.array(Part).min(1) });
export type Segment = z.output<typeof Segment>;

/** How far one share is. */
export const ShareProgress = z.strictObject({
  segments: z.array(Segment),
  /** The range that is being archived, and its next offset. */
  range: z.int().nonnegative(),
  offset,
  gaps: z.array(Gap),
  done: z.boolean(),
});
export type ShareProgress = z.output<typeof ShareProgress>;

/** What one recovery point holds: with those before it, back to the one without a base, everything that was archived. */
export const ArchiveIndex = z.strictObject({
  schemaVersion: z.literal(1),
  recoveryPoint: z.string(),
  base: z.string().nullable(),
  takenAt: time,
  topics: z.array(TopicFacts),
  groups: z.array(ArchivedGroup),
  beside: Beside.default({}),
  /** Archives of earlier versions have none. */
  access: ArchivedAccess.optional(),
  segments: z.array(Segment),
  gaps: z.array(Gap),
  /** Where the next archive begins. */
  next: Positions,
});
export type ArchiveIndex = z.output<typeof ArchiveIndex>;

/** The newest archive of a source: whoever commits another does so on the condition that it goes on from this one. */
export const ArchiveHead = z.strictObject({ recoveryPoint: z.string().nullable(), next: Positions });
export type ArchiveHead = z.output<typeof ArchiveHead>;

const PREFIX = 'kafka-archive/';
/** Beside the archives: those end by age. Of one region's cluster: replicas of what the other region wrote must not take the place of what is written here. */
export const headKey = (source: string): string => `kafka/heads/${settings().region}/${source}.json`;
const folderOf = (id: string): string => {
  const { source, scheduledAt } = parsePointId(id);
  return `${PREFIX}${source}/${datePath(scheduledAt)}/${id}`;
};
export const planKey = (id: string): string => `${folderOf(id)}/plan.json`;
export const progressKey = (id: string, share: number): string => `${folderOf(id)}/shares/${share}.json`;
/** Numbered by share, and within it. */
export const segmentKey = (id: string, share: number, number: number): string =>
  `${folderOf(id)}/${share}-${String(number).padStart(6, '0')}.batches`;
export const segmentPrefix = (id: string, share: number): string => `${folderOf(id)}/${share}-`;
export const besideKey = (id: string, what: keyof Beside): string => `${folderOf(id)}/${what}.json`;
export const indexKey = (id: string): string => `${folderOf(id)}/index.json`;
export const manifestKey = (id: string): string => `${folderOf(id)}/manifest.json`;
