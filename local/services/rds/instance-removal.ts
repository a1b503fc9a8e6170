// Instances: deleted, with what belongs to them.
import * as sdk from '@aws-sdk/client-rds';
import type { Operation } from '../operation.ts';
import { automatedOf, failInstance } from './availability.ts';
import { describeInstance } from './describe.ts';
import { invalidCombination } from './errors.ts';
import { tell } from './events.ts';
import { leaveReplication } from './replication.ts';
import { removeInstanceFiles } from './servers.ts';
import { newSnapshotId, removeSnapshot, snapshotOf, takeSnapshot } from './snapshots.ts';
import { instanceNamed, type Rds } from './state.ts';

interface InstanceRemoval {
  DeleteDBInstance: Operation<sdk.DeleteDBInstanceCommandInput, sdk.DeleteDBInstanceCommandOutput>;
}

export const instanceRemoval = (rds: Rds): InstanceRemoval => ({
  async DeleteDBInstance(input) {
    const instance = instanceNamed(rds, input.DBInstanceIdentifier);
    if (instance.status === 'deleting') {
      const message = `Instance ${instance.id} is already being deleted.`;
      throw new sdk.InvalidDBInstanceStateFault({ message, $metadata: {} });
    }
    if (instance.settings.deletionProtection) {
      throw invalidCombination(
        'Cannot delete protected DB Instance, please disable deletion protection and try again.',
      );
    }
    const { SkipFinalSnapshot: skip = false, FinalDBSnapshotIdentifier: finalId } = input;
    if (skip && finalId) {
      throw invalidCombination('FinalDBSnapshotIdentifier can not be specified when deleting with SkipFinalSnapshot.');
    }
    if (!skip && !finalId) {
      throw invalidCombination('FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.');
    }
    const final = finalId ? snapshotOf(rds, instance, newSnapshotId(rds, finalId), 'manual', []) : undefined;
    instance.status = 'deleting';
    instance.cancelBackup?.();
    const earlier = instance.job;
    instance.job = rds.jobs.start(
      `deletion of ${instance.id}`,
      async ({ signal }) => {
        await earlier?.cancel();
        if (final) {
          await takeSnapshot(rds, instance, final, signal);
          tell(rds, { kind: 'snapshot', ...final }, 'manualSnapshotCreated', 'Manual snapshot created');
        }
        await leaveReplication(rds, instance);
        await removeInstanceFiles(instance);
        if (input.DeleteAutomatedBackups ?? true) {
          for (const snapshot of automatedOf(rds, instance)) await removeSnapshot(rds, snapshot);
        }
        rds.instances.delete(instance.id);
        tell(rds, { kind: 'instance', ...instance }, 'instanceDeleted', 'DB instance deleted');
      },
      (error) => {
        if (final) final.status = 'failed';
        failInstance(rds, instance, 'failed', error);
      },
    );
    return { DBInstance: describeInstance(rds, instance) };
  },
});
