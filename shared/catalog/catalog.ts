// The catalogue: one JSON document per recovery point in the vault, written only by conditional requests, so that of
// two writers one wins and the other reads what was written. Nothing but S3 is needed to read it.
import {
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { z } from 'zod';
import { s3 } from '../aws/clients.ts';
import { datePath } from '../clock.ts';
import { settings } from '../config/settings.ts';
import { CatalogContended, CatalogUnreadable, RecoveryPointMissing } from './errors.ts';
import { catalogKey, parsePointId } from './ids.ts';
import { RecoveryPoint } from './recovery-point.ts';
import { assertTransition } from './transitions.ts';

const ATTEMPTS = 8;

/** S3 says 412 when the condition fails and 409 when another conditional write of the same key is under way. */
export const lostTheRace = (error: unknown): boolean =>
  error instanceof S3ServiceException && [409, 412].includes(error.$metadata.httpStatusCode ?? 0);

/** Writes a new recovery point, or finds that it exists: `created` is false and `point` what stands there. */
export const openPoint = async (point: RecoveryPoint): Promise<{ point: RecoveryPoint; created: boolean }> => {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      await put(point, { IfNoneMatch: '*' });
      return { point, created: true };
    } catch (error) {
      if (!lostTheRace(error)) throw error;
    }
    const existing = await read(point.id);
    if (existing) return { point: existing.point, created: false };
  }
  throw contended(point.id);
};

/** @throws {RecoveryPointMissing} when the catalogue has no such point. */
export const readPoint = async (id: string): Promise<RecoveryPoint> => (await readExisting(id)).point;

/**
 * Applies a change and writes it on the condition that nobody wrote meanwhile; else reads again and applies it again.
 * `change` must be safe to apply twice: an answer that was lost after the write took effect leads to a second pass.
 * Returning the same object says that nothing changes: nothing is written.
 * @throws {RecoveryPointMissing} {TransitionRefused} {CatalogContended}
 */
export const changePoint = async (
  id: string,
  change: (point: RecoveryPoint) => RecoveryPoint,
): Promise<RecoveryPoint> => {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { point, etag } = await readExisting(id);
    const changed = change(point);
    if (changed === point) return point;
    assertTransition(point, changed);
    try {
      await put(changed, { IfMatch: etag });
      return changed;
    } catch (error) {
      if (!lostTheRace(error)) throw error;
    }
  }
  throw contended(id);
};

/** The newest point scheduled at or before `time` that matches. Walks back year, month, day: never the whole history. */
export const newestBefore = async (
  source: string,
  time: Date,
  matches: (point: RecoveryPoint) => boolean,
): Promise<RecoveryPoint | undefined> => {
  for await (const day of daysBackwards(source, time)) {
    const keys = (await Array.fromAsync(keysUnder(day))).reverse();
    for (const key of keys) {
      const point = (await readExisting(idOf(key))).point;
      if (new Date(point.scheduledAt) <= time && matches(point)) return point;
    }
  }
  return undefined;
};

/** Points scheduled from `from` to before `to`, oldest first. */
export async function* pointsBetween(source: string, from: Date, to: Date): AsyncGenerator<RecoveryPoint> {
  for await (const id of idsBetween(source, from, to)) yield await readPoint(id);
}

/** Their ids, without reading a document. */
export async function* idsBetween(source: string, from: Date, to: Date): AsyncGenerator<string> {
  const last = `catalog/${source}/${datePath(to)}/~`;
  for await (const key of keysUnder(`catalog/${source}/`, `catalog/${source}/${datePath(from)}/`)) {
    if (key > last) return;
    const id = idOf(key);
    const { scheduledAt } = parsePointId(id);
    if (scheduledAt >= from && scheduledAt < to) yield id;
  }
}

async function* daysBackwards(source: string, time: Date): AsyncGenerator<string> {
  const limit = `catalog/${source}/${datePath(time)}/`;
  // A folder holding the limit may be larger than it as text only by its own last character: compare common lengths.
  const notAfter = (prefix: string): boolean => prefix <= limit.slice(0, prefix.length);
  for (const year of (await foldersUnder(`catalog/${source}/`)).filter(notAfter).reverse()) {
    for (const month of (await foldersUnder(year)).filter(notAfter).reverse()) {
      yield* (await foldersUnder(month)).filter(notAfter).reverse();
    }
  }
}

