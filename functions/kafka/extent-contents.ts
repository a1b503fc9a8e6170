// What ranges hold: records, and the times of the first and the last; and whether two copies of a range hold the same. Read batch by batch.
import { createHash } from 'node:crypto';
import { batchesIn } from '../../shared/kafka/batches.ts';
import type { Cluster, Partition, Topic } from '../../shared/kafka/cluster.ts';
import { canonical } from '../../shared/kafka/encoding.ts';
import { batchesOf, type Place } from '../../shared/kafka/reading.ts';
import { type KafkaRecord, recordsIn } from '../../shared/kafka/records.ts';
import type { Vault } from '../../shared/vault/documents.ts';
import type { Span } from './extent-ranges.ts';

export interface Contents {
  records: number;
  /** Of the first and the last record by offset; null where there is none. */
  first: number | null;
  last: number | null;
}

/** A partition of a cluster that is there. */
export interface Standing {
  cluster: Cluster;
  topic: Topic;
  partition: Partition;
}

/** Answers without a batch below the end, after which there is none: compaction left nothing. */
const EMPTY_ANSWERS = 3;

export async function* archivedRecords(
  vault: Vault,
  places: readonly Place[],
  { from, to }: Span,
): AsyncGenerator<KafkaRecord> {
  let next = from;
  for (const place of places.toSorted((a, b) => a.part.from - b.part.from)) {
    if (place.part.to <= next || place.part.from >= to) continue;
    for (const batch of await batchesOf(vault, place))
      for (const record of batch.control ? [] : recordsIn(batch, place.part.topic)) {
        // A batch that two archives cut through is in both.
        if (record.offset < Math.max(next, place.part.from) || record.offset >= to) continue;
        next = record.offset + 1;
        yield record;
      }
  }
}

export async function* standingRecords(standing: Standing, span: Span): AsyncGenerator<KafkaRecord> {
  for await (const batch of standingBatches(standing, span))
    for (const record of batch.control ? [] : recordsIn(batch, standing.topic.name))
      if (record.offset >= span.from && record.offset < span.to) yield record;
}

async function* standingBatches({ cluster, topic, partition }: Standing, { from, to }: Span) {
  let next = from;
  for (let empty = 0; next < to && empty < EMPTY_ANSWERS; ) {
    const answer = await cluster.fetch(topic, partition, next);
    // Dropped while it was read.
    if (answer.outOfRange) return;
    const before = next;
    for (const batch of batchesIn(answer.records, `${topic.name}-${partition.partition}`)) {
      if (batch.lastOffset < next || batch.baseOffset >= to) continue;
      next = batch.lastOffset + 1;
      yield batch;
    }
    empty = next === before ? empty + 1 : 0;
  }
}

export const contentsOf = async (records: AsyncIterable<KafkaRecord>): Promise<Contents> => {
  const contents: Contents = { records: 0, first: null, last: null };
  for await (const { timestamp } of records) {
    contents.records += 1;
    contents.first ??= Number(timestamp);
    contents.last = Number(timestamp);
  }
  return contents;
};

export interface Comparison {
  /** Records that both have, and that are the same in everything that is kept. */
  same: number;
  /** Of the archive, and no longer in the topic: compaction, or a loss. */
  missing: number;
  /** Of the topic, and not in the archive at this offset. */
  foreign: number;
  /** At the same offset, and not the same. */
  changed: number;
  /** The first offset at which they differ. */
  differsAt: number | null;
}

/** A part that the brokers still have byte for byte is not read from the archive at all; another is compared record by record. */
export const comparePart = async (vault: Vault, place: Place, standing: Standing, span: Span): Promise<Comparison> => {
  const { from, to, sha256, records } = place.part;
  if (span.from === from && span.to === to && (await digestOf(standing, span)) === sha256)
    return { same: records, missing: 0, foreign: 0, changed: 0, differsAt: null };
  const found: Comparison = { same: 0, missing: 0, foreign: 0, changed: 0, differsAt: null };
  const note = (kind: 'missing' | 'foreign' | 'changed', offset: number): void => {
    found[kind] += 1;
    found.differsAt ??= offset;
  };
  const there = standingRecords(standing, span);
  let theirs = await there.next();
  for await (const ours of archivedRecords(vault, [place], span)) {
    for (; !theirs.done && theirs.value.offset < ours.offset; theirs = await there.next())
      note('foreign', theirs.value.offset);
    if (theirs.done || theirs.value.offset > ours.offset) {
      note('missing', ours.offset);
      continue;
    }
    if (canonical(ours).equals(canonical(theirs.value))) found.same += 1;
    else note('changed', ours.offset);
    theirs = await there.next();
  }
  for (; !theirs.done; theirs = await there.next()) note('foreign', theirs.value.offset);
  return found;
};

const digestOf = async (standing: Standing, span: Span): Promise<string> => {
  const sha = createHash('sha256');
  for await (const batch of standingBatches(standing, span)) sha.update(batch.bytes);
  return sha.digest('hex');
};

/** Records looked at to find one again in a mirror, of which many may be of one time. */
const LOOKED_AT = 100_000;

/**
 * Where the last archived record stands in a mirror, whose offsets are its own: looked for by its time, and told by all of its content.
 * Undefined where it is not found.
 */
export const findInMirror = async (mirror: Standing, to: number, record: KafkaRecord): Promise<number | undefined> => {
  const begin = await mirror.cluster.offsetAt(mirror.topic, mirror.partition, record.timestamp);
  if (begin === undefined) return undefined;
  const wanted = canonical(record);
  let found: number | undefined;
  let looked = 0;
  for await (const each of standingRecords(mirror, { from: begin, to })) {
    if (canonical(each).equals(wanted)) found = each.offset;
    else if (found !== undefined) return found;
    looked += 1;
    if (looked >= LOOKED_AT) break;
  }
  return found;
};
