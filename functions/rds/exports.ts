// Exports of snapshots to the vault as Parquet: asked for, followed, and catalogued object by object.
import { ExportTaskAlreadyExistsFault, RDSServiceException, StartExportTaskCommand } from '@aws-sdk/client-rds';
import { z } from 'zod';
import { rds } from '../../shared/aws/clients.ts';
import { EXPORTS_AT_ONCE } from '../../shared/aws/limits.ts';
import { changePoint, newestBefore, openPoint, readPoint } from '../../shared/catalog/catalog.ts';
import { RecoveryPointMissing } from '../../shared/catalog/errors.ts';
import { backupWorks } from '../../shared/catalog/failures.ts';
import { pointId } from '../../shared/catalog/ids.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { datePath, now, secondsBetween } from '../../shared/clock.ts';
import { rdsSourceNamed } from '../../shared/config/platform.ts';
import { settings } from '../../shared/config/settings.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { record } from '../../shared/telemetry/metrics.ts';
import { VERSION } from '../../shared/version.ts';
import { catalogObjects } from './export-catalog.ts';
import { missingTables } from './export-completeness.ts';
import { describeTask, exportsRunning } from './export-tasks.ts';
import { failPoint } from './failures.ts';
import { expiryOf } from './points.ts';

export const ExportRequest = z.strictObject({
  source: z.string().min(1),
  scheduledAt: z.iso.datetime(),
  purpose: z.enum(['on-demand', 'compliance']).default('on-demand'),
  /** The snapshot to export; the newest stored one where left out. */
  recoveryPoint: z.string().optional(),
  /** `schema.table`; the configured ones, or the whole database, where left out. */
  tables: z
    .array(z.string().regex(/^[^.\s]+\.[^.\s]+$/, 'schema.table'))
    .min(1)
    .optional(),
});
export type ExportRequest = z.output<typeof ExportRequest>;

/**
 * Opens the recovery point of an export and asks RDS for it if there is room; else the reconciler asks later.
 * @throws {RecoveryPointMissing} when there is no stored snapshot to export.
 */
export const startExport = async (
  request: ExportRequest,
  work: Work,
): Promise<{ recoveryPoint: string; status: string }> => {
  const source = rdsSourceNamed(request.source);
  const scheduledAt = new Date(request.scheduledAt);
  const parent = await snapshotToExport(request, scheduledAt);
  const tables = request.tables ?? source.export.tables;
  const id = pointId(request.source, scheduledAt, 'export');
  const { point } = await openPoint({
    schemaVersion: 1,
    id,
    source: request.source,
    kind: source.kind,
    method: 'export',
    purpose: request.purpose,
    status: 'started',
    scheduledAt: scheduledAt.toISOString(),
    startedAt: now().toISOString(),
    ...(parent.pointInTime ? { pointInTime: parent.pointInTime } : {}),
    // At most 60 characters, letters, digits and hyphens (StartExportTask API reference); the time makes it unique per source.
    nativeId: exportTaskId(id),
    parent: parent.id,
    ...(tables.length ? { tables } : {}),
    artifacts: [],
    copies: [],
    retention: expiryOf(source, request.purpose, scheduledAt),
    verifications: [],
    tool: VERSION,
  });
  const settled = await settleExport(point, work);
  return { recoveryPoint: id, status: settled.status };
};

const exportTaskId = (id: string): string => `lifeboat-${id}`;

const snapshotToExport = async (request: ExportRequest, before: Date): Promise<RecoveryPoint> => {
  const isSnapshot = ({ method, status }: RecoveryPoint): boolean =>
    method === 'snapshot' && ['stored', 'verified'].includes(status);
  const parent = request.recoveryPoint
    ? await readPoint(request.recoveryPoint)
    : await newestBefore(request.source, before, isSnapshot);
  if (parent && parent.source === request.source && isSnapshot(parent)) return parent;
  throw new RecoveryPointMissing('there is no stored snapshot to export.', {
    source: request.source,
    ...(request.recoveryPoint ? { recoveryPoint: request.recoveryPoint } : {}),
    expected: 'a recovery point of method snapshot and status stored or verified',
    found: parent ? `${parent.id} (${parent.method}, ${parent.status})` : 'none',
    next: 'Take a snapshot first (function rdsSnapshot), then export it.',
  });
};

