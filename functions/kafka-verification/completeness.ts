// Whether archives follow each other without a hole, by their indexes alone: pure, so that every hole can be tried.
import type { ArchiveIndex, Positions } from '../../shared/kafka/archive.ts';

type Piece = { from: number; to: number };

/**
 * Offsets between where `index` begins and where it says the next archive begins that are neither in a part nor a recorded gap.
 * @param before where the archive before it ended; undefined where that is not known
 */
export const holesIn = (index: ArchiveIndex, before: Positions | undefined): string[] => {
  const { recoveryPoint, topics, segments, gaps, next } = index;
  const keyOf = (each: { topicId: string; partition: number }): string => `${each.topicId} ${each.partition}`;
  const parts = Map.groupBy(
    segments.flatMap((segment) => segment.parts),
    keyOf,
  );
  const gapsOf = Map.groupBy(gaps, keyOf);
  const isCompacted = (topicId: string): boolean =>
    topics.some(({ id, settings }) => id === topicId && settings['cleanup.policy']?.includes('compact'));
  return Object.entries(next).flatMap(([topicId, { topic, next: ends }]) =>
    Object.entries(ends).flatMap(([number, end]) => {
      const key = `${topicId} ${number}`;
      const own = gapsOf.get(key) ?? [];
      // Offsets that were given again overlap; compaction leaves none behind.
      if (own.some(({ why }) => why === 'rewound') || isCompacted(topicId)) return [];
      const pieces: Piece[] = [...(parts.get(key) ?? []), ...own].toSorted((a, b) => a.from - b.from);
      const begin = before?.[topicId]?.next[number] ?? pieces[0]?.from ?? end;
      return holes(pieces, begin, end).map(
        ({ from, to }) => `${recoveryPoint}: ${topic}-${number}, offsets ${from} to ${to} are in no segment`,
      );
    }),
  );
};

const holes = (pieces: readonly Piece[], begin: number, end: number): Piece[] => {
  const found: Piece[] = [];
  let at = begin;
  for (const { from, to } of pieces) {
    if (from > at) found.push({ from: at, to: from });
    at = Math.max(at, to);
  }
  return at < end ? [...found, { from: at, to: end }] : found;
};
