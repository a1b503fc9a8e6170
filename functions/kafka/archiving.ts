// One share of an archive: the batches of its partitions, read from the leaders and streamed into segments of the vault. A call
// writes segments until its time is up, and notes how far it is after each; whoever calls again goes on from there.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { takeBackUploads, writeStream } from '../../shared/artifacts/streams.ts';
import { readPoint } from '../../shared/catalog/catalog.ts';
import { kafkaSourceNamed } from '../../shared/config/platform.ts';
import {
  ArchivePlan,
  type Gap,
  type Part,
  type PartitionRange,
  planKey,
  progressKey,
  type Segment,
  ShareProgress,
  segmentKey,
  segmentPrefix,
} from '../../shared/kafka/archive.ts';
import { type Batch, batchesIn, offsetBehind } from '../../shared/kafka/batches.ts';
import { type Cluster, type Fetched, openCluster, type Topic } from '../../shared/kafka/cluster.ts';
import { KafkaNotReady } from '../../shared/kafka/errors.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { changeDocument, openDocument, readDocument } from '../../shared/vault/documents.ts';

export const ShareRequest = z.strictObject({ recoveryPoint: z.string(), share: z.int().nonnegative() });

/** Small enough to be read again quickly, large enough that a day of them can be listed. */
const SEGMENT_BYTES = 256 * 1024 * 1024;
/** Whoever reads a part holds it in memory until its digest is compared; another one of the partition comes behind it. */
const PART_BYTES = 16 * 1024 * 1024;
/** Of a function's time, what finishing a segment and noting it may take. */
const RESERVED_MS = 60_000;
/** Answers without a batch below the high watermark, after which there is none: compaction left nothing. */
const EMPTY_ANSWERS = 3;

/** @throws {BatchDamaged} {BrokersUnreachable} {KafkaNotReady} {KafkaRefused} */
export const archiveShare = async (
  { recoveryPoint, share }: z.output<typeof ShareRequest>,
  work: Pick<Work, 'remainingMs'>,
  segmentBytes = SEGMENT_BYTES,
): Promise<{ done: boolean; segments: number }> => {
  const { source } = await readPoint(recoveryPoint);
  const plan = await readDocument(planKey(recoveryPoint), ArchivePlan);
  const ranges = plan.shares[share] ?? [];
  const key = progressKey(recoveryPoint, share);
  const opened = await openDocument(key, ShareProgress, {
    ...{ segments: [], range: 0, offset: ranges[0]?.from ?? 0, gaps: [] },
    done: ranges.length === 0,
  });
  let progress = opened.value;
  if (progress.done) return { done: true, segments: progress.segments.length };
  // An earlier call may have been killed in the middle of a segment; that is written again under the same name.
  if (!opened.created) await takeBackUploads(segmentPrefix(recoveryPoint, share));
  const configured = kafkaSourceNamed(source);
  await using cluster = await openCluster(source, configured);
  const names = new Set(ranges.map(({ topic }) => topic));
  const topics = new Map((await cluster.topics((name) => names.has(name))).map((topic) => [topic.id, topic]));
  const ahead = new Ahead(cluster, topics, ranges);
  const isFull = (bytes: number): boolean => bytes >= segmentBytes || work.remainingMs() <= RESERVED_MS;
  while (!progress.done && work.remainingMs() > RESERVED_MS) {
    const number = progress.segments.length;
    const reading = new SegmentReading(ahead, ranges, progress, isFull);
    const artifact = await writeStream(segmentKey(recoveryPoint, share, number), reading.bytes(), {
      contentType: 'application/octet-stream',
    });
    const made = reading.result(artifact);
    progress = await changeDocument(key, ShareProgress, (standing) =>
      // Of two calls at once the one that notes first is right, and the other goes on from there.
      standing.segments.length === number && !standing.done ? made : standing,
    );
    logger.info('segment archived', { source, recoveryPoint, share, number, bytes: artifact?.bytes ?? 0 });
  }
  return { done: progress.done, segments: progress.segments.length };
};

/** Reads ranges from where the last segment ended, and remembers what went into this one. */
class SegmentReading {
  readonly #ranges: readonly PartitionRange[];
  readonly #before: ShareProgress;
  readonly #isFull: (bytes: number) => boolean;
  readonly #ahead: Ahead;
  readonly #parts: Part[] = [];
  readonly #gaps: Gap[] = [];
  #range: number;
  #offset: number;
  #bytes = 0;

