// The beginning of an archive: its recovery point, and the plan that everything after it holds to. Asked again for the same
// time, it finds its own.
import { z } from 'zod';
import { isExecutionRunning } from '../../shared/aws/executions.ts';
import { changePoint, newestBefore, openPoint, readPoint } from '../../shared/catalog/catalog.ts';
import { pointId } from '../../shared/catalog/ids.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { SnapshotRequest } from '../../shared/catalog/requests.ts';
import { now } from '../../shared/clock.ts';
import { kafkaSourceNamed } from '../../shared/config/platform.ts';
import type { KafkaSource } from '../../shared/config/schema.ts';
import { ArchiveHead, ArchivePlan, headKey, planKey } from '../../shared/kafka/archive.ts';
import { type Cluster, openCluster, type Topic } from '../../shared/kafka/cluster.ts';
import { NoTopics } from '../../shared/kafka/errors.ts';
import type { GroupOffsets } from '../../shared/kafka/groups.ts';
import { wants } from '../../shared/kafka/patterns.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { findDocument, openDocument } from '../../shared/vault/documents.ts';
import { VERSION } from '../../shared/version.ts';
import { archiveBeside } from './beside.ts';
import { settle } from './commits.ts';
import { planArchive, type Standing, shareOut } from './planning.ts';

/** With the execution that archives: whether it still works decides what another one may do. */
export const OpenRequest = SnapshotRequest.extend({ execution: z.string().min(1) });
type OpenRequest = z.output<typeof OpenRequest>;

export type Opened =
  /** Numbers of the shares that are to be archived; none where there is nothing new, or all is committed. */
  | { recoveryPoint: string; shares: number[] }
  /** The recovery point of an earlier time that is still being archived: what came since is for the run after it. */
  | { underWay: string };

/** @throws {NoTopics} {BrokersUnreachable} {KafkaAccessDenied} {KafkaNotReady} {KafkaRefused} */
export const openArchive = async (request: OpenRequest): Promise<Opened> => {
  const { source } = request;
  const configured = kafkaSourceNamed(source);
  const head = await headOf(source);
  const underWay = await archiveUnderWay(request);
  if (underWay) return { underWay };
  const point = await openArchivePoint(configured, request);
  if (point.status !== 'started') return { recoveryPoint: point.id, shares: [] };
  const plan =
    (await findDocument(planKey(point.id), ArchivePlan)) ?? (await makePlan(source, configured, point.id, head));
  return { recoveryPoint: point.id, shares: plan.shares.map((_, number) => number) };
};

/** One writer at a time: an earlier archive is waited for while its execution works, and given up once that has died. */
const archiveUnderWay = async ({ source, scheduledAt }: OpenRequest): Promise<string | undefined> => {
  for (let before = new Date(scheduledAt); ; ) {
    const earlier = await newestBefore(source, new Date(before.getTime() - 1), ({ method }) => method === 'archive');
    if (earlier?.status !== 'started') return undefined;
    if (await isExecutionRunning('archive-kafka', earlier.nativeId)) return earlier.id;
    const failure = 'its execution ended before it was committed; a later archive holds the same offsets';
    await changePoint(earlier.id, (point) =>
      point.status === 'started' ? { ...point, status: 'failed', failure } : point,
    );
    before = new Date(earlier.scheduledAt);
  }
};

const openArchivePoint = async (
  { kind, retention }: KafkaSource,
  { source, purpose, execution, ...request }: OpenRequest,
): Promise<RecoveryPoint> => {
  const scheduledAt = new Date(request.scheduledAt);
  const id = pointId(source, scheduledAt, `${purpose}-archive`);
  const { point, created } = await openPoint({
    ...{ schemaVersion: 1, id, source, kind, method: 'archive', purpose, status: 'started' },
    ...{ scheduledAt: scheduledAt.toISOString(), startedAt: now().toISOString(), nativeId: execution },
    ...{ artifacts: [], copies: [], verifications: [], tool: VERSION },
    retention: {
      class: 'archive',
      expiresAt: new Date(scheduledAt.getTime() + retention.archive * 1000).toISOString(),
    },
  });
  if (created) logger.info('recovery point opened', { source, recoveryPoint: id });
  return point;
};

/** The first plan that is written is everybody's. */
const makePlan = async (
  source: string,
  configured: KafkaSource,
  recoveryPoint: string,
  head: ArchiveHead,
): Promise<ArchivePlan> => {
  await using cluster = await openCluster(source, configured);
  const topics = await cluster.topics(wants(configured.topics));
  if (topics.length === 0)
    throw new NoTopics('the cluster has no topic that the configuration asks for.', {
      ...{ source, recoveryPoint, expected: configured.topics, found: 'none' },
      next: 'Correct topics.include, or allow this service to describe them; an archive of nothing is none.',
    });
  const beside = await archiveBeside(source, configured, recoveryPoint);
  const groups = archivedGroups(await cluster.groups(), topics);
  const takenAt = now().toISOString();
  const standing: Standing[] = [];
  for (const topic of topics) standing.push({ id: topic.id, name: topic.name, ranges: await cluster.ranges(topic) });
  const { ranges, gaps, next } = planArchive(standing, head.next);
  const plan: ArchivePlan = {
    ...{ recoveryPoint, base: head.recoveryPoint, takenAt, gaps, next, groups, beside },
    access: await cluster.access(takenAt),
    topics: await factsOf(cluster, topics),
    shares: shareOut(ranges, configured.concurrency),
  };
  const { value } = await openDocument(planKey(recoveryPoint), ArchivePlan, plan);
  logger.info('archive planned', { source, recoveryPoint, partitions: ranges.length, gaps: gaps.length });
  return value;
};

/** What the newest archive came to. One whose commit was cut off in the middle is finished first. */
const headOf = async (source: string): Promise<ArchiveHead> => {
  const head = await findDocument(headKey(source), ArchiveHead);
  if (head?.recoveryPoint && (await readPoint(head.recoveryPoint)).status === 'started')
    await settle(head.recoveryPoint);
  return head ?? { recoveryPoint: null, next: {} };
};

/** Of the topics that are archived, and with their ids. */
const archivedGroups = (groups: readonly GroupOffsets[], topics: readonly Topic[]): ArchivePlan['groups'] => {
  const ids = new Map(topics.map(({ id, name }) => [name, id]));
  return groups
    .map(({ group, offsets }) => ({
      group,
      offsets: offsets.flatMap((each) => {
        const topicId = ids.get(each.topic);
        return topicId === undefined ? [] : [{ topicId, ...each }];
      }),
    }))
    .filter(({ offsets }) => offsets.length > 0);
};

const factsOf = async (cluster: Cluster, topics: readonly Topic[]): Promise<ArchivePlan['topics']> => {
  const facts: ArchivePlan['topics'] = [];
  for (const topic of topics)
    facts.push({
      ...{ id: topic.id, name: topic.name, partitions: topic.partitions.length },
      replicas: Math.max(1, ...topic.partitions.map(({ replicas }) => replicas)),
      settings: await cluster.settingsOf(topic),
    });
  return facts;
};
