import { readFile, stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ACCOUNT,
  allow,
  type CacheWorld,
  call,
  clusters,
  createBucket,
  createCacheWorld,
  createGroup,
  createKey,
  group,
  keysIn,
  redis,
  session,
  TOKEN,
  takeSnapshot,
} from './cache.ts';

let test: CacheWorld;
let key: string;
beforeAll(async () => {
  test = await createCacheWorld();
  key = await createKey(test.east);
  await createGroup(test.east, {
    NumCacheClusters: 2,
    AtRestEncryptionEnabled: true,
    KmsKeyId: key,
    TransitEncryptionEnabled: true,
    AuthToken: TOKEN,
  });
  for (const n of [1, 2, 3]) await redis(test.east, 'shop-cache', 'SET', `basket:${n}`, 'bread');
  await redis(test.east, 'shop-cache', 'WAIT', '1', '5000');
  await takeSnapshot(test.east, 'good');
  for (const region of [test.east, test.west]) {
    await createBucket(region, `vault-${region.name}`);
    await createBucket(region, `closed-${region.name}`, []);
  }
});
afterAll(() => test[Symbol.asyncDispose]());

const ask = <T = object>(region: CacheWorld['east'], service: string, operation: string, input: object) =>
  region.call<T>(service, operation, input, test.world.iam.operator);
const arnOf = (bucket: string, objectKey: string) => `arn:aws:s3:::${bucket}/${objectKey}`;
const exportTo = async (bucket: string, name: string) => {
  const names = { SourceSnapshotName: 'good', TargetSnapshotName: name };
  await call(test.east, 'CopySnapshot', { ...names, TargetBucket: bucket });
  await test.world.clock.settled();
};
const put = async (region: CacheWorld['east'], bucket: string, objectKey: string, options: object = {}) => {
  const Body = await readFile(test.east.elasticache.snapshotFile('good'));
  await ask(region, 's3', 'PutObject', { Bucket: bucket, Key: objectKey, Body, ...options });
};

