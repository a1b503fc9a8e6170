import {
  type GetObjectCommandInput,
  type GetObjectOutput,
  type GetObjectRetentionCommandInput,
  type GetObjectRetentionOutput,
  type GetObjectTaggingCommandInput,
  type GetObjectTaggingOutput,
  type HeadObjectCommandInput,
  type HeadObjectOutput,
  NoSuchKey,
  NotFound,
} from '@aws-sdk/client-s3';
import { ApiError } from '../../service.ts';
import type { CallContext } from '../../types.ts';
import type { StoredObject } from './bucket.ts';
import { checksumMembers } from './checksums.ts';
import { assertReadable } from './conditions.ts';
import { encryptionMembers, unseal } from './encryption.ts';
import { archived } from './errors.ts';
import { readPieces } from './files.ts';
import { lockMembers } from './lock.ts';
import { parseRange, type Range } from './range.ts';
import { bucketHere, objectToRead, type Store } from './store.ts';
import { wholeSeconds } from './versions.ts';

export const objectReads = (store: Store) => ({
  async GetObject(input: GetObjectCommandInput, context: CallContext): Promise<GetObjectOutput> {
    const { object, range } = find(store, input, context);
    if (object.storageClass === 'GLACIER' || object.storageClass === 'DEEP_ARCHIVE')
      throw archived(object.storageClass);
    await unseal(context, input.Bucket ?? '', object.key, object.encryption);
    const { start, end } = range ?? { start: 0, end: object.bytes - 1 };
    const Body = (await readPieces(object.pieces, start, end)) as NonNullable<GetObjectOutput['Body']>;
    return { Body, ...membersOf(object, range, input.ChecksumMode) };
  },

  async HeadObject(input: HeadObjectCommandInput, context: CallContext): Promise<HeadObjectOutput> {
    try {
      const { object, range } = find(store, input, context);
      if (input.ChecksumMode === 'ENABLED') await unseal(context, input.Bucket ?? '', object.key, object.encryption);
      return membersOf(object, range, input.ChecksumMode);
    } catch (error) {
      if (error instanceof NoSuchKey) throw new NotFound({ message: error.message, $metadata: {} });
      throw error;
    }
  },

  async GetObjectTagging(input: GetObjectTaggingCommandInput, context: CallContext): Promise<GetObjectTaggingOutput> {
    const object = objectToRead(bucketHere(store, input.Bucket), input, context);
    return { VersionId: object.versionId, TagSet: object.tags };
  },

  async GetObjectRetention(
    input: GetObjectRetentionCommandInput,
    context: CallContext,
  ): Promise<GetObjectRetentionOutput> {
    const { mode, until } = objectToRead(bucketHere(store, input.Bucket), input, context).lock;
    if (mode) return { Retention: { Mode: mode, RetainUntilDate: until } };
    const message = 'The specified object does not have a ObjectLock configuration';
    throw new ApiError('NoSuchObjectLockConfiguration', 404, message);
  },
});

const find = (store: Store, input: HeadObjectCommandInput, context: CallContext) => {
  if (input.PartNumber !== undefined)
    throw new ApiError('NotImplemented', 501, 'PartNumber is not offered here; read the object or a Range of it.');
  const object = objectToRead(bucketHere(store, input.Bucket), input, context);
  assertReadable(object, input);
  return { object, range: parseRange(input.Range, object.bytes) };
};

const membersOf = (object: StoredObject, range: Range | undefined, checksumMode: string | undefined) => ({
  AcceptRanges: 'bytes',
  LastModified: wholeSeconds(object.modified),
  ContentLength: range ? range.end - range.start + 1 : object.bytes,
  ...(range && { ContentRange: `bytes ${range.start}-${range.end}/${object.bytes}` }),
  ETag: object.etag,
  // A checksum of the whole says nothing about a part of it.
  ...(checksumMode === 'ENABLED' &&
    !range && { ...checksumMembers(object.checksum), ChecksumType: object.checksum.type }),
  ...(object.versionId !== 'null' && { VersionId: object.versionId }),
  ...object.headers,
  Metadata: object.metadata,
  ...(object.tags.length > 0 && { TagCount: object.tags.length }),
  ...(object.storageClass !== 'STANDARD' && { StorageClass: object.storageClass }),
  ...encryptionMembers(object.encryption),
  ...lockMembers(object.lock),
  ...(object.replication && { ReplicationStatus: object.replication }),
});