  constructor(
    ahead: Ahead,
    ranges: readonly PartitionRange[],
    before: ShareProgress,
    isFull: (bytes: number) => boolean,
  ) {
    this.#ahead = ahead;
    this.#ranges = ranges;
    this.#before = before;
    this.#isFull = isFull;
    this.#range = before.range;
    this.#offset = before.offset;
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    while (this.#range < this.#ranges.length && !this.#isFull(this.#bytes)) {
      const range = this.#ranges[this.#range] as PartitionRange;
      yield* this.#read(range);
      if (this.#offset < range.to) continue;
      this.#range += 1;
      this.#offset = this.#ranges[this.#range]?.from ?? 0;
    }
  }

  result(artifact: Segment['artifact'] | undefined): ShareProgress {
    return {
      segments: artifact ? [...this.#before.segments, { artifact, parts: this.#parts }] : this.#before.segments,
      ...{ range: this.#range, offset: this.#offset },
      gaps: [...this.#before.gaps, ...this.#gaps],
      done: this.#range >= this.#ranges.length,
    };
  }

  /** The batches of one range, until it is read, or the part or the segment is full. */
  async *#read(range: PartitionRange): AsyncGenerator<Uint8Array> {
    const part = {
      from: this.#offset,
      at: this.#bytes,
      batches: 0,
      records: 0,
      transactions: false,
      maxTimestamp: Number.NEGATIVE_INFINITY,
      sha: createHash('sha256'),
    };
    let empty = 0;
    while (this.#offset < range.to && this.#bytes - part.at < PART_BYTES && !this.#isFull(this.#bytes)) {
      const batches = await this.#fetch(range);
      if (batches === undefined) break;
      if (batches.length === 0 && ++empty >= EMPTY_ANSWERS) this.#offset = range.to;
      for (const batch of batches) {
        if (batch.lastOffset < this.#offset) continue;
        if (batch.baseOffset >= range.to) {
          this.#offset = range.to;
          break;
        }
        empty = 0;
        part.batches += 1;
        part.records += batch.control ? 0 : batch.records;
        part.transactions ||= batch.transactional || batch.control;
        part.maxTimestamp = Math.max(part.maxTimestamp, batch.maxTimestamp);
        part.sha.update(batch.bytes);
        this.#bytes += batch.bytes.length;
        this.#offset = batch.lastOffset + 1;
        yield batch.bytes;
      }
    }
    if (part.batches === 0) return;
    const { sha, ...counted } = part;
    this.#parts.push({
      ...{ topicId: range.topicId, topic: range.topic, partition: range.partition, ...counted },
      ...{ to: this.#offset, bytes: this.#bytes - part.at, sha256: sha.digest('hex') },
    });
  }

  /** Whole batches from the offset on; undefined where the brokers have no more of the range. */
  async #fetch(range: PartitionRange): Promise<Batch[] | undefined> {
    const answer = await this.#ahead.fetch(this.#range, this.#offset);
    // Deleted, or made again, since it was planned: what was in it is lost.
    if (!answer) return this.#giveUp(range, range.to, 'recreated');
    if (answer.outOfRange) {
      const lost = answer.logStart > this.#offset;
      return this.#giveUp(range, lost ? Math.min(answer.logStart, range.to) : range.to, lost ? 'trimmed' : 'rewound');
    }
    const batches = [...batchesIn(answer.records, `${range.topic}-${range.partition} from offset ${this.#offset}`)];
    // A new leader learns how far its followers are only after a while: what it does not show yet is not empty.
    if (batches.length === 0 && answer.highWatermark < range.to)
      throw new KafkaNotReady('the leader does not show what the brokers said they have.', {
        ...{ source: `${range.topic}-${range.partition}`, expected: `offsets up to ${range.to}` },
        found: `up to ${answer.highWatermark}`,
        next: 'It is asked again. Where an unclean election lost them, the next archive begins anew and records that.',
      });
    return batches;
  }

  #giveUp(range: PartitionRange, to: number, why: Gap['why']): undefined | Batch[] {
    this.#gaps.push({ ...range, from: this.#offset, to, why });
    this.#offset = to;
    return to < range.to ? [] : undefined;
  }
}

/** Answers of brokers, each asked for while the one before it is worked on. */
class Ahead {
  readonly #cluster: Cluster;
  readonly #topics: ReadonlyMap<string, Topic>;
  readonly #ranges: readonly PartitionRange[];
  #asked: { range: number; offset: number; answer: Promise<Fetched | undefined> } | undefined;

  constructor(cluster: Cluster, topics: ReadonlyMap<string, Topic>, ranges: readonly PartitionRange[]) {
    this.#cluster = cluster;
    this.#topics = topics;
    this.#ranges = ranges;
  }

  /** Undefined where the topic of the range is gone. */
  async fetch(range: number, offset: number): Promise<Fetched | undefined> {
    const asked = this.#asked?.range === range && this.#asked.offset === offset ? this.#asked.answer : undefined;
    this.#asked = undefined;
    const answer = await (asked ?? this.#ask(range, offset));
    if (answer && !answer.outOfRange) this.#askFor(range, offsetBehind(answer.records));
    return answer;
  }

  #askFor(range: number, offset: number | undefined): void {
    const { to = 0 } = this.#ranges[range] ?? {};
    if (offset === undefined) return;
    const next = offset < to ? { range, offset } : { range: range + 1, offset: this.#ranges[range + 1]?.from };
    if (next.offset === undefined) return;
    const answer = this.#ask(next.range, next.offset);
    // Whoever comes for it hears of it; perhaps nobody does, because the time is up.
    answer.catch(() => undefined);
    this.#asked = { range: next.range, offset: next.offset, answer };
  }

  async #ask(range: number, offset: number): Promise<Fetched | undefined> {
    const { topicId = '', partition: number } = this.#ranges[range] ?? {};
    const topic = this.#topics.get(topicId);
    const partition = topic?.partitions.find((each) => each.partition === number);
    return topic && partition && this.#cluster.fetch(topic, partition, offset);
  }
}
