// Where there is no replica to promote: the newest snapshot that can be restored here, under the name the replica would have.

import {
  type DBInstance,
  DBInstanceAlreadyExistsFault,
  RestoreDBInstanceFromDBSnapshotCommand,
} from '@aws-sdk/client-rds';
import { rds } from '../../shared/aws/clients.ts';
import { newestBefore, readPoint } from '../../shared/catalog/catalog.ts';
import { RecoveryPointMissing } from '../../shared/catalog/errors.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { snapshotIn } from '../../shared/catalog/snapshots.ts';
import { now } from '../../shared/clock.ts';
import { rdsSourceNamed } from '../../shared/config/platform.ts';
import { settings } from '../../shared/config/settings.ts';
import { privateNetwork } from '../../shared/rds/placement.ts';
import type { Facts } from '../../shared/recovery/documents.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { lossSince } from './losses.ts';
import type { PhaseContext, Step } from './phases.ts';

const FAILOVER_TAG = 'lifeboat:failover';
const POINT_TAG = 'lifeboat:restored-from';

/** Asks for the restore, once: who finds the name taken looks at what is there. @throws {RecoveryPointMissing} */
export const restoreNewestCopy = async (context: PhaseContext, instance: string): Promise<Step> => {
  const { plan, to, failoverId, stillHeld } = context;
  const { source: name } = plan.database;
  const point = await newestHere(name, to);
  await stillHeld();
  try {
    await rds().send(
      new RestoreDBInstanceFromDBSnapshotCommand({
        DBInstanceIdentifier: instance,
        DBSnapshotIdentifier: snapshotIn(point, to),
        ...privateNetwork(rdsSourceNamed(name)),
        CopyTagsToSnapshot: true,
        // Of the class that the database had: the one configured is for tests.
        Tags: [
          { Key: FAILOVER_TAG, Value: failoverId },
          { Key: POINT_TAG, Value: point.id },
          { Key: 'lifeboat:service', Value: settings().service },
        ],
      }),
    );
    logger.info('restore for the failover started', { source: name, instance, recoveryPoint: point.id });
  } catch (error) {
    if (!(error instanceof DBInstanceAlreadyExistsFault)) throw error;
  }
  return { done: false, waitSeconds: 5, found: `${instance} is being restored from ${point.id}` };
};

/** @throws {RecoveryPointMissing} */
export const newestHere = async (source: string, region: string): Promise<RecoveryPoint> => {
  const usable = (point: RecoveryPoint): boolean =>
    point.method === 'snapshot' &&
    ['stored', 'verified'].includes(point.status) &&
    snapshotIn(point, region) !== undefined;
  const point = await newestBefore(source, now(), usable);
  if (point) return point;
  throw new RecoveryPointMissing('there is nothing here to build the database from.', {
    source,
    expected: `a replica, or a stored snapshot with a complete copy in ${region}`,
    found: 'neither',
    next: 'Look for snapshots in this region by hand (aws rds describe-db-snapshots), or wait for the other region.',
  });
};

/** What this failover restored the instance from; undefined for any other instance. */
export const restoredBy = async (context: PhaseContext, { TagList = [] }: DBInstance): Promise<Facts | undefined> => {
  const tag = (key: string): string | undefined => TagList.find(({ Key }) => Key === key)?.Value;
  const id = tag(POINT_TAG);
  if (tag(FAILOVER_TAG) !== context.failoverId || !id) return undefined;
  const { pointInTime, scheduledAt } = await readPoint(id);
  const taken = pointInTime ?? scheduledAt;
  return {
    how: 'snapshot',
    recoveryPoint: id,
    pointInTime: taken,
    caughtUp: false,
    lossSeconds: lossSince(taken, context),
  };
};
