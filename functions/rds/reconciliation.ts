// The level beneath the events: whatever was lost, killed or refused for want of quota is found and moved here.
import { paginateDescribeDBSnapshots } from '@aws-sdk/client-rds';
import { rds } from '../../shared/aws/clients.ts';
import { pointsBetween } from '../../shared/catalog/catalog.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { now } from '../../shared/clock.ts';
import { sourcesOfKind } from '../../shared/config/platform.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { record } from '../../shared/telemetry/metrics.ts';
import { PartlyDone } from './errors.ts';
import { advance, isOpen } from './progress.ts';
import { POINT_TAG } from './tags.ts';

/** Work older than this is not moved any more: it has failed long ago, or a person is at it. */
const HORIZON_MS = 8 * 86_400_000;

export interface Reconciled {
  looked: number;
  moved: string[];
  /** Snapshots with our tag that no recovery point claims. */
  unclaimed: string[];
}

/** @throws {PartlyDone} after everything was tried, naming what could not be moved and why. */
export const reconcile = async (_: object, work: Work): Promise<Reconciled> => {
  const result: Reconciled = { looked: 0, moved: [], unclaimed: [] };
  const troubles: string[] = [];
  const known = new Set<string>();
  for (const [source] of sourcesOfKind('rds-postgres')) {
    for await (const point of pointsBetween(
      source,
      new Date(now().getTime() - HORIZON_MS),
      new Date(now().getTime() + 1),
    )) {
      known.add(point.nativeId);
      if (!isOpen(point)) continue;
      result.looked += 1;
      try {
        if (changed(point, await advance(point, work))) result.moved.push(point.id);
      } catch (error) {
        troubles.push(`${point.id}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    record('ReconcilerMoved', result.moved.length, source);
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

const changed = (before: RecoveryPoint, after: RecoveryPoint): boolean =>
  JSON.stringify(before) !== JSON.stringify(after);

/** Young snapshots only: what is older than the horizon was compared while it was young. */
const unclaimedSnapshots = async (known: Set<string>): Promise<string[]> => {
  const unclaimed: string[] = [];
  for await (const page of paginateDescribeDBSnapshots({ client: rds() }, { SnapshotType: 'manual' })) {
    for (const { DBSnapshotIdentifier: id, SnapshotCreateTime: at, TagList = [] } of page.DBSnapshots ?? []) {
      const ours = TagList.some(({ Key }) => Key === POINT_TAG);
      if (id && ours && at && now().getTime() - at.getTime() < HORIZON_MS && !known.has(id)) unclaimed.push(id);
    }
  }
  return unclaimed;
};
