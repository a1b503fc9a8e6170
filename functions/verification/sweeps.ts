// Removes test instances whose execution died before it could: nothing else, and never anything without our tags.
import { type DBInstance, paginateDescribeDBInstances } from '@aws-sdk/client-rds';
import { z } from 'zod';
import { rds } from '../../shared/aws/clients.ts';
import { isExecutionRunning } from '../../shared/aws/executions.ts';
import { now, secondsBetween } from '../../shared/clock.ts';
import { sourcesOfKind } from '../../shared/config/platform.ts';
import { deleteInstance } from '../../shared/rds/instances.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { record } from '../../shared/telemetry/metrics.ts';
import { isOurs, TEST_TAG, tagOf } from './test-instances.ts';

export const SweepRequest = z.strictObject({ scheduledAt: z.iso.datetime().optional() });

export interface Swept {
  removed: string[];
  kept: string[];
}

/** Time an execution has after its restore deadline to check, compare and clean up itself. */
const GRACE_SECONDS = 2 * 3600;

export const sweep = async (): Promise<Swept> => {
  const swept: Swept = { removed: [], kept: [] };
  for await (const page of paginateDescribeDBInstances({ client: rds() }, {})) {
    for (const instance of (page.DBInstances ?? []).filter(isOurs)) {
      const id = instance.DBInstanceIdentifier ?? '';
      if (await isAbandoned(instance)) {
        await deleteInstance(instance);
        swept.removed.push(id);
        logger.warn('abandoned test instance removed', { instance: id, execution: tagOf(instance, TEST_TAG) });
      } else {
        swept.kept.push(id);
      }
    }
  }
  record('TestInstancesSwept', swept.removed.length, 'verification');
  return swept;
};

/** Its execution has ended, or runs so long past every deadline that it will not come back. */
const isAbandoned = async (instance: DBInstance): Promise<boolean> => {
  const deadline = Math.max(...sourcesOfKind('rds-postgres').map(([, { restore }]) => restore.deadline));
  const age = secondsBetween(instance.InstanceCreateTime ?? now(), now());
  return (
    age > deadline + GRACE_SECONDS || !(await isExecutionRunning('verify-database', tagOf(instance, TEST_TAG) ?? ''))
  );
};
