// Snapshots of one instance: asked for, and carried on until they are stored and copied.
import {
  CreateDBSnapshotCommand,
  DBInstanceNotFoundFault,
  type DBSnapshot,
  DBSnapshotAlreadyExistsFault,
  DBSnapshotNotFoundFault,
  DescribeDBSnapshotsCommand,
  SnapshotQuotaExceededFault,
} from '@aws-sdk/client-rds';
import { rds } from '../../shared/aws/clients.ts';
import { executionsOf } from '../../shared/aws/executions.ts';
import { changePoint, readPoint } from '../../shared/catalog/catalog.ts';
import { backupWorks } from '../../shared/catalog/failures.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { SnapshotRequest } from '../../shared/catalog/requests.ts';
import { snapshotTags } from '../../shared/catalog/tags.ts';
import { now, secondsBetween } from '../../shared/clock.ts';
import { rdsSourceNamed } from '../../shared/config/platform.ts';
import { settings } from '../../shared/config/settings.ts';
import { InstanceMissing } from '../../shared/rds/errors.ts';
import { instanceIn } from '../../shared/rds/instances.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { record } from '../../shared/telemetry/metrics.ts';
import { anomaliesOf } from './anomalies.ts';
import { failPoint } from './failures.ts';
import { openSnapshotPoint } from './points.ts';
import { noting, tellNoted } from './tellings.ts';

export interface SnapshotStarted {
  source: string;
  recoveryPoint: string;
  /** False where the account's quota is used up: the reconciler asks again when there is room. */
  started: boolean;
}

/** @throws {InstanceMissing} when RDS does not know the instance. */
export const startSnapshot = async (request: SnapshotRequest): Promise<SnapshotStarted> => {
  const { recoveryPoint } = await openSnapshotPoint(request);
  return { source: request.source, recoveryPoint, started: await createSnapshot(await readPoint(recoveryPoint)) };
};

/** Asks RDS for the snapshot of an opened point, or finds that it was asked already. */
export const createSnapshot = async (point: RecoveryPoint): Promise<boolean> => {
  if (point.status !== 'started') return true;
  const instance = instanceIn(rdsSourceNamed(point.source), settings().region);
  try {
    await rds().send(
      new CreateDBSnapshotCommand({
        DBInstanceIdentifier: instance,
        DBSnapshotIdentifier: point.nativeId,
        Tags: snapshotTags(point),
      }),
    );
  } catch (error) {
    if (error instanceof DBSnapshotAlreadyExistsFault) return true;
    if (error instanceof SnapshotQuotaExceededFault) {
      logger.warn('snapshot waits for quota', { source: point.source, recoveryPoint: point.id });
      await changePoint(point.id, (current) =>
        current.waitsForQuotaSince ? current : { ...current, waitsForQuotaSince: now().toISOString() },
      );
      return false;
    }
    if (error instanceof DBInstanceNotFoundFault) {
      throw new InstanceMissing(
        'RDS knows no instance of this name.',
        {
          source: point.source,
          recoveryPoint: point.id,
          expected: instance,
          next: 'Correct the configuration, or confirm that the instance was deleted and remove the source.',
        },
        { cause: error },
      );
    }
    throw error;
  }
  record('BackupStarted', 1, point.source);
  logger.info('snapshot started', { source: point.source, recoveryPoint: point.id });
  return true;
};

/** The snapshot of a point as RDS describes it, in any region; undefined where RDS has none. */
export const describeSnapshot = async (id: string, region?: string): Promise<DBSnapshot | undefined> => {
  try {
    const { DBSnapshots } = await rds(region).send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: id }));
    return DBSnapshots?.[0];
  } catch (error) {
    if (error instanceof DBSnapshotNotFoundFault) return undefined;
    throw error;
  }
};

/** After this time a point whose snapshot RDS does not have may have been left alone by whoever opened it. */
const ORPHANED_AFTER_SECONDS = 2 * 3600;
/** After this long a point whose snapshot was never made is given up: the next one is due. */
const GIVEN_UP_AFTER_SECONDS = 12 * 3600;

/** Given up before RDS had its snapshot, which may still complete: not one that was stored and that a verification found bad. */
export const isGivenUp = ({ method, status, storedAt, verifications }: RecoveryPoint): boolean =>
  method === 'snapshot' && status === 'failed' && storedAt === undefined && verifications.length === 0;

