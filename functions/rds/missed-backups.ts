// Scheduled snapshots and exports that never began are begun here, under the name of the time they were due.
import { startExecution } from '../../shared/aws/executions.ts';
import { pointId } from '../../shared/catalog/ids.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { rdsSourceNamed } from '../../shared/config/platform.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import { type DueRun, lastDue, plainTime, tellMissed, wasInForce } from '../../shared/schedules/missed-runs.ts';
import { startExport } from './exports.ts';

interface Kind {
  /** Last part of the id that a point of this schedule has. */
  suffix: string;
  isOne(point: RecoveryPoint): boolean;
  begin(run: DueRun, id: string, work: Work): Promise<unknown>;
}

const KINDS: Record<'snapshot' | 'export', Kind> = {
  snapshot: {
    suffix: 'scheduled',
    isOne: ({ method, purpose }) => method === 'snapshot' && purpose === 'scheduled',
    // The input as the schedule writes it. Where an execution of this name has ended already, its end was told.
    begin: ({ source, scheduledAt }, id) =>
      startExecution('backup-database', id, { source, scheduledAt: plainTime(scheduledAt), purpose: 'scheduled' }),
  },
  export: {
    suffix: 'export',
    isOne: ({ method, purpose }) => method === 'export' && purpose === 'compliance',
    begin: ({ source, scheduledAt }, _, work) =>
      startExport({ source, scheduledAt: plainTime(scheduledAt), purpose: 'compliance' }, work),
  },
};

export const SCHEDULES = Object.keys(KINDS) as (keyof typeof KINDS)[];

/**
 * Begins the last run of a schedule where it is missing, and says which point comes of it.
 * @param points those of the source, of the last weeks
 */
export const beginMissed = async (
  source: string,
  schedule: keyof typeof KINDS,
  points: readonly RecoveryPoint[],
  work: Work,
): Promise<string | undefined> => {
  const { suffix, isOne, begin } = KINDS[schedule];
  const known = points.filter(isOne).map(({ scheduledAt }) => new Date(scheduledAt));
  const run = lastDue({ source, schedule }, rdsSourceNamed(source).schedules[schedule], known);
  if (!run) return undefined;
  const id = pointId(source, run.scheduledAt, suffix);
  if (points.some((point) => point.id === id) || !(await wasInForce(run))) return undefined;
  await tellMissed(run);
  if (run.isSuperseded) return undefined;
  await begin(run, id, work);
  return id;
};
