// The level beneath the machine: whatever was lost, killed or refused is found and moved here.
import { startAttempts } from '../../shared/attempts.ts';
import { pointsBetween, readPoint } from '../../shared/catalog/catalog.ts';
import { RecoveryPointMissing } from '../../shared/catalog/errors.ts';
import { now } from '../../shared/clock.ts';
import { sourcesOfKind } from '../../shared/config/platform.ts';
import { PartlyDone } from '../../shared/errors.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { record } from '../../shared/telemetry/metrics.ts';
import { exportedFiles, removeExported } from './exchange.ts';
import { advance, isOpen } from './progress.ts';

/** Whatever is open ends within twelve hours of its beginning: two days leave room for a reconciler that could not run. */
const READ_BACK_MS = 2 * 86_400_000;
/** Reading an archive takes minutes: what has no time left is found again by the next run. */
const KEPT_BACK_MS = 30_000;

export interface Reconciled {
  looked: number;
  moved: string[];
  /** Exported files that nobody needs any more. */
  removed: string[];
}

/** @throws {PartlyDone} after everything was tried, naming what could not be moved and why. */
export const reconcile = async (_: object, work: Work): Promise<Reconciled> => {
  const result: Reconciled = { looked: 0, moved: [], removed: [] };
  const { attempt, troubles } = startAttempts();
  for (const [source] of sourcesOfKind('elasticache-redis')) {
    const from = new Date(now().getTime() - READ_BACK_MS);
    for await (const point of pointsBetween(source, from, new Date(now().getTime() + 1))) {
      if (work.remainingMs() < KEPT_BACK_MS || !(await isOpen(point))) continue;
      result.looked += 1;
      await attempt(point.id, async () => {
        const { point: after, archive } = await advance(point, work);
        const changed = [after, archive].some((each) => each && JSON.stringify(each) !== JSON.stringify(point));
        if (changed) result.moved.push(point.id);
      });
    }
    record('ReconcilerMoved', result.moved.length, source);
  }
  for await (const { file, name } of exportedFiles()) {
    await attempt(file.key, async () => {
      if (await isNeeded(name.replace(/^lifeboat-/, ''))) return;
      await removeExported(file.key);
      result.removed.push(file.key);
    });
  }
  if (result.removed.length) logger.info('exported files removed', { files: result.removed });
  if (troubles.length === 0) return result;
  throw new PartlyDone('some recovery points could not be moved on.', {
    source: 'reconciler',
    found: troubles,
    next: 'The next run tries again; mend what the messages name.',
  });
};

/** A file without a point is somebody's who knows our names; the bucket's lifecycle ends it. */
const isNeeded = async (id: string): Promise<boolean> => {
  try {
    return (await readPoint(id)).status === 'started';
  } catch (error) {
    if (error instanceof RecoveryPointMissing) return true;
    throw error;
  }
};
