// Instances that exist only to be tested: named after the execution that made them, tagged, private, and removed.

import { createHash } from 'node:crypto';
import {
  type DBInstance,
  DBInstanceAlreadyExistsFault,
  DBSnapshotNotFoundFault,
  KMSKeyNotAccessibleFault,
  RestoreDBInstanceFromDBSnapshotCommand,
} from '@aws-sdk/client-rds';
import { rds } from '../../shared/aws/clients.ts';
import { readPoint } from '../../shared/catalog/catalog.ts';
import { snapshotIn } from '../../shared/catalog/snapshots.ts';
import { rdsSourceNamed } from '../../shared/config/platform.ts';
import { settings } from '../../shared/config/settings.ts';
import { deleteInstance, findInstance } from '../../shared/rds/instances.ts';
import { privateNetwork, THROWAWAY } from '../../shared/rds/placement.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import type { StepRequest } from '../../shared/verification/steps.ts';
import { InstanceForeign, KeyUnusable, SnapshotMissing } from './errors.ts';

/** Holds the ARN of the execution an instance belongs to; without it nothing is used or removed. */
export const TEST_TAG = 'lifeboat:test-of';
const SERVICE_TAG = 'lifeboat:service';

/**
 * One name per source and execution. RDS allows 63 characters, no two hyphens in a row and none at the end; the digest
 * keeps names apart that the limit would cut to the same.
 */
export const instanceName = (source: string, execution: string): string => {
  const digest = createHash('sha256').update(`${source} ${execution}`).digest('hex').slice(0, 16);
  return `lifeboat-test-${source.replace(/-+/g, '-').slice(0, 30).replace(/-$/, '')}-${digest}`;
};

/**
 * Asks RDS for a private instance from the point's snapshot, or finds that this execution asked already.
 * @throws {SnapshotMissing} {KeyUnusable} {InstanceForeign}; quotas, capacity and throttling as RDS names them.
 */
export const restorePoint = async ({
  source,
  recoveryPoint,
  execution,
}: StepRequest): Promise<{ instance: string; created: boolean }> => {
  const point = await readPoint(recoveryPoint);
  const configured = rdsSourceNamed(source);
  const instance = instanceName(source, execution);
  const snapshot = snapshotIn(point, settings().region);
  const facts = { source, recoveryPoint, expected: `snapshot ${snapshot ?? 'copied to this region'}` };
  if (!snapshot)
    throw new SnapshotMissing('the snapshot has no copy here.', {
      ...facts,
      next: 'Verify it in the other region, or copy it.',
    });
  try {
    await rds().send(
      new RestoreDBInstanceFromDBSnapshotCommand({
        DBInstanceIdentifier: instance,
        DBSnapshotIdentifier: snapshot,
        ...privateNetwork(configured),
        ...THROWAWAY,
        ...(configured.restore.instanceClass ? { DBInstanceClass: configured.restore.instanceClass } : {}),
        Tags: [
          { Key: TEST_TAG, Value: execution },
          { Key: SERVICE_TAG, Value: settings().service },
        ],
      }),
    );
  } catch (error) {
    if (error instanceof DBInstanceAlreadyExistsFault) return adopt(source, instance, execution);
    if (error instanceof DBSnapshotNotFoundFault) {
      throw new SnapshotMissing(
        'RDS does not have the snapshot of this recovery point.',
        {
          ...facts,
          next: 'Restore from the copy in the other region or from an older point; find out who deleted it.',
        },
        { cause: error },
      );
    }
    if (error instanceof KMSKeyNotAccessibleFault) {
      throw new KeyUnusable(
        'the key of the snapshot cannot be used.',
        {
          ...facts,
          next: 'Enable the key again, or cancel its deletion, before its waiting period ends: without it no restore is possible.',
        },
        { cause: error },
      );
    }
    throw error;
  }
  logger.info('test restore started', { source, recoveryPoint, instance });
  return { instance, created: true };
};

const adopt = async (
  source: string,
  instance: string,
  execution: string,
): Promise<{ instance: string; created: boolean }> => {
  const existing = await findInstance(instance);
  if (existing && belongsTo(existing, execution)) return { instance, created: false };
  throw new InstanceForeign('an instance of our name is not ours.', {
    source,
    expected: `tag ${TEST_TAG}=${execution}`,
    found: tagOf(existing, TEST_TAG) ?? 'no such tag',
    next: `Find out what ${instance} is; nothing was done to it.`,
  });
};

/** Removes this execution's instance. Safe to call at any time and any number of times. @throws {InstanceForeign} */
export const removeInstance = async ({
  source,
  execution,
}: Omit<StepRequest, 'recoveryPoint'>): Promise<{ instance: string; removed: boolean }> => {
  const instance = instanceName(source, execution);
  const existing = await findInstance(instance);
  if (!existing) return { instance, removed: true };
  if (!belongsTo(existing, execution)) await adopt(source, instance, execution);
  await deleteInstance(existing);
  return { instance, removed: false };
};

export const tagOf = (instance: DBInstance | undefined, key: string): string | undefined =>
  instance?.TagList?.find(({ Key }) => Key === key)?.Value;

export const isOurs = (instance: DBInstance): boolean =>
  tagOf(instance, SERVICE_TAG) === settings().service && tagOf(instance, TEST_TAG) !== undefined;

const belongsTo = (instance: DBInstance, execution: string): boolean =>
  isOurs(instance) && tagOf(instance, TEST_TAG) === execution;
