// What to archive now, as data: nothing is read from the brokers and nothing is written here.
import type { Gap, PartitionRange, Positions } from '../../shared/kafka/archive.ts';
import type { Range } from '../../shared/kafka/cluster.ts';
import { evenly } from '../../shared/kafka/sharing.ts';

/** A topic as the brokers have it, and what they have of each partition. */
export interface Standing {
  id: string;
  name: string;
  ranges: ReadonlyMap<number, Range>;
}

export interface Planned {
  ranges: PartitionRange[];
  gaps: Gap[];
  /** Where the archive after this one begins. */
  next: Positions;
}

/** @param archived how far the newest archive came */
export const planArchive = (topics: readonly Standing[], archived: Positions): Planned => {
  const planned: Planned = { ranges: [], gaps: [], next: {} };
  for (const topic of topics) planTopic(topic, archived, planned);
  planned.gaps.push(...recreated(topics, archived));
  return planned;
};

const planTopic = ({ id, name, ranges }: Standing, archived: Positions, planned: Planned): void => {
  const next: Record<string, number> = {};
  for (const [partition, { from: first, to }] of [...ranges].toSorted(([a], [b]) => a - b)) {
    const place = { topicId: id, topic: name, partition };
    const before = archived[id]?.next[partition];
    if (before !== undefined && before < first)
      planned.gaps.push({ ...place, from: before, to: first, why: 'trimmed' });
    // An unclean election: what the archive has beyond is the only copy, and its offsets are given again.
    if (before !== undefined && before > to) planned.gaps.push({ ...place, from: to, to: before, why: 'rewound' });
    const from = Math.min(Math.max(before ?? first, first), to);
    if (from < to) planned.ranges.push({ ...place, from, to });
    next[partition] = to;
  }
  planned.next[id] = { topic: name, next };
};

/** Topics that were made again since: whatever came into the former ones after their last archive is lost. */
const recreated = (topics: readonly Standing[], archived: Positions): Gap[] => {
  const here = new Map(topics.map(({ id, name }) => [name, id]));
  return Object.entries(archived).flatMap(([topicId, { topic, next }]) => {
    const now = here.get(topic);
    if (now === undefined || now === topicId) return [];
    return Object.entries(next).map(
      ([partition, from]): Gap => ({ topicId, topic, partition: Number(partition), from, to: from, why: 'recreated' }),
    );
  });
};

/** Every partition to one of at most `most` shares: by offsets, because bytes are not known. */
export const shareOut = (ranges: readonly PartitionRange[], most: number): PartitionRange[][] =>
  evenly(ranges, ({ from, to }) => to - from, most);
