import {
  type DBInstance,
  DBInstanceNotFoundFault,
  DeleteDBInstanceCommand,
  DescribeDBInstancesCommand,
  InvalidDBInstanceStateFault,
} from '@aws-sdk/client-rds';
import { rds } from '../aws/clients.ts';
import { configuration } from '../config/platform.ts';
import type { RdsSource } from '../config/schema.ts';
import { logger } from '../telemetry/logger.ts';
import { InstanceMissing } from './errors.ts';

/** An instance as RDS describes it, in any region; undefined where RDS has none of this name. */
export const findInstance = async (
  id: string,
  region?: string,
  abortSignal?: AbortSignal,
): Promise<DBInstance | undefined> => {
  try {
    const command = new DescribeDBInstancesCommand({ DBInstanceIdentifier: id });
    const { DBInstances } = await rds(region).send(command, abortSignal ? { abortSignal } : {});
    return DBInstances?.[0];
  } catch (error) {
    if (error instanceof DBInstanceNotFoundFault) return undefined;
    throw error;
  }
};

/** @throws {InstanceMissing} naming the source that expects it. */
export const describeInstance = async (source: string, id: string, region?: string): Promise<DBInstance> => {
  const instance = await findInstance(id, region);
  if (instance) return instance;
  throw new InstanceMissing('RDS knows no instance of this name.', {
    source,
    expected: region ? `${id} in ${region}` : id,
    next: 'Correct the configuration, or confirm that the instance was deleted and remove the source.',
  });
};

/** The instance of a source in one of the two regions: its replica's name stays when it is promoted. */
export const instanceIn = (source: RdsSource, region: string): string =>
  region === configuration().regions.recovery && source.replica ? source.replica.instance : source.instance;

/** Without a last snapshot and without its automated backups: nothing is kept of a copy that was made to be looked at. */
export const deleteInstance = async ({ DBInstanceIdentifier, DBInstanceStatus }: DBInstance): Promise<void> => {
  if (DBInstanceStatus === 'deleting') return;
  try {
    await rds().send(
      new DeleteDBInstanceCommand({ DBInstanceIdentifier, SkipFinalSnapshot: true, DeleteAutomatedBackups: true }),
    );
    logger.info('instance removed', { instance: DBInstanceIdentifier });
  } catch (error) {
    if (error instanceof DBInstanceNotFoundFault) return;
    // Being deleted already, by an earlier try whose answer was lost.
    if (error instanceof InvalidDBInstanceStateFault && (await isGoing(DBInstanceIdentifier ?? ''))) return;
    throw error;
  }
};

const isGoing = async (id: string): Promise<boolean> =>
  ['deleting', undefined].includes((await findInstance(id))?.DBInstanceStatus);
