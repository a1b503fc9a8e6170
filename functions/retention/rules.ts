// What keeps a point beside its age, and how far back there are points to keep, for each kind of source.
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { configuration } from '../../shared/config/platform.ts';
import type { Source } from '../../shared/config/schema.ts';
import type { Rules } from './plan.ts';

const DAY_MS = 86_400_000;
/** Compliance points of a database are kept seven years. */
const DATABASE_HISTORY_MS = 8 * 365 * DAY_MS;
/** Caches are backed up every hour: only what can still be there is read, and what a month without retention left. */
const CACHE_MARGIN_MS = 35 * DAY_MS;

/** Nothing older than this can still be within a retention class. */
export const historyOf = (source: Source): number =>
  source.kind === 'rds-postgres'
    ? DATABASE_HISTORY_MS
    : Math.max(source.retention.snapshot, source.retention.archive) * 1000 + CACHE_MARGIN_MS;

export const rulesFor = (source: Source, points: readonly RecoveryPoint[]): Rules => {
  switch (source.kind) {
    case 'rds-postgres':
      return { unsafe: notCopied, waits: () => undefined };
    case 'elasticache-redis':
      return { unsafe: () => undefined, waits: notArchived(points) };
  }
};

const notCopied = ({ method, copies }: RecoveryPoint): string | undefined =>
  method === 'snapshot' &&
  !copies.some(({ region, status }) => region === configuration().regions.recovery && status === 'available')
    ? 'not yet copied to the recovery region'
    : undefined;

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
