import { endFailed } from '../../shared/catalog/failures.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { now } from '../../shared/clock.ts';
import { startCommand } from '../../shared/notify/commands.ts';

/** Ends a point as failed and tells people. */
export const failPoint = (point: RecoveryPoint, failure: string): Promise<RecoveryPoint> => {
  const request = { source: point.source, scheduledAt: now().toISOString(), purpose: 'on-demand' };
  return endFailed(
    point,
    failure,
    `Read the ElastiCache events of the last hours, mend the cause, then ${startCommand('backup-redis', request)}; the next scheduled one runs in any case.`,
  );
};
