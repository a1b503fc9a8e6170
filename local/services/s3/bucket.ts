// What a bucket holds: its settings, its keys in the order S3 lists them, and of each key the versions, newest first.
import type {
  BucketLoggingStatus,
  BucketVersioningStatus,
  ChecksumType,
  LifecycleRule,
  ObjectLockConfiguration,
  ObjectLockMode,
  OwnershipControls,
  PublicAccessBlockConfiguration,
  ReplicationConfiguration,
  ReplicationStatus,
  ServerSideEncryptionConfiguration,
  StorageClass,
  Tag,
} from '@aws-sdk/client-s3';
import type { PolicyStatement } from '../../types.ts';
import type { Algorithm } from './checksums.ts';
import type { Piece } from './files.ts';
import { KeyIndex } from './key-index.ts';

export interface Checksum {
  algorithm: Algorithm;
  value: string;
  type: ChecksumType;
}

export interface Encryption {
  ServerSideEncryption: 'AES256' | 'aws:kms';
  SSEKMSKeyId?: string;
  BucketKeyEnabled?: boolean;
  /** The data key as KMS encrypted it; reading asks KMS to decrypt it. The bytes on disk stay plain. */
  dataKey?: Uint8Array;
}

export interface Lock {
  mode?: ObjectLockMode;
  until?: Date;
}

/** What the writer of an object says about it, kept and returned as it came. */
export interface Description {
  headers: {
    CacheControl?: string | undefined;
    ContentDisposition?: string | undefined;
    ContentEncoding?: string | undefined;
    ContentLanguage?: string | undefined;
    ContentType?: string | undefined;
  };
  metadata: Record<string, string>;
  tags: Tag[];
  storageClass: StorageClass;
  lock: Lock;
}

export interface StoredObject extends Description {
  key: string;
  /** `null` where it was written without versioning. */
  versionId: string;
  modified: Date;
  deleteMarker: false;
  pieces: Piece[];
  bytes: number;
  etag: string;
  checksum: Checksum;
  encryption: Encryption;
  replication?: ReplicationStatus;
  /** Why the replication failed, for whoever looks into it here; AWS tells it in an event. */
  replicationFailure?: string;
}

export interface DeleteMarker {
  key: string;
  versionId: string;
  modified: Date;
  deleteMarker: true;
  replication?: ReplicationStatus;
  /** Why the replication failed, for whoever looks into it here; AWS tells it in an event. */
  replicationFailure?: string;
}

export type Version = StoredObject | DeleteMarker;

export interface UploadedPart {
  number: number;
  pieces: Piece[];
  bytes: number;
  etag: string;
  checksum: Checksum;
  modified: Date;
}

export interface Upload {
  id: string;
  key: string;
  started: Date;
  description: Description;
  encryption: Encryption;
  /** The encryption headers of the request that created it, which bucket policies see again with every part. */
  asked: { ServerSideEncryption?: string | undefined; SSEKMSKeyId?: string | undefined };
  algorithm: Algorithm;
  checksumType: ChecksumType;
  parts: Map<number, UploadedPart>;
}

export interface Settings {
  versioning?: BucketVersioningStatus;
  encryption: ServerSideEncryptionConfiguration;
  policy?: { text: string; statements: PolicyStatement[] };
  lifecycle?: LifecycleRule[];
  replication?: ReplicationConfiguration;
  logging?: BucketLoggingStatus;
  publicAccess?: PublicAccessBlockConfiguration;
  ownership?: OwnershipControls;
  lock?: ObjectLockConfiguration;
}

export interface Bucket {
  name: string;
  region: string;
  created: Date;
  directory: string;
  settings: Settings;
  keys: KeyIndex;
  versions: Map<string, Version[]>;
  uploads: Map<string, Upload>;
  /** What waits for its replication. */
  replicating: Set<Version>;
  /** Rules whose backlog will be measured again within the minute. */
  measured: Set<string>;
  /** Conditional writes under way; a delete of the same key meanwhile is a conflict. */
  conditional: Set<{ key: string; deleted: boolean }>;
}

export const createBucketState = (name: string, region: string, created: Date, directory: string): Bucket => ({
  name,
  region,
  created,
  directory,
  settings: {
    encryption: {
      Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' }, BucketKeyEnabled: false }],
    },
  },
  keys: new KeyIndex(),
  versions: new Map(),
  uploads: new Map(),
  replicating: new Set(),
  measured: new Set(),
  conditional: new Set(),
});

export const bucketArn = (bucket: string): string => `arn:aws:s3:::${bucket}`;
export const objectArn = (bucket: string, key: string): string => `${bucketArn(bucket)}/${key}`;

/** The newest version, which may be a delete marker. */
export const currentVersion = (bucket: Bucket, key: string): Version | undefined => bucket.versions.get(key)?.[0];

/** The object a reader without a version id sees. */
export const currentObject = (bucket: Bucket, key: string): StoredObject | undefined => {
  const version = currentVersion(bucket, key);
  return version?.deleteMarker === false ? version : undefined;
};
