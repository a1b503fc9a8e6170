// The extent of a loss: what the archive has and the cluster has not, the other way round, and what is nowhere; partition by partition,
// with counts and times. Nothing is changed but the document that says it.
import { z } from 'zod';
import { writeArtifact } from '../../shared/artifacts/artifacts.ts';
import { newestBefore, readPoint } from '../../shared/catalog/catalog.ts';
import { RecoveryPointMissing } from '../../shared/catalog/errors.ts';
import { now } from '../../shared/clock.ts';
import { kafkaSourceNamed } from '../../shared/config/platform.ts';
import { settings } from '../../shared/config/settings.ts';
import type { Gap } from '../../shared/kafka/archive.ts';
import { type Cluster, openCluster } from '../../shared/kafka/cluster.ts';
import { isStoredArchive } from '../../shared/kafka/newest.ts';
import { wants } from '../../shared/kafka/patterns.ts';
import { chain, type Place } from '../../shared/kafka/reading.ts';
import { RestoreId } from '../../shared/kafka/restore.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { ExtentMeasuring, type PartitionExtent, type Ranged } from './extent-partitions.ts';

export const ExtentRequest = z.strictObject({
  /** Names the document; asked again with the same one, a newer version of it is written. */
  extentId: RestoreId,
  source: z.string(),
  /** The newest archive to compare with; those before it come with it. The newest of all where left out. */
  recoveryPoint: z.string().optional(),
  /** All that are archived, or ought to be, where left out. */
  topics: z.array(z.string()).min(1).optional(),
  /** Another configured cluster that has the same topics, by MirrorMaker for one; their names there begin with `mirrorPrefix`. */
  mirror: z.string().optional(),
  mirrorPrefix: z.string().default(''),
  /** Of every partition, from the newest back: so much of what both have is compared by content. */
  compareBytes: z
    .int()
    .nonnegative()
    .default(256 * 1024 * 1024),
});
export type ExtentRequest = z.output<typeof ExtentRequest>;

export interface Found {
  document: string;
  recoveryPoint: string;
  /** Time was up before everything was counted and compared: the offsets are whole, the rest is null. */
  complete: boolean;
  topics: TopicSummary[];
}

interface TopicSummary {
  topic: string;
  topicId: string;
  state: PartitionExtent['state'];
  /** Sums over partitions, in offsets; of content, in records. */
  archiveOnly: number;
  topicOnly: number;
  neither: number;
  differing: number;
  mirrorOnly: number;
}

interface ArchivedTopic {
  topic: string;
  partitions: Map<number, { places: Place[]; gaps: Gap[] }>;
}

/** @throws {RecoveryPointMissing} {BrokersUnreachable} {KafkaAccessDenied} {ArtifactDamaged} */
export const findExtent = async (request: ExtentRequest, work: Pick<Work, 'remainingMs'>): Promise<Found> => {
  const { source, extentId, mirror } = request;
  const configured = kafkaSourceNamed(source);
  const recoveryPoint = await archiveOf(request);
  const wanted = request.topics ? (name: string) => request.topics?.includes(name) ?? false : wants(configured.topics);
  const archived = await archivedTopics(recoveryPoint, wanted);
  await using cluster = await openCluster(source, configured);
  await using mirrors = mirror === undefined ? undefined : await openCluster(mirror, kafkaSourceNamed(mirror));
  const here = await withRanges(cluster, wanted);
  const there = mirrors
    ? await withRanges(
        mirrors,
        (name) => name.startsWith(request.mirrorPrefix) && wanted(name.slice(request.mirrorPrefix.length)),
      )
    : [];
  const measuring = new ExtentMeasuring({ cluster, mirrors, compareBytes: request.compareBytes, work });
  const partitions: PartitionExtent[] = [];
  for (const { topicId, topic } of everyTopic(archived, here)) {
    const known = archived.get(topicId);
    const standing = here.find(({ topic: { id } }) => id === topicId);
    const state = known ? stateOf(topicId, topic, here) : 'never archived';
    const mirrored = there.find(({ topic: { name } }) => name === `${request.mirrorPrefix}${topic}`);
    const numbers = new Set([...(known?.partitions.keys() ?? []), ...(standing?.ranges.keys() ?? [])]);
    for (const partition of [...numbers].toSorted((a, b) => a - b))
      partitions.push(
        await measuring.measure({
          ...{ topic, topicId, partition, state, standing, mirrored },
          ...(known?.partitions.get(partition) ?? { places: [], gaps: [] }),
        }),
      );
  }
  const document = {
    extentId,
    source,
    recoveryPoint,
    mirror: mirror ?? null,
    takenAt: now().toISOString(),
    partitions,
  };
  const complete = measuring.isComplete();
  const { uri } = await writeArtifact(
    `kafka/extents/${source}/${extentId}.json`,
    JSON.stringify({ schemaVersion: 1, complete, ...document }, null, 2),
  );
  logger.info('extent found', { source, recoveryPoint, extent: extentId, partitions: partitions.length, complete });
  return { document: uri, recoveryPoint, complete, topics: summarised(partitions) };
};

