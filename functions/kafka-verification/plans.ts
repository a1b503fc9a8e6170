// The beginning of a verification: which archives are read, what is missing by their indexes alone, and where they are replayed, too.
import { createHash } from 'node:crypto';
import { digestObject, uriHere } from '../../shared/artifacts/artifacts.ts';
import { isExecutionRunning } from '../../shared/aws/executions.ts';
import { newestBefore, readPoint } from '../../shared/catalog/catalog.ts';
import { RecoveryPointMissing } from '../../shared/catalog/errors.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { now } from '../../shared/clock.ts';
import { kafkaSourceNamed } from '../../shared/config/platform.ts';
import { settings } from '../../shared/config/settings.ts';
import { ArchiveIndex, indexKey } from '../../shared/kafka/archive.ts';
import { type Cluster, openCluster } from '../../shared/kafka/cluster.ts';
import { isStoredArchive } from '../../shared/kafka/newest.ts';
import { chain } from '../../shared/kafka/reading.ts';
import { KEEPING, type RestorePart, RestorePlan, restorePlanKey } from '../../shared/kafka/restore.ts';
import { restoreShares, startWeighing } from '../../shared/kafka/restore-shares.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { findDocument, openDocument } from '../../shared/vault/documents.ts';
import type { ChooseRequest } from '../../shared/verification/requests.ts';
import { executionName } from '../../shared/verification/steps.ts';
import { holesIn } from './completeness.ts';
import { Plan, planKey } from './documents.ts';

/** So many functions' work at most: a machine's history has room for 25,000 events. */
const GROUPS = 64;
const TOPICS = 'lifeboat-verify.';

export interface Chosen {
  source: string;
  recoveryPoint: string;
  groups: number[];
  replay: { restoreId: string; shares: number[] } | null;
}

/** @throws {RecoveryPointMissing} where there is no archive; and what brokers of the test cluster may answer */
export const chooseArchives = async (request: ChooseRequest): Promise<Chosen> => {
  const { source, execution } = request;
  const { verify } = kafkaSourceNamed(source);
  const point = await chosen(request);
  const key = planKey(point.id, execution);
  const plan =
    (await findDocument(key, Plan)) ??
    (await openDocument(key, Plan, await decide(point, execution, verify.into))).value;
  if (plan.replay) await makeTopics(plan.replay.restoreId, plan.replay.into);
  logger.info('verification begun', { source, recoveryPoint: point.id, execution, groups: plan.groups.length });
  return {
    ...{ source, recoveryPoint: point.id, groups: plan.groups.map((_, number) => number) },
    replay: plan.replay && {
      restoreId: plan.replay.restoreId,
      shares: Array.from({ length: plan.replay.shares }, (_, number) => number),
    },
  };
};

const chosen = async ({ source, recoveryPoint, before, scheduledAt }: ChooseRequest): Promise<RecoveryPoint> => {
  const point = recoveryPoint
    ? await readPoint(recoveryPoint)
    : await newestBefore(source, new Date(before ?? scheduledAt), isStoredArchive);
  if (point && point.source === source && point.method === 'archive' && point.status !== 'started') return point;
  throw new RecoveryPointMissing('there is no archive to verify.', {
    ...{ source, ...(point ? { recoveryPoint: point.id } : {}) },
    expected: `a stored archive of ${source}`,
    found: point ? `${point.method} of ${point.source}, ${point.status}` : 'none',
    next: 'Look at the executions of archive-kafka.',
  });
};

const findPoint = async (id: string): Promise<RecoveryPoint | undefined> => {
  try {
    return await readPoint(id);
  } catch (error) {
    if (error instanceof RecoveryPointMissing) return undefined;
    throw error;
  }
};

/** What an earlier verification says of a point; a replay asks for a replay. */
const isVouchedFor = ({ status, verifications }: RecoveryPoint, replayed: boolean): boolean =>
  status === 'verified' ||
  (!replayed && status === 'stored' && verifications.some(({ verdict }) => verdict === 'INTACT'));

const decide = async (point: RecoveryPoint, execution: string, into: string | undefined): Promise<Plan> => {
  const walked = await walk(point, into !== undefined);
  return {
    ...{ recoveryPoint: point.id, since: walked.since?.recoveryPoint ?? null },
    incomplete: walked.incomplete.slice(0, 100),
    groups: grouped(walked.ids),
    replay: into === undefined || !walked.newest ? null : await planReplay(point, execution, into, walked),
  };
};

/** Archives that no verification vouches for yet, from the newest back. */
interface Walked {
  ids: string[];
  newest: ArchiveIndex | undefined;
  /** The newest that one vouches for. */
  since: ArchiveIndex | undefined;
  /** What is missing or changed by indexes alone. */
  incomplete: string[];
}

