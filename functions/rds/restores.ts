// Restores for people: always to a new instance, whose name is given; nothing that exists is touched.

import {
  type DBInstance,
  DBInstanceAlreadyExistsFault,
  RestoreDBInstanceFromDBSnapshotCommand,
  RestoreDBInstanceToPointInTimeCommand,
  type Tag,
} from '@aws-sdk/client-rds';
import { z } from 'zod';
import { rds } from '../../shared/aws/clients.ts';
import { newestBefore, readPoint } from '../../shared/catalog/catalog.ts';
import { RecoveryPointMissing } from '../../shared/catalog/errors.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { now, secondsBetween } from '../../shared/clock.ts';
import { rdsSourceNamed } from '../../shared/config/platform.ts';
import type { RdsSource } from '../../shared/config/schema.ts';
import { settings } from '../../shared/config/settings.ts';
import { NameTaken } from '../../shared/errors.ts';
import { describeInstance, instanceIn } from '../../shared/rds/instances.ts';
import { privateNetwork } from '../../shared/rds/placement.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { TimeNotRestorable } from './errors.ts';

export const RestoreRequest = z.strictObject({
  source: z.string().min(1),
  /** Name of the instance to make. */
  target: z.string().regex(/^[a-z](?!.*--)[a-z0-9-]{0,61}[a-z0-9]$/, 'an RDS instance identifier'),
  from: z.union([
    z.strictObject({ recoveryPoint: z.string().min(1) }),
    /** The newest snapshot taken at or before this time. */
    z.strictObject({ before: z.iso.datetime() }),
    z.strictObject({ latest: z.literal('snapshot') }),
    /** Point in time: this moment, or the latest restorable one. */
    z.strictObject({ time: z.iso.datetime() }),
    z.strictObject({ latest: z.literal('restorable-time') }),
  ]),
});
export type RestoreRequest = z.output<typeof RestoreRequest>;

export interface RestoreStarted {
  source: string;
  instance: string;
  /** The moment whose data the instance will hold. */
  pointInTime: string;
  recoveryPoint: string | null;
  created: boolean;
}

/** @throws {RecoveryPointMissing} {TimeNotRestorable} {NameTaken} */
export const startRestore = async (request: RestoreRequest): Promise<RestoreStarted> => {
  const source = rdsSourceNamed(request.source);
  const { from } = request;
  const pointInTime = 'time' in from || ('latest' in from && from.latest === 'restorable-time');
  const started = pointInTime ? await restoreToTime(request, source) : await restoreSnapshot(request, source);
  logger.info('restore started', { ...started });
  return started;
};

const restoreSnapshot = async (request: RestoreRequest, source: RdsSource): Promise<RestoreStarted> => {
  const point = await chooseSnapshot(request);
  const pointInTime = point.pointInTime ?? point.scheduledAt;
  const { created } = await orAdopt(request, point.id, () =>
    rds().send(
      new RestoreDBInstanceFromDBSnapshotCommand({
        DBInstanceIdentifier: request.target,
        DBSnapshotIdentifier: point.nativeId,
        Tags: restoreTags(point.id),
        ...placement(source),
      }),
    ),
  );
  return { source: request.source, instance: request.target, pointInTime, recoveryPoint: point.id, created };
};

const chooseSnapshot = async ({ source, from }: RestoreRequest): Promise<RecoveryPoint> => {
  const usable = ({ method, status }: RecoveryPoint): boolean =>
    method === 'snapshot' && ['stored', 'verified'].includes(status);
  // What was taken before a time was scheduled before it: newer history is not read.
  const until = 'before' in from ? new Date(from.before) : now();
  const point =
    'recoveryPoint' in from
      ? await readPoint(from.recoveryPoint)
      : await newestBefore(source, until, (p) => usable(p) && new Date(p.pointInTime ?? p.scheduledAt) <= until);
  if (point && point.source === source && usable(point)) return point;
  throw new RecoveryPointMissing('no snapshot fits the request.', {
    source,
    expected: from,
    found: point ? `${point.id} (${point.method}, ${point.status})` : 'none',
    next: 'List the catalogue and name a stored or verified snapshot, or restore to a point in time.',
  });
};

const restoreToTime = async (request: RestoreRequest, source: RdsSource): Promise<RestoreStarted> => {
  const instance = instanceIn(source, settings().region);
  const { LatestRestorableTime: latest } = await describeInstance(request.source, instance);
  const wanted = 'time' in request.from ? new Date(request.from.time) : latest;
  if (!latest || !wanted || wanted > latest) {
    throw new TimeNotRestorable('this moment cannot be restored.', {
      source: request.source,
      expected: wanted ? wanted.toISOString() : 'a latest restorable time',
      found: latest
        ? `latest restorable time ${latest.toISOString()}`
        : 'no latest restorable time: automated backups are off',
      next: 'Ask for an earlier time, wait until RDS has archived up to it (usually five minutes), or restore a snapshot.',
    });
  }
  const start = () =>
    rds().send(
      new RestoreDBInstanceToPointInTimeCommand({
        SourceDBInstanceIdentifier: instance,
        TargetDBInstanceIdentifier: request.target,
        RestoreTime: wanted,
        Tags: restoreTags(wanted.toISOString()),
        ...placement(source),
      }),
    );
  // The latest restorable time moves on between a request and its repetition: a little older is still this restore.
  const isThis = (tag: string): boolean =>
    'latest' in request.from && tag <= wanted.toISOString() && secondsBetween(new Date(tag), wanted) < REPEATED_WITHIN;
  const { created, from: pointInTime } = await orAdopt(request, wanted.toISOString(), start, isThis);
  return {
    source: request.source,
    instance: request.target,
    pointInTime,
    recoveryPoint: null,
    created,
  };
};

const REPEATED_WITHIN = 3600;

const RESTORED_FROM = 'lifeboat:restored-from';
/** Tag values allow letters, digits, spaces and _.:/=+-@ (RDS user guide, "Tagging"). */
const restoreTags = (from: string): Tag[] => [
  { Key: RESTORED_FROM, Value: from },
  { Key: 'lifeboat:service', Value: settings().service },
];

const placement = (source: RdsSource) => ({
  ...privateNetwork(source),
  CopyTagsToSnapshot: true,
  DeletionProtection: false,
  ...(source.restore.instanceClass ? { DBInstanceClass: source.restore.instanceClass } : {}),
});

/** An instance of the target's name is ours when its tag says that it came from the same point; any other is not touched. */
const orAdopt = async (
  request: RestoreRequest,
  from: string,
  restore: () => Promise<unknown>,
  isThis: (tag: string) => boolean = () => false,
): Promise<{ created: boolean; from: string }> => {
  try {
    await restore();
    return { created: true, from };
  } catch (error) {
    if (!(error instanceof DBInstanceAlreadyExistsFault)) throw error;
    const existing: DBInstance = await describeInstance(request.source, request.target);
    const tag = existing.TagList?.find(({ Key }) => Key === RESTORED_FROM)?.Value;
    if (tag !== undefined && (tag === from || isThis(tag))) return { created: false, from: tag };
    throw new NameTaken(
      'an instance of the target name exists and is not this restore.',
      {
        source: request.source,
        expected: `a free name, or an instance restored from ${from}`,
        found: tag
          ? `${request.target}, restored from ${tag}`
          : `${request.target}, not made by a restore of this service`,
        next: 'Choose another target name. Restores never replace what exists.',
      },
      { cause: error },
    );
  }
};
