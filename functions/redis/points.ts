// Recovery points of a cache: a snapshot in ElastiCache, and the archive made of it in the vault. Only the archive survives
// the region, and only it is restored from.
import { openPoint } from '../../shared/catalog/catalog.ts';
import { pointId } from '../../shared/catalog/ids.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import type { SnapshotRequest } from '../../shared/catalog/requests.ts';
import { datePath, now } from '../../shared/clock.ts';
import { redisSourceNamed } from '../../shared/config/platform.ts';
import type { RedisSource } from '../../shared/config/schema.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { VERSION } from '../../shared/version.ts';

const expiryOf = (
  { retention }: RedisSource,
  of: keyof RedisSource['retention'],
  scheduledAt: Date,
): RecoveryPoint['retention'] => ({
  class: of,
  expiresAt: new Date(scheduledAt.getTime() + retention[of] * 1000).toISOString(),
});

/** The new point of a snapshot, or the one that an earlier run opened for the same time and purpose. */
export const openSnapshotPoint = async (
  request: SnapshotRequest,
): Promise<{ source: string; recoveryPoint: string; created: boolean }> => {
  const source = redisSourceNamed(request.source);
  const scheduledAt = new Date(request.scheduledAt);
  const id = pointId(request.source, scheduledAt, request.purpose);
  const { created } = await openPoint({
    schemaVersion: 1,
    id,
    source: request.source,
    kind: source.kind,
    method: 'snapshot',
    purpose: request.purpose,
    status: 'started',
    scheduledAt: scheduledAt.toISOString(),
    startedAt: now().toISOString(),
    nativeId: `lifeboat-${id}`,
    artifacts: [],
    copies: [],
    retention: expiryOf(source, 'snapshot', scheduledAt),
    verifications: [],
    tool: VERSION,
  });
  if (created) logger.info('recovery point opened', { source: request.source, recoveryPoint: id });
  return { source: request.source, recoveryPoint: id, created };
};

/** The id of the archive that is made of a snapshot. */
export const archiveIdOf = ({ source, scheduledAt, purpose }: RecoveryPoint): string =>
  pointId(source, new Date(scheduledAt), `${purpose}-export`);

/** The point of the archive of a stored snapshot, opened once. */
export const openArchivePoint = async (snapshot: RecoveryPoint): Promise<RecoveryPoint> => {
  const source = redisSourceNamed(snapshot.source);
  const id = archiveIdOf(snapshot);
  const { point } = await openPoint({
    schemaVersion: 1,
    id,
    source: snapshot.source,
    kind: source.kind,
    method: 'export',
    purpose: snapshot.purpose,
    status: 'started',
    scheduledAt: snapshot.scheduledAt,
    startedAt: now().toISOString(),
    ...(snapshot.pointInTime ? { pointInTime: snapshot.pointInTime } : {}),
    ...(snapshot.engineVersion ? { engineVersion: snapshot.engineVersion } : {}),
    ...(snapshot.cache ? { cache: { ...snapshot.cache, exports: 0 } } : {}),
    // What ElastiCache is told to call the file; it adds `-0001.rdb`.
    nativeId: `lifeboat-${id}`,
    parent: snapshot.id,
    artifacts: [],
    copies: [],
    retention: expiryOf(source, 'archive', new Date(snapshot.scheduledAt)),
    verifications: [],
    tool: VERSION,
  });
  return point;
};

/** `redis-snapshots/2026/11/20/<point>/0001.rdb`: the file of the one shard. */
export const archiveKey = ({ id, scheduledAt }: RecoveryPoint): string =>
  `redis-snapshots/${datePath(new Date(scheduledAt))}/${id}/0001.rdb`;
/** Counts and digests of an archive. */
export const summaryKey = ({ id, source }: RecoveryPoint): string => `fingerprints/${source}/${id}/rdb.json`;
