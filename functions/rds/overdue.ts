// What stays open for days is not going to end by itself. It is ended here, with a named cause, so that people hear of it
// and no point is left between a backup and a failure.
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { now, secondsBetween } from '../../shared/clock.ts';
import { failOpenCopies, isCopyOpen } from './copies.ts';
import { describeTask } from './export-tasks.ts';
import { failPoint } from './failures.ts';
import { describeSnapshot } from './snapshots.ts';

/** Longer than any queue of exports or copies: a week's worth of them has passed by then. */
export const OPEN_AT_MOST_DAYS = 8;

/** Counted from when the work began, whatever time it was scheduled for. */
export const isOverdue = ({ status, startedAt, storedAt, copies }: RecoveryPoint, days = OPEN_AT_MOST_DAYS): boolean =>
  (status === 'started' || (['stored', 'verified'].includes(status) && copies.some(isCopyOpen))) &&
  secondsBetween(new Date(storedAt ?? startedAt), now()) > days * 86_400;

/** Ends an overdue point as failed, or the copies of a stored one. `trouble` is what the last look at it met. */
export const endOverdue = async (point: RecoveryPoint, trouble?: string): Promise<RecoveryPoint> => {
  const late = `not complete after more than ${OPEN_AT_MOST_DAYS} days`;
  if (point.status === 'started') return failPoint(point, `${late}: ${trouble ?? (await stateInRds(point))}`);
  const open = point.copies
    .filter(isCopyOpen)
    .map(({ status }) => (status === 'waiting' ? 'no room in its quota' : status));
  return failOpenCopies(point, `${late}: ${trouble ?? open.join(', ')}`);
};

const stateInRds = async ({ method, nativeId }: RecoveryPoint): Promise<string> => {
  if (method === 'snapshot') return `RDS calls the snapshot ${(await describeSnapshot(nativeId))?.Status ?? 'unknown'}`;
  const task = await describeTask(nativeId);
  return task ? `RDS calls the export ${task.Status}, ${task.PercentProgress ?? 0} % done` : 'RDS has no such export';
};
