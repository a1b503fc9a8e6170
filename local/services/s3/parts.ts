import type {
  CompletedPart,
  ListMultipartUploadsCommandInput,
  ListMultipartUploadsOutput,
  ListPartsCommandInput,
  ListPartsOutput,
} from '@aws-sdk/client-s3';
import { ApiError } from '../../service.ts';
import type { Bucket, Upload, UploadedPart } from './bucket.ts';
import { checksumMembers } from './checksums.ts';
import { invalidRequest, malformed, noSuchUpload } from './errors.ts';
import { compareKeys } from './key-index.ts';
import { bucketHere, type Store } from './store.ts';
import { wholeSeconds } from './versions.ts';

const SMALLEST_PART = 5 * 1024 * 1024;

export const uploadOf = (
  bucket: Bucket,
  { Key, UploadId: id = '' }: { Key?: string | undefined; UploadId?: string | undefined },
): Upload => {
  const upload = bucket.uploads.get(id);
  if (upload?.key !== Key || !upload) throw noSuchUpload(id);
  return upload;
};

/** The parts an upload is completed with. @throws InvalidPartOrder, InvalidPart, EntityTooSmall. */
export const chosenParts = (upload: Upload, completed: CompletedPart[]): UploadedPart[] => {
  if (completed.length === 0) throw malformed('You must specify at least one part');
  if (completed.some(({ PartNumber = 0 }, index) => index > 0 && PartNumber <= (completed[index - 1]?.PartNumber ?? 0)))
    throw new ApiError('InvalidPartOrder', 400, 'The list of parts was not in ascending order.');
  const parts = completed.map((wanted) => chosenPart(upload, wanted));
  const small = parts.slice(0, -1).find(({ bytes }) => bytes < SMALLEST_PART);
  if (small)
    throw new ApiError(
      'EntityTooSmall',
      400,
      `Part ${small.number} has ${small.bytes} bytes; all but the last need 5 MiB.`,
    );
  return parts;
};

const chosenPart = (upload: Upload, wanted: CompletedPart): UploadedPart => {
  const part = upload.parts.get(wanted.PartNumber ?? 0);
  const given = wanted[`Checksum${upload.algorithm}`];
  if (!part || unquoted(wanted.ETag) !== unquoted(part.etag) || (given !== undefined && given !== part.checksum.value))
    throw new ApiError(
      'InvalidPart',
      400,
      `Part ${wanted.PartNumber} could not be found, or its entity tag or checksum differs.`,
    );
  if (given === undefined && upload.checksumType === 'COMPOSITE')
    throw invalidRequest(
      `The upload was created using a ${upload.algorithm} checksum. The complete request must include it for each part; it is missing for part ${part.number}.`,
    );
  return part;
};

const unquoted = (etag: string | undefined): string | undefined => etag?.replaceAll('"', '');

export const partListings = (store: Store) => ({
  async ListParts(input: ListPartsCommandInput): Promise<ListPartsOutput> {
    const bucket = bucketHere(store, input.Bucket);
    const upload = uploadOf(bucket, input);
    const limit = Math.min(input.MaxParts ?? 1000, 1000);
    const rest = [...upload.parts.values()]
      .filter(({ number }) => number > Number(input.PartNumberMarker ?? 0))
      .sort((a, b) => a.number - b.number);
    const page = rest.slice(0, limit);
    return {
      Bucket: bucket.name,
      Key: upload.key,
      UploadId: upload.id,
      MaxParts: limit,
      IsTruncated: rest.length > limit,
      ...(rest.length > limit && { NextPartNumberMarker: String(page.at(-1)?.number) }),
      StorageClass: upload.description.storageClass,
      ChecksumAlgorithm: upload.algorithm,
      ChecksumType: upload.checksumType,
      Parts: page.map(({ number, bytes, etag, checksum, modified }) => ({
        PartNumber: number,
        Size: bytes,
        ETag: etag,
        LastModified: wholeSeconds(modified),
        ...checksumMembers(checksum),
      })),
    };
  },

  /** All in one page: nobody has a thousand uploads open here. */
  async ListMultipartUploads(input: ListMultipartUploadsCommandInput): Promise<ListMultipartUploadsOutput> {
    const bucket = bucketHere(store, input.Bucket);
    const uploads = [...bucket.uploads.values()]
      .filter(({ key }) => key.startsWith(input.Prefix ?? ''))
      .sort((a, b) => compareKeys(a.key, b.key) || a.started.getTime() - b.started.getTime());
    return {
      Bucket: bucket.name,
      Prefix: input.Prefix ?? '',
      MaxUploads: 1000,
      IsTruncated: false,
      Uploads: uploads.map(({ id, key, started, algorithm, checksumType, description }) => ({
        UploadId: id,
        Key: key,
        Initiated: wholeSeconds(started),
        StorageClass: description.storageClass,
        ChecksumAlgorithm: algorithm,
        ChecksumType: checksumType,
      })),
    };
  },
});
