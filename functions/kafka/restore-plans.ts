// The plan of a restore: which partitions of the archive go where. Everything is checked before the first topic is made and the first
// record is written.
import { z } from 'zod';
import { readPoint } from '../../shared/catalog/catalog.ts';
import { now } from '../../shared/clock.ts';
import { kafkaSourceNamed } from '../../shared/config/platform.ts';
import { settings } from '../../shared/config/settings.ts';
import type { TopicFacts } from '../../shared/kafka/archive.ts';
import { type Cluster, openCluster, type Topic } from '../../shared/kafka/cluster.ts';
import { chain } from '../../shared/kafka/reading.ts';
import {
  KEEPING,
  type MadeTopic,
  RestoreId,
  type RestorePart,
  RestorePlan,
  type RestoreShare,
  restorePlanKey,
} from '../../shared/kafka/restore.ts';
import { restoreShares, startWeighing } from '../../shared/kafka/restore-shares.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { findDocument, openDocument } from '../../shared/vault/documents.ts';
import { RestoreRefused } from './errors.ts';
import { requireSegments } from './segments.ts';

const topicName = z.string().regex(/^[A-Za-z0-9._-]{1,249}$/, 'the name of a topic');
const offset = z.int().nonnegative();
const instant = z.iso.datetime().transform((text) => Date.parse(text));

export const RestoreRequest = z.strictObject({
  restoreId: RestoreId,
  /** The newest archive to restore from; those before it come with it. */
  recoveryPoint: z.string(),
  /** Another configured cluster to write to; the archived one where left out. */
  into: z.string().optional(),
  topics: z
    .array(
      z.strictObject({
        topic: topicName,
        /** Of several that had the name, one after the other; the newest where left out. */
        topicId: z.string().optional(),
        as: topicName.optional(),
        partitions: z.array(offset).min(1).optional(),
        offsets: z.strictObject({ from: offset.optional(), to: offset.optional() }).optional(),
        times: z.strictObject({ from: instant.optional(), to: instant.optional() }).optional(),
      }),
    )
    .min(1)
    /** All that the newest archive has, where left out. */
    .optional(),
  /** `absent`: the topics are made; `empty`: they are there and hold nothing; `merge`: what is restored is appended. */
  target: z.enum(['absent', 'empty', 'merge']).default('absent'),
  /** Records of transactions that were aborted, or had not ended, too. */
  undecided: z.boolean().default(false),
});
type RestoreRequest = z.output<typeof RestoreRequest>;
type Wanted = NonNullable<RestoreRequest['topics']>[number];

/** Settings that drop records for their age, their number or their key, or give them another time. */
const SET_ASIDE = [...Object.keys(KEEPING), 'message.timestamp.type'];

/** Asked again with the same id, it finds its plan, and makes what is not made yet. @throws {RestoreRefused} {ArtifactDamaged} */
export const planRestore = async (request: RestoreRequest): Promise<{ restoreId: string; shares: number[] }> => {
  const { restoreId } = request;
  const { source } = await readPoint(request.recoveryPoint);
  const into = request.into ?? source;
  await using cluster = await openCluster(into, kafkaSourceNamed(into));
  const plan =
    (await findDocument(restorePlanKey(restoreId), RestorePlan)) ?? (await decide(request, { source, into }, cluster));
  for (const { setAside: _, ...topic } of plan.topics) await cluster.create(topic);
  return { restoreId, shares: plan.shares.map((_, number) => number) };
};

const decide = async (
  request: RestoreRequest,
  { source, into }: { source: string; into: string },
  cluster: Cluster,
): Promise<RestorePlan> => {
  const { restoreId, recoveryPoint, undecided } = request;
  const archived = await archivedTopics(request);
  const names = new Set<string>();
  for (const { topic, as = topic } of archived.map(({ wanted }) => wanted)) {
    if (names.has(as)) throw refused(request, `one source for each topic`, `two for ${as}`);
    names.add(as);
  }
  const standing = new Map((await cluster.topics((name) => names.has(name))).map((topic) => [topic.name, topic]));
  const topics: MadeTopic[] = [];
  const parts: RestorePart[] = [];
  for (const { wanted: each, facts = notArchived(request, each) } of archived) {
    const target = standing.get(each.as ?? each.topic);
    const bases = await basesOf(request, each, facts, target, cluster);
    if (!target) topics.push(madeFrom(facts, each.as ?? each.topic));
    for (const partition of partitionsOf(request, each, facts))
      parts.push({
        ...{ topic: each.topic, topicId: facts.id, as: each.as ?? each.topic, partition },
        ...{ base: bases.get(partition) ?? 0, offsets: each.offsets, times: each.times },
      });
  }
  const shares = await sharesOf(recoveryPoint, parts);
  const plan: RestorePlan = {
    ...{ restoreId, source, recoveryPoint, into, undecided, topics, parts, shares },
    plannedAt: now().toISOString(),
  };
  const { value } = await openDocument(restorePlanKey(restoreId), RestorePlan, plan);
  logger.info('restore planned', { source, recoveryPoint, into, restore: restoreId, partitions: value.parts.length });
  return value;
};