/** Within the reconciler's horizon, and longer than any queue of exports: by then the next export is due. */
const GIVEN_UP_AFTER_SECONDS = 7 * 86_400;

/** Looks at RDS and moves a started export on. Cataloguing takes what time there is and goes on at the next look. */
export const settleExport = async (point: RecoveryPoint, work: Work): Promise<RecoveryPoint> => {
  if (point.status !== 'started') return point;
  const task = await describeTask(point.nativeId);
  if (!task) {
    const age = secondsBetween(new Date(point.startedAt), now());
    if (age > GIVEN_UP_AFTER_SECONDS)
      return failPoint(point, 'the export was never begun: RDS has no task of this name');
    return requestExport(point);
  }
  switch (task.Status) {
    case 'COMPLETE':
      return completeExport(point, work);
    case 'FAILED':
    case 'CANCELED':
      return failPoint(point, `RDS ended the export ${task.Status}: ${task.FailureCause ?? 'no cause given'}`);
    default:
      // STARTING, IN_PROGRESS, CANCELING (RDS API reference, ExportTask.Status).
      return point;
  }
};

const requestExport = async (point: RecoveryPoint): Promise<RecoveryPoint> => {
  if ((await exportsRunning()) >= EXPORTS_AT_ONCE) return waits(point);
  const { account, region, vaultBucket, vaultKeyArn, exportRoleArn } = settings();
  const { nativeId } = await readPoint(point.parent ?? '');
  const { database } = rdsSourceNamed(point.source);
  try {
    await rds().send(
      new StartExportTaskCommand({
        ExportTaskIdentifier: point.nativeId,
        SourceArn: `arn:aws:rds:${region}:${account}:snapshot:${nativeId}`,
        S3BucketName: vaultBucket,
        S3Prefix: exportPrefix(point),
        IamRoleArn: exportRoleArn,
        KmsKeyId: vaultKeyArn,
        ...(point.tables ? { ExportOnly: point.tables.map((table) => `${database}.${table}`) } : {}),
      }),
    );
  } catch (error) {
    // Others may have taken the last place since we counted; the SDK's model lacks this error.
    if (error instanceof RDSServiceException && error.name === 'ExportTaskLimitReachedFault') return waits(point);
    if (!(error instanceof ExportTaskAlreadyExistsFault)) throw error;
  }
  logger.info('export started', { source: point.source, recoveryPoint: point.id });
  return point;
};

const waits = (point: RecoveryPoint): RecoveryPoint => {
  logger.info('export waits for quota', { source: point.source, recoveryPoint: point.id });
  return point;
};

/** `rds-snapshots/2026/11/22`: RDS puts a folder named after the task below it. */
const exportPrefix = ({ scheduledAt }: RecoveryPoint): string => `rds-snapshots/${datePath(new Date(scheduledAt))}`;

const completeExport = async (point: RecoveryPoint, work: Work): Promise<RecoveryPoint> => {
  const prefix = `${exportPrefix(point)}/${point.nativeId}/`;
  const catalogued = await catalogObjects(point, prefix, work);
  if (!catalogued.complete) return point;
  const missing = await missingTables(point, prefix, catalogued.keys);
  if (missing.length) {
    record('ExportIncomplete', missing.length, point.source);
    return failPoint(point, `RDS calls the export complete, but it lacks ${missing.join(', ')}`);
  }
  const durationSeconds = Math.max(0, secondsBetween(new Date(point.startedAt), now()));
  const stored = await changePoint(point.id, (current) =>
    current.status === 'started'
      ? {
          ...current,
          status: 'stored',
          storedAt: now().toISOString(),
          durationSeconds,
          sizeBytes: catalogued.bytes,
          artifacts: catalogued.manifests,
        }
      : current,
  );
  record('BackupStored', 1, point.source);
  logger.info('export stored', {
    source: point.source,
    recoveryPoint: point.id,
    objects: catalogued.keys.length,
    bytes: catalogued.bytes,
  });
  await backupWorks(stored);
  return stored;
};
