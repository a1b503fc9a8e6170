// One partition of a restore: records of the archive, written in their order and read back. How far it is, the target itself says: what
// stands behind the base is of this restore, so a call that is repeated, or comes after one that was killed, goes on behind it.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { now } from '../../shared/clock.ts';
import { kafkaSourceNamed } from '../../shared/config/platform.ts';
import { settings } from '../../shared/config/settings.ts';
import { batchesIn } from '../../shared/kafka/batches.ts';
import { type Cluster, openCluster, type Partition, type Topic } from '../../shared/kafka/cluster.ts';
import { canonical, encodeBatch, type Sequence } from '../../shared/kafka/encoding.ts';
import { KafkaNotReady } from '../../shared/kafka/errors.ts';
import { type ArchivedRecord, readArchive } from '../../shared/kafka/reading.ts';
import { recordsIn } from '../../shared/kafka/records.ts';
import {
  type OffsetRun,
  RestoreBegun,
  RestoredPart,
  RestoreId,
  type RestorePart,
  RestorePlan,
  restoreBegunKey,
  restoredKey,
  restorePlanKey,
} from '../../shared/kafka/restore.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { findDocument, openDocument, readDocument } from '../../shared/vault/documents.ts';
import { RestoreDisturbed } from './errors.ts';

export const PartRequest = z.strictObject({ restoreId: RestoreId, part: z.int().nonnegative() });

/** Brokers take a megabyte at once unless they are told otherwise; a single record that is larger goes alone. */
const BATCH_BYTES = 512 * 1024;
const BATCH_RECORDS = 1000;
const RESERVED_MS = 60_000;

/** @throws {ArtifactDamaged} {RestoreDisturbed} {BrokersUnreachable} {KafkaNotReady} {KafkaRefused} */
export const restorePart = async (
  { restoreId, part: number }: z.output<typeof PartRequest>,
  work: Pick<Work, 'remainingMs'>,
): Promise<{ done: boolean; records: number }> => {
  const key = restoredKey(restoreId, number);
  const restored = await findDocument(key, RestoredPart);
  if (restored) return { done: true, records: restored.records };
  const plan = await readDocument(restorePlanKey(restoreId), RestorePlan);
  const part = plan.parts[number] ?? noPart(restoreId, number);
  await using cluster = await openCluster(plan.into, kafkaSourceNamed(plan.into));
  const [topic, partition] = await targetOf(cluster, plan.into, part);
  const written = await writtenBehind(cluster, topic, part);
  const begun = await findDocument(restoreBegunKey(restoreId, number), RestoreBegun);
  if (!begun && written > 0) throw disturbed(part, 'nothing behind the base before the first record', written);
  const { id, epoch } = (begun ?? (await begin(cluster, restoreId, number))).producer;
  const writing = new PartWriting(cluster, topic, partition, { producerId: BigInt(id), epoch, number: written });
  const { vaultBucket: bucket, region } = settings();
  const selection = { ...part, undecided: plan.undecided };
  const hash = createHash('sha256');
  const offsets: OffsetRun[] = [];
  let records = 0;
  for await (const record of readArchive({ bucket, region }, plan.recoveryPoint, selection)) {
    hash.update(canonical(record));
    follow(offsets, record.offset, part.base + records);
    records += 1;
    if (records > written) await writing.add(record);
    if (work.remainingMs() < RESERVED_MS) {
      await writing.flush();
      return { done: false, records };
    }
  }
  await writing.flush();
  if (written > records) throw disturbed(part, `${records} records behind the base`, written);
  const sha256 = hash.digest('hex');
  await compare(cluster, topic, partition, { part, records, sha256 });
  await openDocument(key, RestoredPart, { records, sha256, offsets, verifiedAt: now().toISOString() });
  logger.info('partition restored', { restore: restoreId, topic: part.as, partition: part.partition, records });
  return { done: true, records };
};

/** Of two calls at once the first decides which producer both are. */
const begin = async (cluster: Cluster, restoreId: string, number: number): Promise<RestoreBegun> => {
  const { producerId, epoch } = await cluster.producer();
  const own = { begunAt: now().toISOString(), producer: { id: `${producerId}`, epoch } };
  return (await openDocument(restoreBegunKey(restoreId, number), RestoreBegun, own)).value;
};