/** Topics that are wanted, as they were when they were last archived, wherever in the chain that was. */
const archivedTopics = async ({
  recoveryPoint,
  topics: named,
}: RestoreRequest): Promise<{ wanted: Wanted; facts?: TopicFacts }[]> => {
  const { vaultBucket: bucket, region } = settings();
  let found: { wanted: Wanted; facts?: TopicFacts }[] | undefined = named?.map((wanted) => ({ wanted }));
  for await (const { topics } of chain({ bucket, region }, recoveryPoint)) {
    found ??= topics.map((facts) => ({ wanted: { topic: facts.name, topicId: facts.id }, facts }));
    const names = Map.groupBy(topics, ({ name }) => name);
    found = found.map(({ wanted, facts = topicOf(names, wanted) }) => (facts ? { wanted, facts } : { wanted }));
    if (found.every(({ facts }) => facts)) break;
  }
  return found ?? [];
};

const topicOf = (names: ReadonlyMap<string, TopicFacts[]>, { topic, topicId }: Wanted): TopicFacts | undefined =>
  names.get(topic)?.find(({ id }) => (topicId ?? id) === id);

const notArchived = (request: RestoreRequest, { topic, topicId }: Wanted): never => {
  throw refused(request, `an archived topic ${topic}${topicId ? ` with the id ${topicId}` : ''}`, 'none');
};

/** One walk through the chain asks for every segment, and weighs what the indexes say of every partition. */
const sharesOf = async (recoveryPoint: string, parts: readonly RestorePart[]): Promise<RestoreShare[]> => {
  const { vaultBucket: bucket, region } = settings();
  const topicIds = new Set(parts.map(({ topicId }) => topicId));
  const weighing = startWeighing(parts);
  for await (const index of chain({ bucket, region }, recoveryPoint)) {
    await requireSegments({ bucket, region }, index, topicIds);
    weighing.add(index);
  }
  return restoreShares(weighing.weights);
};

const partitionsOf = (request: RestoreRequest, { topic, partitions }: Wanted, facts: TopicFacts): number[] => {
  const all = Array.from({ length: facts.partitions }, (_, number) => number);
  const unknown = partitions?.find((partition) => partition >= facts.partitions);
  if (unknown !== undefined)
    throw refused(request, `partitions 0 to ${facts.partitions - 1} of ${topic}`, `partition ${unknown}`);
  return partitions ?? all;
};

/** High watermarks of the target. @throws {RestoreRefused} where it is not as the request says */
const basesOf = async (
  request: RestoreRequest,
  { topic, as = topic }: Wanted,
  facts: TopicFacts,
  target: Topic | undefined,
  cluster: Cluster,
): Promise<Map<number, number>> => {
  if (!target) {
    if (request.target === 'absent') return new Map();
    throw refused(request, `a topic ${as} in the cluster`, 'none');
  }
  if (request.target === 'absent') throw refused(request, `no topic ${as} in the cluster`, 'one of this name');
  if (target.partitions.length < facts.partitions)
    throw refused(
      request,
      `${facts.partitions} partitions of ${as}, as they were archived`,
      `${target.partitions.length}`,
    );
  const ranges = await cluster.ranges(target);
  const full = [...ranges].find(([, { from, to }]) => from < to);
  if (request.target === 'empty' && full)
    throw refused(request, `${as} without records`, `offsets ${full[1].from} to ${full[1].to} in partition ${full[0]}`);
  return new Map([...ranges].map(([partition, { to }]) => [partition, to]));
};

const madeFrom = ({ partitions, replicas, settings: all }: TopicFacts, name: string): MadeTopic => {
  const aside = (setting: string): boolean => SET_ASIDE.includes(setting);
  const pick = (wanted: (setting: string) => boolean) =>
    Object.fromEntries(Object.entries(all).filter(([setting]) => wanted(setting)));
  return {
    ...{ name, partitions, replicas },
    settings: { ...pick((setting) => !aside(setting)), ...KEEPING },
    setAside: pick(aside),
  };
};

const refused = ({ recoveryPoint, restoreId }: RestoreRequest, expected: string, found: string): RestoreRefused =>
  new RestoreRefused('the restore was not begun.', {
    ...{ source: `restore ${restoreId}`, recoveryPoint, expected, found },
    next: 'Nothing was made or written. Correct the request; "target" says what may be there: absent, empty or merge.',
  });
