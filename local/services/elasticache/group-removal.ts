// Replication groups: deleted, with what belongs to them.
import * as sdk from '@aws-sdk/client-elasticache';
import type { Operation } from '../operation.ts';
import { automaticOf } from './automatic-snapshots.ts';
import { describeGroup } from './describe.ts';
import { notOffered } from './errors.ts';
import { removeNodes } from './nodes.ts';
import { become } from './provisioning.ts';
import { newSnapshot, newSnapshotName, removeSnapshot, takeSnapshot } from './snapshots.ts';
import { type ElastiCache, type Group, groupNamed, type Snapshot } from './state.ts';

interface GroupRemoval {
  DeleteReplicationGroup: Operation<sdk.DeleteReplicationGroupCommandInput, sdk.DeleteReplicationGroupCommandOutput>;
}

export const groupRemoval = (ec: ElastiCache): GroupRemoval => ({
  async DeleteReplicationGroup(input) {
    if (input.RetainPrimaryCluster) throw notOffered('RetainPrimaryCluster');
    const final = input.FinalSnapshotIdentifier;
    const group = inState(ec, input.ReplicationGroupId, final ? ['available'] : ['available', 'create-failed']);
    const snapshot = final ? finalSnapshot(ec, group, newSnapshotName(ec, final)) : undefined;
    become(group, 'deleting');
    group.cancelBackup?.();
    group.job = ec.jobs.start(
      `deletion of ${group.id}`,
      async ({ signal }) => {
        if (snapshot) {
          await takeSnapshot(ec, group.primary, snapshot, signal).catch(() => {
            snapshot.status = 'failed';
          });
        }
        await removeNodes(group);
        for (const automatic of automaticOf(ec, group)) await removeSnapshot(ec, automatic);
        ec.groups.delete(group.id);
      },
      (error) => {
        group.failure = error.message;
      },
    );
    return { ReplicationGroup: describeGroup(group) };
  },
});

/** "ElastiCache creates the snapshot from the primary node in the cluster." */
const finalSnapshot = (ec: ElastiCache, group: Group, name: string): Snapshot => {
  const { kmsKeyId } = group.settings;
  const facts = { tags: [], group: { description: group.description }, ...(kmsKeyId && { kmsKeyId }) };
  return newSnapshot(ec, { group, node: group.primary }, name, 'manual', facts);
};

/** The group, if it is in one of these states. @throws {InvalidReplicationGroupStateFault} */
const inState = (ec: ElastiCache, id: string | undefined, states: Group['status'][]): Group => {
  const group = groupNamed(ec, id);
  if (states.includes(group.status)) return group;
  const message = `Replication group ${group.id} is ${group.status}; it has to be ${states.join(' or ')}.`;
  throw new sdk.InvalidReplicationGroupStateFault({ message, $metadata: {} });
};
