import type {
  CopyObjectCommandInput,
  CopyObjectOutput,
  PutObjectCommandInput,
  PutObjectOutput,
} from '@aws-sdk/client-s3';
import type { CallContext } from '../../types.ts';
import type { Bucket, Checksum, Encryption, StoredObject } from './bucket.ts';
import { asAlgorithm, checksumMembers } from './checksums.ts';
import { assertReadable, writeUnderCondition } from './conditions.ts';
import { type Contents, takeContents } from './contents.ts';
import { parseCopySource } from './copy-source.ts';
import { checkedTags, describe } from './description.ts';
import { encryptionFor, encryptionMembers, seal, unseal } from './encryption.ts';
import { archived, invalidRequest } from './errors.ts';
import { type Body, readPieces, removePieces } from './files.ts';
import { startReplication } from './replication.ts';
import { bucketHere, objectToRead, type Store } from './store.ts';
import { addVersion, nextVersionId, wholeSeconds } from './versions.ts';

export const objectWrites = (store: Store) => ({
  async PutObject(input: PutObjectCommandInput, context: CallContext): Promise<PutObjectOutput> {
    const bucket = bucketHere(store, input.Bucket);
    const key = input.Key ?? '';
    return writeUnderCondition(bucket, key, input, async (confirm) => {
      const description = describe(bucket, input, context.region.clock.now());
      const encryption = await seal(context, bucket.name, key, encryptionFor(bucket, input));
      const contents = await takeContents(bucket.directory, input.Body as Body, input, encryption, context.signal);
      const object = await appear(store, bucket, contents, confirm, { ...description, key, encryption });
      return writtenMembers(object);
    });
  },

  /** Within the account and the region; the bytes are read and digested again, as S3 does. */
  async CopyObject(input: CopyObjectCommandInput, context: CallContext): Promise<CopyObjectOutput> {
    const bucket = bucketHere(store, input.Bucket);
    const key = input.Key ?? '';
    const from = parseCopySource(input.CopySource);
    const source = bucketHere(store, from.Bucket);
    const original = objectToRead(source, from, context);
    assertReadable(original, {
      IfMatch: input.CopySourceIfMatch,
      IfNoneMatch: input.CopySourceIfNoneMatch,
      IfModifiedSince: input.CopySourceIfModifiedSince,
      IfUnmodifiedSince: input.CopySourceIfUnmodifiedSince,
    });
    if (original.storageClass === 'GLACIER' || original.storageClass === 'DEEP_ARCHIVE')
      throw archived(original.storageClass);
    const replaces = input.MetadataDirective === 'REPLACE';
    const changesNothing = !replaces && !input.StorageClass && !input.ServerSideEncryption && !input.TaggingDirective;
    if (source === bucket && from.Key === key && !from.VersionId && changesNothing)
      throw invalidRequest(
        'This copy request is illegal because it is trying to copy an object to itself without changing anything.',
      );

    return writeUnderCondition(bucket, key, input, async (confirm) => {
      const asked = describe(bucket, input, context.region.clock.now());
      const description = replaces ? asked : { ...asked, headers: original.headers, metadata: original.metadata };
      const tags = input.TaggingDirective === 'REPLACE' ? asked.tags : checkedTags(original.tags);
      const encryption = await seal(context, bucket.name, key, encryptionFor(bucket, input));
      await unseal(context, source.name, original.key, original.encryption);
      const body = await readPieces(original.pieces, 0, original.bytes - 1);
      const algorithm = asAlgorithm(input.ChecksumAlgorithm ?? original.checksum.algorithm);
      const contents = await takeContents(
        bucket.directory,
        body,
        { ChecksumAlgorithm: algorithm },
        encryption,
        context.signal,
      );
      const object = await appear(store, bucket, contents, confirm, { ...description, tags, key, encryption });
      const { ETag, ChecksumType, ...written } = writtenMembers(object);
      return {
        ...written,
        ...(original.versionId !== 'null' && { CopySourceVersionId: original.versionId }),
        CopyObjectResult: {
          ETag,
          ChecksumType,
          LastModified: wholeSeconds(object.modified),
          ...checksumMembers(object.checksum),
        },
      };
    });
  },
});

type Given = Omit<StoredObject, 'versionId' | 'modified' | 'deleteMarker' | keyof Contents>;

/** The last step of every write: the condition is asked again and the object is there, with nothing in between. */
export const appear = async (
  store: Store,
  bucket: Bucket,
  contents: Contents & { checksum: Checksum },
  confirm: () => void,
  given: Given & { encryption: Encryption },
): Promise<StoredObject> => {
  try {
    confirm();
  } catch (error) {
    await removePieces(contents.pieces);
    throw error;
  }
  const object: StoredObject = {
    ...given,
    ...contents,
    versionId: nextVersionId(bucket),
    modified: store.region.clock.now(),
    deleteMarker: false,
  };
  addVersion(bucket, object);
  startReplication(store, bucket, object);
  return object;
};

export const writtenMembers = (object: StoredObject) => ({
  ETag: object.etag,
  ...checksumMembers(object.checksum),
  ChecksumType: object.checksum.type,
  ...(object.versionId !== 'null' && { VersionId: object.versionId }),
  ...encryptionMembers(object.encryption),
});
