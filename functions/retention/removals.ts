// Snapshots deleted at AWS: only those that carry the tag of their point, and one that is gone already is as good.
import {
  DeleteSnapshotCommand,
  DescribeSnapshotsCommand,
  ListTagsForResourceCommand,
  SnapshotNotFoundFault,
} from '@aws-sdk/client-elasticache';
import { DBSnapshotNotFoundFault, DeleteDBSnapshotCommand, DescribeDBSnapshotsCommand } from '@aws-sdk/client-rds';
import { elasticache, rds } from '../../shared/aws/clients.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { POINT_TAG } from '../../shared/catalog/tags.ts';
import { logger } from '../../shared/telemetry/logger.ts';

/** Removes what AWS keeps of a point. Objects end by the vault's lifecycle, which keeps to Object Lock; nothing here may delete them. */
export const removeSnapshots = async (point: RecoveryPoint): Promise<void> => {
  if (point.method !== 'snapshot') return;
  switch (point.kind) {
    case 'rds-postgres':
      for (const copy of point.copies) await deleteDatabaseSnapshot(point, copy.snapshotId, copy.region);
      return deleteDatabaseSnapshot(point, point.nativeId);
    case 'elasticache-redis':
      return deleteCacheSnapshot(point);
  }
};

const deleteDatabaseSnapshot = async (point: RecoveryPoint, snapshotId: string, region?: string): Promise<void> => {
  try {
    const { DBSnapshots } = await rds(region).send(
      new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: snapshotId }),
    );
    if (!isTagged(point, snapshotId, DBSnapshots?.[0]?.TagList)) return;
    await rds(region).send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: snapshotId }));
  } catch (error) {
    if (!(error instanceof DBSnapshotNotFoundFault)) throw error;
  }
};

const deleteCacheSnapshot = async (point: RecoveryPoint): Promise<void> => {
  const SnapshotName = point.nativeId;
  try {
    const { Snapshots } = await elasticache().send(new DescribeSnapshotsCommand({ SnapshotName }));
    const arn = Snapshots?.[0]?.ARN;
    if (!arn) return;
    const { TagList } = await elasticache().send(new ListTagsForResourceCommand({ ResourceName: arn }));
    if (!isTagged(point, SnapshotName, TagList)) return;
    await elasticache().send(new DeleteSnapshotCommand({ SnapshotName }));
  } catch (error) {
    if (!(error instanceof SnapshotNotFoundFault)) throw error;
  }
};

const isTagged = (
  { id, source }: RecoveryPoint,
  snapshotId: string,
  tags: readonly { Key?: string | undefined; Value?: string | undefined }[] = [],
): boolean => {
  if (tags.some(({ Key, Value }) => Key === POINT_TAG && Value === id)) return true;
  logger.warn('snapshot kept: it does not carry the tag of its point', { source, recoveryPoint: id, snapshotId });
  return false;
};
