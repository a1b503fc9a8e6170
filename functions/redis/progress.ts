// One step on for a recovery point of a cache and for the archive that is made of it: what the machine, the reconciler and
// people all call. It looks at the world, compares it with the catalogue and does the next thing; called twice or at once,
// the result is the same.
import { z } from 'zod';
import { readPoint } from '../../shared/catalog/catalog.ts';
import { RecoveryPointMissing } from '../../shared/catalog/errors.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { settleExport } from './exports.ts';
import { archiveIdOf, openArchivePoint } from './points.ts';
import { settleSnapshot } from './snapshots.ts';

export const AdvanceRequest = z.strictObject({ recoveryPoint: z.string().min(1) });

/** A snapshot and its archive, as far as they are. */
export interface Progress {
  point: RecoveryPoint;
  archive: RecoveryPoint | undefined;
}

export const advance = async (point: RecoveryPoint, work: Work): Promise<Progress> => {
  if (point.method === 'export') return { point, archive: await settleExport(point, work) };
  const settled = await settleSnapshot(point);
  if (settled.status !== 'stored') return { point: settled, archive: undefined };
  return { point: settled, archive: await settleExport(await openArchivePoint(settled), work) };
};

/** Whether something is still to be done for a point: its archive is a point of its own once it is opened. */
export const isOpen = async ({ method, status, ...point }: RecoveryPoint): Promise<boolean> => {
  if (status === 'started') return true;
  return method === 'snapshot' && status === 'stored' && !(await isArchiveOpened({ method, status, ...point }));
};

const isArchiveOpened = async (point: RecoveryPoint): Promise<boolean> => {
  try {
    await readPoint(archiveIdOf(point));
    return true;
  } catch (error) {
    if (error instanceof RecoveryPointMissing) return false;
    throw error;
  }
};

export const advanceById = async ({ recoveryPoint }: z.output<typeof AdvanceRequest>, work: Work) => {
  const { point, archive } = await advance(await readPoint(recoveryPoint), work);
  logger.info('looked at', { source: point.source, recoveryPoint, status: point.status, archive: archive?.status });
  return {
    recoveryPoint: point.id,
    status: point.status,
    archive: archive ? { recoveryPoint: archive.id, status: archive.status } : null,
    /** Nothing more will come of it by itself. */
    done: ![point, archive].some((each) => each?.status === 'started'),
  };
};
