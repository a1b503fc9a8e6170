// Snapshots of one cache: asked of a node that may be asked, and followed until they are stored.
import {
  type CacheCluster,
  CreateSnapshotCommand,
  DescribeCacheClustersCommand,
  DescribeSnapshotsCommand,
  InvalidCacheClusterStateFault,
  paginateDescribeSnapshots,
  type Snapshot,
  SnapshotAlreadyExistsFault,
  SnapshotNotFoundFault,
  SnapshotQuotaExceededFault,
} from '@aws-sdk/client-elasticache';
import { elasticache } from '../../shared/aws/clients.ts';
import { changePoint } from '../../shared/catalog/catalog.ts';
import { backupWorks } from '../../shared/catalog/failures.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { snapshotTags } from '../../shared/catalog/tags.ts';
import { now, secondsBetween } from '../../shared/clock.ts';
import { redisSourceNamed } from '../../shared/config/platform.ts';
import { describeGroup, groupHere } from '../../shared/redis/groups.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { record } from '../../shared/telemetry/metrics.ts';
import { failPoint } from './failures.ts';
import { type CacheNode, planNode, type TakenSnapshot } from './nodes.ts';

/** Past this time the next one is due: a snapshot made then would be of another hour than its name says. */
const GIVEN_UP_AFTER_SECONDS = 3600;

/** Looks at ElastiCache and moves a started snapshot on: asked for, stored, failed, or not yet. @throws {ReplicationGroupMissing} {ReplicationGroupUnsupported} */
export const settleSnapshot = async (point: RecoveryPoint): Promise<RecoveryPoint> => {
  if (point.status !== 'started') return point;
  const snapshot = await describeSnapshot(point.nativeId);
  if (!snapshot) {
    if (secondsBetween(new Date(point.startedAt), now()) <= GIVEN_UP_AFTER_SECONDS) return createSnapshot(point);
    const since = point.waitsForQuotaSince;
    return failPoint(point, `the snapshot was never made${since ? `: no node could be asked since ${since}` : ''}`);
  }
  // creating, available, restoring, copying, deleting (Snapshot, API reference); `failed` is told by DeleteSnapshot's page.
  if (snapshot.SnapshotStatus === 'failed') return failPoint(point, 'ElastiCache says that the snapshot failed');
  if (snapshot.SnapshotStatus === 'deleting') return failPoint(point, 'somebody is deleting the snapshot');
  return snapshot.SnapshotStatus === 'creating' ? point : storeSnapshot(point, snapshot);
};

export const describeSnapshot = async (name: string): Promise<Snapshot | undefined> => {
  try {
    const { Snapshots } = await elasticache().send(new DescribeSnapshotsCommand({ SnapshotName: name }));
    return Snapshots?.[0];
  } catch (error) {
    if (error instanceof SnapshotNotFoundFault) return undefined;
    throw error;
  }
};

const createSnapshot = async (point: RecoveryPoint): Promise<RecoveryPoint> => {
  const nodes = await nodesOf(point.source);
  const { nodes: candidates, wait } = planNode(nodes, await takenOf(nodes), now());
  for (const node of candidates) if (await askNode(point, node)) return point;
  const why = wait?.why ?? 'every node that may be asked refused';
  logger.warn('snapshot waits', { source: point.source, recoveryPoint: point.id, why, until: wait?.until });
  return changePoint(point.id, (current) =>
    current.waitsForQuotaSince ? current : { ...current, waitsForQuotaSince: now().toISOString() },
  );
};

/** False where this node cannot be asked now: another one may. */
const askNode = async (point: RecoveryPoint, node: string): Promise<boolean> => {
  try {
    await elasticache().send(
      new CreateSnapshotCommand({ CacheClusterId: node, SnapshotName: point.nativeId, Tags: snapshotTags(point) }),
    );
  } catch (error) {
    if (error instanceof SnapshotAlreadyExistsFault) return true;
    if (error instanceof SnapshotQuotaExceededFault || error instanceof InvalidCacheClusterStateFault) {
      logger.warn('node refused a snapshot', { source: point.source, recoveryPoint: point.id, node, why: error.name });
      return false;
    }
    throw error;
  }
  record('BackupStarted', 1, point.source);
  logger.info('snapshot started', { source: point.source, recoveryPoint: point.id, node });
  return true;
};

