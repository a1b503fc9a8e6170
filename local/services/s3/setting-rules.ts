import type { BucketVersioningStatus, ObjectLockConfiguration } from '@aws-sdk/client-s3';
import { ApiError } from '../../service.ts';
import type { Bucket } from './bucket.ts';
import { invalidState, malformed } from './errors.ts';
import { hasObjectLock } from './lock.ts';

/** @throws InvalidBucketState: what builds on versions does not outlive versioning. */
export const assertVersioningAllowed = ({ settings, ...bucket }: Bucket, status: BucketVersioningStatus): void => {
  if (status === 'Enabled') return;
  if (settings.lock?.ObjectLockEnabled)
    throw invalidState(
      `An Object Lock configuration is present on the bucket ${bucket.name}, so the versioning state cannot be changed.`,
    );
  if (settings.replication)
    throw invalidState(
      `A replication configuration is present on the bucket ${bucket.name}, so versioning cannot be suspended.`,
    );
};

export const assertLockAllowed = (
  bucket: Bucket,
  wanted: ObjectLockConfiguration | undefined,
): ObjectLockConfiguration => {
  if (bucket.settings.versioning !== 'Enabled')
    throw invalidState("Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration");
  if (wanted?.ObjectLockEnabled !== 'Enabled') {
    const found = wanted?.ObjectLockEnabled ?? 'nothing';
    throw malformed(
      `ObjectLockEnabled is Enabled; found ${found}. Object Lock cannot be switched off${hasObjectLock(bucket) ? ' again' : ''}.`,
    );
  }
  const retention = wanted.Rule?.DefaultRetention;
  if (retention && (!retention.Mode || (retention.Days === undefined) === (retention.Years === undefined)))
    throw malformed('DefaultRetention has a Mode, and either Days or Years.');
  return wanted;
};

/** A configuration is carried out as a whole or not taken. @throws NotImplemented naming what is not offered. */
export const refuseOthers = (where: string, value: unknown, offered: readonly string[]): void => {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    if (inner === undefined) continue;
    if (!Array.isArray(value) && !offered.includes(name))
      throw new ApiError('NotImplemented', 501, `${where}: ${name} is not offered here.`);
    refuseOthers(where, inner, offered);
  }
};
