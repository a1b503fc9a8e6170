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
import { codecOf, commits, type KafkaRecord, recordsIn } from './records.ts';

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
    yield* readPartition(
      vault,
      all.toSorted((a, b) => a.part.from - b.part.from),
      selection,
    );
}

const order = (place: Place | undefined): number => place?.part.partition ?? 0;

const isWanted = ({ topic, topicId, partition, from, to }: Part, selection: Selection): boolean =>
  topic === selection.topic &&
  (selection.topicId ?? topicId) === topicId &&
  (selection.partition ?? partition) === partition &&
  from < (selection.offsets?.to ?? Number.POSITIVE_INFINITY) &&
  to > (selection.offsets?.from ?? 0);

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

async function* readPartition(
  vault: Vault,
  places: readonly Place[],
  selection: Selection,
): AsyncGenerator<ArchivedRecord> {
  const ends = selection.undecided ? undefined : await endsOfTransactions(vault, places);
  let next = 0;
  for (const place of places) {
    const { topic, topicId, partition } = place.part;
    for (const batch of await batchesOf(vault, place)) {
      if (batch.control || (ends && batch.transactional && !ends(batch))) continue;
      for (const record of recordsIn(batch, `${topic}-${partition}`)) {
        // A batch that two archives cut through is in both.
        if (record.offset < Math.max(next, place.part.from)) continue;
        next = record.offset + 1;
        if (isAsked(record, selection)) yield { topic, topicId, partition, codec: codecOf(batch), ...record };
      }
    }
  }
}

const isAsked = ({ offset, timestamp }: KafkaRecord, { offsets = {}, times = {} }: Selection): boolean =>
  offset >= (offsets.from ?? 0) &&
  offset < (offsets.to ?? Number.POSITIVE_INFINITY) &&
  timestamp >= (times.from ?? Number.NEGATIVE_INFINITY) &&
  timestamp < (times.to ?? Number.POSITIVE_INFINITY);

/** Whether the transaction of a batch was committed: by the first marker of its producer behind it. */
const endsOfTransactions = async (vault: Vault, places: readonly Place[]): Promise<(batch: Batch) => boolean> => {
  const markers = new Map<number, { offset: number; committed: boolean }[]>();
  for (const place of places.filter(({ part }) => part.transactions))
    for (const batch of await batchesOf(vault, place))
      if (batch.control)
        markers.set(batch.producerId, [
          ...(markers.get(batch.producerId) ?? []),
          { offset: batch.baseOffset, committed: commits(batch, place.part.topic) },
        ]);
  return ({ producerId, lastOffset }) =>
    markers.get(producerId)?.find(({ offset }) => offset > lastOffset)?.committed ?? false;
};

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
  const bytes = Buffer.from((await answer?.Body?.transformToByteArray()) ?? []);
  const place = `${part.topic}-${part.partition} in ${artifact.uri}`;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const batches = sha256 === part.sha256 ? [...batchesIn(bytes, place)] : [];
  const read = batches.reduce((sum, batch) => sum + batch.bytes.length, 0);
  if (batches.length === part.batches && read === part.bytes) return batches;
  throw new ArtifactDamaged('a part of an archive is not what was written.', {
    source: place,
    expected: `${part.batches} batches in ${part.bytes} bytes, SHA-256 ${part.sha256}`,
    found: answer ? `${bytes.length} bytes, SHA-256 ${sha256}` : 'no such object or version, or none of these bytes',
    next: 'Read the replica in the other region; keep this version as evidence.',
  });
};

/** The object is gone, or ends before the range that was asked for. */
const isNotThere = (error: unknown): boolean =>
  error instanceof S3ServiceException && [404, 416].includes(error.$metadata.httpStatusCode ?? 0);

const missing = ({ bucket }: Vault, id: string): ArtifactDamaged =>
  new ArtifactDamaged('the vault has no index of this archive.', {
    ...{ source: bucket, recoveryPoint: id, expected: indexKey(id), found: 'nothing' },
    next: 'Take the id of a stored archive from the report or from a listing of the catalogue.',
  });
