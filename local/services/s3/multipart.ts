import { randomUUID } from 'node:crypto';
import type {
  AbortMultipartUploadCommandInput,
  AbortMultipartUploadOutput,
  CompleteMultipartUploadCommandInput,
  CompleteMultipartUploadOutput,
  CreateMultipartUploadCommandInput,
  CreateMultipartUploadOutput,
  UploadPartCommandInput,
  UploadPartOutput,
} from '@aws-sdk/client-s3';
import type { CallContext } from '../../types.ts';
import { assemble } from './assembly.ts';
import type { Bucket, Upload } from './bucket.ts';
import { asAlgorithm, checksumMembers, declaredChecksum, defaultChecksumType } from './checksums.ts';
import { writeUnderCondition } from './conditions.ts';
import { takeContents } from './contents.ts';
import { describe } from './description.ts';
import { encryptionFor, encryptionMembers, seal, unseal } from './encryption.ts';
import { invalidArgument, invalidRequest, noSuchUpload } from './errors.ts';
import { type Body, removePieces } from './files.ts';
import { chosenParts, uploadOf } from './parts.ts';
import { bucketHere, type Store } from './store.ts';
import { appear, writtenMembers } from './writes.ts';

export const multipartUploads = (store: Store) => ({
  async CreateMultipartUpload(
    input: CreateMultipartUploadCommandInput,
    context: CallContext,
  ): Promise<CreateMultipartUploadOutput> {
    const bucket = bucketHere(store, input.Bucket);
    const key = input.Key ?? '';
    const algorithm = asAlgorithm(input.ChecksumAlgorithm ?? 'CRC64NVME');
    const checksumType = input.ChecksumType ?? defaultChecksumType(algorithm);
    if (
      checksumType ===
      (algorithm.startsWith('SHA') ? 'FULL_OBJECT' : algorithm === 'CRC64NVME' ? 'COMPOSITE' : undefined)
    )
      throw invalidRequest(
        `The ${checksumType} checksum type cannot be used with the ${algorithm} checksum algorithm.`,
      );
    const started = context.region.clock.now();
    const upload: Upload = {
      id: randomUUID(),
      key,
      started,
      description: describe(bucket, input, started),
      encryption: await seal(context, bucket.name, key, encryptionFor(bucket, input)),
      asked: { ServerSideEncryption: input.ServerSideEncryption, SSEKMSKeyId: input.SSEKMSKeyId },
      algorithm,
      checksumType,
      parts: new Map(),
    };
    bucket.uploads.set(upload.id, upload);
    return {
      Bucket: bucket.name,
      Key: key,
      UploadId: upload.id,
      ...encryptionMembers(upload.encryption),
      ...(input.ChecksumAlgorithm && { ChecksumAlgorithm: algorithm, ChecksumType: checksumType }),
    };
  },

  async UploadPart(input: UploadPartCommandInput, context: CallContext): Promise<UploadPartOutput> {
    const bucket = bucketHere(store, input.Bucket);
    const upload = uploadOf(bucket, input);
    const number = input.PartNumber ?? 0;
    if (number < 1 || number > 10_000)
      throw invalidArgument('Part number must be an integer between 1 and 10000, inclusive');
    const declared = declaredChecksum(input);
    if (declared && declared.algorithm !== upload.algorithm)
      throw invalidRequest(
        `Checksum Type mismatch occurred, expected checksum Type: ${upload.algorithm}, actual checksum Type: ${declared.algorithm}`,
      );
    await unseal(context, bucket.name, upload.key, upload.encryption);
    const request = { ...input, ChecksumAlgorithm: upload.algorithm };
    const contents = await takeContents(
      bucket.directory,
      input.Body as Body,
      request,
      upload.encryption,
      context.signal,
    );
    const replaced = upload.parts.get(number);
    upload.parts.set(number, { ...contents, number, modified: context.region.clock.now() });
    if (replaced) await removePieces(replaced.pieces);
    if (!bucket.uploads.has(upload.id)) {
      await removePieces(contents.pieces); // aborted or completed meanwhile
      throw noSuchUpload(upload.id);
    }
    return { ETag: contents.etag, ...checksumMembers(contents.checksum), ...encryptionMembers(upload.encryption) };
  },

  async CompleteMultipartUpload(
    input: CompleteMultipartUploadCommandInput,
    context: CallContext,
  ): Promise<CompleteMultipartUploadOutput> {
    const bucket = bucketHere(store, input.Bucket);
    const upload = uploadOf(bucket, input);
    return writeUnderCondition(bucket, upload.key, input, async (confirm) => {
      const parts = chosenParts(upload, input.MultipartUpload?.Parts ?? []);
      bucket.uploads.delete(upload.id); // of two who complete it, the second finds no upload
      try {
        await unseal(context, bucket.name, upload.key, upload.encryption);
        const contents = await assemble(bucket, upload, parts, input);
        const { description, encryption, key } = upload;
        const object = await appear(store, bucket, contents, confirm, { ...description, key, encryption });
        await dropParts(upload);
        return {
          Location: `${context.region.endpoint}/${bucket.name}/${key}`,
          Bucket: bucket.name,
          Key: key,
          ...writtenMembers(object),
        };
      } catch (error) {
        bucket.uploads.set(upload.id, upload);
        throw error;
      }
    });
  },

  async AbortMultipartUpload(input: AbortMultipartUploadCommandInput): Promise<AbortMultipartUploadOutput> {
    await abortUpload(bucketHere(store, input.Bucket), uploadOf(bucketHere(store, input.Bucket), input));
    return {};
  },
});

export const abortUpload = async (bucket: Bucket, upload: Upload): Promise<void> => {
  bucket.uploads.delete(upload.id);
  await dropParts(upload);
};

const dropParts = async ({ parts }: Upload): Promise<void> => {
  await Promise.all([...parts.values()].map(({ pieces }) => removePieces(pieces)));
};
