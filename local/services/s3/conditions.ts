import { ApiError } from '../../service.ts';
import { type Bucket, currentObject, type StoredObject } from './bucket.ts';
import { conflict, noSuchKey, preconditionFailed } from './errors.ts';
import { wholeSeconds } from './versions.ts';

export interface WriteCondition {
  IfMatch?: string | undefined;
  IfNoneMatch?: string | undefined;
}

/** @throws PreconditionFailed, or NoSuchKey where `If-Match` finds nothing. */
export const assertWritable = (bucket: Bucket, key: string, { IfMatch, IfNoneMatch }: WriteCondition): void => {
  const current = currentObject(bucket, key);
  if (IfNoneMatch !== undefined && IfNoneMatch !== '*')
    throw new ApiError('NotImplemented', 501, `If-None-Match takes only "*" with a write, found ${IfNoneMatch}.`);
  if (IfNoneMatch && current) throw preconditionFailed('If-None-Match');
  if (IfMatch === undefined) return;
  if (!current) throw noSuchKey(key);
  if (!sameTag(IfMatch, current.etag)) throw preconditionFailed('If-Match');
};

/**
 * A conditional write asks twice: before the body is read, and in the same step in which the object appears.
 * @throws ConditionalRequestConflict when the key was deleted in between.
 */
export const writeUnderCondition = async <T>(
  bucket: Bucket,
  key: string,
  condition: WriteCondition,
  write: (confirm: () => void) => Promise<T>,
): Promise<T> => {
  assertWritable(bucket, key, condition);
  if (condition.IfMatch === undefined && condition.IfNoneMatch === undefined) return write(() => undefined);
  const underWay = { key, deleted: false };
  bucket.conditional.add(underWay);
  try {
    return await write(() => {
      if (underWay.deleted) throw conflict(key);
      assertWritable(bucket, key, condition);
    });
  } finally {
    bucket.conditional.delete(underWay);
  }
};

export interface ReadCondition extends WriteCondition {
  IfModifiedSince?: Date | undefined;
  IfUnmodifiedSince?: Date | undefined;
}

/** @throws PreconditionFailed or NotModified, in HTTP's order: an entity tag outweighs a time. */
export const assertReadable = (object: StoredObject, condition: ReadCondition): void => {
  const modified = wholeSeconds(object.modified);
  if (condition.IfMatch !== undefined) {
    if (!sameTag(condition.IfMatch, object.etag)) throw preconditionFailed('If-Match');
  } else if (condition.IfUnmodifiedSince && modified > condition.IfUnmodifiedSince) {
    throw preconditionFailed('If-Unmodified-Since');
  }
  const unchanged =
    condition.IfNoneMatch === undefined
      ? condition.IfModifiedSince !== undefined && modified <= condition.IfModifiedSince
      : sameTag(condition.IfNoneMatch, object.etag);
  if (unchanged) throw new ApiError('NotModified', 304, 'Not Modified');
};

const sameTag = (wanted: string, etag: string): boolean =>
  wanted === '*' || wanted.split(',').some((each) => each.trim().replace(/^"|"$/g, '') === etag.replace(/^"|"$/g, ''));
