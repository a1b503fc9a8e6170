import type { Bucket, DeleteMarker, Version } from './bucket.ts';
import { removePieces } from './files.ts';
import { newVersionId } from './store.ts';

/** Id of what is written next: `null` unless versioning is on. */
export const nextVersionId = (bucket: Bucket): string =>
  bucket.settings.versioning === 'Enabled' ? newVersionId() : 'null';

/** Makes a version the newest of its key, in one step; it takes the place of one with the same id (`null`). */
export const addVersion = (bucket: Bucket, version: Version): void => {
  const others = (bucket.versions.get(version.key) ?? []).filter((other) => {
    if (other.versionId !== version.versionId) return true;
    discard(other);
    return false;
  });
  bucket.versions.set(version.key, [version, ...others]);
  bucket.keys.add(version.key);
};

/** Puts a version among its siblings where its time places it: replicas may arrive out of order. */
export const insertVersion = (bucket: Bucket, version: Version): void => {
  const others = bucket.versions.get(version.key) ?? [];
  const place = others.findIndex((other) => other.modified <= version.modified);
  bucket.versions.set(version.key, others.toSpliced(place === -1 ? others.length : place, 0, version));
  bucket.keys.add(version.key);
};

/** Removes one version for good, with its bytes. */
export const removeVersion = (bucket: Bucket, version: Version): void => {
  const others = (bucket.versions.get(version.key) ?? []).filter((other) => other !== version);
  discard(version);
  noteDelete(bucket, version.key);
  if (others.length > 0) bucket.versions.set(version.key, others);
  else {
    bucket.versions.delete(version.key);
    bucket.keys.remove(version.key);
  }
};

/** What a delete without a version id does; the marker it left, if the bucket keeps versions. */
export const markDeleted = (bucket: Bucket, key: string, modified: Date): DeleteMarker | undefined => {
  if (!bucket.settings.versioning) {
    for (const version of bucket.versions.get(key) ?? []) removeVersion(bucket, version);
    return undefined;
  }
  const marker: DeleteMarker = { key, versionId: nextVersionId(bucket), modified, deleteMarker: true };
  noteDelete(bucket, key);
  addVersion(bucket, marker);
  return marker;
};

const noteDelete = (bucket: Bucket, key: string): void => {
  for (const write of bucket.conditional) if (write.key === key) write.deleted = true;
};

const discard = (version: Version): void => {
  // Nobody waits for it: what failed to go away goes with the region's directory.
  if (!version.deleteMarker) removePieces(version.pieces).catch(() => undefined);
};

/** S3 counts time in whole seconds. */
export const wholeSeconds = (time: Date): Date => new Date(Math.floor(time.getTime() / 1000) * 1000);
