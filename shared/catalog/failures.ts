// How a backup ends that did not work, whatever it is a backup of.
import { now } from '../clock.ts';
import { notify, recovered } from '../notify/notify.ts';
import { logger } from '../telemetry/logger.ts';
import { record } from '../telemetry/metrics.ts';
import { changePoint } from './catalog.ts';
import type { RecoveryPoint } from './recovery-point.ts';

/**
 * Ends a point as failed and tells people, once: the message goes out before the catalogue says `failed`, so that a
 * process killed in between tells it twice rather than never.
 * @param next what to do about it, as an instruction
 */
export const endFailed = async (point: RecoveryPoint, failure: string, next: string): Promise<RecoveryPoint> => {
  if (point.status === 'failed' && point.failure === failure) return point;
  await notify({
    topic: 'critical',
    what: `Backup of ${point.source} failed: ${failure}`.slice(0, 200),
    source: point.source,
    recoveryPoint: point.id,
    since: new Date(point.startedAt),
    impact: 'This recovery point cannot be restored from; the one before it is the newest.',
    evidence: [`method: ${point.method}`, `AWS name: ${point.nativeId}`, `found at: ${now().toISOString()}`, failure],
    next,
    trouble: `${point.method}-failed`,
  });
  record('BackupFailed', 1, point.source);
  logger.error('backup failed', { source: point.source, recoveryPoint: point.id, failure });
  return changePoint(point.id, (current) =>
    // Whoever looked at the same time may have found it whole.
    current.status === 'started' ? { ...current, status: 'failed', failure } : current,
  );
};

/** A point that is stored ends what the ones before it failed with. */
export const backupWorks = ({ source, method, id }: RecoveryPoint): Promise<void> =>
  recovered({ source, trouble: `${method}-failed`, evidence: [`stored: ${id}`] });
