// Streams of the region that takes over: the topics are restored into its cluster by the machine restore-kafka, from the newest archive of
// which everything is here; then every group is set to the very record that it would have read next. Each call takes one step.
import { z } from 'zod';
import { findExecution, startExecution } from '../../shared/aws/executions.ts';
import { RecoveryPointMissing } from '../../shared/catalog/errors.ts';
import { now } from '../../shared/clock.ts';
import { kafkaSourceNamed } from '../../shared/config/platform.ts';
import { settings } from '../../shared/config/settings.ts';
import { ArchiveIndex, indexKey } from '../../shared/kafka/archive.ts';
import { bootstrapHere } from '../../shared/kafka/brokers.ts';
import { openCluster } from '../../shared/kafka/cluster.ts';
import { newestArchiveHere } from '../../shared/kafka/newest.ts';
import { readDocument } from '../../shared/vault/documents.ts';
import { moveGroups } from '../kafka/group-restores.ts';
import { failOverToMirror } from '../kafka/mirror-failovers.ts';
import { StreamsNotRestored } from './errors.ts';
import { lossSince } from './losses.ts';
import type { PhaseContext, Step } from './phases.ts';

const LOOK_AGAIN_SECONDS = 5;
const MACHINE = 'restore-kafka';

/** @throws {RecoveryPointMissing} {StreamsNotRestored} once for every restore that fails; and what brokers may answer. */
export const switchStreams = async (context: PhaseContext): Promise<Step> => {
  const { plan, noted, kind, rehearsal } = context;
  if (!plan.streams) return { done: true, facts: { skipped: 'no streams are configured' } };
  const { source } = plan.streams;
  // The cluster of a region that was left still holds what it held: people decide what becomes of it.
  if (kind === 'failback') return { done: true, facts: { source, skipped: 'going back, streams are moved by people' } };
  if (plan.streams.by === 'mirror') return leaveForMirror(context, source);
  // Noted before the act: what is newest moves on while the vault of the other region still replicates.
  if (typeof noted.recoveryPoint !== 'string') return choose(source);
  const { recoveryPoint } = noted;
  if (rehearsal) return rehearse(source, recoveryPoint);
  const restored = await restore(context, source, recoveryPoint);
  return restored.done ? setGroups(context, source, recoveryPoint, restored.facts) : restored;
};

/** The mirror takes the cluster's place: stopped, so that it writes nothing into what is used from now on; what it had not copied is the loss. */
const leaveForMirror = async ({ failoverId, rehearsal, stillHeld }: PhaseContext, source: string): Promise<Step> => {
  const { mirror } = kafkaSourceNamed(source);
  if (!mirror) throw new RangeError(`${source} has no mirror: the configuration was checked for one.`);
  const { target, policy } = mirror;
  const facts = { source, target, policy, bootstrap: bootstrapHere(kafkaSourceNamed(target)).join(',') };
  if (rehearsal) return { done: true, facts: { ...facts, rehearsal: true, skipped: 'a drill stops no mirror' } };
  await stillHeld();
  const { done, loss, groups } = await failOverToMirror({ failoverId, source });
  if (!done) return wait(`the mirror of ${source} is being stopped`);
  return {
    done: true,
    facts: {
      ...facts,
      ...{
        lostMessages: loss?.known === 'unknown' ? null : (loss?.messages ?? null),
        lossKnown: loss?.known ?? 'unknown',
      },
      ...{ groups: [...new Set(groups?.standing.map(({ group }) => group))], groupsMissing: groups?.missing ?? null },
    },
  };
};

const choose = async (source: string): Promise<Step> => {
  const { region } = settings();
  const newest = await newestArchiveHere(source, now());
  if (!newest)
    throw new RecoveryPointMissing('no archive of the streams can be restored here.', {
      ...{ source, expected: `a stored archive with all of its segments in the vault of ${region}`, found: 'none' },
      next: 'Look at the replication of the vault; once an archive is here, redrive the execution.',
    });
  const { point, passedOver } = newest;
  const found = `${point.id} is the newest archive of which everything is here`;
  return { done: false, waitSeconds: 1, found, facts: { recoveryPoint: point.id, passedOver } };
};

/** Names the restore: one for a failover, whatever part of it is done again. */
const restoreIdOf = ({ failoverId }: PhaseContext): string => `${failoverId}-streams`;

