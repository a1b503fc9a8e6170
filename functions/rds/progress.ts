// One step on for any recovery point of RDS: what events, the reconciler and machines all call. It looks at the world,
// compares it with the catalogue and does the next thing; called twice or at once, the result is the same.
import { z } from 'zod';
import { readPoint } from '../../shared/catalog/catalog.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { isCopyOpen, settleCopies } from './copies.ts';
import { settleExport } from './exports.ts';
import { isGivenUp, settleSnapshot } from './snapshots.ts';
import { tellLeftAlone } from './tellings.ts';

export const AdvanceRequest = z.strictObject({ recoveryPoint: z.string().min(1) });

export const advance = async (point: RecoveryPoint, work: Work): Promise<RecoveryPoint> => {
  if (point.method === 'export') return settleExport(point, work);
  const told = await tellLeftAlone(point);
  const settled = told.status === 'started' || isGivenUp(told) ? await settleSnapshot(told) : told;
  return ['stored', 'verified'].includes(settled.status) ? settleCopies(settled) : settled;
};

/** Whether something is still to be done for a point, or may still come of it. */
export const isOpen = (point: RecoveryPoint): boolean =>
  point.status === 'started' ||
  isGivenUp(point) ||
  point.toTell !== undefined ||
  (['stored', 'verified'].includes(point.status) && point.copies.some(isCopyOpen));

export const advanceById = async ({ recoveryPoint }: z.output<typeof AdvanceRequest>, work: Work) => {
  const point = await advance(await readPoint(recoveryPoint), work);
  logger.info('looked at', { source: point.source, recoveryPoint: point.id, status: point.status });
  return {
    recoveryPoint: point.id,
    status: point.status,
    copies: point.copies.map(({ region, status }) => ({ region, status })),
  };
};
