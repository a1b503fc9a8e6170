// Replication groups: created, empty or from a snapshot, and described.
import type * as sdk from '@aws-sdk/client-elasticache';
import type { Caller } from '../../types.ts';
import type { Operation } from '../operation.ts';
import { pageOf } from '../pages.ts';
import { describeGroup, describeNode } from './describe.ts';
import { invalidValue } from './errors.ts';
import { keyFor, mayUseKey } from './keys.ts';
import { newNodes } from './nodes.ts';
import { newGroupId, settingsFor, zonesFor } from './parameters.ts';
import { provision } from './provisioning.ts';
import { type Seed, seedFromObject, seedFromSnapshot } from './seeds.ts';
import { arnOf, type ElastiCache, type Group, groupNamed, nodeNamed, type Snapshot } from './state.ts';

interface GroupOperations {
  CreateReplicationGroup: Operation<sdk.CreateReplicationGroupCommandInput, sdk.CreateReplicationGroupCommandOutput>;
  DescribeReplicationGroups: Operation<
    sdk.DescribeReplicationGroupsCommandInput,
    sdk.DescribeReplicationGroupsCommandOutput
  >;
  DescribeCacheClusters: Operation<sdk.DescribeCacheClustersCommandInput, sdk.DescribeCacheClustersCommandOutput>;
}

export const groupOperations = (ec: ElastiCache): GroupOperations => ({
  async CreateReplicationGroup(input, { caller }) {
    newGroupId(ec, input.ReplicationGroupId);
    const snapshot = input.SnapshotName ? restorable(ec, input.SnapshotName) : undefined;
    const settings = await settingsFor(input, snapshot?.settings);
    const zones = zonesFor(ec, input);
    if (input.KmsKeyId) settings.kmsKeyId = await keyFor(ec, input.KmsKeyId, caller);
    const seed = await seedOf(ec, input, snapshot, caller);
    // Again, because others may have come first while keys and objects were looked at; from here on without a pause.
    const id = newGroupId(ec, input.ReplicationGroupId);
    const nodes = newNodes(ec, id, zones);
    const group: Group = {
      id,
      arn: arnOf(ec.region, 'replicationgroup', id),
      description: input.ReplicationGroupDescription ?? '',
      status: 'creating',
      settings,
      authTokens: input.AuthToken ? [input.AuthToken] : [],
      ...(input.AuthToken && { authTokenChangedAt: ec.region.clock.now() }),
      nodes,
      primary: nodes[0],
      ...(input.Port !== undefined && { wantedPort: input.Port }),
      // The replica with the lowest number, as in AWS's own examples; the primary where there is none.
      ...(settings.snapshotRetention > 0 && { snapshotting: nodes[1] ?? nodes[0] }),
      tags: input.Tags ?? [],
      createdAt: ec.region.clock.now(),
    };
    ec.groups.set(id, group);
    provision(ec, group, seed);
    return { ReplicationGroup: describeGroup(group) };
  },

  async DescribeReplicationGroups(input) {
    const wanted = input.ReplicationGroupId ? [groupNamed(ec, input.ReplicationGroupId)] : [...ec.groups.values()];
    const { items, marker } = pageOf(wanted, ({ id }) => id, input);
    return { ReplicationGroups: items.map(describeGroup), Marker: marker };
  },

  async DescribeCacheClusters(input) {
    // There are none outside of replication groups here.
    if (input.ShowCacheClustersNotInReplicationGroups) return { CacheClusters: [] };
    const wanted = input.CacheClusterId
      ? [nodeNamed(ec, input.CacheClusterId)]
      : [...ec.groups.values()].flatMap((group) => group.nodes.map((node) => ({ group, node })));
    const { items, marker } = pageOf(wanted, ({ node }) => node.id, input);
    const described = items.map(({ group, node }) => describeNode(group, node, input.ShowCacheNodeInfo ?? false));
    return { CacheClusters: described, Marker: marker };
  },
});

/** The operation documents no error about snapshots but that of a wrong parameter. @throws {InvalidParameterValueException} */
const restorable = (ec: ElastiCache, name: string): Snapshot => {
  const snapshot = ec.snapshots.get(name.toLowerCase());
  if (snapshot?.status === 'available') return snapshot;
  throw invalidValue(snapshot ? `Snapshot ${name} is ${snapshot.status}.` : `Snapshot ${name} does not exist.`);
};

const seedOf = async (
  ec: ElastiCache,
  input: sdk.CreateReplicationGroupCommandInput,
  snapshot: Snapshot | undefined,
  caller: Caller,
): Promise<Seed | undefined> => {
  const [arn] = input.SnapshotArns ?? [];
  if (arn) return seedFromObject(ec, arn);
  if (!snapshot) return undefined;
  await mayUseKey(ec, snapshot.kmsKeyId, caller);
  return seedFromSnapshot(ec, snapshot);
};
