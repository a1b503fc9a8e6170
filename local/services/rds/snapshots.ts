// Snapshots: physical copies of an instance, taken while writes go on.
import { mkdirSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as sdk from '@aws-sdk/client-rds';
import { copyCluster, takeBaseBackup } from '../../engines/postgres.ts';
import type { Operation } from '../operation.ts';
import { pageOf } from '../pages.ts';
import { engineNow } from './archive.ts';
import { describeSnapshot } from './describe.ts';
import { invalidCombination, refuseFilters } from './errors.ts';
import { tell } from './events.ts';
import { dataOf } from './servers.ts';
import { arnOf, type Instance, idOf, instanceNamed, type Rds, type Snapshot, snapshotNamed } from './state.ts';

// "Manual DB instance snapshots: 100 per region" (RDS quotas, read 2026-11-20).
export const MANUAL_SNAPSHOTS = 100;

interface SnapshotOperations {
  CreateDBSnapshot: Operation<sdk.CreateDBSnapshotCommandInput, sdk.CreateDBSnapshotCommandOutput>;
  DescribeDBSnapshots: Operation<sdk.DescribeDBSnapshotsCommandInput, sdk.DescribeDBSnapshotsCommandOutput>;
  DeleteDBSnapshot: Operation<sdk.DeleteDBSnapshotCommandInput, sdk.DeleteDBSnapshotCommandOutput>;
}

export const snapshotOperations = (rds: Rds): SnapshotOperations => ({
  async CreateDBSnapshot(input) {
    const id = newSnapshotId(rds, input.DBSnapshotIdentifier);
    const instance = instanceNamed(rds, input.DBInstanceIdentifier);
    if (instance.status !== 'available') {
      throw new sdk.InvalidDBInstanceStateFault({
        message: `Cannot create a snapshot because the database instance ${instance.id} is not currently in the available state.`,
        $metadata: {},
      });
    }
    const snapshot = snapshotOf(rds, instance, id, 'manual', input.Tags ?? []);
    startSnapshot(rds, instance, snapshot);
    return { DBSnapshot: describeSnapshot(snapshot) };
  },

  async DescribeDBSnapshots(input) {
    refuseFilters(input.Filters);
    if (input.DBSnapshotIdentifier) snapshotNamed(rds, input.DBSnapshotIdentifier);
    const wanted = [...rds.snapshots.values()].filter(
      (snapshot) =>
        (!input.DBSnapshotIdentifier || snapshot.id === idOf(input.DBSnapshotIdentifier)) &&
        (!input.DBInstanceIdentifier || snapshot.instanceId === idOf(input.DBInstanceIdentifier)) &&
        (!input.DbiResourceId || snapshot.resourceId === input.DbiResourceId) &&
        (!input.SnapshotType || snapshot.type === input.SnapshotType),
    );
    const { items, marker } = pageOf(wanted, (snapshot) => snapshot.id, input);
    return { DBSnapshots: items.map(describeSnapshot), Marker: marker };
  },

  async DeleteDBSnapshot(input) {
    const snapshot = snapshotNamed(rds, input.DBSnapshotIdentifier);
    if (snapshot.type === 'automated')
      throw notInState(`Only manual snapshots can be deleted; ${snapshot.id} is automated.`);
    if (snapshot.status === 'creating')
      throw notInState(`Snapshot ${snapshot.id} is being created and cannot be deleted.`);
    await removeSnapshot(rds, snapshot);
    tell(rds, { kind: 'snapshot', ...snapshot }, 'snapshotDeleted', 'Deleted user snapshot.');
    return { DBSnapshot: { ...describeSnapshot(snapshot), Status: 'deleted' } };
  },
});

/** Checks name, existence and quota. @throws {DBSnapshotAlreadyExistsFault} {SnapshotQuotaExceededFault} */
export const newSnapshotId = (rds: Rds, wanted: string | undefined): string => {
  const id = idOf(wanted ?? '');
  if (!/^[a-z](-?[a-z0-9])*$/.test(id) || id.length > 255) {
    throw invalidCombination(`The parameter DBSnapshotIdentifier is not a valid identifier: ${wanted}`);
  }
  if (rds.snapshots.has(id)) {
    throw new sdk.DBSnapshotAlreadyExistsFault({
      message: `Cannot create the snapshot because a snapshot with the identifier ${id} already exists.`,
      $metadata: {},
    });
  }
  if ([...rds.snapshots.values()].filter((snapshot) => snapshot.type === 'manual').length >= MANUAL_SNAPSHOTS) {
    throw new sdk.SnapshotQuotaExceededFault({
      message: `Cannot create more than ${MANUAL_SNAPSHOTS} manual snapshots`,
      $metadata: {},
    });
  }
  return id;
};

/** Registers a snapshot that is still to be taken. */
export const snapshotOf = (
  rds: Rds,
  instance: Instance,
  id: string,
  type: Snapshot['type'],
  tags: sdk.Tag[],
): Snapshot => {
  const snapshot: Snapshot = {
    id,
    arn: arnOf(rds.region, 'snapshot', id),
    type,
    status: 'creating',
    percent: 0,
    instanceId: instance.id,
    resourceId: instance.resourceId,
    instanceCreatedAt: instance.createdAt,
    settings: { ...instance.settings },
    tags,
    directory: newSnapshotDirectory(rds),
    port: instance.port,
  };
  rds.snapshots.set(id, snapshot);
  return snapshot;
};

export const newSnapshotDirectory = (rds: Rds): string => {
  const parent = join(rds.directory, 'snapshots');
  mkdirSync(parent, { recursive: true, mode: 0o711 });
  return join(parent, `${rds.nextNumber()}`);
};

/** Takes the snapshot in the background; the instance is `backing-up` meanwhile. */
const startSnapshot = (rds: Rds, instance: Instance, snapshot: Snapshot): void => {
  instance.status = 'backing-up';
  tell(rds, { kind: 'snapshot', ...snapshot }, 'manualSnapshotStarted', 'Creating manual snapshot');
  const settle = () => {
    if (instance.status === 'backing-up') instance.status = 'available';
  };
  snapshot.job = rds.jobs.start(
    `snapshot ${snapshot.id}`,
    async ({ signal }) => {
      await takeSnapshot(rds, instance, snapshot, signal);
      settle();
      tell(rds, { kind: 'snapshot', ...snapshot }, 'manualSnapshotCreated', 'Manual snapshot created');
    },
    () => {
      snapshot.status = 'failed';
      settle();
    },
  );
};

/** The copy itself. */
export const takeSnapshot = async (
  rds: Rds,
  instance: Instance,
  snapshot: Snapshot,
  signal: AbortSignal,
): Promise<void> => {
  snapshot.createdAt = snapshot.originalCreatedAt = rds.region.clock.now();
  if (instance.server?.running()) await takeBaseBackup(instance.port, snapshot.directory, signal);
  else await copyCluster(dataOf(instance), snapshot.directory, signal);
  snapshot.consistentAt = engineNow(rds);
  snapshot.sizeBytes = await sizeOf(snapshot.directory);
  snapshot.percent = 100;
  snapshot.status = 'available';
};

export const removeSnapshot = async (rds: Rds, snapshot: Snapshot): Promise<void> => {
  rds.snapshots.delete(snapshot.id);
  await snapshot.job?.cancel();
  await rm(snapshot.directory, { recursive: true, force: true, maxRetries: 3 });
};

const sizeOf = async (directory: string): Promise<number> => {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size);
  return (await Promise.all(sizes)).reduce((total, size) => total + size, 0);
};

const notInState = (message: string) => new sdk.InvalidDBSnapshotStateFault({ message, $metadata: {} });
