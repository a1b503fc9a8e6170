// What S3 tells EventBridge, where the bucket's notification configuration asks for it.
import type { Region } from '../../types.ts';
import type { Bucket, StoredObject, Version } from './bucket.ts';
import { bucketArn } from './bucket.ts';

/** The store or the side of a replication; its region has the bus. */
type Where = { region: Region };

export const announceCreated = (
  { region }: Where,
  bucket: Bucket,
  object: StoredObject,
  reason: 'PutObject' | 'CopyObject' | 'CompleteMultipartUpload',
): void => announce(region, bucket, 'Object Created', { object: describeObject(object), reason });

export const announceDeleted = (
  { region }: Where,
  bucket: Bucket,
  version: Version,
  reason: 'DeleteObject' | 'Lifecycle Expiration',
): void =>
  announce(region, bucket, 'Object Deleted', {
    object: describeObject(version),
    reason,
    'deletion-type': version.deleteMarker ? 'Delete Marker Created' : 'Permanently Deleted',
  });

export const announceStorageClass = ({ region }: Where, bucket: Bucket, object: StoredObject): void =>
  announce(region, bucket, 'Object Storage Class Changed', {
    object: describeObject(object),
    'destination-storage-class': object.storageClass,
  });

const describeObject = (version: Version) => ({
  key: version.key,
  'version-id': version.versionId,
  ...(version.deleteMarker ? {} : { size: version.bytes, etag: version.etag.replaceAll('"', '') }),
});

const announce = (region: Region, bucket: Bucket, type: string, detail: Record<string, unknown>): void => {
  if (!bucket.settings.notification?.EventBridgeConfiguration) return;
  region.emit({
    source: 'aws.s3',
    'detail-type': type,
    resources: [bucketArn(bucket.name)],
    detail: { version: '0', bucket: { name: bucket.name }, ...detail },
  });
};