describe('a replication group from a file in S3', { timeout: 60_000 }, () => {
  const SEED = { NumCacheClusters: 1 };

  it('holds what was exported, also in another region', async () => {
    await exportTo('vault-us-east-1', 'Nightly');
    expect(await keysIn(test.east, 'vault-us-east-1')).toEqual(['nightly-0001.rdb']);
    await put(test.west, 'vault-us-west-2', 'redis/nightly.rdb');
    const SnapshotArns = [arnOf('vault-us-west-2', 'redis/nightly.rdb')];
    await createGroup(test.west, { ...SEED, ReplicationGroupId: 'recovered', SnapshotArns });
    expect(await redis(test.west, 'recovered', 'DBSIZE')).toBe(3);
    expect(await redis(test.west, 'recovered', 'GET', 'basket:2')).toBe('bread');

    const here = [arnOf('vault-us-east-1', 'nightly-0001.rdb')];
    const restored = await createGroup(test.east, { ...SEED, ReplicationGroupId: 'from-export', SnapshotArns: here });
    expect(restored).toMatchObject({ AuthTokenEnabled: false, AtRestEncryptionEnabled: false });
    expect(await redis(test.east, 'from-export', 'DBSIZE')).toBe(3);
  });

  it('fails where the file is no whole RDB file or the test asks for it, and can only be deleted then', async () => {
    await put(test.east, 'vault-us-east-1', 'flipped.rdb');
    const { size } = await stat(test.east.elasticache.snapshotFile('good'));
    await test.east.s3.corrupt('vault-us-east-1', 'flipped.rdb', size - 12);
    const SnapshotArns = [arnOf('vault-us-east-1', 'flipped.rdb')];
    const damaged = await createGroup(test.east, { ...SEED, ReplicationGroupId: 'damaged', SnapshotArns });
    expect(damaged).toMatchObject({ Status: 'create-failed', NodeGroups: [] });
    expect(await clusters(test.east, { CacheClusterId: 'damaged-001', ShowCacheNodeInfo: true })).toMatchObject([
      { CacheClusterStatus: 'restore-failed' },
    ]);
    await expect(
      call(test.east, 'CreateSnapshot', { CacheClusterId: 'damaged-001', SnapshotName: 'x' }),
    ).rejects.toMatchObject({ name: 'InvalidCacheClusterStateFault' });
    await call(test.east, 'DeleteReplicationGroup', { ReplicationGroupId: 'damaged' });
    await test.world.clock.settled();
    await expect(group(test.east, 'damaged')).rejects.toMatchObject({ name: 'ReplicationGroupNotFoundFault' });

    test.east.elasticache.failNextRestore();
    const asked = { ReplicationGroupId: 'asked', SnapshotArns: [arnOf('vault-us-east-1', 'nightly-0001.rdb')] };
    expect((await createGroup(test.east, { ...SEED, ...asked })).Status).toBe('create-failed');
  });

  it('is refused under a key that is disabled', async () => {
    await ask(test.east, 'kms', 'DisableKey', { KeyId: key });
    const encrypted = { ReplicationGroupId: 'later', AtRestEncryptionEnabled: true, KmsKeyId: key };
    await expect(createGroup(test.east, encrypted)).rejects.toMatchObject({ name: 'InvalidKMSKeyFault' });
    await ask(test.east, 'kms', 'EnableKey', { KeyId: key });
  });

  it('is refused where ElastiCache may not read the file, or could not: no policy, other region, KMS, nothing there', async () => {
    const refused = (SnapshotArns: string[]) =>
      expect(createGroup(test.east, { ...SEED, ReplicationGroupId: 'refused', SnapshotArns })).rejects;
    await put(test.east, 'closed-us-east-1', 'k.rdb');
    await refused([arnOf('closed-us-east-1', 'k.rdb')]).toThrow(/has not been granted READ permissions/);
    await createBucket(test.east, 'unlisted', ['GetObject', 'ListBucket']);
    await refused([arnOf('unlisted', 'k.rdb')]).toThrow(/has not been granted READ_ACP permissions/);
    await put(test.west, 'vault-us-west-2', 'k.rdb');
    await refused([arnOf('vault-us-west-2', 'k.rdb')]).toThrow(/is outside of the region/);
    await refused([arnOf('nowhere', 'k.rdb')]).toThrow(/does not exist/);
    await refused([arnOf('vault-us-east-1', 'none.rdb')]).toThrow(/cannot read/);
    await refused(['arn:aws:s3:::vault-us-east-1']).toThrow(/is not the ARN of an object/);
    await put(test.east, 'vault-us-east-1', 'kms.rdb', { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: key });
    await refused([arnOf('vault-us-east-1', 'kms.rdb')]).toThrow(/Only SSE-S3/);
  });

  it('is made for a caller who may read the file, too', async () => {
    const creating = allow('elasticache:CreateReplicationGroup', [
      `arn:aws:elasticache:us-east-1:${ACCOUNT}:replicationgroup:*`,
      `arn:aws:elasticache:us-east-1:${ACCOUNT}:parametergroup:*`,
    ]);
    const input = {
      ...{ ReplicationGroupId: 'by-role', ReplicationGroupDescription: 'd', CacheNodeType: 'cache.t4g.small' },
      SnapshotArns: [arnOf('vault-us-east-1', 'nightly-0001.rdb')],
    };
    const blind = session(test.world, 'blind', [creating]);
    await expect(call(test.east, 'CreateReplicationGroup', input, blind)).rejects.toThrow(/s3:GetObject/);
    const reading = allow('s3:GetObject', 'arn:aws:s3:::vault-us-east-1/*');
    await call(test.east, 'CreateReplicationGroup', input, session(test.world, 'reads', [creating, reading]));
    await test.world.clock.settled();
    expect((await group(test.east, 'by-role')).Status).toBe('available');
  });
});

describe('a replication group whose restore hangs', { timeout: 60_000 }, () => {
  it('stays in creation, whatever time passes', async () => {
    test.east.elasticache.hangRestores(true);
    await call(test.east, 'CreateReplicationGroup', {
      ...{ ReplicationGroupId: 'hanging', ReplicationGroupDescription: 'd', CacheNodeType: 'cache.t4g.small' },
      SnapshotArns: [arnOf('vault-us-east-1', 'nightly-0001.rdb')],
    });
    test.east.elasticache.hangRestores(false);
    await test.world.clock.advanceTo(new Date(test.world.clock.now().getTime() + 3_600_000));
    expect((await group(test.east, 'hanging')).Status).toBe('creating');
    await expect(call(test.east, 'DeleteReplicationGroup', { ReplicationGroupId: 'hanging' })).rejects.toMatchObject({
      name: 'InvalidReplicationGroupStateFault',
    });
  });
});
