import { type DBInstance, DBInstanceNotFoundFault, DescribeDBInstancesCommand } from '@aws-sdk/client-rds';
import { rds } from '../../shared/aws/clients.ts';
import { InstanceMissing } from './errors.ts';

/** @throws {InstanceMissing} naming the source that expects it. */
export const describeInstance = async (source: string, instance: string, region?: string): Promise<DBInstance> => {
  try {
    const { DBInstances } = await rds(region).send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: instance }));
    if (DBInstances?.[0]) return DBInstances[0];
  } catch (error) {
    if (!(error instanceof DBInstanceNotFoundFault)) throw error;
  }
  throw new InstanceMissing('RDS knows no instance of this name.', {
    source,
    expected: region ? `${instance} in ${region}` : instance,
    next: 'Correct the configuration, or confirm that the instance was deleted and remove the source.',
  });
};
