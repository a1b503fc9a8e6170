import type { ReplicationRule } from '@aws-sdk/client-s3';
import type { Caller, Region } from '../../types.ts';
import { type Bucket, bucketArn, type DeleteMarker, type Lock, objectArn, type StoredObject } from './bucket.ts';
import { opaqueTag, takeContents } from './contents.ts';
import { hasCustomerManagedKey, reseal, unseal } from './encryption.ts';
import { invalidRequest } from './errors.ts';
import { readPieces } from './files.ts';
import { hasObjectLock, lockFor } from './lock.ts';

interface Side {
  region: Region;
  bucket: Bucket;
}

/** One replication under way: who acts, from where, to where. */
export interface Replication {
  rule: ReplicationRule;
  role: Caller;
  source: Side;
  target: Side;
}

/** The replica of an object, its bytes checked on the way. @throws AccessDenied and the like, which make the replication fail. */
export const copyObject = async (replication: Replication, object: StoredObject): Promise<StoredObject> => {
  const { target } = replication;
  demandSource(replication, object.key, ['GetObjectVersionForReplication', 'GetObjectVersionAcl']);
  const tags = mayCopyTags(replication, object.key) ? object.tags : [];
  const lock = lockOfReplica(replication, object);
  const encryption = await encryptionOfReplica(replication, object);
  demandTarget(replication, object.key, 'ReplicateObject', {
    's3:x-amz-server-side-encryption': encryption.ServerSideEncryption,
    ...(encryption.SSEKMSKeyId && { 's3:x-amz-server-side-encryption-aws-kms-key-id': encryption.SSEKMSKeyId }),
  });
  const body = await readPieces(object.pieces, 0, object.bytes - 1);
  const { algorithm, value, type } = object.checksum;
  const check = { ChecksumAlgorithm: algorithm, ...(type === 'FULL_OBJECT' && { [`Checksum${algorithm}`]: value }) };
  const contents = await takeContents(target.bucket.directory, body, check, encryption, new AbortController().signal);
  const { replicationFailure: _, ...original } = object;
  return {
    ...original,
    ...contents,
    ...{ tags, lock },
    // Under KMS the tag of a replica is its own.
    etag: hasCustomerManagedKey(encryption) ? object.etag.replace(/^"[0-9a-f]{32}/, `"${opaqueTag()}`) : object.etag,
    checksum: object.checksum,
    encryption,
    replication: 'REPLICA',
  };
};

export const copyMarker = (replication: Replication, marker: DeleteMarker): DeleteMarker => {
  demandTarget(replication, marker.key, 'ReplicateDelete');
  const { key, versionId, modified } = marker;
  return { key, versionId, modified, deleteMarker: true, replication: 'REPLICA' };
};

const encryptionOfReplica = async ({ rule, role, source, target }: Replication, object: StoredObject) => {
  const dataKey = await unseal(
    { region: source.region, caller: role },
    source.bucket.name,
    object.key,
    object.encryption,
  );
  const SSEKMSKeyId = rule.Destination?.EncryptionConfiguration?.ReplicaKmsKeyID;
  if (!dataKey || !SSEKMSKeyId) return object.encryption;
  const wanted = { ...object.encryption, SSEKMSKeyId };
  return reseal({ region: target.region, caller: role }, target.bucket.name, object.key, wanted, dataKey);
};

const lockOfReplica = (replication: Replication, object: StoredObject): Lock => {
  const { source, target } = replication;
  if (hasObjectLock(source.bucket)) demandSource(replication, object.key, ['GetObjectRetention', 'GetObjectLegalHold']);
  const isHeld = object.lock.until !== undefined;
  if (isHeld && !hasObjectLock(target.bucket))
    throw invalidRequest(`The object is locked, and the destination bucket ${target.bucket.name} has no Object Lock.`);
  return isHeld ? { ...object.lock } : lockFor(target.bucket, {}, target.region.clock.now());
};

const demandSource = ({ role, source }: Replication, key: string, actions: string[]): void => {
  const { iam } = source.region.world;
  const policy = source.bucket.settings.policy?.statements;
  for (const action of ['GetReplicationConfiguration', 'ListBucket'])
    iam.authorize(role, { action: `s3:${action}`, resource: bucketArn(source.bucket.name) }, policy);
  for (const action of actions)
    iam.authorize(role, { action: `s3:${action}`, resource: objectArn(source.bucket.name, key) }, policy);
};

const demandTarget = (
  { role, target }: Replication,
  key: string,
  action: string,
  context: Record<string, string> = {},
): void =>
  target.region.world.iam.authorize(
    role,
    { action: `s3:${action}`, resource: objectArn(target.bucket.name, key), context },
    target.bucket.settings.policy?.statements,
  );

/** Without these two permissions S3 replicates the object and leaves its tags behind. */
const mayCopyTags = (replication: Replication, key: string): boolean => {
  try {
    demandSource(replication, key, ['GetObjectVersionTagging']);
    demandTarget(replication, key, 'ReplicateTags');
    return true;
  } catch {
    return false;
  }
};