/** Looks at RDS and moves a started point on: to stored, to failed, or not yet; one that was given up: to stored, or not. */
export const settleSnapshot = async (point: RecoveryPoint): Promise<RecoveryPoint> => {
  const snapshot = await describeSnapshot(point.nativeId);
  const age = secondsBetween(new Date(point.startedAt), now());
  if (point.status === 'failed' && snapshot?.Status !== 'available') return point;
  if (!snapshot) {
    if (age > GIVEN_UP_AFTER_SECONDS) return failPoint(point, `the snapshot was never made: ${whyNeverMade(point)}`);
    if (await mayBeAskedFor(point, age)) await createSnapshot(point);
    return point;
  }
  // States of a snapshot: creating, available, copying, failed (RDS API, DBSnapshot.Status; "failed" is terminal).
  if (snapshot.Status === 'failed') return failPoint(point, 'RDS says that the snapshot failed');
  if (snapshot.Status !== 'available') return point;
  return storeSnapshot(point, snapshot);
};

const whyNeverMade = ({ waitsForQuotaSince }: RecoveryPoint): string =>
  waitsForQuotaSince
    ? `RDS refused it since ${waitsForQuotaSince}, because the quota of manual snapshots is used up`
    : 'RDS has none of this name';

/**
 * The fingerprint must come before the snapshot, however long it takes. It has come where RDS was asked for the snapshot
 * and refused it for want of quota; it will not come any more where no execution is working on the point.
 */
const mayBeAskedFor = async (point: RecoveryPoint, age: number): Promise<boolean> =>
  point.waitsForQuotaSince !== undefined || (age > ORPHANED_AFTER_SECONDS && !(await isBackupUnderWay(point)));

const isBackupUnderWay = async ({ source, purpose, scheduledAt, startedAt }: RecoveryPoint): Promise<boolean> => {
  const since = new Date(new Date(startedAt).getTime() - 86_400_000);
  for await (const { input } of executionsOf('backup-database', { since, status: 'RUNNING' })) {
    const request = SnapshotRequest.safeParse(input).data;
    if (
      request?.source === source &&
      request.purpose === purpose &&
      new Date(request.scheduledAt).getTime() === new Date(scheduledAt).getTime()
    )
      return true;
  }
  return false;
};

const storeSnapshot = async (point: RecoveryPoint, snapshot: DBSnapshot): Promise<RecoveryPoint> => {
  const taken = snapshot.OriginalSnapshotCreateTime ?? snapshot.SnapshotCreateTime ?? new Date(point.startedAt);
  const storedAt = now();
  const measured = {
    durationSeconds: Math.max(0, secondsBetween(new Date(point.startedAt), storedAt)),
    sizeBytes: (snapshot.AllocatedStorage ?? 0) * 1024 ** 3,
  };
  const { anomalies } = await anomaliesOf({ ...point, ...measured });
  const stored = await changePoint(point.id, (current) => {
    if (current.status !== 'started' && !isGivenUp(current)) return current;
    const { failure: _, waitsForQuotaSince: __, ...rest } = current;
    return noting(
      {
        ...rest,
        ...measured,
        status: 'stored',
        storedAt: storedAt.toISOString(),
        pointInTime: taken.toISOString(),
        ...(snapshot.EngineVersion ? { engineVersion: snapshot.EngineVersion } : {}),
        copies: [{ region: settings().peer.region, snapshotId: point.nativeId, status: 'waiting', attempts: 0 }],
      },
      ...(current.status === 'failed' ? ['completed late' as const] : []),
      ...(anomalies.length ? ['unusual' as const] : []),
    );
  });
  // By its time, not by what the last pass did: the answer to our own writing may have been lost.
  if (stored.storedAt !== storedAt.toISOString()) return stored;
  record('BackupStored', 1, point.source);
  record('BackupDuration', measured.durationSeconds, point.source);
  record('BackupSize', measured.sizeBytes, point.source);
  logger.info('snapshot stored', { source: point.source, recoveryPoint: point.id, ...measured });
  await backupWorks(stored);
  return tellNoted(stored);
};
