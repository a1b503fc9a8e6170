// Removes test groups whose execution died before it could: nothing else, and never a group that does not say it is a test.
import {
  InvalidReplicationGroupStateFault,
  paginateDescribeReplicationGroups,
  type ReplicationGroup,
} from '@aws-sdk/client-elasticache';
import { elasticache } from '../../shared/aws/clients.ts';
import { isExecutionRunning } from '../../shared/aws/executions.ts';
import { now, secondsBetween } from '../../shared/clock.ts';
import { sourcesOfKind } from '../../shared/config/platform.ts';
import { deleteGroup } from '../../shared/redis/groups.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { record } from '../../shared/telemetry/metrics.ts';
import { ownerOf } from './test-groups.ts';

export interface Swept {
  removed: string[];
  kept: string[];
}

/** Time an execution has after its restore deadline to compare and clean up itself. */
const GRACE_SECONDS = 2 * 3600;

export const sweep = async (): Promise<Swept> => {
  const swept: Swept = { removed: [], kept: [] };
  for await (const page of paginateDescribeReplicationGroups({ client: elasticache() }, {})) {
    for (const group of page.ReplicationGroups ?? []) {
      const [id, owner] = [group.ReplicationGroupId ?? '', ownerOf(group)];
      if (owner === undefined || group.Status === 'deleting') continue;
      if ((await isAbandoned(group, owner)) && (await isGone(group))) {
        swept.removed.push(id);
        logger.warn('abandoned test group removed', { group: id, execution: owner });
      } else swept.kept.push(id);
    }
  }
  record('TestInstancesSwept', swept.removed.length, 'verification');
  return swept;
};

/** False while ElastiCache is still making it and lets nobody delete it: the next sweep tries again, and the others go meanwhile. */
const isGone = async (group: ReplicationGroup): Promise<boolean> => {
  try {
    await deleteGroup(group);
    return true;
  } catch (error) {
    if (!(error instanceof InvalidReplicationGroupStateFault)) throw error;
    logger.info('abandoned test group not to be removed yet', {
      group: group.ReplicationGroupId,
      status: group.Status,
    });
    return false;
  }
};

/** Its execution has ended, or runs so long past every deadline that it will not come back. */
const isAbandoned = async ({ ReplicationGroupCreateTime }: ReplicationGroup, owner: string): Promise<boolean> => {
  const deadline = Math.max(...sourcesOfKind('elasticache-redis').map(([, { restore }]) => restore.deadline));
  const age = secondsBetween(ReplicationGroupCreateTime ?? now(), now());
  return age > deadline + GRACE_SECONDS || !(await isExecutionRunning('verify-redis', owner));
};
