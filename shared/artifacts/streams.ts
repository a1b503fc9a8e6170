// Artefacts that are written while they come: digested on the way, in memory never more than a few parts.
import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  NoSuchUpload,
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
/** Parts on their way while the next one is filled: one connection to S3 carries less than brokers send. */
const AT_ONCE = 3;

/**
 * Writes what a stream yields as one object; undefined where it yields nothing. S3 compares the CRC64NVME of the whole before
 * it confirms. An upload that fails is taken back; one whose process is killed, by whoever goes on (`takeBackUploads`), or by the bucket's lifecycle.
 */
export const writeStream = async (
  key: string,
  content: AsyncIterable<Uint8Array>,
  { contentType }: { contentType: string },
): Promise<Artifact | undefined> => {
  const spare: Buffer[] = [];
  const parts = partsOf(content, spare);
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
    return await inParts(upload, chained([first.value, second.value], parts), spare);
  } catch (error) {
    await s3()
      .send(new AbortMultipartUploadCommand(upload))
      .catch((cause: unknown) => logger.warn('upload not taken back', { key, cause: String(cause) }));
    throw error;
  }
};

/** Takes back uploads below a prefix that nobody will finish: those of calls that were killed. */
export const takeBackUploads = async (prefix: string): Promise<void> => {
  const { vaultBucket: Bucket } = settings();
  for (let left = true; left; ) {
    const { Uploads = [], IsTruncated = false } = await s3().send(
      new ListMultipartUploadsCommand({ Bucket, Prefix: prefix }),
    );
    for (const { Key, UploadId } of Uploads) {
      await s3()
        .send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
        .catch((error: unknown) => {
          if (!(error instanceof NoSuchUpload)) throw error;
        });
      logger.warn('upload of a call that was killed taken back', { key: Key });
    }
    left = IsTruncated;
  }
};

type Upload = Pick<UploadPartCommand['input'], 'Bucket' | 'Key' | 'UploadId'>;

const inParts = async (upload: Upload, parts: AsyncIterable<Buffer>, spare: Buffer[]): Promise<Artifact> => {
  const sha = createHash('sha256');
  const crc = new Crc64Nvme();
  const Parts: CompletedPart[] = [];
  const underWay = new Set<Promise<unknown>>();
  let bytes = 0;
  try {
    for await (const part of parts) {
      const PartNumber = Parts.length + 1;
      const ChecksumCRC64NVME = new Crc64Nvme().update(part).base64();
      Parts.push({ PartNumber, ChecksumCRC64NVME });
      while (underWay.size >= AT_ONCE) await Promise.race(underWay);
      const sending = sendPart({ ...upload, PartNumber, Body: part, ChecksumCRC64NVME }).then((ETag) => {
        underWay.delete(sending);
        spare.push(part);
        Parts[PartNumber - 1] = { PartNumber, ETag, ChecksumCRC64NVME };
      });
      underWay.add(sending);
      // Awaited in a moment: a failure until then is not unhandled.
      sending.catch(() => undefined);
      sha.update(part);
      crc.append(ChecksumCRC64NVME, part.length);
      bytes += part.length;
    }
    await Promise.all(underWay);
  } finally {
    // A part that arrives after its upload was taken back would be kept.
    await Promise.allSettled(underWay);
  }
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

/** S3 compares the checksum of the part; a SHA-256 of it in the signature would be a third digest of the same bytes. */
const sendPart = async (input: UploadPartCommand['input']): Promise<string | undefined> => {
  const command = new UploadPartCommand(input);
  command.middlewareStack.add(
    (next) => (args) => {
      Object.assign((args.request as { headers: object }).headers, { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' });
      return next(args);
    },
    { step: 'build', name: 'unsignedPayload' },
  );
  return (await s3().send(command)).ETag;
};

async function* chained(begun: readonly Buffer[], rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield* begun;
  yield* rest;
}

/** The stream in parts of one size; the last one is what is left. @param spare buffers that nobody reads any more */
async function* partsOf(content: AsyncIterable<Uint8Array>, spare: Buffer[]): AsyncGenerator<Buffer, undefined> {
  let part: Buffer | undefined;
  let filled = 0;
  for await (const piece of content)
    for (let taken = 0; taken < piece.length; ) {
      part ??= spare.pop() ?? Buffer.allocUnsafeSlow(PART);
      const fits = Math.min(piece.length - taken, PART - filled);
      part.set(piece.subarray(taken, taken + fits), filled);
      taken += fits;
      filled += fits;
      if (filled < PART) continue;
      yield part;
      part = undefined;
      filled = 0;
    }
  if (part) yield part.subarray(0, filled);
  return undefined;
}
