// The level beneath the events: whatever was lost, killed or refused for want of quota is found and moved here.
import { paginateDescribeDBSnapshots } from '@aws-sdk/client-rds';
import { reasonOf, startAttempts } from '../../shared/attempts.ts';
import { rds } from '../../shared/aws/clients.ts';
import { pointsBetween } from '../../shared/catalog/catalog.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { POINT_TAG } from '../../shared/catalog/tags.ts';
import { now } from '../../shared/clock.ts';
import { sourcesOfKind } from '../../shared/config/platform.ts';
import { PartlyDone } from '../../shared/errors.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { record } from '../../shared/telemetry/metrics.ts';
import { beginMissed, SCHEDULES } from './missed-backups.ts';
import { endOverdue, isOverdue, OPEN_AT_MOST_DAYS } from './overdue.ts';
import { advance, isOpen } from './progress.ts';
import { isGivenUp } from './snapshots.ts';

const DAY_MS = 86_400_000;
/**
 * How far back points are read. Whatever is open ends within eight days, so a reconciler that could not run for four
 * weeks still finds all it left open; and the history before that is never listed.
 */
const READ_BACK_MS = 35 * DAY_MS;
/** What is over this long ago is not looked at any more, though something might still come of it. */
const YOUNG_MS = OPEN_AT_MOST_DAYS * DAY_MS;

export interface Reconciled {
  looked: number;
  moved: string[];
  /** Points whose run was due, never began, and was begun now. */
  begun: string[];
  /** Snapshots with our tag that no recovery point claims. */
  unclaimed: string[];
}

/** @throws {PartlyDone} after everything was tried, naming what could not be moved and why. */
export const reconcile = async (_: object, work: Work): Promise<Reconciled> => {
  const result: Reconciled = { looked: 0, moved: [], begun: [], unclaimed: [] };
  const { attempt, troubles } = startAttempts();
  const known = new Set<string>();
  for (const [source] of sourcesOfKind('rds-postgres')) {
    const from = new Date(now().getTime() - READ_BACK_MS);
    const points = await Array.fromAsync(pointsBetween(source, from, new Date(now().getTime() + 1)));
    for (const point of points) {
      known.add(point.nativeId);
      if (!isOpen(point) || (isGivenUp(point) && !isYoung(new Date(point.startedAt)))) continue;
      result.looked += 1;
      await attempt(point.id, async () => {
        if (changed(point, await advanceOrEnd(point, work))) result.moved.push(point.id);
      });
    }
    record('ReconcilerMoved', result.moved.length, source);
    for (const schedule of SCHEDULES) {
      await attempt(`missed ${schedule} of ${source}`, async () => {
        const begun = await beginMissed(source, schedule, points, work);
        if (begun) result.begun.push(begun);
      });
    }
  }
  result.unclaimed = await unclaimedSnapshots(known);
  if (result.unclaimed.length) logger.warn('snapshots that no recovery point claims', { snapshots: result.unclaimed });
  if (troubles.length) {
    throw new PartlyDone('some recovery points could not be moved on.', {
      source: 'reconciler',
      found: troubles,
      next: 'The next run tries again; mend what the messages name.',
    });
  }
  return result;
};

/**
 * What is overdue is looked at once more before it is ended: a reconciler that was away for long finds work that ended
 * well meanwhile. A look that fails may pass: it is tried for as long again.
 */
const advanceOrEnd = async (point: RecoveryPoint, work: Work): Promise<RecoveryPoint> => {
  let after: RecoveryPoint;
  try {
    after = await advance(point, work);
  } catch (error) {
    if (!isOverdue(point, 2 * OPEN_AT_MOST_DAYS)) throw error;
    return endOverdue(point, reasonOf(error));
  }
  return isOverdue(after) ? endOverdue(after) : after;
};

const isYoung = (at: Date): boolean => now().getTime() - at.getTime() < YOUNG_MS;

const changed = (before: RecoveryPoint, after: RecoveryPoint): boolean =>
  JSON.stringify(before) !== JSON.stringify(after);

/** Young snapshots only: what is older was compared while it was young. */
const unclaimedSnapshots = async (known: Set<string>): Promise<string[]> => {
  const unclaimed: string[] = [];
  for await (const page of paginateDescribeDBSnapshots({ client: rds() }, { SnapshotType: 'manual' })) {
    for (const { DBSnapshotIdentifier: id, SnapshotCreateTime: at, TagList = [] } of page.DBSnapshots ?? []) {
      const ours = TagList.some(({ Key }) => Key === POINT_TAG);
      if (id && ours && at && isYoung(at) && !known.has(id)) unclaimed.push(id);
    }
  }
  return unclaimed;
};
