import { startAttempts } from '../../shared/attempts.ts';
import { changePoint, pointsBetween } from '../../shared/catalog/catalog.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { now } from '../../shared/clock.ts';
import { configuration } from '../../shared/config/platform.ts';
import { notify, recovered } from '../../shared/notify/notify.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { record } from '../../shared/telemetry/metrics.ts';
import { RetentionIncomplete } from './errors.ts';
import { planRetention, type RetentionPlan } from './plan.ts';
import { removeSnapshots } from './removals.ts';
import { historyOf, rulesFor } from './rules.ts';

/**
 * Plans, tells, and only then deletes. With `dryRun` it only plans.
 * @throws {RetentionIncomplete} after every point was tried, naming those that could not be removed and why.
 */
export const expirePoints = async ({ dryRun }: { dryRun: boolean }): Promise<Record<string, RetentionPlan>> => {
  const plans: Record<string, RetentionPlan> = {};
  const troubles: string[] = [];
  for (const [source, settings] of Object.entries(configuration().sources)) {
    const from = new Date(now().getTime() - historyOf(settings));
    const points = await Array.fromAsync(pointsBetween(source, from, now()));
    const plan = planRetention(points, now(), rulesFor(settings, points));
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

const removeAll = async (source: string, points: readonly RecoveryPoint[], plan: RetentionPlan): Promise<string[]> => {
  const { attempt, troubles } = startAttempts();
  const byId = new Map(points.map((point) => [point.id, point]));
  for (const { id, reason } of plan.remove) {
    const point = byId.get(id);
    if (!point) continue;
    if (await attempt(id, () => remove(point)))
      logger.info('recovery point expired', { source, recoveryPoint: id, reason });
  }
  record('RetentionRemoved', plan.remove.length - troubles.length, source);
  return troubles;
};

const remove = async (point: RecoveryPoint): Promise<void> => {
  await removeSnapshots(point);
  await changePoint(point.id, (current) =>
    current.status === 'expired' ? current : { ...current, status: 'expired' },
  );
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
