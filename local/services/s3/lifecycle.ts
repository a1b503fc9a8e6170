// Lifecycle: what a bucket's rules move or remove, once a day at midnight UTC of region time.
import type { LifecycleRule, StorageClass } from '@aws-sdk/client-s3';
import { announceDeleted, announceStorageClass } from './announce.ts';
import type { Bucket, StoredObject, Version } from './bucket.ts';
import { namesSize, ruleCovers } from './lifecycle-rules.ts';
import { isLocked } from './lock.ts';
import { abortUpload } from './multipart.ts';
import type { Store } from './store.ts';
import { markDeleted, removeVersion } from './versions.ts';

const DAY = 86_400_000;
const SMALL = 128 * 1024;
/** Transitions only go down this list. */
const COLDER: StorageClass[] = ['STANDARD', 'STANDARD_IA', 'GLACIER_IR', 'GLACIER', 'DEEP_ARCHIVE'];

/** S3 adds the days and rounds up to the next midnight UTC. */
export const dueAt = (from: Date, days: number): Date => new Date(Math.ceil((from.getTime() + days * DAY) / DAY) * DAY);

export const runLifecycle = async (store: Store, bucket: Bucket, now: Date): Promise<void> => {
  const rules = (bucket.settings.lifecycle?.rules ?? []).filter(({ Status }) => Status === 'Enabled');
  for (const key of [...bucket.versions.keys()])
    for (const rule of rules) {
      expireNoncurrent(store, bucket, rule, key, now);
      expireCurrent(store, bucket, rule, key, now);
      transition(store, bucket, rule, key, now);
    }
  for (const rule of rules) {
    const days = rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation;
    for (const upload of [...bucket.uploads.values()])
      if (days !== undefined && upload.key.startsWith(prefixOf(rule)) && dueAt(upload.started, days) <= now)
        await abortUpload(bucket, upload);
  }
};

const prefixOf = (rule: LifecycleRule): string => rule.Filter?.And?.Prefix ?? rule.Filter?.Prefix ?? rule.Prefix ?? '';

/** What is not replicated yet stays as it is. */
const isSettled = (object: StoredObject): boolean =>
  object.replication !== 'PENDING' && object.replication !== 'FAILED';

const expireCurrent = (store: Store, bucket: Bucket, rule: LifecycleRule, key: string, now: Date): void => {
  const [current, ...older] = bucket.versions.get(key) ?? [];
  if (!current || !rule.Expiration) return;
  const { Days, Date: date, ExpiredObjectDeleteMarker } = rule.Expiration;
  if (current.deleteMarker) {
    // A marker with nothing behind it hides nothing: it goes when asked for, or when it is as old as an object may get.
    const due = ExpiredObjectDeleteMarker || (Days !== undefined && dueAt(current.modified, Days) <= now);
    if (older.length === 0 && due && key.startsWith(prefixOf(rule))) removeVersion(bucket, current);
    return;
  }
  const due = Days !== undefined ? dueAt(current.modified, Days) <= now : date !== undefined && date <= now;
  if (!due || !ruleCovers(rule, current) || !isSettled(current)) return;
  const marker = markDeleted(bucket, key, now);
  announceDeleted(store, bucket, marker ?? current, 'Lifecycle Expiration');
};

/** Versions with the time at which a newer one took their place. */
const noncurrent = (versions: Version[]): { version: Version; since: Date; newer: number }[] =>
  versions
    .slice(1)
    .map((version, index) => ({ version, since: versions[index]?.modified ?? version.modified, newer: index }));

const expireNoncurrent = (store: Store, bucket: Bucket, rule: LifecycleRule, key: string, now: Date): void => {
  const { NoncurrentDays: days, NewerNoncurrentVersions: kept = 0 } = rule.NoncurrentVersionExpiration ?? {};
  if (days === undefined) return;
  for (const { version, since, newer } of noncurrent(bucket.versions.get(key) ?? [])) {
    const covered = version.deleteMarker
      ? key.startsWith(prefixOf(rule))
      : ruleCovers(rule, version) && isSettled(version);
    if (newer < kept || dueAt(since, days) > now || !covered || isLocked(version, now)) continue;
    removeVersion(bucket, version);
    if (!version.deleteMarker) announceDeleted(store, bucket, version, 'Lifecycle Expiration');
  }
};

const transition = (store: Store, bucket: Bucket, rule: LifecycleRule, key: string, now: Date): void => {
  const versions = bucket.versions.get(key) ?? [];
  const [current] = versions;
  if (current)
    for (const { Days, Date: date, StorageClass: to } of rule.Transitions ?? [])
      if (Days !== undefined ? dueAt(current.modified, Days) <= now : date && date <= now)
        move(store, bucket, rule, current, to);
  for (const {
    NoncurrentDays = 0,
    NewerNoncurrentVersions = 0,
    StorageClass: to,
  } of rule.NoncurrentVersionTransitions ?? [])
    for (const { version, since, newer } of noncurrent(versions))
      if (newer >= NewerNoncurrentVersions && dueAt(since, NoncurrentDays) <= now)
        move(store, bucket, rule, version, to);
};

/** Objects under 128 KiB stay where they are unless the rule or the configuration names another size. */
const move = (
  store: Store,
  bucket: Bucket,
  rule: LifecycleRule,
  version: Version,
  to: StorageClass | undefined,
): void => {
  if (version.deleteMarker || !to || !ruleCovers(rule, version) || !isSettled(version)) return;
  const archive = to === 'GLACIER' || to === 'DEEP_ARCHIVE';
  const anySize = namesSize(rule) || (archive && bucket.settings.lifecycle?.minimumSize === 'varies_by_storage_class');
  if (version.bytes < SMALL && !anySize) return;
  if (COLDER.indexOf(to) <= COLDER.indexOf(version.storageClass)) return;
  version.storageClass = to;
  announceStorageClass(store, bucket, version);
};
