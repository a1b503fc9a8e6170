// An archive read back: the records of a partition in the order of their offsets, through all recovery points that hold them, every
// digest compared before a record is handed on.
import { createHash } from 'node:crypto';
import { GetObjectCommand, S3ServiceException } from '@aws-sdk/client-s3';
import { locate } from '../artifacts/artifacts.ts';
import { ArtifactDamaged } from '../artifacts/errors.ts';
import { s3 } from '../aws/clients.ts';
import type { Artifact } from '../catalog/recovery-point.ts';
import { findDocument, type Vault } from '../vault/documents.ts';
import { ArchiveIndex, indexKey, type Part } from './archive.ts';
import { type Batch, batchesIn } from './batches.ts';
import { codecOf, type KafkaRecord, recordsIn } from './records.ts';
import { TransactionEnds } from './transactions.ts';

export interface Selection {
  topic: string;
  /** Of topics that were made again under the name; all of them where left out. */
  topicId?: string | undefined;
  /** All of them where left out. */
  partition?: number | undefined;
  /** Half-open; of every partition. */
  offsets?: { from?: number | undefined; to?: number | undefined } | undefined;
  /** Milliseconds since 1970, half-open, by the timestamps of records. */
  times?: { from?: number | undefined; to?: number | undefined } | undefined;
  /** Records of transactions that were aborted, or not yet ended when they were archived. */
  undecided?: boolean;
}

export type ArchivedRecord = KafkaRecord & {
  topic: string;
  topicId: string;
  partition: number;
  /** How the batch was packed that it came in, as in a batch's attributes. */
  codec: number;
};

export interface Place {
  part: Part;
  artifact: Artifact;
}

/**
 * @param point the newest recovery point to read; what those before it hold comes first
 * @throws {ArtifactDamaged} {BatchDamaged} before a record of the damaged part is handed on.
 */
export async function* readArchive(vault: Vault, point: string, selection: Selection): AsyncGenerator<ArchivedRecord> {
  const places: Place[] = [];
  for await (const index of chain(vault, point))
    for (const { artifact, parts } of index.segments)
      for (const part of parts) if (isWanted(part, selection)) places.push({ artifact, part });
  const partitions = Map.groupBy(places, ({ part: { topicId, partition } }) => `${topicId} ${partition}`);
  for (const [, all] of [...partitions].toSorted(([, [a]], [, [b]]) => order(a) - order(b)))
    yield* recordsOf(vault, all.toSorted(byOffset), selection);
}

async function* recordsOf(
  vault: Vault,
  places: readonly Place[],
  selection: Selection,
): AsyncGenerator<ArchivedRecord> {
  const [place] = places;
  if (!place) return;
  const { topic, topicId, partition } = place.part;
  for await (const { records, codec } of readPartition(vault, places, selection))
    for (const record of records) yield { topic, topicId, partition, codec, ...record };
}

const order = (place: Place | undefined): number => place?.part.partition ?? 0;
const byOffset = (a: Place, b: Place): number => a.part.from - b.part.from;

export const isWanted = (part: Part, selection: Selection): boolean =>
  part.topic === selection.topic &&
  (selection.topicId ?? part.topicId) === part.topicId &&
  (selection.partition ?? part.partition) === part.partition &&
  part.to > (selection.offsets?.from ?? 0) &&
  (isBefore(part, selection) || part.transactions);

/** What begins behind the end of a selection may have the markers of transactions in it, and nothing else of it. */
const isBefore = ({ from }: Part, { offsets }: Selection): boolean => from < (offsets?.to ?? Number.POSITIVE_INFINITY);

export type PartitionSelection = Selection & { topicId: string; partition: number };

/**
 * Where an archive has what is selected of many partitions, by one walk through its chain; of each in the order of offsets.
 * @param indexes so many of the chain, from the newest back; all of them where left out
 */
export const findPlaces = async (
  vault: Vault,
  point: string,
  selections: readonly PartitionSelection[],
  indexes = Number.POSITIVE_INFINITY,
): Promise<Place[][]> => {
  const found = selections.map((selection) => ({ selection, places: [] as Place[] }));
  const partitions = Map.groupBy(found, ({ selection: { topicId, partition } }) => `${topicId} ${partition}`);
  let walked = 0;
  for await (const index of chain(vault, point)) {
    // One text for all of them: there may be hundreds of thousands.
    for (const { artifact, parts } of index.segments)
      for (const part of parts)
        for (const { selection, places } of partitions.get(`${part.topicId} ${part.partition}`) ?? [])
          if (isWanted(part, selection))
            places.push({ artifact, part: { ...part, topic: selection.topic, topicId: selection.topicId } });
    walked += 1;
    if (walked >= indexes) break;
  }
  return found.map(({ places }) => places.toSorted(byOffset));
};

/** From the newest to the first; where older ones have expired, to the oldest that is there. */
export async function* chain(vault: Vault, newest: string): AsyncGenerator<ArchiveIndex> {
  for (let id: string | null = newest; id !== null; ) {
    const index: ArchiveIndex | undefined = await findDocument(indexKey(id), ArchiveIndex, vault);
    if (!index && id === newest) throw missing(vault, id);
    if (!index) return;
    yield index;
    id = index.base;
  }
}