const foldersUnder = async (prefix: string): Promise<string[]> => {
  const answer = await s3().send(
    new ListObjectsV2Command({ Bucket: settings().vaultBucket, Prefix: prefix, Delimiter: '/' }),
  );
  return (answer.CommonPrefixes ?? []).flatMap((folder) => folder.Prefix ?? []);
};

/** Keys below a prefix in their order, page by page. */
export async function* keysUnder(prefix: string, startAfter?: string): AsyncGenerator<string> {
  let ContinuationToken: string | undefined;
  do {
    const page = await s3().send(
      new ListObjectsV2Command({
        Bucket: settings().vaultBucket,
        Prefix: prefix,
        StartAfter: startAfter,
        ContinuationToken,
      }),
    );
    for (const object of page.Contents ?? []) if (object.Key) yield object.Key;
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken);
}

const idOf = (key: string): string => key.slice(key.lastIndexOf('/') + 1).replace(/\.json$/, '');

const readExisting = async (id: string): Promise<{ point: RecoveryPoint; etag: string }> => {
  const existing = await read(id);
  if (existing) return existing;
  throw new RecoveryPointMissing('the catalogue has no such recovery point.', {
    source: parsePointId(id).source,
    recoveryPoint: id,
    next: 'Take the id from the report or from a listing of the catalogue.',
  });
};

const read = async (id: string): Promise<{ point: RecoveryPoint; etag: string } | undefined> => {
  const Key = catalogKey(id);
  try {
    const answer = await s3().send(
      new GetObjectCommand({ Bucket: settings().vaultBucket, Key, ChecksumMode: 'ENABLED' }),
    );
    const parsed = RecoveryPoint.safeParse(parseJson(await wholeText(id, answer.Body)));
    if (parsed.success && answer.ETag) return { point: parsed.data, etag: answer.ETag };
    throw new CatalogUnreadable('the document in the catalogue cannot be understood.', {
      source: parsePointId(id).source,
      recoveryPoint: id,
      expected: 'a recovery point of schema version 1',
      found: parsed.success ? 'no ETag' : z.prettifyError(parsed.error),
      next: `Compare the object versions of ${Key}; restore the last good one, or upgrade the service that reads it.`,
    });
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
};

/** The SDK compares the checksum S3 stored; what it then throws has no name of its own. */
const wholeText = async (
  id: string,
  body: { transformToString(): Promise<string> } | undefined,
): Promise<string | undefined> => {
  try {
    return await body?.transformToString();
  } catch (cause) {
    throw new CatalogUnreadable(
      'the document in the catalogue could not be read whole.',
      {
        source: parsePointId(id).source,
        recoveryPoint: id,
        expected: 'the bytes whose checksum S3 stored',
        found: cause instanceof Error ? cause.message : String(cause),
        next: `If this repeats, compare the object versions of ${catalogKey(id)} with its replica in the other region.`,
      },
      { cause },
    );
  }
};

const parseJson = (text: string | undefined): unknown => {
  try {
    return JSON.parse(text ?? '');
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // not JSON: the schema's message says what was expected
    throw error;
  }
};

const put = (point: RecoveryPoint, condition: { IfNoneMatch: '*' } | { IfMatch: string }) =>
  s3().send(
    new PutObjectCommand({
      Bucket: settings().vaultBucket,
      Key: catalogKey(point.id),
      Body: `${JSON.stringify(RecoveryPoint.parse(point), null, 2)}\n`,
      ContentType: 'application/json',
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: settings().vaultKeyArn,
      ChecksumAlgorithm: 'CRC64NVME',
      ...condition,
    }),
  );

const contended = (id: string): CatalogContended =>
  new CatalogContended('others kept changing the recovery point while it was written.', {
    source: parsePointId(id).source,
    recoveryPoint: id,
    expected: `a write within ${ATTEMPTS} attempts`,
    next: 'The next run tries again; if it repeats, look for two deployments that share one vault.',
  });
