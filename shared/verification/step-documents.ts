// Documents the steps of one backup or one verification leave for each other. The first writer of a name wins and every
// other adopts what stands: a step that runs twice has one result.
import { GetObjectCommand, NoSuchKey, PutObjectCommand } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { digestsOf } from '../artifacts/artifacts.ts';
import { s3 } from '../aws/clients.ts';
import { lostTheRace } from '../catalog/catalog.ts';
import type { Artifact } from '../catalog/recovery-point.ts';
import { settings } from '../config/settings.ts';
import { Json } from '../json.ts';
import { EvidenceMissing } from './errors.ts';

export interface Document<T> {
  value: T;
  artifact: Artifact;
}

/** Writes a document unless one stands under this name; returns what stands. @throws {EvidenceMissing} */
export const writeOnce = async <S extends z.ZodType>(
  key: string,
  schema: S,
  value: z.output<S>,
): Promise<Document<z.output<S>>> => {
  const body = Buffer.from(`${JSON.stringify(value)}\n`);
  const digests = await digestsOf(once(body));
  const { vaultBucket, vaultKeyArn } = settings();
  try {
    await s3().send(
      new PutObjectCommand({
        Bucket: vaultBucket,
        Key: key,
        Body: body,
        ContentType: 'application/json',
        ContentLength: digests.bytes,
        ChecksumCRC64NVME: digests.crc64nvme,
        Metadata: { sha256: digests.sha256 },
        ServerSideEncryption: 'aws:kms',
        SSEKMSKeyId: vaultKeyArn,
        IfNoneMatch: '*',
      }),
    );
  } catch (error) {
    if (!lostTheRace(error)) throw error;
  }
  return readDocument(key, schema);
};

/** @throws {EvidenceMissing} when nothing stands there or it is no such document. */
export const readDocument = async <S extends z.ZodType>(key: string, schema: S): Promise<Document<z.output<S>>> => {
  const document = await findDocument(key, schema);
  if (document) return document;
  throw missing(key, 'nothing');
};

/** The document and its digests, or undefined where nothing stands. @throws {EvidenceMissing} when it is no such document. */
export const findDocument = async <S extends z.ZodType>(
  key: string,
  schema: S,
): Promise<Document<z.output<S>> | undefined> => {
  const { vaultBucket } = settings();
  try {
    const answer = await s3().send(new GetObjectCommand({ Bucket: vaultBucket, Key: key }));
    const body = Buffer.from((await answer.Body?.transformToByteArray()) ?? []);
    const parsed = Json.pipe(schema).safeParse(body.toString());
    if (!parsed.success) throw missing(key, z.prettifyError(parsed.error));
    const artifact: Artifact = {
      uri: `s3://${vaultBucket}/${key}`,
      ...(answer.VersionId ? { versionId: answer.VersionId } : {}),
      ...(await digestsOf(once(body))),
      writer: 'lifeboat',
    };
    return { value: parsed.data, artifact };
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
};

async function* once(body: Uint8Array): AsyncGenerator<Uint8Array> {
  yield body;
}

const missing = (key: string, found: string): EvidenceMissing =>
  new EvidenceMissing('a document that an earlier step leaves in the vault is not there or cannot be read.', {
    source: key,
    expected: 'a document written by this version of the service',
    found,
    next: 'Look at the earlier steps of the same execution; run it again from the beginning.',
  });