const noPart = (restoreId: string, number: number): never => {
  throw new RangeError(`The restore ${restoreId} has no part ${number}.`);
};

/** A topic that was made a moment ago is known to every broker a moment later. @throws {KafkaNotReady} */
const targetOf = async (
  cluster: Cluster,
  into: string,
  { as, partition }: RestorePart,
): Promise<[Topic, Partition]> => {
  const [topic] = await cluster.topics((name) => name === as);
  const found = topic?.partitions.find((each) => each.partition === partition);
  if (topic && found && found.leader >= 0) return [topic, found];
  throw new KafkaNotReady('the cluster does not know the target yet.', {
    ...{ source: into, expected: `${as}-${partition} with a leader`, found: topic ? 'none' : 'no such topic' },
    next: 'It is asked again.',
  });
};

const writtenBehind = async (cluster: Cluster, topic: Topic, { partition, base }: RestorePart): Promise<number> =>
  ((await cluster.ranges(topic)).get(partition)?.to ?? base) - base;

/** Records that wait to be written, in batches packed as they were. */
class PartWriting {
  readonly #cluster: Cluster;
  readonly #topic: Topic;
  readonly #partition: Partition;
  readonly #sequence: Sequence;
  #waiting: ArchivedRecord[] = [];
  #bytes = 0;

  constructor(cluster: Cluster, topic: Topic, partition: Partition, sequence: Sequence) {
    this.#cluster = cluster;
    this.#topic = topic;
    this.#partition = partition;
    this.#sequence = { ...sequence };
  }

  async add(record: ArchivedRecord): Promise<void> {
    const size = (record.key?.length ?? 0) + (record.value?.length ?? 0) + 100;
    const [first] = this.#waiting;
    const full = this.#bytes + size > BATCH_BYTES || this.#waiting.length >= BATCH_RECORDS;
    if (first && (full || first.codec !== record.codec)) await this.flush();
    this.#waiting.push(record);
    this.#bytes += size;
  }

  async flush(): Promise<void> {
    const [first] = this.#waiting;
    if (!first) return;
    await this.#cluster.produce(this.#topic, this.#partition, encodeBatch(this.#waiting, first.codec, this.#sequence));
    this.#sequence.number += this.#waiting.length;
    this.#waiting = [];
    this.#bytes = 0;
  }
}

/** Adds one pair to the map of offsets. */
const follow = (runs: OffsetRun[], from: number, at: number): void => {
  const last = runs.at(-1);
  if (last && last.to === from && last.at + (last.to - last.from) === at) last.to += 1;
  else runs.push({ from, to: from + 1, at });
};

/** Reads back what was written. @throws {RestoreDisturbed} where it is not what the archive has */
const compare = async (
  cluster: Cluster,
  topic: Topic,
  partition: Partition,
  { part, records, sha256 }: { part: RestorePart; records: number; sha256: string },
): Promise<void> => {
  const hash = createHash('sha256');
  const end = part.base + records;
  let next = part.base;
  while (next < end) {
    const answer = await cluster.fetch(topic, partition, next);
    if (answer.outOfRange)
      throw disturbed(part, `offsets ${part.base} to ${end} to read back`, `the first is ${answer.logStart}`);
    const before: number = next;
    for (const batch of batchesIn(answer.records, `${topic.name}-${partition.partition}`))
      for (const record of batch.control ? [] : recordsIn(batch, topic.name))
        if (record.offset >= next && record.offset < end) {
          hash.update(canonical(record));
          next = record.offset + 1;
        }
    if (next === before && answer.highWatermark < end)
      throw new KafkaNotReady('the leader does not show yet what was written.', {
        ...{ source: `${part.as}-${part.partition}`, expected: `offsets up to ${end}`, found: answer.highWatermark },
        next: 'It is asked again.',
      });
    if (next === before) throw disturbed(part, `a record at offset ${next}`, 'none');
  }
  const found = hash.digest('hex');
  if (found !== sha256) throw disturbed(part, `SHA-256 ${sha256} of ${records} records`, found);
};

const disturbed = ({ as, partition, base }: RestorePart, expected: string, found: unknown): RestoreDisturbed =>
  new RestoreDisturbed('the target does not hold what was restored, and only that.', {
    ...{ source: `${as}-${partition} from offset ${base}`, expected, found },
    next: 'Let nobody else write to it; delete the topic, and restore again under another restore id.',
  });
