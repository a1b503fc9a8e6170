// Artefacts that are written while they come: digested on the way, in memory never more than a few parts.
import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { s3 } from '../aws/clients.ts';
import type { Artifact } from '../catalog/recovery-point.ts';
import { settings } from '../config/settings.ts';
import { logger } from '../telemetry/logger.ts';
import { writeArtifact } from './artifacts.ts';
import { Crc64Nvme } from './crc64nvme.ts';

/** All parts but the last have at least 5 MiB, and there are at most 10,000 ("Amazon S3 multipart upload limits", 2026-11). */
const PART = 8 * 1024 * 1024;

/**
 * Writes what a stream yields as one object; undefined where it yields nothing. S3 compares the CRC64NVME of the whole before
 * it confirms. An upload that fails is taken back; one whose process is killed is ended by the bucket's lifecycle.
 */
export const writeStream = async (
  key: string,
  content: AsyncIterable<Uint8Array>,
  { contentType }: { contentType: string },
): Promise<Artifact | undefined> => {
  const parts = partsOf(content);
  const first = await parts.next();
  if (first.done) return undefined;
  const second = await parts.next();
  if (second.done) return writeArtifact(key, first.value, { contentType });
  const { vaultBucket: Bucket, vaultKeyArn: SSEKMSKeyId } = settings();
  const { UploadId } = await s3().send(
    new CreateMultipartUploadCommand({
      ...{ Bucket, Key: key, ContentType: contentType, ServerSideEncryption: 'aws:kms', SSEKMSKeyId },
      ...{ ChecksumAlgorithm: 'CRC64NVME', ChecksumType: 'FULL_OBJECT' },
    }),
  );
  const upload = { Bucket, Key: key, UploadId };
  try {
    return await inParts(upload, [first.value, second.value], parts);
  } catch (error) {
    await s3()
      .send(new AbortMultipartUploadCommand(upload))
      .catch((cause: unknown) => logger.warn('upload not taken back', { key, cause: String(cause) }));
    throw error;
  }
};

const inParts = async (
  upload: { Bucket: string; Key: string; UploadId: string | undefined },
  begun: readonly Buffer[],
  rest: AsyncIterable<Buffer>,
): Promise<Artifact> => {
  const sha = createHash('sha256');
  const crc = new Crc64Nvme();
  const Parts: CompletedPart[] = [];
  let bytes = 0;
  const send = async (Body: Buffer, PartNumber: number): Promise<void> => {
    const ChecksumCRC64NVME = new Crc64Nvme().update(Body).base64();
    const { ETag } = await s3().send(new UploadPartCommand({ ...upload, PartNumber, Body, ChecksumCRC64NVME }));
    Parts[PartNumber - 1] = { PartNumber, ETag, ChecksumCRC64NVME };
  };
  let number = 0;
  // One part is on its way while the next one is read.
  let sending: Promise<void> = Promise.resolve();
  for await (const part of chained(begun, rest)) {
    sha.update(part);
    crc.update(part);
    bytes += part.length;
    await sending;
    number += 1;
    sending = send(part, number);
    // Awaited in a moment: a failure until then is not unhandled.
    sending.catch(() => undefined);
  }
  await sending;
  const crc64nvme = crc.base64();
  const { VersionId } = await s3().send(
    new CompleteMultipartUploadCommand({
      ...{ ...upload, MultipartUpload: { Parts } },
      ...{ ChecksumType: 'FULL_OBJECT', ChecksumCRC64NVME: crc64nvme },
    }),
  );
  return {
    uri: `s3://${upload.Bucket}/${upload.Key}`,
    ...(VersionId ? { versionId: VersionId } : {}),
    ...{ bytes, sha256: sha.digest('hex'), crc64nvme, writer: 'lifeboat' },
  };
};

async function* chained(begun: readonly Buffer[], rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield* begun;
  yield* rest;
}

/** The stream in parts of one size; the last one is what is left. */
async function* partsOf(content: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, undefined> {
  let pieces: Uint8Array[] = [];
  let held = 0;
  for await (const piece of content) {
    pieces.push(piece);
    held += piece.byteLength;
    if (held < PART) continue;
    yield Buffer.concat(pieces);
    pieces = [];
    held = 0;
  }
  if (held > 0) yield Buffer.concat(pieces);
  return undefined;
}