/** How far a partition was read: `next` is the first offset behind, whether records before it were asked for or not. */
export interface Step {
  next: number;
  /** How the batch was packed that they came in, as in a batch's attributes. */
  codec: number;
  records: KafkaRecord[];
}

/** Batch by batch; a step without a record says that time has passed. @param places in the order of their offsets */
export async function* readPartition(
  vault: Vault,
  places: readonly Place[],
  selection: Selection,
): AsyncGenerator<Step> {
  let held: { place: Place; batches: Batch[] } | undefined;
  const read = async (place: Place): Promise<Batch[]> => {
    if (held?.place === place) return held.batches;
    // Only one beside the one that is read: what is looked at ahead is mostly what comes next.
    held = undefined;
    held = { place, batches: await batchesOf(vault, place) };
    return held.batches;
  };
  const ends = new TransactionEnds(places, read);
  let next = selection.offsets?.from ?? 0;
  for (const place of places) {
    if (!isBefore(place.part, selection)) return;
    if (place.part.to <= next) continue;
    const { topic, partition } = place.part;
    for (const batch of await read(place)) {
      // A batch that two archives cut through is in both.
      if (batch.lastOffset < next) continue;
      const codec = codecOf(batch);
      const records: KafkaRecord[] = [];
      const decided = batch.transactional && !batch.control && !selection.undecided;
      while (decided && ends.isCommitted(batch) === undefined) {
        await ends.lookAhead();
        yield { next, codec, records: [] };
      }
      if (!batch.control && (!decided || ends.isCommitted(batch)))
        for (const record of recordsIn(batch, `${topic}-${partition}`))
          if (record.offset >= Math.max(next, place.part.from) && isAsked(record, selection)) records.push(record);
      next = batch.lastOffset + 1;
      yield { next, codec, records };
    }
  }
}

const isAsked = ({ offset, timestamp }: KafkaRecord, { offsets = {}, times = {} }: Selection): boolean =>
  offset >= (offsets.from ?? 0) &&
  offset < (offsets.to ?? Number.POSITIVE_INFINITY) &&
  timestamp >= (times.from ?? Number.NEGATIVE_INFINITY) &&
  timestamp < (times.to ?? Number.POSITIVE_INFINITY);

/** Every batch of a part, once all of its bytes are known to be those that were written. */
export const batchesOf = async ({ bucket, region }: Vault, { artifact, part }: Place): Promise<Batch[]> => {
  const { Key, VersionId } = locate(artifact);
  const wanted = new GetObjectCommand({
    ...{ Bucket: bucket, Key, Range: `bytes=${part.at}-${part.at + part.bytes - 1}` },
    // A replica has the version of its original; a copy of the vault may have others.
    ...(artifact.uri.startsWith(`s3://${bucket}/`) ? { VersionId } : {}),
  });
  const answer = await s3(region)
    .send(wanted)
    .catch((error: unknown) => {
      if (isNotThere(error)) return undefined;
      throw error;
    });
  const { bytes, length, sha256 } = await received(answer?.Body as AsyncIterable<Buffer> | undefined, part.bytes);
  const place = `${part.topic}-${part.partition} in ${artifact.uri}`;
  const batches = sha256 === part.sha256 ? [...batchesIn(bytes, place)] : [];
  const read = batches.reduce((sum, batch) => sum + batch.bytes.length, 0);
  if (batches.length === part.batches && read === part.bytes) return batches;
  throw new ArtifactDamaged('a part of an archive is not what was written.', {
    source: place,
    expected: `${part.batches} batches in ${part.bytes} bytes, SHA-256 ${part.sha256}`,
    found: answer ? `${length} bytes, SHA-256 ${sha256}` : 'no such object or version, or none of these bytes',
    next: 'Read the replica in the other region; keep this version as evidence.',
  });
};

/** As it comes, into room for as much as was asked for: a part is held once. */
const received = async (
  body: AsyncIterable<Buffer> | undefined,
  expected: number,
): Promise<{ bytes: Buffer; length: number; sha256: string }> => {
  const bytes = Buffer.allocUnsafeSlow(expected);
  const hash = createHash('sha256');
  let length = 0;
  for await (const chunk of body ?? []) {
    hash.update(chunk);
    chunk.copy(bytes, Math.min(length, expected));
    length += chunk.length;
  }
  return { bytes, length, sha256: hash.digest('hex') };
};

/** The object is gone, or ends before the range that was asked for. */
const isNotThere = (error: unknown): boolean =>
  error instanceof S3ServiceException && [404, 416].includes(error.$metadata.httpStatusCode ?? 0);

const missing = ({ bucket }: Vault, id: string): ArtifactDamaged =>
  new ArtifactDamaged('the vault has no index of this archive.', {
    ...{ source: bucket, recoveryPoint: id, expected: indexKey(id), found: 'nothing' },
    next: 'Take the id of a stored archive from the report or from a listing of the catalogue.',
  });