/** Two indexes are held at a time: one, and the one that goes on from it. */
const walk = async (point: RecoveryPoint, replayed: boolean): Promise<Walked> => {
  const walked: Walked = { ids: [], newest: undefined, since: undefined, incomplete: [] };
  let later: ArchiveIndex | undefined;
  for (let id: string | null = point.id; id !== null && !walked.since; ) {
    const index: ArchiveIndex | undefined = await findDocument(indexKey(id), ArchiveIndex);
    const own: RecoveryPoint | undefined = id === point.id ? point : await findPoint(id);
    // The oldest have expired, and their indexes with them: where they ended, nobody knows.
    if (!index && (!own || own.status === 'expired')) return walked;
    if (!index) {
      walked.incomplete.push(`${id}: the vault has no index of it`);
      return walked;
    }
    if (later) walked.incomplete.push(...holesIn(later, index.next));
    if (own) walked.incomplete.push(...(await changesOf(own)));
    if (id !== point.id && own && isVouchedFor(own, replayed)) walked.since = index;
    else walked.ids.push(id);
    walked.newest ??= index;
    later = index;
    id = index.base;
  }
  if (later && !walked.since) walked.incomplete.push(...holesIn(later, undefined));
  return walked;
};

/** Restores read the index that stands there; the catalogue says what was written. */
const changesOf = async ({ id, artifacts }: RecoveryPoint): Promise<string[]> => {
  const written = artifacts.find(({ uri }) => uri.endsWith(`/${indexKey(id)}`));
  if (!written) return [];
  const { sha256 } = await digestObject(uriHere(written.uri));
  return sha256 === written.sha256
    ? []
    : [`${id}: its index has the SHA-256 ${sha256}, where ${written.sha256} was written`];
};

const grouped = (ids: readonly string[]): string[][] => {
  const size = Math.ceil(ids.length / GROUPS) || 1;
  return Array.from({ length: Math.ceil(ids.length / size) }, (_, at) => ids.slice(at * size, (at + 1) * size));
};

/** A restore like any other, of what no verification has vouched for yet, into topics of its own. */
const planReplay = async (
  { id, source }: RecoveryPoint,
  execution: string,
  into: string,
  { newest, since }: Walked,
): Promise<Plan['replay']> => {
  const name = executionName(execution);
  // Names of executions may be longer than ids of restores, and hold other letters.
  const restoreId = `verify-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
  const parts: RestorePart[] = [];
  const topics: RestorePlan['topics'] = [];
  for (const [topicId, { topic, next }] of Object.entries(newest?.next ?? {})) {
    const facts = newest?.topics.find((each) => each.id === topicId);
    if (!facts) continue;
    const as = `${TOPICS}${name}.${topics.length}`;
    topics.push({
      name: as,
      partitions: facts.partitions,
      replicas: 1,
      settings: { ...KEEPING, ...limitsOf(facts.settings) },
      setAside: {},
    });
    for (const [number, to] of Object.entries(next)) {
      const from = since?.next[topicId]?.next[number] ?? 0;
      if (from < to) parts.push({ topic, topicId, partition: Number(number), as, base: 0, offsets: { from, to } });
    }
  }
  if (parts.length === 0) return null;
  const weighing = startWeighing(parts);
  const { vaultBucket: bucket, region } = settings();
  for await (const index of chain({ bucket, region }, id)) {
    if (index.recoveryPoint === since?.recoveryPoint) break;
    weighing.add(index);
  }
  const shares = restoreShares(weighing.weights);
  await openDocument(restorePlanKey(restoreId), RestorePlan, {
    ...{ restoreId, source, recoveryPoint: id, into, undecided: false, topics, parts, shares },
    plannedAt: now().toISOString(),
  });
  return {
    ...{ into, restoreId, topics: topics.map((topic) => topic.name) },
    ...{ parts: parts.length, shares: shares.length },
  };
};

/** Records that were allowed to be large have to be allowed again. */
const limitsOf = ({ 'max.message.bytes': most }: Record<string, string>): Record<string, string> =>
  most === undefined ? {} : { 'max.message.bytes': most };

const makeTopics = async (restoreId: string, into: string): Promise<void> => {
  const plan = await findDocument(restorePlanKey(restoreId), RestorePlan);
  await using cluster = await openCluster(into, kafkaSourceNamed(into));
  await sweep(cluster);
  for (const { setAside: _, ...topic } of plan?.topics ?? []) await cluster.create(topic);
};

/** Topics of verifications that died. Whose execution still works keeps its own. */
const sweep = async (cluster: Cluster): Promise<void> => {
  const names = (await cluster.topics((name) => name.startsWith(TOPICS))).map(({ name }) => name);
  for (const [execution, left] of Map.groupBy(names, (name) => name.slice(TOPICS.length, name.lastIndexOf('.')))) {
    if (await isExecutionRunning('verify-kafka', execution)) continue;
    await cluster.remove(left);
    logger.warn('topics of a verification that ended removed', { execution, topics: left });
  }
};

/** Removes what this execution made, and nothing else. Safe to call again. */
export const removeTopics = async ({
  recoveryPoint,
  execution,
}: {
  recoveryPoint: string;
  execution: string;
}): Promise<{ removed: number }> => {
  const plan = await findDocument(planKey(recoveryPoint, execution), Plan);
  if (!plan?.replay) return { removed: 0 };
  const { into, topics } = plan.replay;
  await using cluster = await openCluster(into, kafkaSourceNamed(into));
  const there = (await cluster.topics((name) => topics.includes(name))).map(({ name }) => name);
  await cluster.remove(there);
  return { removed: there.length };
};
