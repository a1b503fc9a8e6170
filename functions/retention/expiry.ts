import { DBSnapshotNotFoundFault, DeleteDBSnapshotCommand, DescribeDBSnapshotsCommand } from '@aws-sdk/client-rds';
import { rds } from '../../shared/aws/clients.ts';
import { changePoint, pointsBetween } from '../../shared/catalog/catalog.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { now } from '../../shared/clock.ts';
import { sourcesOfKind } from '../../shared/config/platform.ts';
import { notify, recovered } from '../../shared/notify/notify.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { record } from '../../shared/telemetry/metrics.ts';
import { RetentionIncomplete } from './errors.ts';
import { planRetention, type RetentionPlan } from './plan.ts';

/** Nothing older than this can still be within a retention class: the longest is seven years. */
const HISTORY_MS = 8 * 365 * 86_400_000;

/**
 * Plans, tells, and only then deletes. With `dryRun` it only plans.
 * @throws {RetentionIncomplete} after every point was tried, naming those that could not be removed and why.
 */
export const expirePoints = async ({ dryRun }: { dryRun: boolean }): Promise<Record<string, RetentionPlan>> => {
  const plans: Record<string, RetentionPlan> = {};
  const troubles: string[] = [];
  for (const [source] of sourcesOfKind('rds-postgres')) {
    const points = await Array.fromAsync(pointsBetween(source, new Date(now().getTime() - HISTORY_MS), now()));
    const plan = planRetention(points, now(), isCopied);
    plans[source] = plan;
    if (dryRun) continue;
    record('RetentionRefused', plan.refused.length, source);
    if (plan.refused.length) await tellRefusal(source, plan);
    else {
      await recovered({ source, trouble: 'retention-refused', evidence: ['nothing that must stay would be removed'] });
      troubles.push(...(await removeAll(source, points, plan)));
    }
  }
  if (troubles.length) {
    throw new RetentionIncomplete('some recovery points could not be removed.', {
      source: 'retention',
      found: troubles,
      next: 'The next run tries again; mend what the messages name.',
    });
  }
  return plans;
};

const isCopied = ({ copies }: RecoveryPoint): boolean => copies.some(({ status }) => status === 'available');

const removeAll = async (source: string, points: readonly RecoveryPoint[], plan: RetentionPlan): Promise<string[]> => {
  const troubles: string[] = [];
  const byId = new Map(points.map((point) => [point.id, point]));
  for (const { id, reason } of plan.remove) {
    const point = byId.get(id);
    if (!point) continue;
    try {
      await remove(point);
      logger.info('recovery point expired', { source, recoveryPoint: id, reason });
    } catch (error) {
      troubles.push(`${id}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  record('RetentionRemoved', plan.remove.length - troubles.length, source);
  return troubles;
};

const remove = async (point: RecoveryPoint): Promise<void> => {
  // The objects of an export end by the vault's lifecycle, which keeps to Object Lock; nothing here may delete them.
  if (point.method === 'snapshot') {
    for (const copy of point.copies) await deleteSnapshot(point, copy.snapshotId, copy.region);
    await deleteSnapshot(point, point.nativeId);
  }
  await changePoint(point.id, (current) =>
    current.status === 'expired' ? current : { ...current, status: 'expired' },
  );
};

/** Deletes a snapshot that carries the point's own tag; one that is gone already is as good. */
const deleteSnapshot = async (point: RecoveryPoint, snapshotId: string, region?: string): Promise<void> => {
  try {
    const { DBSnapshots } = await rds(region).send(
      new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: snapshotId }),
    );
    const tagged = DBSnapshots?.[0]?.TagList?.some(
      ({ Key, Value }) => Key === 'lifeboat:recovery-point' && Value === point.id,
    );
    if (!tagged) {
      logger.warn('snapshot kept: it does not carry the tag of its point', {
        source: point.source,
        recoveryPoint: point.id,
        snapshotId,
      });
      return;
    }
    await rds(region).send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: snapshotId }));
  } catch (error) {
    if (!(error instanceof DBSnapshotNotFoundFault)) throw error;
  }
};

const tellRefusal = async (source: string, plan: RetentionPlan): Promise<void> => {
  logger.warn('retention refused', { source, refused: plan.refused });
  await notify({
    topic: 'warning',
    what: `Retention of ${source} removed nothing: its policy would remove points that must stay`,
    source,
    since: now(),
    impact: 'No data is in danger. Snapshots add up until the account quota of 100 is reached.',
    evidence: [
      ...plan.refused.slice(0, 20).map(({ id, reason }) => `must stay: ${id}: ${reason}`),
      ...plan.remove.slice(0, 20).map(({ id, reason }) => `would go: ${id}: ${reason}`),
    ],
    next: 'Find out why no newer point was made, copied or proven, or lengthen the retention in the configuration; the next run goes on by itself.',
    trouble: 'retention-refused',
  });
};
