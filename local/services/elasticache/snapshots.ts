// Snapshots: RDB files that a node writes while commands go on.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as sdk from '@aws-sdk/client-elasticache';
import { asRedisAdmin, info, saveTo } from '../../engines/redis.ts';
import type { Operation } from '../operation.ts';
import { pageOf } from '../pages.ts';
import { describeSnapshot } from './describe.ts';
import { invalidValue } from './errors.ts';
import { demandKey, keyFor } from './keys.ts';
import { serverOf } from './nodes.ts';
import { countAgainstQuota, demandAvailable, type Source, sourceOf } from './snapshot-sources.ts';
import { arnOf, type ElastiCache, type Node, type Snapshot, snapshotNamed } from './state.ts';

/** "MaxRecords: Default: 50, Constraints: minimum 20; maximum 50" (DescribeSnapshots, read 2026-11). */
const LARGEST_PAGE = 50;
/** What the filter `SnapshotSource` calls the sources. */
const SOURCES: Record<string, Snapshot['source']> = { system: 'automated', user: 'manual' };

interface SnapshotOperations {
  CreateSnapshot: Operation<sdk.CreateSnapshotCommandInput, sdk.CreateSnapshotCommandOutput>;
  DescribeSnapshots: Operation<sdk.DescribeSnapshotsCommandInput, sdk.DescribeSnapshotsCommandOutput>;
  DeleteSnapshot: Operation<sdk.DeleteSnapshotCommandInput, sdk.DeleteSnapshotCommandOutput>;
}

export const snapshotOperations = (ec: ElastiCache): SnapshotOperations => ({
  async CreateSnapshot(input, { caller }) {
    newSnapshotName(ec, input.SnapshotName);
    const source = sourceOf(ec, input);
    const kmsKeyId = input.KmsKeyId ? await keyFor(ec, input.KmsKeyId, caller) : source.group.settings.kmsKeyId;
    // From here on without a pause, so that of two requests for one name, one node or its last place only one is let in.
    const name = newSnapshotName(ec, input.SnapshotName);
    demandAvailable(source, input.CacheClusterId !== undefined);
    countAgainstQuota(ec, source);
    const snapshot = newSnapshot(ec, source, name, 'manual', {
      tags: input.Tags ?? [],
      ...(kmsKeyId && { kmsKeyId }),
      ...(input.ReplicationGroupId && { group: { description: source.group.description } }),
    });
    startSnapshot(ec, source, snapshot);
    return { Snapshot: describeSnapshot(snapshot) };
  },

  async DescribeSnapshots(input) {
    const { SnapshotName: name, CacheClusterId: node, ReplicationGroupId: group, SnapshotSource: source } = input;
    if (name) snapshotNamed(ec, name);
    if (source !== undefined && !SOURCES[source]) throw invalidValue(`Invalid SnapshotSource: ${source}`);
    const wanted = [...ec.snapshots.values()].filter(
      (snapshot) =>
        (!name || snapshot.name === name.toLowerCase()) &&
        // Snapshots asked of a node are not described as the group's, and the other way round.
        (!node || (!snapshot.group && snapshot.nodeId === node.toLowerCase())) &&
        (!group || (snapshot.group && snapshot.groupId === group.toLowerCase())) &&
        (!source || snapshot.source === SOURCES[source]),
    );
    const { items, marker } = pageOf(wanted, (snapshot) => snapshot.name, input, LARGEST_PAGE);
    return { Snapshots: items.map(describeSnapshot), Marker: marker };
  },

  async DeleteSnapshot(input) {
    const snapshot = snapshotNamed(ec, input.SnapshotName);
    if (!['available', 'failed'].includes(snapshot.status)) {
      const message = 'The snapshot is not in an available state or failed state to allow deletion.';
      throw new sdk.InvalidSnapshotStateFault({ message, $metadata: {} });
    }
    await removeSnapshot(ec, snapshot);
    return { Snapshot: { ...describeSnapshot(snapshot), SnapshotStatus: 'deleting' } };
  },
});

/** Name of a snapshot to be, in lower case. @throws {SnapshotAlreadyExistsFault} */
export const newSnapshotName = (ec: ElastiCache, wanted: string | undefined): string => {
  const name = (wanted ?? '').toLowerCase();
  if (!/^[a-z](-?[a-z0-9])*$/.test(name) || name.length > 255) {
    throw invalidValue(`The parameter SnapshotName is not a valid identifier: ${wanted}`);
  }
  if (!ec.snapshots.has(name)) return name;
  throw new sdk.SnapshotAlreadyExistsFault({
    message: `Snapshot with specified name already exists: ${name}`,
    $metadata: {},
  });
};

/** Registers a snapshot that is still to be taken. */
export const newSnapshot = (
  ec: ElastiCache,
  { group, node }: Source,
  name: string,
  source: Snapshot['source'],
  facts: Pick<Snapshot, 'tags' | 'kmsKeyId' | 'group'>,
): Snapshot => {
  const snapshot: Snapshot = {
    ...facts,
    name,
    arn: arnOf(ec.region, 'snapshot', name),
    source,
    status: 'creating',
    groupId: group.id,
    nodeId: node.id,
    nodeCreatedAt: node.createdAt,
    zone: node.zone,
    settings: { ...group.settings },
    file: join(ec.directory, 'snapshots', `${ec.nextNumber()}.rdb`),
  };
  ec.snapshots.set(name, snapshot);
  return snapshot;
};

/** Takes the snapshot in the background; node and group are `snapshotting` meanwhile. */
export const startSnapshot = (ec: ElastiCache, { group, node }: Source, snapshot: Snapshot): void => {
  group.status = node.status = 'snapshotting';
  const settle = () => {
    for (const each of [group, node]) if (each.status === 'snapshotting') each.status = 'available';
  };
  snapshot.job = ec.jobs.start(
    `snapshot ${snapshot.name}`,
    async ({ signal }) => {
      await takeSnapshot(ec, node, snapshot, signal);
      settle();
    },
    () => {
      snapshot.status = 'failed';
      settle();
    },
  );
};

export const takeSnapshot = async (
  ec: ElastiCache,
  node: Node,
  snapshot: Snapshot,
  signal: AbortSignal,
): Promise<void> => {
  const { snapshot: fails } = ec.faults;
  ec.faults.snapshot = false;
  if (fails) throw new Error('As the test asked.');
  await demandKey(ec, snapshot.kmsKeyId);
  const server = serverOf(node);
  snapshot.takenAt = ec.region.clock.now();
  await saveTo(server, snapshot.file, signal);
  const { used_memory: bytes } = await asRedisAdmin(server, (send) => info(send, 'memory'));
  snapshot.cacheBytes = Number(bytes);
  snapshot.status = 'available';
};

export const removeSnapshot = async (ec: ElastiCache, snapshot: Snapshot): Promise<void> => {
  ec.snapshots.delete(snapshot.name);
  await snapshot.job?.cancel();
  await rm(snapshot.file, { force: true });
};
