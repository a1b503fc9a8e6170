// Which node a snapshot is taken of, and whether it may be.
import * as sdk from '@aws-sdk/client-elasticache';
import { invalidCombination } from './errors.ts';
import { type ElastiCache, type Group, groupNamed, type Node, nodeNamed } from './state.ts';

export interface Source {
  group: Group;
  node: Node;
}

/** "During any contiguous 24-hour period, you can create no more than 20 manual backups per node in the cluster" (read 2026-11). */
const MANUAL_SNAPSHOTS = 20;
const DAY_MS = 86_400_000;

/** The node a snapshot is asked of; the one for automatic snapshots where it is asked of the group. */
export const sourceOf = (ec: ElastiCache, input: sdk.CreateSnapshotCommandInput): Source => {
  const { CacheClusterId: nodeId, ReplicationGroupId: groupId } = input;
  if ((nodeId === undefined) === (groupId === undefined)) {
    throw invalidCombination('Exactly one of CacheClusterId and ReplicationGroupId must be specified.');
  }
  return nodeId === undefined ? ofGroup(groupNamed(ec, groupId)) : nodeNamed(ec, nodeId);
};

const ofGroup = (group: Group): Source => ({
  group,
  node: group.snapshotting ?? group.nodes.find((node) => node !== group.primary) ?? group.primary,
});

/** "During the backup process, you can't run any other API or CLI operations on the cluster" (Backup constraints, read 2026-11). */
export const demandAvailable = ({ group, node }: Source, asCluster: boolean): void => {
  if (group.status === 'available' && node.status === 'available') return;
  if (!asCluster) {
    const message = `Replication group ${group.id} is not in the available state; it is ${group.status}.`;
    throw new sdk.InvalidReplicationGroupStateFault({ message, $metadata: {} });
  }
  const found = node.status === 'available' ? group.status : node.status;
  throw new sdk.InvalidCacheClusterStateFault({
    message: `Cache cluster ${node.id} is not in the available state; it is ${found}.`,
    $metadata: {},
  });
};

/** Counts a manual snapshot of a node; those that failed or were deleted since count as well. @throws {SnapshotQuotaExceededFault} */
export const countAgainstQuota = (ec: ElastiCache, { group, node }: Source): void => {
  const now = ec.region.clock.now();
  node.snapshotsAt = node.snapshotsAt.filter((at) => now.getTime() - at.getTime() < DAY_MS);
  if (node.snapshotsAt.length >= MANUAL_SNAPSHOTS) {
    const message = `The maximum number of manual snapshots for this node taken within 24 hours has been reached its quota of ${MANUAL_SNAPSHOTS} (${node.id} of ${group.id})`;
    throw new sdk.SnapshotQuotaExceededFault({ message, $metadata: {} });
  }
  node.snapshotsAt.push(now);
};
