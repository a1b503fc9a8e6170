import type * as sdk from '@aws-sdk/client-rds';
import type { Operation } from '../operation.ts';
import { invalidValue } from './errors.ts';
import { type Instance, instanceNamed, type Rds, type Snapshot, snapshotNamed } from './state.ts';

interface Tags {
  AddTagsToResource: Operation<sdk.AddTagsToResourceCommandInput, sdk.AddTagsToResourceCommandOutput>;
  ListTagsForResource: Operation<sdk.ListTagsForResourceCommandInput, sdk.ListTagsForResourceCommandOutput>;
}

export const tags = (rds: Rds): Tags => ({
  async AddTagsToResource(input) {
    const resource = resourceOf(rds, input.ResourceName);
    const added = input.Tags ?? [];
    const kept = resource.tags.filter((tag) => !added.some((other) => other.Key === tag.Key));
    resource.tags = [...kept, ...added];
    return {};
  },

  async ListTagsForResource(input) {
    return { TagList: resourceOf(rds, input.ResourceName).tags };
  },
});

const resourceOf = (rds: Rds, arn: string | undefined): Instance | Snapshot => {
  const type = arn?.split(':')[5];
  if (type === 'db') return instanceNamed(rds, arn);
  if (type === 'snapshot') return snapshotNamed(rds, arn);
  throw invalidValue(`Unexpected resource name ${arn}: expected the ARN of a DB instance or a DB snapshot.`);
};
