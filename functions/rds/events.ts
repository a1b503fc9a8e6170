// Events of RDS, from this region and forwarded from the recovery region. They only say where to look: what is done is
// decided by looking, so that events may be lost, doubled, late or out of order.
import { z } from 'zod';
import { pointsBetween, readPoint } from '../../shared/catalog/catalog.ts';
import { RecoveryPointMissing } from '../../shared/catalog/errors.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { now } from '../../shared/clock.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { advance, isOpen } from './progress.ts';

/** EventBridge's envelope is AWS's and grows; ours to be strict about is what we read of it. */
export const RdsEvent = z.looseObject({
  source: z.literal('aws.rds'),
  'detail-type': z.literal('RDS DB Snapshot Event'),
  region: z.string(),
  detail: z.looseObject({
    EventID: z.string().regex(/^RDS-EVENT-\d{4}$/),
    SourceIdentifier: z.string().min(1),
    Message: z.string(),
  }),
});

/** Export failed, cancelled, completed: RDS names the snapshot, not the task (RDS user guide, event messages, 2026-11). */
const EXPORT_EVENTS = new Set(['RDS-EVENT-0159', 'RDS-EVENT-0160', 'RDS-EVENT-0161']);
/** Exports that were begun longer ago are the reconciler's. */
const RECENT_MS = 2 * 86_400_000;

const advanceExportsOf = async (snapshot: RecoveryPoint, work: Work): Promise<void> => {
  const until = new Date(now().getTime() + 1);
  for await (const point of pointsBetween(snapshot.source, new Date(until.getTime() - RECENT_MS), until)) {
    if (point.method === 'export' && point.parent === snapshot.id && isOpen(point)) await advance(point, work);
  }
};

export const followEvent = async ({ region, detail }: z.output<typeof RdsEvent>, work: Work) => {
  const name = detail.SourceIdentifier.replace(/^.*:snapshot:/, '');
  const id = name.startsWith('lifeboat-') ? name.slice('lifeboat-'.length) : undefined;
  if (!id) {
    logger.info('event of a snapshot that is not ours', { snapshot: name, eventId: detail.EventID, region });
    return { recoveryPoint: null, status: null };
  }
  try {
    const point = await advance(await readPoint(id), work);
    if (EXPORT_EVENTS.has(detail.EventID)) await advanceExportsOf(point, work);
    logger.info('event followed', {
      source: point.source,
      recoveryPoint: id,
      eventId: detail.EventID,
      region,
      status: point.status,
    });
    return { recoveryPoint: id, status: point.status };
  } catch (error) {
    if (!(error instanceof RecoveryPointMissing)) throw error;
    // Named like ours and not in the catalogue: the reconciler reports it, an event cannot repair it.
    logger.warn('event of an unknown recovery point', { snapshot: name, eventId: detail.EventID, region });
    return { recoveryPoint: null, status: null };
  }
};
