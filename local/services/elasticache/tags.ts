import * as sdk from '@aws-sdk/client-elasticache';
import type { Operation } from '../operation.ts';
import { type ElastiCache, type Group, groupNamed, nodeNamed, type Snapshot, snapshotNamed } from './state.ts';

interface Tags {
  AddTagsToResource: Operation<sdk.AddTagsToResourceCommandInput, sdk.AddTagsToResourceCommandOutput>;
  ListTagsForResource: Operation<sdk.ListTagsForResourceCommandInput, sdk.ListTagsForResourceCommandOutput>;
}

export const tags = (ec: ElastiCache): Tags => ({
  async AddTagsToResource(input) {
    const resource = resourceOf(ec, input.ResourceName);
    const added = input.Tags ?? [];
    const kept = resource.tags.filter((tag) => !added.some((other) => other.Key === tag.Key));
    resource.tags = [...kept, ...added];
    return { TagList: resource.tags };
  },

  async ListTagsForResource(input) {
    return { TagList: resourceOf(ec, input.ResourceName).tags };
  },
});

/** A group's tags are its nodes', too: "those actions will be replicated to all nodes in the replication group". */
const resourceOf = (ec: ElastiCache, arn = ''): Group | Snapshot => {
  const [, , , , , type, ...name] = arn.split(':');
  const id = name.join(':');
  if (type === 'snapshot') return snapshotNamed(ec, id);
  if (type === 'replicationgroup') return available(groupNamed(ec, id));
  if (type === 'cluster') return available(nodeNamed(ec, id).group);
  throw new sdk.InvalidARNFault({ message: `${arn} is not the ARN of a resource that has tags here.`, $metadata: {} });
};

/** "If the cluster is not in the available state, ListTagsForResource returns an error" (API reference); this is its text. */
const available = (group: Group): Group => {
  if (group.status === 'available') return group;
  throw new sdk.InvalidReplicationGroupStateFault({
    message: 'Cluster not in available state to perform tagging operations.',
    $metadata: {},
  });
};
