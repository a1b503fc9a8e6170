// Small JSON documents in the vault that several runs share, written only by conditional requests: of two writers one
// wins and the other reads what was written.
import { GetObjectCommand, NoSuchKey, PutObjectCommand } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { s3 } from '../aws/clients.ts';
import { lostTheRace } from '../catalog/catalog.ts';
import { settings } from '../config/settings.ts';
import { Json } from '../json.ts';
import { DocumentContended, DocumentMissing, DocumentUnreadable } from './errors.ts';

const ATTEMPTS = 8;

/** Another vault than this region's: the peer's, read while it answers. */
export interface Vault {
  bucket: string;
  region: string;
  /** Ends the reading: the peer may be in trouble. */
  signal?: AbortSignal;
}

/** What stands under the key, or undefined. @throws {DocumentUnreadable} */
export const findDocument = async <S extends z.ZodType>(
  key: string,
  schema: S,
  vault?: Vault,
): Promise<z.output<S> | undefined> => (await read(key, schema, vault))?.value;

/** What has to stand under the key. @throws {DocumentMissing} {DocumentUnreadable} */
export const readDocument = async <S extends z.ZodType>(key: string, schema: S): Promise<z.output<S>> =>
  (await readExisting(key, schema)).value;

/** Writes the document unless one stands there; `created` is false and `value` what stands, where one does. */
export const openDocument = async <S extends z.ZodType>(
  key: string,
  schema: S,
  value: z.output<S>,
): Promise<{ value: z.output<S>; created: boolean }> => {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (await put(key, value, { IfNoneMatch: '*' })) return { value, created: true };
    const standing = await read(key, schema);
    if (standing) return { value: standing.value, created: false };
  }
  throw contended(key);
};

/**
 * Applies a change on the condition that nobody wrote meanwhile; else reads again and applies it again. `change` must be
 * safe to apply twice: an answer lost after the write took effect leads to a second pass. Returning the same object
 * writes nothing. @throws {DocumentMissing} {DocumentUnreadable} {DocumentContended}
 */
export const changeDocument = async <S extends z.ZodType>(
  key: string,
  schema: S,
  change: (value: z.output<S>) => z.output<S>,
): Promise<z.output<S>> => {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { value, etag } = await readExisting(key, schema);
    const changed = change(value);
    if (changed === value) return value;
    if (await put(key, schema.parse(changed), { IfMatch: etag })) return changed;
  }
  throw contended(key);
};

const readExisting = async <S extends z.ZodType>(key: string, schema: S) => {
  const standing = await read(key, schema);
  if (standing) return standing;
  throw new DocumentMissing('the vault has no such document.', {
    source: key,
    expected: 'a document written by an earlier step',
    found: 'nothing',
    next: 'Check the name that was given; the report and the listing of its prefix show what there is.',
  });
};

const read = async <S extends z.ZodType>(
  key: string,
  schema: S,
  vault?: Vault,
): Promise<{ value: z.output<S>; etag: string } | undefined> => {
  try {
    const answer = await s3(vault?.region).send(
      new GetObjectCommand({ Bucket: vault?.bucket ?? settings().vaultBucket, Key: key, ChecksumMode: 'ENABLED' }),
      vault?.signal ? { abortSignal: vault.signal } : {},
    );
    const parsed = Json.pipe(schema).safeParse(await answer.Body?.transformToString());
    if (parsed.success && answer.ETag) return { value: parsed.data, etag: answer.ETag };
    throw new DocumentUnreadable('a document in the vault cannot be understood.', {
      source: key,
      expected: 'a document of this version of the service',
      found: parsed.success ? 'no ETag' : z.prettifyError(parsed.error),
      next: 'Compare the versions of the object; restore the last good one, or upgrade the service that reads it.',
    });
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
};

/** False where somebody else was first. */
const put = async (
  key: string,
  value: unknown,
  condition: { IfNoneMatch: '*' } | { IfMatch: string },
): Promise<boolean> => {
  try {
    await s3().send(
      new PutObjectCommand({
        Bucket: settings().vaultBucket,
        Key: key,
        Body: `${JSON.stringify(value, null, 2)}\n`,
        ContentType: 'application/json',
        ServerSideEncryption: 'aws:kms',
        SSEKMSKeyId: settings().vaultKeyArn,
        ChecksumAlgorithm: 'CRC64NVME',
        ...condition,
      }),
    );
    return true;
  } catch (error) {
    if (lostTheRace(error)) return false;
    throw error;
  }
};

const contended = (key: string): DocumentContended =>
  new DocumentContended('others kept changing a document while it was written.', {
    source: key,
    expected: `a write within ${ATTEMPTS} attempts`,
    next: 'The next run tries again; if it repeats, look for two deployments that share one vault.',
  });
