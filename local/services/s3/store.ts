// The buckets of one region. Names are global: a bucket that lives in another region is known here and redirected to.
import { randomBytes } from 'node:crypto';
import { ApiError } from '../../service.ts';
import type { CallContext, Region, Service } from '../../types.ts';
import { type Bucket, currentObject, type StoredObject, type Version } from './bucket.ts';
import { noSuchBucket, noSuchKey, noSuchVersion } from './errors.ts';

export interface Store {
  region: Region;
  buckets: Map<string, Bucket>;
  /** Milliseconds of region time from a write to its replication. */
  replicationLagMs: number;
  /** Replications that wait for a region to come back. */
  stalled: (() => Promise<void>)[];
}

/** The local S3 with what its service interface does not say: the state that its twin in the other region replicates into. */
export interface S3Service extends Service {
  store: Store;
  /** Milliseconds of region time from a write to its replication; 5000 unless set. */
  setReplicationLag(ms: number): void;
  /** The file that holds the bytes of an object. Missing versions are an error. */
  path(bucket: string, key: string, versionId?: string): string;
  /** Damages one stored byte; checksum and ETag stay as they were when it was written. */
  corrupt(bucket: string, key: string, offset: number, versionId?: string): Promise<void>;
}

const isS3 = (service: Service | undefined): service is S3Service => service !== undefined && 'store' in service;

/** The store of whichever region holds the bucket. */
export const storeOf = (region: Region, bucket: string): Store | undefined => {
  for (const { services } of region.world.regions.values()) {
    const service = services.get('s3');
    if (isS3(service) && service.store.buckets.has(bucket)) return service.store;
  }
  return undefined;
};

export const allBuckets = (region: Region): Bucket[] =>
  [...region.world.regions.values()].flatMap(({ services }) => {
    const service = services.get('s3');
    return isS3(service) ? [...service.store.buckets.values()] : [];
  });

/** @throws NoSuchBucket, or PermanentRedirect naming the bucket's region. */
export const bucketHere = (store: Store, name: string | undefined): Bucket => {
  const bucket = store.buckets.get(name ?? '');
  if (bucket) return bucket;
  const elsewhere = storeOf(store.region, name ?? '');
  if (!elsewhere) throw noSuchBucket(name ?? '');
  throw new ApiError(
    'PermanentRedirect',
    301,
    `The bucket ${name} is in this region: ${elsewhere.region.name}. Send all requests for it there.`,
  );
};

export const objectOf = (bucket: Bucket, key: string, versionId?: string): StoredObject | undefined => {
  if (versionId === undefined) return currentObject(bucket, key);
  const version = versionOf(bucket, key, versionId);
  return version?.deleteMarker === false ? version : undefined;
};

export const versionOf = (bucket: Bucket, key: string, versionId: string): Version | undefined =>
  bucket.versions.get(key)?.find((version) => version.versionId === versionId);

/** @throws NoSuchKey, NoSuchVersion, MethodNotAllowed for a delete marker; AccessDenied where the caller may not list. */
export const objectToRead = (
  bucket: Bucket,
  { Key: key = '', VersionId: versionId }: { Key?: string | undefined; VersionId?: string | undefined },
  context: CallContext,
): StoredObject => {
  const object = objectOf(bucket, key, versionId);
  if (object) return object;
  if (versionId && versionOf(bucket, key, versionId))
    throw new ApiError('MethodNotAllowed', 405, 'The specified method is not allowed against a delete marker.');
  // Who may not list does not learn what is missing: AWS answers 403 instead of 404.
  context.region.world.iam.authorize(
    context.caller,
    { action: 's3:ListBucket', resource: `arn:aws:s3:::${bucket.name}` },
    bucket.settings.policy?.statements,
  );
  throw versionId ? noSuchVersion(versionId) : noSuchKey(key);
};

export const newVersionId = (): string => randomBytes(24).toString('base64url');
