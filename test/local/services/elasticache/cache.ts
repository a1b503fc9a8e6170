// A world with caches in it, and the usual ways of looking at them.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as sdk from '@aws-sdk/client-elasticache';
import type { Caller, PolicyStatement } from '../../../../local/types.ts';
import { createWorld, type LocalRegion, type LocalWorld } from '../../../../local/world.ts';
import { withRedis } from '../../../support/redis-client.ts';

export const TOKEN = 'correct-horse-battery';
export const ACCOUNT = '111122223333';

export interface CacheWorld extends AsyncDisposable {
  world: LocalWorld;
  east: LocalRegion;
  west: LocalRegion;
}

export const createCacheWorld = async (start = new Date('2026-11-20T10:00:00Z')): Promise<CacheWorld> => {
  const directory = await mkdtemp(join(tmpdir(), 'lifeboat-cache-'));
  const world = await createWorld({ directory, regions: ['us-east-1', 'us-west-2'], start });
  return {
    world,
    east: world.region('us-east-1'),
    west: world.region('us-west-2'),
    [Symbol.asyncDispose]: async () => {
      await world.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
};

/** Calls ElastiCache, as the operator unless told otherwise. */
export const call = <Output = Record<string, never>>(
  region: LocalRegion,
  operation: string,
  input: object,
  caller: Caller = region.world.iam.operator,
): Promise<Output> => region.call<Output>('elasticache', operation, input, caller);

/** Creates a group and waits for its first state, good or bad. */
export const createGroup = async (
  region: LocalRegion,
  options: Partial<sdk.CreateReplicationGroupMessage> = {},
): Promise<sdk.ReplicationGroup> => {
  const id = options.ReplicationGroupId ?? 'shop-cache';
  await call(region, 'CreateReplicationGroup', {
    ReplicationGroupId: id,
    ReplicationGroupDescription: 'baskets and sessions',
    CacheNodeType: 'cache.t4g.small',
    NumCacheClusters: 2,
    ...options,
  });
  await region.clock.settled();
  return group(region, id);
};

export const group = async (region: LocalRegion, id = 'shop-cache'): Promise<sdk.ReplicationGroup> => {
  const found = await call<sdk.ReplicationGroupMessage>(region, 'DescribeReplicationGroups', {
    ReplicationGroupId: id,
  });
  return found.ReplicationGroups?.[0] ?? {};
};

export const clusters = async (region: LocalRegion, options: object = {}): Promise<sdk.CacheCluster[]> =>
  (await call<sdk.CacheClusterMessage>(region, 'DescribeCacheClusters', options)).CacheClusters ?? [];

export const snapshots = async (region: LocalRegion, options: object = {}): Promise<sdk.Snapshot[]> =>
  (await call<sdk.DescribeSnapshotsListMessage>(region, 'DescribeSnapshots', options)).Snapshots ?? [];

export const snapshot = async (region: LocalRegion, name: string): Promise<sdk.Snapshot> =>
  (await snapshots(region, { SnapshotName: name }))[0] ?? {};

/** Takes a snapshot of a replica and waits for it. */
export const takeSnapshot = async (region: LocalRegion, name: string, options: object = {}): Promise<sdk.Snapshot> => {
  await call(region, 'CreateSnapshot', { CacheClusterId: 'shop-cache-002', SnapshotName: name, ...options });
  await region.clock.settled();
  return snapshot(region, name);
};

/** One command on the primary of a group, as its application sends it. */
export const redis = (region: LocalRegion, id: string, ...command: string[]): Promise<unknown> => {
  const { host, port, auth, ca } = region.elasticache.server(id);
  return withRedis({ host, port, password: auth, ca }, (send) => send(...command));
};

/** A session under a role with these permissions, as a Lambda function has one. */
export const session = (world: LocalWorld, name: string, statements: PolicyStatement[]): Caller => {
  const arn = `arn:aws:iam::${ACCOUNT}:role/${name}`;
  const service = 'lambda.amazonaws.com';
  const trust: PolicyStatement[] = [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }];
  world.iam.putRole({ arn, trust, statements });
  return world.iam.assume(arn, service, { actor: name });
};

export const allow = (Action: string | string[], Resource: string | string[]): PolicyStatement => ({
  Effect: 'Allow',
  Action,
  Resource,
});

/** A bucket whose policy gives ElastiCache's exporter of this region these permissions, those of the user guide unless told otherwise. */
export const createBucket = async (
  region: LocalRegion,
  name: string,
  actions: string[] = [
    ...[
      'PutObject',
      'GetObject',
      'ListBucket',
      'GetBucketAcl',
      'ListMultipartUploadParts',
      'ListBucketMultipartUploads',
    ],
  ],
): Promise<void> => {
  const { operator } = region.world.iam;
  await region.call('s3', 'CreateBucket', { Bucket: name }, operator);
  if (actions.length === 0) return;
  const statement = {
    Effect: 'Allow',
    Principal: { Service: `${region.name}.elasticache-snapshot.amazonaws.com` },
    Action: actions.map((action) => `s3:${action}`),
    Resource: [`arn:aws:s3:::${name}`, `arn:aws:s3:::${name}/*`],
  };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  await region.call('s3', 'PutBucketPolicy', { Bucket: name, Policy }, operator);
};

/** Keys of the objects of a bucket. */
export const keysIn = async (region: LocalRegion, bucket: string): Promise<string[]> => {
  const { operator } = region.world.iam;
  const { Contents } = await region.call<{ Contents?: { Key: string }[] }>(
    's3',
    'ListObjectsV2',
    { Bucket: bucket },
    operator,
  );
  return (Contents ?? []).map(({ Key }) => Key);
};

export const createKey = async (region: LocalRegion): Promise<string> => {
  const { operator } = region.world.iam;
  const { KeyMetadata } = await region.call<{ KeyMetadata: { Arn: string } }>('kms', 'CreateKey', {}, operator);
  return KeyMetadata.Arn;
};
