// The permissions each operation asks for: "Actions, resources, and condition keys for Amazon ElastiCache" (service
// authorization reference, read 2026-11). Resources that were not named are patterns, so that a policy for one of them
// does not do.
import type { Check, Region } from '../../types.ts';
import { bucketArn, objectArn } from '../s3/bucket.ts';
import { NODE_GROUP } from './describe.ts';
import { arnOf } from './state.ts';

interface Named {
  ReplicationGroupId?: string;
  CacheClusterId?: string;
  SnapshotName?: string;
  SourceSnapshotName?: string;
  TargetSnapshotName?: string;
  TargetBucket?: string;
  FinalSnapshotIdentifier?: string;
  CacheSubnetGroupName?: string;
  SnapshotArns?: string[];
  ResourceName?: string;
  Tags?: unknown[];
}

/** Everything the caller of this operation must be allowed. */
export const permissionsFor = (region: Region, operation: string, input: Named): Check[] => {
  const arn = (type: Parameters<typeof arnOf>[1], id = '*') => arnOf(region, type, id.toLowerCase());
  const group = arn('replicationgroup', input.ReplicationGroupId);
  const cluster = arn('cluster', input.CacheClusterId);
  const snapshot = arn('snapshot', input.SnapshotName);
  const on = (...resources: string[]): Check[] =>
    resources.map((resource) => ({ action: `elasticache:${operation}`, resource }));
  /** Whoever gives tags to something new must be allowed to tag it. */
  const tagging = (resource: string): Check[] =>
    input.Tags?.length ? [{ action: 'elasticache:AddTagsToResource', resource }] : [];
  switch (operation) {
    case 'CreateReplicationGroup':
      return [
        ...on(group, arn('parametergroup')),
        ...(input.CacheSubnetGroupName ? on(arn('subnetgroup', input.CacheSubnetGroupName)) : []),
        ...tagging(group),
        ...(input.SnapshotArns ?? []).map((resource) => ({ action: 's3:GetObject', resource })),
      ];
    case 'DescribeReplicationGroups':
      return on(group);
    case 'DeleteReplicationGroup': {
      const final = input.FinalSnapshotIdentifier;
      const taking = final ? [{ action: 'elasticache:CreateSnapshot', resource: arn('snapshot', final) }] : [];
      return [...on(group), ...taking];
    }
    case 'DescribeCacheClusters':
      return on(cluster);
    case 'CreateSnapshot':
      return [...on(snapshot, input.CacheClusterId ? cluster : group), ...tagging(snapshot)];
    case 'DescribeSnapshots':
    case 'DeleteSnapshot':
      return on(snapshot);
    case 'CopySnapshot':
      return [
        ...on(arn('snapshot', input.SourceSnapshotName)),
        ...exporting(input.TargetBucket ?? '*', input.TargetSnapshotName ?? '*'),
      ];
    case 'AddTagsToResource':
    case 'ListTagsForResource':
      return on(input.ResourceName ?? '*');
    default:
      return on('*');
  }
};

/** "Required IAM permissions for the caller" ("Exporting a backup", user guide, read 2026-11). */
const exporting = (bucket: string, name: string): Check[] => [
  { action: 's3:ListAllMyBuckets', resource: '*' },
  ...['s3:ListBucket', 's3:GetBucketLocation'].map((action) => ({ action, resource: bucketArn(bucket) })),
  ...['s3:PutObject', 's3:GetObject', 's3:DeleteObject'].map((action) => ({
    action,
    resource: objectArn(bucket, `${name.toLowerCase()}-${NODE_GROUP}.rdb`),
  })),
];
