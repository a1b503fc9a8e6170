import { changePoint } from '../../shared/catalog/catalog.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { now } from '../../shared/clock.ts';
import { invokeCommand, startCommand } from '../../shared/notify/commands.ts';
import { notify, recovered } from '../../shared/notify/notify.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { record } from '../../shared/telemetry/metrics.ts';

/**
 * Ends a point as failed and tells people, once: the message goes out before the catalogue says `failed`, so that a
 * process killed in between tells it twice rather than never.
 */
export const failPoint = async (point: RecoveryPoint, failure: string): Promise<RecoveryPoint> => {
  if (point.status === 'failed' && point.failure === failure) return point;
  await notify({
    topic: 'critical',
    what: `Backup of ${point.source} failed: ${failure}`.slice(0, 200),
    source: point.source,
    recoveryPoint: point.id,
    since: new Date(point.startedAt),
    impact: 'This recovery point cannot be restored from; the one before it is the newest.',
    evidence: [`method: ${point.method}`, `AWS name: ${point.nativeId}`, `found at: ${now().toISOString()}`, failure],
    next: `Read the RDS events of ${point.nativeId}, mend the cause, then ${againOf(point)}; the next scheduled one runs in any case.`,
    trouble: `${point.method}-failed`,
  });
  record('BackupFailed', 1, point.source);
  logger.error('backup failed', { source: point.source, recoveryPoint: point.id, failure });
  return changePoint(point.id, (current) =>
    // Whoever looked at the same time may have found it whole.
    current.status === 'started' ? { ...current, status: 'failed', failure } : current,
  );
};

const againOf = ({ source, method }: RecoveryPoint): string => {
  const request = { source, scheduledAt: now().toISOString(), purpose: 'on-demand' };
  return method === 'export' ? invokeCommand('rdsExportSnapshot', request) : startCommand('backup-database', request);
};

/** A point that is stored ends what the ones before it failed with. */
export const backupWorks = ({ source, method, id }: RecoveryPoint): Promise<void> =>
  recovered({ source, trouble: `${method}-failed`, evidence: [`stored: ${id}`] });
