// The cache of a region that was left holds what was true before the platform left. Going back, another is made under its
// name: the old one goes, and a last snapshot of it stays.
import { DeleteReplicationGroupCommand, InvalidReplicationGroupStateFault } from '@aws-sdk/client-elasticache';
import { elasticache } from '../../shared/aws/clients.ts';
import { redisSourceNamed } from '../../shared/config/platform.ts';
import type { Rejoin } from '../../shared/recovery/rejoin.ts';
import { findGroup, groupHere } from '../../shared/redis/groups.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { recoveryPlan } from './epoch.ts';
import { change, type RejoinStep, type Way, wait } from './rejoin-way.ts';

/** Undefined once there is nothing left to do. */
export const retireCache = async (way: Way, { cacheRetired }: Rejoin): Promise<RejoinStep | undefined> => {
  const { cache } = recoveryPlan();
  if (!cache) return undefined;
  const id = groupHere(redisSourceNamed(cache.source));
  const group = await findGroup(id);
  if (!group) return undefined;
  if (group.Status !== 'available') return wait(`${id} is ${group.Status}`, 10);
  const FinalSnapshotIdentifier = cacheRetired ?? `${id}-left-${way.move?.failoverId ?? 'behind'}`;
  await change(way, (standing) => ({ ...standing, cacheRetired: FinalSnapshotIdentifier }));
  try {
    await elasticache().send(new DeleteReplicationGroupCommand({ ReplicationGroupId: id, FinalSnapshotIdentifier }));
    logger.info('cache of the left region retired', { source: cache.source, group: id, FinalSnapshotIdentifier });
  } catch (error) {
    // Being deleted already, by a call whose answer was lost: the next look tells.
    if (!(error instanceof InvalidReplicationGroupStateFault)) throw error;
  }
  return wait(`${id} is being deleted; its last snapshot is ${FinalSnapshotIdentifier}`, 10);
};
