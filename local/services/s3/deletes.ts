import type {
  DeletedObject,
  DeleteObjectCommandInput,
  DeleteObjectOutput,
  DeleteObjectsCommandInput,
  DeleteObjectsOutput,
  _Error as S3Error,
} from '@aws-sdk/client-s3';
import { ApiError } from '../../service.ts';
import type { CallContext } from '../../types.ts';
import type { Bucket } from './bucket.ts';
import { assertWritable } from './conditions.ts';
import { locked, malformed } from './errors.ts';
import { isLocked } from './lock.ts';
import { checksFor } from './permissions.ts';
import { startReplication } from './replication.ts';
import { bucketHere, type Store, versionOf } from './store.ts';
import { markDeleted, removeVersion } from './versions.ts';

export const objectDeletes = (store: Store) => {
  /** Deleting what is not there succeeds, as on AWS. */
  const remove = (bucket: Bucket, key: string, versionId: string | undefined, bypass: boolean): DeleteObjectOutput => {
    const now = store.region.clock.now();
    if (versionId === undefined) {
      const marker = markDeleted(bucket, key, now);
      if (!marker) return {};
      startReplication(store, bucket, marker);
      return { DeleteMarker: true, VersionId: marker.versionId };
    }
    const version = versionOf(bucket, key, versionId);
    if (!version) return { VersionId: versionId };
    if (isLocked(version, now, bypass)) throw locked();
    removeVersion(bucket, version);
    return { VersionId: versionId, ...(version.deleteMarker && { DeleteMarker: true }) };
  };

  return {
    async DeleteObject(input: DeleteObjectCommandInput): Promise<DeleteObjectOutput> {
      const bucket = bucketHere(store, input.Bucket);
      const key = input.Key ?? '';
      assertWritable(bucket, key, { IfMatch: input.IfMatch });
      return remove(bucket, key, input.VersionId, input.BypassGovernanceRetention ?? false);
    },

    /** Each object is authorized and removed by itself; what failed is listed in the answer. */
    async DeleteObjects(input: DeleteObjectsCommandInput, context: CallContext): Promise<DeleteObjectsOutput> {
      const bucket = bucketHere(store, input.Bucket);
      const objects = input.Delete?.Objects ?? [];
      if (objects.length === 0 || objects.length > 1000)
        throw malformed(`1 to 1000 objects are expected, found ${objects.length}.`);
      const removed: DeletedObject[] = [];
      const errors: S3Error[] = [];
      for (const { Key: key = '', VersionId } of objects) {
        try {
          const bypass = input.BypassGovernanceRetention;
          const one = { Bucket: bucket.name, Key: key, VersionId, BypassGovernanceRetention: bypass };
          for (const { policy, ...check } of checksFor(store, 'DeleteObject', one))
            context.region.world.iam.authorize(context.caller, check, policy);
          const { DeleteMarker, VersionId: marker } = remove(bucket, key, VersionId, bypass ?? false);
          removed.push({ Key: key, VersionId, ...(DeleteMarker && { DeleteMarker, DeleteMarkerVersionId: marker }) });
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
          errors.push({ Key: key, VersionId, Code: error.code, Message: error.message });
        }
      }
      return { Errors: errors, ...(!input.Delete?.Quiet && { Deleted: removed }) };
    },
  };
};
