// Lifecycle: what a bucket's rules move or remove, once a day at midnight UTC of region time.
import type { LifecycleRule, StorageClass } from '@aws-sdk/client-s3';
import type { Bucket, Version } from './bucket.ts';
import { isLocked } from './lock.ts';
import { abortUpload } from './multipart.ts';
import { markDeleted, removeVersion } from './versions.ts';

const DAY = 86_400_000;
const SMALL = 128 * 1024;
/** Transitions only go down this list. */
const COLDER: StorageClass[] = ['STANDARD', 'STANDARD_IA', 'GLACIER_IR', 'GLACIER', 'DEEP_ARCHIVE'];

/** S3 adds the days and rounds up to the next midnight UTC. */
export const dueAt = (from: Date, days: number): Date => new Date(Math.ceil((from.getTime() + days * DAY) / DAY) * DAY);

export const runLifecycle = async (bucket: Bucket, now: Date): Promise<void> => {
  for (const rule of bucket.settings.lifecycle ?? []) {
    if (rule.Status !== 'Enabled') continue;
    const prefix = rule.Filter?.Prefix ?? '';
    for (const key of [...bucket.versions.keys()]) {
      if (!key.startsWith(prefix)) continue;
      expireNoncurrent(bucket, rule, key, now);
      expireCurrent(bucket, rule, key, now);
      transition(bucket, rule, key, now);
    }
    const days = rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation;
    for (const upload of [...bucket.uploads.values()])
      if (days !== undefined && upload.key.startsWith(prefix) && dueAt(upload.started, days) <= now)
        await abortUpload(bucket, upload);
  }
};

/** What is not replicated yet stays as it is. */
const isSettled = (version: Version): boolean =>
  version.deleteMarker || (version.replication !== 'PENDING' && version.replication !== 'FAILED');

const expireCurrent = (bucket: Bucket, { Expiration }: LifecycleRule, key: string, now: Date): void => {
  const [current, ...older] = bucket.versions.get(key) ?? [];
  const days = Expiration?.Days;
  if (!current || days === undefined || dueAt(current.modified, days) > now) return;
  // A marker with nothing behind it hides nothing: it goes when it is as old as an object may get.
  if (current.deleteMarker && older.length === 0) removeVersion(bucket, current);
  else if (!current.deleteMarker && isSettled(current)) markDeleted(bucket, key, now);
};

const expireNoncurrent = (bucket: Bucket, rule: LifecycleRule, key: string, now: Date): void => {
  const days = rule.NoncurrentVersionExpiration?.NoncurrentDays;
  if (days === undefined) return;
  const versions = bucket.versions.get(key) ?? [];
  for (const [index, version] of versions.slice(1).entries()) {
    // Its days are counted from the moment a newer one took its place.
    const since = versions[index]?.modified ?? version.modified;
    if (dueAt(since, days) <= now && isSettled(version) && !isLocked(version, now)) removeVersion(bucket, version);
  }
};

/** Objects under 128 KiB stay where they are. */
const transition = (bucket: Bucket, { Transitions = [] }: LifecycleRule, key: string, now: Date): void => {
  const [current] = bucket.versions.get(key) ?? [];
  if (!current || current.deleteMarker || current.bytes < SMALL || !isSettled(current)) return;
  for (const { Days = 0, StorageClass: to } of Transitions)
    if (to && dueAt(current.modified, Days) <= now && COLDER.indexOf(to) > COLDER.indexOf(current.storageClass))
      current.storageClass = to;
};