const archiveOf = async ({ source, recoveryPoint }: ExtentRequest): Promise<string> => {
  const point = recoveryPoint ? await readPoint(recoveryPoint) : await newestBefore(source, now(), isStoredArchive);
  if (point?.source === source && point.method === 'archive') return point.id;
  throw new RecoveryPointMissing('there is no archive to compare with.', {
    ...{ source, expected: `an archive of ${source}`, found: point ? `${point.method} of ${point.source}` : 'none' },
    next: 'Take the id of a stored archive from the report or from a listing of the catalogue.',
  });
};

const archivedTopics = async (
  point: string,
  wanted: (name: string) => boolean,
): Promise<Map<string, ArchivedTopic>> => {
  const { vaultBucket: bucket, region } = settings();
  const topics = new Map<string, ArchivedTopic>();
  const of = (topicId: string, topic: string, partition: number) => {
    const known = topics.get(topicId) ?? { topic, partitions: new Map() };
    topics.set(topicId, known);
    const partitions = known.partitions.get(partition) ?? { places: [], gaps: [] };
    known.partitions.set(partition, partitions);
    return partitions;
  };
  for await (const { segments, gaps, next } of chain({ bucket, region }, point)) {
    for (const [topicId, each] of Object.entries(next))
      if (wanted(each.topic)) for (const number of Object.keys(each.next)) of(topicId, each.topic, Number(number));
    for (const { artifact, parts } of segments)
      for (const part of parts)
        if (wanted(part.topic)) of(part.topicId, part.topic, part.partition).places.push({ artifact, part });
    for (const gap of gaps) if (wanted(gap.topic)) of(gap.topicId, gap.topic, gap.partition).gaps.push(gap);
  }
  return topics;
};

const withRanges = async (cluster: Cluster, wanted: (name: string) => boolean): Promise<Ranged[]> => {
  const ranged: Ranged[] = [];
  for (const topic of await cluster.topics(wanted)) ranged.push({ topic, ranges: await cluster.ranges(topic) });
  return ranged;
};

const everyTopic = (archived: ReadonlyMap<string, ArchivedTopic>, here: readonly Ranged[]) => [
  ...[...archived].map(([topicId, { topic }]) => ({ topicId, topic })),
  ...here.filter(({ topic }) => !archived.has(topic.id)).map(({ topic }) => ({ topicId: topic.id, topic: topic.name })),
];

const stateOf = (topicId: string, name: string, here: readonly Ranged[]): PartitionExtent['state'] => {
  if (here.some(({ topic }) => topic.id === topicId)) return 'here';
  return here.some(({ topic }) => topic.name === name) ? 'made again' : 'gone';
};

const summarised = (partitions: readonly PartitionExtent[]): TopicSummary[] =>
  [...Map.groupBy(partitions, ({ topicId }) => topicId).values()].flatMap((all) => {
    const [first] = all;
    if (!first) return [];
    const sum = (of: (each: PartitionExtent) => number): number => all.reduce((total, each) => total + of(each), 0);
    const offsets = (spans: readonly { from: number; to: number }[]): number =>
      spans.reduce((total, { from, to }) => total + to - from, 0);
    return {
      ...{ topic: first.topic, topicId: first.topicId, state: first.state },
      archiveOnly: sum((each) => offsets(each.archiveOnly)),
      topicOnly: sum((each) => offsets(each.topicOnly)),
      neither: sum((each) => offsets(each.neither)),
      differing: sum(({ both: { missing, foreign, changed } }) => missing + foreign + changed),
      mirrorOnly: sum(({ mirror }) => (mirror?.behindArchive ? offsets([mirror.behindArchive]) : 0)),
    };
  });
