// Instances restored from snapshots: a new server started from a copy.
import * as sdk from '@aws-sdk/client-rds';
import { copyCluster, forgetOrigin } from '../../engines/postgres.ts';
import type { Recovery } from '../../engines/postgres-config.ts';
import type { Job } from '../jobs.ts';
import type { Operation } from '../operation.ts';
import { becomeAvailable, failInstance, waitForever } from './availability.ts';
import { describeInstance } from './describe.ts';
import { tell } from './events.ts';
import { isKeyUsable, mayUseKey } from './keys.ts';
import { dataOf, newInstance, newInstanceId, prepareDirectories, startInstance } from './servers.ts';
import { restoredSettings } from './settings.ts';
import { type Instance, type Rds, type Snapshot, snapshotNamed } from './state.ts';

interface Restores {
  RestoreDBInstanceFromDBSnapshot: Operation<
    sdk.RestoreDBInstanceFromDBSnapshotCommandInput,
    sdk.RestoreDBInstanceFromDBSnapshotCommandOutput
  >;
}

export const restores = (rds: Rds): Restores => ({
  async RestoreDBInstanceFromDBSnapshot(input, { caller }) {
    const id = newInstanceId(rds, input.DBInstanceIdentifier);
    const snapshot = snapshotNamed(rds, input.DBSnapshotIdentifier);
    if (snapshot.status !== 'available') {
      const message = `Snapshot ${snapshot.id} is not available; it is ${snapshot.status}.`;
      throw new sdk.InvalidDBSnapshotStateFault({ message, $metadata: {} });
    }
    await mayUseKey(rds, snapshot.settings.kmsKeyId, caller);
    const settings = restoredSettings(input, snapshot.settings);
    const instance = await newInstance(rds, { id, settings, tags: input.Tags ?? [], port: input.Port });
    startRestore(rds, instance, snapshot, undefined, () =>
      tell(rds, { kind: 'snapshot', ...snapshot }, 'restoredFromSnapshot', `Restored from snapshot ${snapshot.id}`),
    );
    return { DBInstance: describeInstance(rds, instance) };
  },
});

/** Builds the instance from a snapshot, and from archived WAL where asked to; ends in `available` or a failed state. */
export const startRestore = (
  rds: Rds,
  instance: Instance,
  base: Snapshot,
  recovery: Recovery | undefined,
  restored: () => void,
): void => {
  const faults = { hang: rds.restores.hang, status: rds.restores.failNext };
  rds.restores.failNext = undefined;
  instance.job = rds.jobs.start(
    `restore of ${instance.id}`,
    async (job) => {
      if (faults.hang) return hang(job);
      if (faults.status) return failInstance(rds, instance, faults.status, new Error('As the test asked.'));
      if (!(await isKeyUsable(rds.region, instance.settings.kmsKeyId))) return loseKey(rds, instance);
      await prepareDirectories(instance);
      await copyCluster(base.directory, dataOf(instance), job.signal);
      await forgetOrigin(dataOf(instance));
      await startReplaying(rds, instance, job.signal, recovery);
      restored();
      await becomeAvailable(rds, instance, job.signal);
    },
    (error) => failInstance(rds, instance, 'failed', error),
  );
};

/**
 * Replay stops at the first commit after the target. Where the archive ends before any such commit, PostgreSQL calls the
 * target unreachable; then everything archived is wanted, and replay goes on to the end.
 */
const startReplaying = async (
  rds: Rds,
  instance: Instance,
  signal: AbortSignal,
  recovery?: Recovery,
): Promise<void> => {
  try {
    await startInstance(rds, instance, signal, { recovery });
  } catch (error) {
    const unreached = (error as Error).message.includes('before configured recovery target was reached');
    if (!recovery?.until || !unreached) throw error;
    await startInstance(rds, instance, signal, { recovery: { archive: recovery.archive } });
  }
};

const hang = (job: Job): Promise<never> => {
  job.letTimePass();
  return waitForever(job.signal);
};

const loseKey = (rds: Rds, instance: Instance): void => {
  instance.status = 'inaccessible-encryption-credentials';
  const message = `Amazon RDS is unable to access the KMS encryption key for database instance ${instance.id}.`;
  tell(rds, { kind: 'instance', ...instance }, 'keyUnavailable', message);
};
