// The day of backups: midnight to midnight on the region's clock, customers ordering all the while.
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import type { LocalPlatform } from '../platform.ts';
import { catalogOf, executionsOf } from './observations.ts';
import type { Progress } from './progress.ts';

const HOUR_MS = 3_600_000;

/** Advances hour by hour and says what appeared in the catalogue since. */
export const liveThroughDay = async (platform: LocalPlatform, progress: Progress): Promise<RecoveryPoint[]> => {
  const { clock } = platform.world;
  const midnight = Math.floor(clock.now().getTime() / (24 * HOUR_MS)) * 24 * HOUR_MS;
  let before: RecoveryPoint[] = [];
  for (let hour = 1; hour <= 24; hour++) {
    await clock.advanceTo(new Date(midnight + hour * HOUR_MS));
    const points = await catalogOf(platform);
    for (const point of points)
      tell(
        progress,
        clock.now(),
        point,
        before.find(({ id }) => id === point.id),
      );
    before = points;
  }
  return before;
};

const tell = (progress: Progress, at: Date, point: RecoveryPoint, before: RecoveryPoint | undefined): void => {
  if (before?.status !== point.status) progress.step(at, `${point.id} is ${point.status}`);
  for (const copy of point.copies) {
    if (
      copy.status !== 'available' ||
      before?.copies.some(({ region, status }) => region === copy.region && status === 'available')
    )
      continue;
    progress.step(at, `${point.id} is copied to ${copy.region}, ${Math.round(copy.lagSeconds ?? 0)} s behind`);
  }
  for (const { verdict, reason } of point.verifications.slice(before?.verifications.length ?? 0))
    progress.step(at, `${point.id}: ${verdict}: ${reason}`);
};

/** What a day of schedules has to have left behind. */
export const judgeDay = async (platform: LocalPlatform, points: RecoveryPoint[], progress: Progress): Promise<void> => {
  const ofDatabase = points.filter(({ kind }) => kind === 'rds-postgres');
  const snapshot = ofDatabase.find(({ method, purpose }) => method === 'snapshot' && purpose === 'scheduled');
  const exported = ofDatabase.find(({ method }) => method === 'export');
  progress.claim(
    'the scheduled snapshot is stored and proven by a restore',
    snapshot?.status === 'verified',
    snapshot?.status ?? 'none',
  );
  progress.claim(
    'it is copied to the recovery region',
    snapshot?.copies.every(({ status }) => status === 'available') ?? false,
  );
  progress.claim(
    'its content was fingerprinted before and after',
    Boolean(snapshot?.fingerprint?.before && snapshot.fingerprint.after),
    snapshot?.fingerprint?.missing,
  );
  progress.claim(
    'it was exported, and the export holds every table',
    exported?.status === 'stored',
    exported?.failure ?? exported?.status ?? 'none',
  );
  const replica = await catalogOf(platform, platform.recovery);
  const same = points.every(
    (point) => JSON.stringify(replica.find(({ id }) => id === point.id)) === JSON.stringify(point),
  );
  progress.claim('the recovery region holds the same catalogue', same);
  for (const machine of ['backup-database', 'verify-database', 'check-integrity']) {
    const executions = await executionsOf(platform, machine);
    const bad = executions.filter(({ status }) => status !== 'SUCCEEDED');
    progress.claim(
      `every execution of ${machine} succeeded`,
      executions.length > 0 && bad.length === 0,
      `${executions.length} executions, ${bad.length} not`,
    );
  }
  await nothingLeft(platform, progress);
};

export const nothingLeft = async ({ ask, primary }: LocalPlatform, progress: Progress): Promise<void> => {
  const { DBInstances } = await ask<{ DBInstances: { DBInstanceIdentifier: string }[] }>(
    primary,
    'rds',
    'DescribeDBInstances',
    {},
  );
  const names = DBInstances.map(({ DBInstanceIdentifier }) => DBInstanceIdentifier).filter(
    (name) => name !== 'shop-db',
  );
  progress.claim('no test instance is left', names.length === 0, names.join(', '));
};
