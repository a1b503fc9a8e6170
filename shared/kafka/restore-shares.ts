// A restore shared out to functions that work at the same time, as data: by what the indexes of the archive say of every partition.
import type { ArchiveIndex } from './archive.ts';
import { isWanted } from './reading.ts';
import type { RestorePart, RestoreShare } from './restore.ts';
import { evenly } from './sharing.ts';

/** What is known of a partition before it is read. */
export interface Weight {
  bytes: number;
  /** So many indexes of the chain, from the newest back, have something of it. */
  indexes: number;
}

/**
 * Functions at the same time. A machine's history has room for 25,000 events: in a day each is called 96 times, with 7 events
 * each, and begins and ends with 12 (Step Functions quotas, 2026-11).
 */
export const SHARES_AT_ONCE = 20;
/** What one function asks about before it reads, and has to go through again where it is called again. */
export const PARTS_OF_SHARE = 100;
/** Opening, comparing and noting a partition takes as long as so many bytes of it. */
const EVERY_PART = 1024 * 1024;

/** Weighs every part by an index, one after the other from the newest back. */
export const startWeighing = (
  parts: readonly RestorePart[],
): { weights: readonly Weight[]; add(index: Pick<ArchiveIndex, 'segments'>): void } => {
  const weighed = parts.map((part) => ({ part, weight: { bytes: 0, indexes: 0 } }));
  const partitions = Map.groupBy(weighed, ({ part: { topicId, partition } }) => `${topicId} ${partition}`);
  let indexes = 0;
  return {
    weights: weighed.map(({ weight }) => weight),
    add: ({ segments }) => {
      indexes += 1;
      for (const archived of segments.flatMap((segment) => segment.parts))
        for (const { part, weight } of partitions.get(`${archived.topicId} ${archived.partition}`) ?? [])
          if (isWanted(archived, part)) {
            weight.bytes += archived.bytes;
            weight.indexes = indexes;
          }
    },
  };
};

export const restoreShares = (
  weights: readonly Weight[],
  { atOnce = SHARES_AT_ONCE, most = PARTS_OF_SHARE } = {},
): RestoreShare[] => {
  const shares = evenly(
    [...weights.entries()],
    ([, { bytes }]) => bytes + EVERY_PART,
    Math.max(atOnce, Math.ceil(weights.length / most)),
    most,
  );
  return shares.map((share) => ({
    parts: share.map(([number]) => number),
    indexes: Math.max(...share.map(([, { indexes }]) => indexes)),
  }));
};
