// Which permissions each operation needs, on what, and with which condition keys: S3's "actions, resources and condition keys".
import type { Check, PolicyStatement } from '../../types.ts';
import { bucketArn, objectArn } from './bucket.ts';
import { parseCopySource } from './copy-source.ts';
import { type Store, storeOf } from './store.ts';

export type PolicyCheck = Check & { policy?: PolicyStatement[] | undefined };

/** The members of inputs that decide about permissions. */
export interface Request {
  Bucket?: string | undefined;
  Key?: string | undefined;
  VersionId?: string | undefined;
  UploadId?: string | undefined;
  Prefix?: string | undefined;
  Delimiter?: string | undefined;
  MaxKeys?: number | undefined;
  CopySource?: string | undefined;
  TaggingDirective?: string | undefined;
  Tagging?: string | object | undefined;
  StorageClass?: string | undefined;
  ServerSideEncryption?: string | undefined;
  SSEKMSKeyId?: string | undefined;
  SSECustomerAlgorithm?: string | undefined;
  IfMatch?: string | undefined;
  IfNoneMatch?: string | undefined;
  ObjectLockMode?: string | undefined;
  ObjectLockRetainUntilDate?: Date | undefined;
  BypassGovernanceRetention?: boolean | undefined;
}

/** Operations on a bucket whose permission has another name. Permissions on objects are in `objectActions`. */
const BUCKET_ACTIONS: Record<string, string> = {
  HeadBucket: 'ListBucket',
  ListObjectsV2: 'ListBucket',
  ListObjectVersions: 'ListBucketVersions',
  ListMultipartUploads: 'ListBucketMultipartUploads',
  PutBucketEncryption: 'PutEncryptionConfiguration',
  GetBucketEncryption: 'GetEncryptionConfiguration',
  PutBucketLifecycleConfiguration: 'PutLifecycleConfiguration',
  GetBucketLifecycleConfiguration: 'GetLifecycleConfiguration',
  PutBucketReplication: 'PutReplicationConfiguration',
  GetBucketReplication: 'GetReplicationConfiguration',
  PutPublicAccessBlock: 'PutBucketPublicAccessBlock',
  GetPublicAccessBlock: 'GetBucketPublicAccessBlock',
  PutObjectLockConfiguration: 'PutBucketObjectLockConfiguration',
  GetObjectLockConfiguration: 'GetBucketObjectLockConfiguration',
};

/** Operations without an entry here are named like their permission and concern the bucket. `DeleteObjects` asks for each object. */
const OBJECT_ACTIONS: Record<string, (request: Request) => string[]> = {
  GetObject: ({ VersionId }) => [VersionId ? 'GetObjectVersion' : 'GetObject'],
  HeadObject: ({ VersionId }) => [VersionId ? 'GetObjectVersion' : 'GetObject'],
  GetObjectTagging: ({ VersionId }) => [VersionId ? 'GetObjectVersionTagging' : 'GetObjectTagging'],
  GetObjectRetention: () => ['GetObjectRetention'],
  PutObject: (request) => writing(request),
  CopyObject: (request) => writing(request),
  CreateMultipartUpload: (request) => writing(request),
  UploadPart: () => ['PutObject'],
  CompleteMultipartUpload: () => ['PutObject'],
  AbortMultipartUpload: () => ['AbortMultipartUpload'],
  ListParts: () => ['ListMultipartUploadParts'],
  DeleteObject: (request) => [request.VersionId ? 'DeleteObjectVersion' : 'DeleteObject', ...bypass(request)],
};

const writing = (request: Request): string[] => [
  'PutObject',
  ...(request.Tagging ? ['PutObjectTagging'] : []),
  ...(request.ObjectLockMode ? ['PutObjectRetention'] : []),
];

const bypass = (request: Request): string[] => (request.BypassGovernanceRetention ? ['BypassGovernanceRetention'] : []);

export const checksFor = (store: Store, operation: string, request: Request): PolicyCheck[] => {
  if (operation === 'ListBuckets') return [{ action: 's3:ListAllMyBuckets', resource: '*' }];
  if (operation === 'DeleteObjects') return [];
  const { Bucket: bucket = '', Key: key = '' } = request;
  const onObject = OBJECT_ACTIONS[operation]?.(request);
  const actions = onObject ?? [BUCKET_ACTIONS[operation] ?? operation];
  const resource = onObject ? objectArn(bucket, key) : bucketArn(bucket);
  const context = contextOf(store, request);
  const policy = policyOf(store, bucket);
  const checks = actions.map((action) => ({ action: `s3:${action}`, resource, context, policy }));
  return operation === 'CopyObject' ? [...sourceChecks(store, request), ...checks] : checks;
};

const sourceChecks = (store: Store, { CopySource, TaggingDirective }: Request): PolicyCheck[] => {
  const source = parseCopySource(CopySource);
  const reading = { Bucket: source.Bucket, Key: source.Key, VersionId: source.VersionId };
  const object = checksFor(store, 'GetObject', reading);
  return TaggingDirective === 'REPLACE' ? object : [...object, ...checksFor(store, 'GetObjectTagging', reading)];
};

export const policyOf = (store: Store, bucket: string): PolicyStatement[] | undefined =>
  storeOf(store.region, bucket)?.buckets.get(bucket)?.settings.policy?.statements;

/** Only what the request says: a bucket's defaults do not count, as on AWS. A part repeats what its upload was created with. */
const contextOf = (store: Store, request: Request): Record<string, string> => {
  const upload =
    request.UploadId &&
    storeOf(store.region, request.Bucket ?? '')
      ?.buckets.get(request.Bucket ?? '')
      ?.uploads.get(request.UploadId);
  const encryption = upload ? upload.asked : request;
  const until = request.ObjectLockRetainUntilDate;
  const keys: Record<string, string | undefined> = {
    's3:x-amz-server-side-encryption': encryption.ServerSideEncryption,
    's3:x-amz-server-side-encryption-aws-kms-key-id': encryption.SSEKMSKeyId,
    's3:x-amz-server-side-encryption-customer-algorithm': request.SSECustomerAlgorithm,
    's3:x-amz-storage-class': request.StorageClass,
    's3:VersionId': request.VersionId,
    's3:prefix': request.Prefix,
    's3:delimiter': request.Delimiter,
    's3:max-keys': request.MaxKeys?.toString(),
    's3:if-match': request.IfMatch,
    's3:if-none-match': request.IfNoneMatch,
    's3:object-lock-mode': request.ObjectLockMode,
    's3:object-lock-retain-until-date': until?.toISOString(),
    's3:object-lock-remaining-retention-days': until && daysUntil(store, until),
  };
  return Object.fromEntries(
    Object.entries(keys).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
};

const daysUntil = (store: Store, until: Date): string =>
  String(Math.ceil((until.getTime() - store.region.clock.now().getTime()) / 86_400_000));
