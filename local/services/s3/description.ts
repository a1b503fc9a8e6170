import type { StorageClass, Tag } from '@aws-sdk/client-s3';
import { ApiError } from '../../service.ts';
import type { Bucket, Description } from './bucket.ts';
import { invalidArgument } from './errors.ts';
import { type LockRequest, lockFor } from './lock.ts';

const STORAGE_CLASSES: StorageClass[] = ['STANDARD', 'STANDARD_IA', 'GLACIER', 'GLACIER_IR', 'DEEP_ARCHIVE'];

export interface DescriptionRequest extends LockRequest {
  Key?: string | undefined;
  CacheControl?: string | undefined;
  ContentDisposition?: string | undefined;
  ContentEncoding?: string | undefined;
  ContentLanguage?: string | undefined;
  ContentType?: string | undefined;
  Metadata?: Record<string, string> | undefined;
  StorageClass?: StorageClass | undefined;
  Tagging?: string | undefined;
}

/** What the writer says about a new object, checked. */
export const describe = (bucket: Bucket, request: DescriptionRequest, now: Date): Description => {
  if (Buffer.byteLength(request.Key ?? '') > 1024)
    throw new ApiError('KeyTooLongError', 400, 'Your key is too long: at most 1024 bytes.');
  const storageClass = request.StorageClass ?? 'STANDARD';
  assertStorageClass(storageClass, (message) => new ApiError('InvalidStorageClass', 400, message));
  return {
    headers: {
      CacheControl: request.CacheControl,
      ContentDisposition: request.ContentDisposition,
      ContentEncoding: request.ContentEncoding,
      ContentLanguage: request.ContentLanguage,
      ContentType: request.ContentType ?? 'binary/octet-stream',
    },
    metadata: lowerCased(request.Metadata ?? {}),
    tags: checkedTags([...new URLSearchParams(request.Tagging ?? '')].map(([Key, Value]) => ({ Key, Value }))),
    storageClass,
    lock: lockFor(bucket, request, now),
  };
};

export const assertStorageClass = (name: string, error: (message: string) => Error): void => {
  if (!STORAGE_CLASSES.some((known) => known === name))
    throw error(`The storage class ${name} is not known here. Expected one of ${STORAGE_CLASSES.join(', ')}.`);
};

/** @throws InvalidTag as S3 does: at most ten, keys once. */
export const checkedTags = (tags: Tag[]): Tag[] => {
  if (tags.length > 10)
    throw new ApiError('BadRequest', 400, `Object tags cannot be greater than 10, found ${tags.length}.`);
  if (new Set(tags.map(({ Key }) => Key)).size < tags.length)
    throw new ApiError('InvalidTag', 400, 'Cannot provide multiple Tags with the same key');
  if (tags.some(({ Key }) => !Key)) throw invalidArgument('A tag needs a key.');
  return tags;
};

/** HTTP headers carry it, and those have no case. */
const lowerCased = (metadata: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name.toLowerCase(), value]));
