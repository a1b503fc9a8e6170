import type { ObjectLockLegalHoldStatus, ObjectLockMode } from '@aws-sdk/client-s3';
import { ApiError } from '../../service.ts';
import type { Bucket, Lock, Version } from './bucket.ts';
import { invalidArgument, invalidRequest } from './errors.ts';

const DAY = 86_400_000;

export interface LockRequest {
  ObjectLockMode?: ObjectLockMode | undefined;
  ObjectLockRetainUntilDate?: Date | undefined;
  ObjectLockLegalHoldStatus?: ObjectLockLegalHoldStatus | undefined;
}

export const hasObjectLock = (bucket: Bucket): boolean => bucket.settings.lock?.ObjectLockEnabled === 'Enabled';

/** @throws InvalidRequest where the bucket has no Object Lock. */
const assertObjectLock = (bucket: Bucket): void => {
  if (!hasObjectLock(bucket)) throw invalidRequest('Bucket is missing Object Lock Configuration');
};

/** The lock of a new object: as the request says, else the bucket's default retention. */
export const lockFor = (bucket: Bucket, request: LockRequest, now: Date): Lock => {
  const { ObjectLockMode: mode, ObjectLockRetainUntilDate: until } = request;
  if (request.ObjectLockLegalHoldStatus) throw new ApiError('NotImplemented', 501, 'Legal holds are not offered here.');
  if (mode || until) assertObjectLock(bucket);
  if ((mode === undefined) !== (until === undefined))
    throw invalidArgument('x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied');
  if (until && until <= now) throw invalidArgument('The retain until date must be in the future!');
  return mode && until ? { mode, until } : defaultRetention(bucket, now);
};

const defaultRetention = (bucket: Bucket, now: Date): Lock => {
  const retention = bucket.settings.lock?.Rule?.DefaultRetention;
  if (!retention?.Mode) return {};
  if (retention.Days) return { mode: retention.Mode, until: new Date(now.getTime() + retention.Days * DAY) };
  const until = new Date(now);
  until.setUTCFullYear(until.getUTCFullYear() + (retention.Years ?? 0));
  return { mode: retention.Mode, until };
};

/** Whether a version may not be deleted now. `bypass` has been authorized already. */
export const isLocked = (version: Version, now: Date, bypass = false): boolean => {
  if (version.deleteMarker) return false;
  const { mode, until } = version.lock;
  return until !== undefined && until > now && !(mode === 'GOVERNANCE' && bypass);
};

export const lockMembers = ({ mode, until }: Lock) => ({
  ...(mode && { ObjectLockMode: mode }),
  ...(until && { ObjectLockRetainUntilDate: until }),
});
