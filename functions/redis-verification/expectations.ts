// What a restored cache has to hold, from the archive itself: read once more from end to end, its digest compared again.
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { locate } from '../../shared/artifacts/artifacts.ts';
import { digesting } from '../../shared/artifacts/digesting.ts';
import { s3 } from '../../shared/aws/clients.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { rdbFileHere } from '../../shared/redis/archives.ts';
import { ArchiveMissing } from '../../shared/redis/errors.ts';
import { readRdb } from '../../shared/redis/rdb/file.ts';
import { bucketOf } from '../../shared/redis/rdb/summary.ts';
import type { KeyType } from '../../shared/redis/rdb/values.ts';
import { liveKeyId } from './live-keys.ts';

/** Clocks, and the time a key takes to be dropped, may differ by this much. */
export const TOLERANCE_MS = 5_000;

export interface ExpectedKey {
  type: KeyType;
  digest: string;
  comparable: boolean;
  expiresAt: number | undefined;
}

export interface Expected {
  /** By database and type: keys that must be there, and those whose time came while the cache was read, or about then. */
  counts: Map<string, { certain: number; undecided: number }>;
  /** Keys of all kinds that must be there, and how many of them expire later. */
  keys: number;
  expiring: number;
  sampled: Map<string, ExpectedKey>;
}

/** @param read the cache's clock when its reading began and ended @throws {ArchiveMissing} {RdbDamaged} {RdbNotUnderstood} */
export const readExpected = async (
  point: RecoveryPoint,
  sampled: ReadonlySet<number>,
  read: { from: number; to: number },
  signal: AbortSignal,
): Promise<Expected> => {
  const file = await rdbFileHere(point);
  const { Body } = await s3().send(new GetObjectCommand(locate(file)), { abortSignal: signal });
  const { chunks, digests } = digesting(Body as AsyncIterable<Uint8Array>);
  const expected: Expected = { counts: new Map(), keys: 0, expiring: 0, sampled: new Map() };
  await readRdb(chunks, point.id, ({ db, key, type, digest, comparable, expiresAt, elements }) => {
    if (elements === 0 && type !== 'stream') return;
    if (expiresAt !== undefined && expiresAt < read.from - TOLERANCE_MS) return;
    const certain = expiresAt === undefined || expiresAt > read.to + TOLERANCE_MS;
    const name = `${db} ${type}`;
    const count = expected.counts.get(name) ?? { certain: 0, undecided: 0 };
    count[certain ? 'certain' : 'undecided'] += 1;
    expected.counts.set(name, count);
    if (certain) expected.keys += 1;
    if (certain && expiresAt !== undefined) expected.expiring += 1;
    if (sampled.has(bucketOf(db, key)))
      expected.sampled.set(liveKeyId(db, key), { type, digest, comparable, expiresAt });
  });
  const { sha256 } = await digests();
  if (sha256 === file.sha256) return expected;
  throw new ArchiveMissing('the file of this archive is not what was written.', {
    source: point.source,
    recoveryPoint: point.id,
    expected: `SHA-256 ${file.sha256}`,
    found: `SHA-256 ${sha256}`,
    next: 'Do not restore from it; use its replica in the other region or an older archive, and keep it as evidence.',
  });
};