const nodesOf = async (name: string): Promise<CacheNode[]> => {
  const group = await describeGroup(name, groupHere(redisSourceNamed(name)));
  const members = group.NodeGroups?.[0]?.NodeGroupMembers ?? [];
  return Promise.all(
    members.map(async ({ CacheClusterId: id = '', CurrentRole }): Promise<CacheNode> => {
      const node = await describeNode(id);
      const role = CurrentRole === 'primary' ? 'primary' : 'replica';
      return { id, role, available: node?.CacheClusterStatus === 'available' };
    }),
  );
};

const describeNode = async (id: string): Promise<CacheCluster | undefined> => {
  const { CacheClusters } = await elasticache().send(new DescribeCacheClustersCommand({ CacheClusterId: id }));
  return CacheClusters?.[0];
};

/** Manual snapshots of the nodes, by whomever. ElastiCache has no order and no filter by time: all are read. */
const takenOf = async (nodes: readonly CacheNode[]): Promise<TakenSnapshot[]> => {
  const taken: TakenSnapshot[] = [];
  for (const { id } of nodes) {
    const request = { CacheClusterId: id, SnapshotSource: 'user' };
    for await (const page of paginateDescribeSnapshots({ client: elasticache() }, request)) {
      for (const { NodeSnapshots } of page.Snapshots ?? []) {
        const at = NodeSnapshots?.[0]?.SnapshotCreateTime;
        // One that is being made has no time yet.
        taken.push({ node: id, at: at ?? now() });
      }
    }
  }
  return taken;
};

const MEGABYTE = 1024 ** 2;
const UNITS: Record<string, number> = { MB: MEGABYTE, GB: 1024 * MEGABYTE, KB: 1024, B: 1 };

/** "142 MB" → bytes; undefined for anything else: the size is told, nothing depends on it. */
const bytesOf = (size: string | undefined): number | undefined => {
  const [, amount, unit] = /^(\d+(?:\.\d+)?) ?([KMG]?B)$/.exec(size ?? '') ?? [];
  return amount && unit ? Math.round(Number(amount) * (UNITS[unit] as number)) : undefined;
};

const storeSnapshot = async (point: RecoveryPoint, snapshot: Snapshot): Promise<RecoveryPoint> => {
  const [node] = snapshot.NodeSnapshots ?? [];
  const storedAt = now();
  const sizeBytes = bytesOf(node?.CacheSize);
  const durationSeconds = Math.max(0, secondsBetween(new Date(point.startedAt), storedAt));
  const stored = await changePoint(point.id, (current) => {
    if (current.status !== 'started') return current;
    const { waitsForQuotaSince: _, ...rest } = current;
    return {
      ...rest,
      status: 'stored',
      storedAt: storedAt.toISOString(),
      pointInTime: (node?.SnapshotCreateTime ?? new Date(point.startedAt)).toISOString(),
      durationSeconds,
      ...(sizeBytes === undefined ? {} : { sizeBytes }),
      ...(snapshot.EngineVersion ? { engineVersion: snapshot.EngineVersion } : {}),
      cache: { node: snapshot.CacheClusterId ?? node?.CacheClusterId ?? 'unknown', engine: snapshot.Engine ?? 'redis' },
    };
  });
  // By its time, not by what the last pass did: the answer to our own writing may have been lost.
  if (stored.storedAt !== storedAt.toISOString()) return stored;
  record('BackupStored', 1, point.source);
  record('BackupDuration', durationSeconds, point.source);
  if (sizeBytes !== undefined) record('BackupSize', sizeBytes, point.source);
  logger.info('snapshot stored', { source: point.source, recoveryPoint: point.id, durationSeconds, sizeBytes });
  await backupWorks(stored);
  return stored;
};
