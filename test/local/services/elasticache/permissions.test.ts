import { describe, expect, it } from 'vitest';
import { permissionsFor } from '../../../../local/services/elasticache/permissions.ts';
import type { Region } from '../../../../local/types.ts';

const region = { name: 'us-west-2', account: '111122223333' } as Region;
const checks = (operation: string, input: object) =>
  permissionsFor(region, operation, input).map(({ action, resource }) => `${action} ${resource}`);
const here = 'arn:aws:elasticache:us-west-2:111122223333';

describe('the permissions ElastiCache asks for', () => {
  it('are those on the node and on the snapshot to be made, and for tagging it', () => {
    const input = { CacheClusterId: 'Shop-Cache-002', SnapshotName: 'One', Tags: [{ Key: 'k' }] };
    expect(checks('CreateSnapshot', input)).toEqual([
      `elasticache:CreateSnapshot ${here}:snapshot:one`,
      `elasticache:CreateSnapshot ${here}:cluster:shop-cache-002`,
      `elasticache:AddTagsToResource ${here}:snapshot:one`,
    ]);
    expect(checks('CreateSnapshot', { ReplicationGroupId: 'shop-cache', SnapshotName: 'one' })).toContain(
      `elasticache:CreateSnapshot ${here}:replicationgroup:shop-cache`,
    );
  });

  it('reach over everything a group is made from', () => {
    const input = {
      ReplicationGroupId: 'shop-cache',
      CacheSubnetGroupName: 'private',
      SnapshotArns: ['arn:aws:s3:::vault/one.rdb'],
      Tags: [{ Key: 'k' }],
    };
    expect(checks('CreateReplicationGroup', input)).toEqual([
      `elasticache:CreateReplicationGroup ${here}:replicationgroup:shop-cache`,
      `elasticache:CreateReplicationGroup ${here}:parametergroup:*`,
      `elasticache:CreateReplicationGroup ${here}:subnetgroup:private`,
      `elasticache:AddTagsToResource ${here}:replicationgroup:shop-cache`,
      's3:GetObject arn:aws:s3:::vault/one.rdb',
    ]);
  });

  it('are for the snapshot that is exported, and for the bucket', () => {
    const input = { SourceSnapshotName: 'one', TargetSnapshotName: 'Two', TargetBucket: 'vault' };
    expect(checks('CopySnapshot', input)).toEqual([
      `elasticache:CopySnapshot ${here}:snapshot:one`,
      's3:ListAllMyBuckets *',
      's3:ListBucket arn:aws:s3:::vault',
      's3:GetBucketLocation arn:aws:s3:::vault',
      's3:PutObject arn:aws:s3:::vault/two-0001.rdb',
      's3:GetObject arn:aws:s3:::vault/two-0001.rdb',
      's3:DeleteObject arn:aws:s3:::vault/two-0001.rdb',
    ]);
  });

  it('include taking the snapshot of a group that is deleted with a final one', () => {
    const input = { ReplicationGroupId: 'a', FinalSnapshotIdentifier: 'last' };
    expect(checks('DeleteReplicationGroup', input)).toEqual([
      `elasticache:DeleteReplicationGroup ${here}:replicationgroup:a`,
      `elasticache:CreateSnapshot ${here}:snapshot:last`,
    ]);
  });

  it('are for any resource where none is named', () => {
    expect(checks('DescribeReplicationGroups', {})).toEqual([
      `elasticache:DescribeReplicationGroups ${here}:replicationgroup:*`,
    ]);
    expect(checks('DescribeCacheClusters', {})).toEqual([`elasticache:DescribeCacheClusters ${here}:cluster:*`]);
    expect(checks('DescribeSnapshots', { CacheClusterId: 'a-001' })).toEqual([
      `elasticache:DescribeSnapshots ${here}:snapshot:*`,
    ]);
  });
});
