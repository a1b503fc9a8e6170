// Replication groups: created, empty or from a snapshot, and described.
import type * as sdk from '@aws-sdk/client-elasticache';
import type { Operation } from '../operation.ts';
import { pageOf } from '../pages.ts';
import { describeGroup, describeNode } from './describe.ts';
import { keyFor } from './keys.ts';
import { newNodes } from './nodes.ts';
import { newGroupId, settingsFor, zonesFor } from './parameters.ts';
import { provision } from './provisioning.ts';
import { seedFromObject } from './seeds.ts';
import { arnOf, type ElastiCache, type Group, groupNamed, nodeNamed } from './state.ts';

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
    const settings = await settingsFor(input);
    const zones = zonesFor(ec, input);
    if (input.KmsKeyId) settings.kmsKeyId = await keyFor(ec, input.KmsKeyId, caller);
    const [arn] = input.SnapshotArns ?? [];
    const seed = arn ? await seedFromObject(ec, arn) : undefined;
    // Again, because others may have come first while keys and objects were looked at; from here on without a pause.
    const id = newGroupId(ec, input.ReplicationGroupId);
    const nodes = newNodes(ec, id, zones);
    const group: Group = {
      id,
      arn: arnOf(ec.region, 'replicationgroup', id),
      description: input.ReplicationGroupDescription ?? '',
      status: 'creating',
      settings,
      ...(input.AuthToken && { authToken: input.AuthToken }),
      nodes,
      primary: nodes[0],
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
