import { endFailed } from '../../shared/catalog/failures.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { now } from '../../shared/clock.ts';
import { invokeCommand, startCommand } from '../../shared/notify/commands.ts';

/** Ends a point as failed and tells people. */
export const failPoint = (point: RecoveryPoint, failure: string): Promise<RecoveryPoint> =>
  endFailed(
    point,
    failure,
    `Read the RDS events of ${point.nativeId}, mend the cause, then ${againOf(point)}; the next scheduled one runs in any case.`,
  );

const againOf = ({ source, method }: RecoveryPoint): string => {
  const request = { source, scheduledAt: now().toISOString(), purpose: 'on-demand' };
  return method === 'export' ? invokeCommand('rdsExportSnapshot', request) : startCommand('backup-database', request);
};
