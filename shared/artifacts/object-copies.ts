// Copies that S3 makes by itself, without the bytes passing through here. That the copy is the original is known by the
// checksum S3 computes over what it wrote.
import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { s3 } from '../aws/clients.ts';
import { locate } from './artifacts.ts';
import { ArtifactDamaged } from './errors.ts';

/** In one request S3 copies at most five gigabytes (CopyObject API reference, 2026-11). */
const AT_ONCE = 5 * 1024 ** 3;
const PART = 1024 ** 3;

export interface ObjectCopy {
  from: { uri: string; versionId?: string | undefined; bytes: number; crc64nvme: string };
  to: { Bucket: string; Key: string };
  /** Encryption and metadata of the copy. */
  settings:
    | { ServerSideEncryption: 'AES256' }
    | { ServerSideEncryption: 'aws:kms'; SSEKMSKeyId: string; Metadata: Record<string, string> };
}

/** Copied again, it is the same object, or a new version with the same bytes. @throws {ArtifactDamaged} when the copy is another. */
export const copyObject = async (copy: ObjectCopy): Promise<{ versionId?: string }> => {
  await (copy.from.bytes > AT_ONCE ? inParts(copy) : whole(copy));
  const head = await s3().send(new HeadObjectCommand({ ...copy.to, ChecksumMode: 'ENABLED' }));
  if (head.ChecksumCRC64NVME === copy.from.crc64nvme && head.ContentLength === copy.from.bytes)
    return head.VersionId ? { versionId: head.VersionId } : {};
  throw new ArtifactDamaged('a copy is not what was copied.', {
    source: copy.from.uri,
    expected: `${copy.from.bytes} bytes, CRC64NVME ${copy.from.crc64nvme}`,
    found: `${head.ContentLength} bytes, CRC64NVME ${head.ChecksumCRC64NVME ?? 'none'} in s3://${copy.to.Bucket}/${copy.to.Key}`,
    next: 'Do not use the copy; it is made again by the next run. If this repeats, compare the original with its replica.',
  });
};

/** Keys may hold any character; in this header they are part of a URL. */
const sourceOf = ({ uri, versionId }: ObjectCopy['from']): string => {
  const { Bucket, Key } = locate({ uri });
  const path = Key.split('/').map(encodeURIComponent).join('/');
  return `${Bucket}/${path}${versionId ? `?versionId=${versionId}` : ''}`;
};

const whole = ({ from, to, settings }: ObjectCopy) =>
  s3().send(
    new CopyObjectCommand({
      ...to,
      CopySource: sourceOf(from),
      MetadataDirective: 'REPLACE',
      // Without it, S3 would read the tags of the original.
      TaggingDirective: 'REPLACE',
      ChecksumAlgorithm: 'CRC64NVME',
      ...settings,
    }),
  );

/** Parts are whole gigabytes, so 10,000 of them are more than any object has. */
const inParts = async ({ from, to, settings }: ObjectCopy): Promise<void> => {
  const { UploadId } = await s3().send(
    new CreateMultipartUploadCommand({
      ...to,
      ChecksumAlgorithm: 'CRC64NVME',
      ChecksumType: 'FULL_OBJECT',
      ...settings,
    }),
  );
  const upload = { ...to, UploadId };
  const Parts: CompletedPart[] = [];
  for (let start = 0; start < from.bytes; start += PART) {
    const PartNumber = Parts.length + 1;
    const { CopyPartResult: part } = await s3().send(
      new UploadPartCopyCommand({
        ...upload,
        PartNumber,
        CopySource: sourceOf(from),
        CopySourceRange: `bytes=${start}-${Math.min(start + PART, from.bytes) - 1}`,
      }),
    );
    Parts.push({ PartNumber, ETag: part?.ETag, ChecksumCRC64NVME: part?.ChecksumCRC64NVME });
  }
  // An upload that is not completed is ended by the bucket's lifecycle.
  await s3().send(
    new CompleteMultipartUploadCommand({
      ...upload,
      MultipartUpload: { Parts },
      ChecksumType: 'FULL_OBJECT',
      ChecksumCRC64NVME: from.crc64nvme,
    }),
  );
};