/** The restore as an execution of its machine. What failed is begun anew by the next call, under the same restore: it goes on. */
const restore = async (context: PhaseContext, source: string, recoveryPoint: string): Promise<Step> => {
  const { noted, note, stillHeld } = context;
  const restoreId = restoreIdOf(context);
  const attempt = typeof noted.attempt === 'number' ? noted.attempt : 1;
  const name = `${restoreId}-${attempt}`;
  const found = await findExecution(MACHINE, name);
  if (!found) {
    await stillHeld();
    await startExecution(MACHINE, name, { restoreId, recoveryPoint });
    return wait(`the execution ${name} of ${MACHINE} is begun`, { restoreId, attempt });
  }
  switch (found.status) {
    case 'SUCCEEDED':
      return { done: true, facts: { restoreId, attempt, ...Restored.parse(found.output) } };
    case 'RUNNING':
    case 'PENDING_REDRIVE':
      return wait(`the execution ${name} of ${MACHINE} is ${found.status}`);
    default:
      // Noted before it is told: whoever calls again has mended the cause, and wants another one.
      await note({ attempt: attempt + 1, failed: found.status });
      throw new StreamsNotRestored('the topics of this region were not restored.', {
        ...{ source, recoveryPoint, expected: `${name} of ${MACHINE} succeeds` },
        found: `${found.status}: ${found.failure ? whyOf(found.failure) : 'it does not say why'}`,
        next: 'Mend the cause, then redrive the execution of the failover: the restore goes on where it stopped.',
      });
  }
};

const Restored = z.object({ records: z.int(), partitions: z.int() });

/** A function's error is a document, of which people want the sentence. */
const whyOf = ({ error, cause }: { error: string; cause: string }): string => {
  const Told = z.object({ errorMessage: z.string() });
  const told = Told.safeParse(parsed(cause));
  return `${error}: ${told.success ? told.data.errorMessage : cause}`.slice(0, 1000);
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // A machine's own words are no document.
    return undefined;
  }
};

const wait = (found: string, facts?: Record<string, string | number>): Step => ({
  ...{ done: false, waitSeconds: LOOK_AGAIN_SECONDS, found },
  ...(facts ? { facts } : {}),
});

/** Nobody reads yet: consumers come with the workloads, after this. */
const setGroups = async (
  context: PhaseContext,
  source: string,
  recoveryPoint: string,
  facts: Record<string, unknown>,
): Promise<Step> => {
  const restoreId = restoreIdOf(context);
  await moveGroups({ restoreId, step: 'plan' });
  await context.stillHeld();
  const { groups } = await moveGroups({ restoreId, step: 'apply' });
  const { takenAt, topics } = await readDocument(indexKey(recoveryPoint), ArchiveIndex);
  return {
    done: true,
    facts: {
      ...(facts as Record<string, number>),
      ...{ source, bootstrap: bootstrapHere(kafkaSourceNamed(source)).join(',') },
      ...{ topics: topics.length, groups: groups.map(({ group }) => group) },
      ...{ pointInTime: takenAt, lossSeconds: lossSince(takenAt, context) },
    },
  };
};

/** The names of the topics are those of production: a drill only looks whether they could be restored here. */
const rehearse = async (source: string, recoveryPoint: string): Promise<Step> => {
  const configured = kafkaSourceNamed(source);
  const { topics } = await readDocument(indexKey(recoveryPoint), ArchiveIndex);
  const there = await topicsThere(source, new Set(topics.map(({ name }) => name)));
  if (there.length > 0) throw inTheWay(source, recoveryPoint, there);
  const bootstrap = bootstrapHere(configured).join(',');
  const skipped = 'a drill restores no topics: verify-kafka does, every week';
  return { done: true, facts: { source, bootstrap, topics: topics.length, rehearsal: true, skipped } };
};

/** Those of the names that the cluster of this region has. @throws {BrokersUnreachable} {KafkaAccessDenied} */
export const topicsThere = async (source: string, names: ReadonlySet<string>): Promise<string[]> => {
  await using cluster = await openCluster(source, kafkaSourceNamed(source));
  const there = await cluster.topics((name) => names.has(name));
  return there.map(({ name }) => name);
};

const inTheWay = (source: string, recoveryPoint: string, there: readonly string[]): StreamsNotRestored =>
  new StreamsNotRestored('topics of this region are in the way.', {
    ...{ source, recoveryPoint, expected: 'a cluster without the topics that would be restored' },
    found: there.slice(0, 20).join(', '),
    next: 'Look at what they hold; delete them, or rename what is to stay: a restore writes only where nothing is.',
  });
