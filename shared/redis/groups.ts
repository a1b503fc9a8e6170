import {
  DeleteReplicationGroupCommand,
  DescribeReplicationGroupsCommand,
  InvalidReplicationGroupStateFault,
  type ReplicationGroup,
  ReplicationGroupNotFoundFault,
} from '@aws-sdk/client-elasticache';
import { elasticache } from '../aws/clients.ts';
import type { RedisSource } from '../config/schema.ts';
import { settings } from '../config/settings.ts';
import { logger } from '../telemetry/logger.ts';
import { ReplicationGroupMissing, ReplicationGroupUnsupported } from './errors.ts';

/** The name of a source's replication group in this region: what a failover makes goes by the name the configuration gives it. */
export const groupHere = (source: RedisSource): string =>
  settings().role === 'primary' ? source.replicationGroup : source.recovery.replicationGroup;

export const findGroup = async (id: string, region?: string): Promise<ReplicationGroup | undefined> => {
  try {
    const { ReplicationGroups } = await elasticache(region).send(
      new DescribeReplicationGroupsCommand({ ReplicationGroupId: id }),
    );
    return ReplicationGroups?.[0];
  } catch (error) {
    if (error instanceof ReplicationGroupNotFoundFault) return undefined;
    throw error;
  }
};

/**
 * The replication group of a source, of one shard: what several shards hold is several files, no two of one moment.
 * @throws {ReplicationGroupMissing} {ReplicationGroupUnsupported}
 */
export const describeGroup = async (source: string, id: string, region?: string): Promise<ReplicationGroup> => {
  const group = await findGroup(id, region);
  if (!group) {
    throw new ReplicationGroupMissing('ElastiCache knows no replication group of this name.', {
      source,
      expected: region ? `${id} in ${region}` : id,
      next: 'Correct the configuration, or confirm that the group was deleted and remove the source.',
    });
  }
  if (!group.ClusterEnabled && (group.NodeGroups?.length ?? 0) <= 1) return group;
  throw new ReplicationGroupUnsupported('the replication group has cluster mode enabled, or several shards.', {
    source,
    expected: 'one shard, cluster mode disabled',
    found: `cluster mode ${group.ClusterEnabled ? 'enabled' : 'disabled'}, ${group.NodeGroups?.length} shards`,
    next: 'Remove the source: snapshots of shards are not of one moment, and this service does not pretend that they are.',
  });
};

/** Without a last snapshot. @throws {InvalidReplicationGroupStateFault} while ElastiCache is still at it */
export const deleteGroup = async ({ ReplicationGroupId, Status }: ReplicationGroup): Promise<void> => {
  if (Status === 'deleting') return;
  try {
    await elasticache().send(new DeleteReplicationGroupCommand({ ReplicationGroupId }));
    logger.info('replication group removed', { group: ReplicationGroupId });
  } catch (error) {
    if (error instanceof ReplicationGroupNotFoundFault) return;
    // Being deleted already, by an earlier try whose answer was lost.
    const isGoing = ['deleting', undefined].includes((await findGroup(ReplicationGroupId ?? ''))?.Status);
    if (error instanceof InvalidReplicationGroupStateFault && isGoing) return;
    throw error;
  }
};
