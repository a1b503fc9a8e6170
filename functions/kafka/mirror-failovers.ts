// Leaving a cluster for its mirror: what is lost is noted per partition, the mirror is stopped so that it writes nothing into what is
// used from now on, and groups are looked at. Called again until it is done; what was noted is not noted again.
import { now } from '../../shared/clock.ts';
import { type Cluster, openCluster } from '../../shared/kafka/cluster.ts';
import { BrokersUnreachable } from '../../shared/kafka/errors.ts';
import {
  lagOf,
  MirrorFailover,
  MirrorMeasure,
  mirroredName,
  mirrorFailoverKey,
  mirrorMeasureKey,
} from '../../shared/kafka/mirror.ts';
import { wants } from '../../shared/kafka/patterns.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { changeDocument, findDocument, openDocument } from '../../shared/vault/documents.ts';
import { RestoreDisturbed } from './errors.ts';
import { lagIn, lagNow } from './mirror-measurements.ts';
import { type MirrorSides, openMirror } from './mirror-sides.ts';

export interface MirrorFailoverRequest {
  /** Names the failover: called again with the same one, it goes on. */
  failoverId: string;
  /** The cluster that is left. */
  source: string;
}

/** @throws {MirrorRefused} {RestoreDisturbed} {ConnectNotReady} {RestUnreachable} {BrokersUnreachable} where the target does not answer */
export const failOverToMirror = async ({
  failoverId,
  source,
}: MirrorFailoverRequest): Promise<MirrorFailover & { done: boolean }> => {
  const sides = await openMirror(source);
  const key = mirrorFailoverKey(failoverId);
  const { target } = sides;
  const begun = { failoverId, source, target, begunAt: now().toISOString(), loss: null, groups: null };
  let { value } = await openDocument(key, MirrorFailover, begun);
  // The one that copies first: with its end it notes how far it came.
  if (!(await isStopped(sides, ['source']))) return { ...value, done: false };
  if (value.loss === null) {
    const loss = await lossOf(sides);
    value = await changeDocument(key, MirrorFailover, (standing) => (standing.loss ? standing : { ...standing, loss }));
    const { known, messages } = value.loss ?? loss;
    logger.info('mirror stopped', { source, target, failover: failoverId, known, messages });
  }
  if (!(await isStopped(sides, ['checkpoint', 'heartbeat']))) return { ...value, done: false };
  if (value.groups === null) {
    const groups = await groupsOf(sides);
    value = await changeDocument(key, MirrorFailover, (standing) =>
      standing.groups ? standing : { ...standing, groups },
    );
  }
  return { ...value, done: true };
};

/** Asks them to stop, and whether they have. */
const isStopped = async (
  { connect, connectors }: MirrorSides,
  which: readonly (keyof MirrorSides['connectors'])[],
): Promise<boolean> => {
  let all = true;
  for (const each of which) {
    const { name } = connectors[each];
    const stopped = async (): Promise<boolean> => {
      const status = await connect.status(name);
      return status?.connector.state === 'STOPPED' && status.tasks.length === 0;
    };
    if (!(await connect.config(name)) || (await stopped())) continue;
    await connect.move(name, 'stop');
    all = (await stopped()) && all;
  }
  return all;
};

/** After the mirror was stopped: what it has noted is all that it copied. */
const lossOf = async (sides: MirrorSides): Promise<NonNullable<MirrorFailover['loss']>> => {
  const lag = await unlessUnreachable(() => lagNow(sides));
  if (lag) return { known: 'now', at: now().toISOString(), partitions: lag, messages: lagIn(lag) };
  const last = await findDocument(mirrorMeasureKey(sides.name), MirrorMeasure);
  if (!last) return { known: 'unknown', at: null, partitions: [], messages: 0 };
  const offsets = await sides.connect.offsets(sides.connectors.source.name);
  const standing = last.partitions.map(({ topic, partition, highWatermark: to, mirrored, lag: behind }) => ({
    topic,
    ranges: new Map([[partition, { from: mirrored ?? to - behind, to }]]),
  }));
  const partitions = lagOf(standing, sides.name, offsets);
  return { known: 'last measured', at: last.measuredAt, partitions, messages: lagIn(partitions) };
};

/** Where groups stand in the mirrored topics. @throws {RestoreDisturbed} where one stands behind the end of its partition */
const groupsOf = async (sides: MirrorSides): Promise<NonNullable<MirrorFailover['groups']>> => {
  const { name, source, target, into, mirror } = sides;
  const isMirrored = mirroredIn(sides);
  await using cluster = await openCluster(target, into);
  const ends = new Map<string, number>();
  for (const topic of await cluster.topics(isMirrored))
    for (const [partition, { to }] of await cluster.ranges(topic)) ends.set(`${partition} ${topic.name}`, to);
  const standing = (await groupsIn(cluster, isMirrored)).map(({ group, topic, partition, offset }) => {
    const ahead = (ends.get(`${partition} ${topic}`) ?? 0) - offset;
    if (ahead < 0) throw beyondTheEnd(target, group, `${topic}-${partition}`, offset, offset + ahead);
    return { group, topic, partition, offset, ahead };
  });
  const there = await unlessUnreachable(async () => {
    await using left = await openCluster(name, source);
    await left.topics(wants(mirror.topics));
    // Awaited here: the connections are closed on the way out.
    return await groupsIn(left, wants(mirror.topics));
  });
  const wanted = wants({ include: mirror.groups, exclude: [] });
  const missing = there
    ?.filter(({ group }) => wanted(group))
    .filter(({ group, topic, partition }) => {
      const mirrored = mirroredName(mirror, name, topic);
      return !standing.some((each) => each.group === group && each.topic === mirrored && each.partition === partition);
    })
    .map(({ group, topic, partition }) => `${group}: ${topic}-${partition}`);
  return { standing, missing: missing ?? null };
};

const mirroredIn = ({ name, mirror }: MirrorSides) => {
  const wanted = wants(mirror.topics);
  const prefix = mirroredName(mirror, name, '');
  return (topic: string): boolean => topic.startsWith(prefix) && wanted(topic.slice(prefix.length));
};

const groupsIn = async (cluster: Cluster, wanted: (topic: string) => boolean) =>
  (await cluster.groups()).flatMap(({ group, offsets }) =>
    offsets.filter(({ topic }) => wanted(topic)).map((each) => ({ group, ...each })),
  );

/** Undefined where the cluster that is left does not answer: that is why one leaves it. */
const unlessUnreachable = async <T>(ask: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof BrokersUnreachable) return undefined;
    throw error;
  }
};

const beyondTheEnd = (source: string, group: string, place: string, found: number, end: number): RestoreDisturbed =>
  new RestoreDisturbed('a group stands behind the end of what is mirrored.', {
    ...{ source: `${source}, group ${group}`, expected: `an offset of ${place} up to ${end}`, found },
    next: 'Its consumers would begin anew or at the end (auto.offset.reset): set the group, then call this again.',
  });
