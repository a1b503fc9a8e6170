import { newestBefore, readPoint } from '../../shared/catalog/catalog.ts';
import { RecoveryPointMissing } from '../../shared/catalog/errors.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { snapshotIn } from '../../shared/catalog/snapshots.ts';
import { rdsSourceNamed } from '../../shared/config/platform.ts';
import { settings } from '../../shared/config/settings.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import type { ChooseRequest } from '../../shared/verification/requests.ts';
import { findPlan } from './fingerprint-plans.ts';
import { instanceName } from './test-instances.ts';

export interface Chosen {
  source: string;
  recoveryPoint: string;
  execution: string;
  instance: string;
  deadlineSeconds: number;
  /** Numbers of the configured checks. */
  checks: number[];
  /** What there is to compare; nothing where the point has no fingerprints. */
  items: ('schema' | number)[];
  concurrency: number;
}

/** The point asked for, or the newest snapshot before a time. @throws {RecoveryPointMissing} {SourceUnknown} */
export const choosePoint = async (request: ChooseRequest): Promise<Chosen> => {
  const { source, execution } = request;
  const { restore, checks, fingerprint } = rdsSourceNamed(source);
  const point = request.recoveryPoint
    ? await given(source, request.recoveryPoint)
    : await newest(source, request.before ?? request.scheduledAt);
  const items = await findPlan(point);
  logger.info('verification begun', { source, recoveryPoint: point.id, execution });
  return {
    source,
    recoveryPoint: point.id,
    execution,
    instance: instanceName(source, execution),
    deadlineSeconds: restore.deadline,
    checks: [...checks.keys()],
    items: items === undefined ? [] : ['schema', ...items.keys()],
    concurrency: fingerprint.concurrency,
  };
};

/** Snapshots that are complete; those of a region are restored there. */
const isRestorable = (point: RecoveryPoint): boolean =>
  point.method === 'snapshot' &&
  (point.status === 'stored' || point.status === 'verified') &&
  snapshotIn(point, settings().region) !== undefined;

const given = async (source: string, id: string): Promise<RecoveryPoint> => {
  const point = await readPoint(id);
  if (
    point.source === source &&
    point.method === 'snapshot' &&
    point.status !== 'expired' &&
    point.status !== 'started'
  )
    return point;
  throw new RecoveryPointMissing('this recovery point cannot be restored to a database.', {
    source,
    recoveryPoint: id,
    expected: `a complete snapshot of ${source}`,
    found: `${point.method} of ${point.source}, ${point.status}`,
    next: 'Name another one, or leave the name out to take the newest.',
  });
};

const newest = async (source: string, time: string): Promise<RecoveryPoint> => {
  const point = await newestBefore(source, new Date(time), isRestorable);
  if (point) return point;
  throw new RecoveryPointMissing('there is no snapshot to restore.', {
    source,
    expected: `a stored snapshot before ${time}`,
    next: 'Look at why no backup was completed; the alarm on the age of the newest point tells since when.',
  });
};
