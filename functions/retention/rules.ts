// What keeps a point beside its age, and how far back there are points to keep, for each kind of source.
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { configuration } from '../../shared/config/platform.ts';
import type { Source } from '../../shared/config/schema.ts';
import type { Rules } from './plan.ts';

const DAY_MS = 86_400_000;
/** Compliance points of a database are kept seven years. */
const DATABASE_HISTORY_MS = 8 * 365 * DAY_MS;
/** Caches and clusters are backed up every hour or more often: only what can still be there is read, and what a month without retention left. */
const MARGIN_MS = 35 * DAY_MS;

/** Nothing older than this can still be within a retention class. */
export const historyOf = (source: Source): number =>
  source.kind === 'rds-postgres'
    ? DATABASE_HISTORY_MS
    : Math.max(...Object.values(source.retention)) * 1000 + MARGIN_MS;

export const rulesFor = (source: Source, points: readonly RecoveryPoint[]): Rules => {
  switch (source.kind) {
    case 'rds-postgres':
      return { unsafe: notCopied(points), waits: () => undefined };
    case 'elasticache-redis':
      return { unsafe: () => undefined, waits: notArchived(points) };
    case 'kafka':
      return { unsafe: () => undefined, waits: () => undefined };
  }
};

/** Where its copy was given up, none will come: a point is worth keeping only while nothing newer is in the other region. */
const notCopied = (points: readonly RecoveryPoint[]): Rules['unsafe'] => {
  const copied = points
    .filter((point) => ['stored', 'verified'].includes(point.status) && isCopied(point))
    .reduce((newest, { scheduledAt }) => (scheduledAt > newest ? scheduledAt : newest), '');
  return (point) =>
    point.method === 'snapshot' && !isCopied(point) && !(wasGivenUp(point) && copied > point.scheduledAt)
      ? 'not yet copied to the recovery region'
      : undefined;
};

/** Wherever the platform lived then, its copy is in the other one of its two regions. */
const isCopied = ({ copies }: RecoveryPoint): boolean => {
  const { primary, recovery } = configuration().regions;
  return copies.some(({ region, status }) => [primary, recovery].includes(region) && status === 'available');
};
const wasGivenUp = ({ copies }: RecoveryPoint): boolean =>
  copies.length > 0 && copies.every(({ status }) => status === 'failed');

/** A snapshot of a cache goes only once its archive was read from end to end and found whole. */
const notArchived = (points: readonly RecoveryPoint[]): Rules['waits'] => {
  const archived = new Set(
    points.flatMap(({ method, status, parent, cache }) =>
      method === 'export' && ['stored', 'verified', 'expired'].includes(status) && cache?.archive?.checked === 'whole'
        ? (parent ?? [])
        : [],
    ),
  );
  return ({ id, method, status }) =>
    method === 'snapshot' && status === 'stored' && !archived.has(id)
      ? 'its archive is not in the vault, or was not found whole'
      : undefined;
};
