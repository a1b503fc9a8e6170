// Replication groups: modified while they run, and failed over on purpose.
import * as sdk from '@aws-sdk/client-elasticache';
import { follow, setPasswords } from '../../engines/redis.ts';
import type { Operation } from '../operation.ts';
import { scheduleBackup } from './automatic-snapshots.ts';
import { describeGroup, NODE_GROUP } from './describe.ts';
import { invalidCombination, notOffered } from './errors.ts';
import { replicasOf, serverOf } from './nodes.ts';
import { checkAuthToken } from './parameters.ts';
import { become } from './provisioning.ts';
import { type ElastiCache, type Group, groupNamed, nodeNamed } from './state.ts';

interface GroupChanges {
  ModifyReplicationGroup: Operation<sdk.ModifyReplicationGroupCommandInput, sdk.ModifyReplicationGroupCommandOutput>;
  TestFailover: Operation<sdk.TestFailoverCommandInput, sdk.TestFailoverCommandOutput>;
}

export const groupChanges = (ec: ElastiCache): GroupChanges => ({
  /** Everything takes effect at once: there is no maintenance window here. */
  async ModifyReplicationGroup(input) {
    const group = inState(ec, input.ReplicationGroupId, ['available']);
    const strange = Object.keys(input).find((name) => !OFFERED.has(name));
    if (strange) throw notOffered(`a change of ${strange}`);
    const tokens = input.AuthToken === undefined ? undefined : changedTokens(group, input);
    changeSnapshots(ec, group, input);
    group.description = input.ReplicationGroupDescription ?? group.description;
    group.settings.automaticFailover = input.AutomaticFailoverEnabled ?? group.settings.automaticFailover;
    group.settings.securityGroups = input.SecurityGroupIds ?? group.settings.securityGroups;
    if (tokens) {
      change(ec, group, 'AUTH token', async () => {
        for (const node of group.nodes) await setPasswords(serverOf(node), tokens);
        group.authTokens = tokens;
        group.authTokenChangedAt = ec.region.clock.now();
      });
    }
    return { ReplicationGroup: describeGroup(group) };
  },

  async TestFailover(input) {
    const group = inState(ec, input.ReplicationGroupId, ['available']);
    if (input.NodeGroupId !== NODE_GROUP) {
      throw new sdk.NodeGroupNotFoundFault({ message: `Node group ${input.NodeGroupId} not found.`, $metadata: {} });
    }
    const [successor] = replicasOf(group).filter(({ server }) => server?.running());
    if (!group.settings.automaticFailover || !successor) {
      const message = `Automatic failover is not enabled for replication group ${group.id}, or it has no replica.`;
      throw new sdk.TestFailoverNotAvailableFault({ message, $metadata: {} });
    }
    change(ec, group, 'failover', async (signal) => {
      const former = group.primary;
      await follow(serverOf(successor), undefined, signal);
      group.primary = successor;
      group.fronts?.primary.cut();
      for (const node of [...replicasOf(group).filter((each) => each !== former), former]) {
        await follow(serverOf(node), serverOf(successor), signal);
      }
      group.fronts?.reader.cut();
    });
    return { ReplicationGroup: describeGroup(group) };
  },
});

const OFFERED = new Set([
  ...['ReplicationGroupId', 'ReplicationGroupDescription', 'ApplyImmediately', 'AuthToken', 'AuthTokenUpdateStrategy'],
  ...[
    'SnapshotRetentionLimit',
    'SnapshotWindow',
    'SnapshottingClusterId',
    'AutomaticFailoverEnabled',
    'SecurityGroupIds',
  ],
]);

/** The group, if it is in one of these states. @throws {InvalidReplicationGroupStateFault} */
export const inState = (ec: ElastiCache, id: string | undefined, states: Group['status'][]): Group => {
  const group = groupNamed(ec, id);
  if (states.includes(group.status)) return group;
  const message = `Replication group ${group.id} is ${group.status}; it has to be ${states.join(' or ')}.`;
  throw new sdk.InvalidReplicationGroupStateFault({ message, $metadata: {} });
};

/** Changes servers in the background; what could not be changed stays as it was, and the group is available again. */
const change = (ec: ElastiCache, group: Group, what: string, run: (signal: AbortSignal) => Promise<void>): void => {
  become(group, 'modifying');
  const settle = () => {
    if (group.status === 'modifying') become(group, 'available');
  };
  group.job = ec.jobs.start(
    `${what} of ${group.id}`,
    async ({ signal }) => {
      await run(signal);
      settle();
    },
    (error) => {
      group.failure = error.message;
      settle();
    },
  );
};

/** "ROTATE - default", after which two are valid; "SET - allowed only after ROTATE" (ModifyReplicationGroup, read 2026-11). */
const changedTokens = (group: Group, input: sdk.ModifyReplicationGroupCommandInput): string[] => {
  const { AuthToken: token, AuthTokenUpdateStrategy: strategy = 'ROTATE' } = input;
  checkAuthToken(token);
  if (!group.settings.transitEncryption) throw invalidCombination('AUTH needs transit encryption.');
  if (strategy === 'DELETE') throw notOffered('AuthTokenUpdateStrategy DELETE');
  const [newest] = group.authTokens;
  return strategy === 'SET' || newest === undefined ? [token ?? ''] : [token ?? '', newest];
};

const changeSnapshots = (ec: ElastiCache, group: Group, input: sdk.ModifyReplicationGroupCommandInput): void => {
  const { SnapshotRetentionLimit: retention, SnapshottingClusterId: node, SnapshotWindow: window } = input;
  if (retention && !group.snapshotting && !node) {
    throw invalidCombination('Must specify both SnapshotRetentionLimit and SnapshottingClusterId to turn on snapshots');
  }
  if (node) group.snapshotting = nodeNamed(ec, node).node;
  group.settings.snapshotRetention = retention ?? group.settings.snapshotRetention;
  if (!window) return;
  group.settings.snapshotWindow = window;
  scheduleBackup(ec, group);
};
