import { pointId } from '../../shared/catalog/ids.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { RECOVERY } from './environment.ts';

const DAY_MS = 86_400_000;

export const day = (date: string): Date => new Date(`${date}T02:00:00.000Z`);

/** A stored, copied daily snapshot of the shop's database, taken at `scheduledAt`. */
export const snapshotPoint = (scheduledAt: Date, change: Partial<RecoveryPoint> = {}): RecoveryPoint => {
  const at = scheduledAt.toISOString();
  const id = change.id ?? pointId(change.source ?? 'shop-db', scheduledAt, change.purpose ?? 'scheduled');
  return {
    schemaVersion: 1,
    id,
    source: 'shop-db',
    kind: 'rds-postgres',
    method: 'snapshot',
    purpose: 'scheduled',
    status: 'stored',
    scheduledAt: at,
    startedAt: at,
    storedAt: new Date(scheduledAt.getTime() + 120_000).toISOString(),
    pointInTime: new Date(scheduledAt.getTime() + 60_000).toISOString(),
    nativeId: `lifeboat-${id}`,
    sizeBytes: 100 * 1024 ** 3,
    durationSeconds: 120,
    artifacts: [],
    copies: [{ region: RECOVERY, snapshotId: `lifeboat-${id}`, status: 'available', attempts: 1, lagSeconds: 300 }],
    retention: { class: 'daily', expiresAt: new Date(scheduledAt.getTime() + 30 * DAY_MS).toISOString() },
    verifications: [],
    tool: 'lifeboat test',
    ...change,
  };
};

export const exportPoint = (scheduledAt: Date, parent: string, change: Partial<RecoveryPoint> = {}): RecoveryPoint => {
  const id = pointId('shop-db', scheduledAt, 'export');
  const { sizeBytes: _, durationSeconds: __, storedAt: ___, ...point } = snapshotPoint(scheduledAt, { id });
  return {
    ...point,
    method: 'export',
    purpose: 'compliance',
    status: 'started',
    nativeId: `lifeboat-${id}`,
    parent,
    copies: [],
    retention: { class: 'compliance', expiresAt: new Date(scheduledAt.getTime() + 2555 * DAY_MS).toISOString() },
    ...change,
  };
};

/** A stored hourly snapshot of the shop's cache. */
export const cachePoint = (scheduledAt: Date, change: Partial<RecoveryPoint> = {}): RecoveryPoint => ({
  ...snapshotPoint(scheduledAt, { id: change.id ?? pointId('shop-cache', scheduledAt, 'scheduled'), copies: [] }),
  source: 'shop-cache',
  kind: 'elasticache-redis',
  cache: { node: 'shop-cache-002', engine: 'redis' },
  retention: { class: 'snapshot', expiresAt: new Date(scheduledAt.getTime() + 30 * DAY_MS).toISOString() },
  ...change,
});

/** The stored archive of a snapshot, read and found whole. */
export const archivePoint = (snapshot: RecoveryPoint, change: Partial<RecoveryPoint> = {}): RecoveryPoint => {
  const scheduledAt = new Date(snapshot.scheduledAt);
  const id = `${snapshot.id}-export`;
  return {
    ...cachePoint(scheduledAt, { id }),
    method: 'export',
    nativeId: `lifeboat-${id}`,
    parent: snapshot.id,
    cache: { node: 'shop-cache-002', engine: 'redis', exports: 1, archive: { checked: 'whole', keys: 3, expiring: 1 } },
    retention: { class: 'archive', expiresAt: new Date(scheduledAt.getTime() + 90 * DAY_MS).toISOString() },
    ...change,
  };
};
