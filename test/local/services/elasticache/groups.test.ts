import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withRedis } from '../../../support/redis-client.ts';
import { type CacheWorld, call, clusters, createCacheWorld, createGroup, group, redis, TOKEN } from './cache.ts';

let test: CacheWorld;
beforeAll(async () => {
  test = await createCacheWorld();
});
afterAll(() => test[Symbol.asyncDispose]());

const refused = (options: object) =>
  expect(
    call(test.east, 'CreateReplicationGroup', {
      ReplicationGroupId: 'refused',
      ReplicationGroupDescription: 'd',
      CacheNodeType: 'cache.t4g.small',
      ...options,
    }),
  ).rejects;

describe('a replication group', { timeout: 60_000 }, () => {
  it('has a primary and replicas, at addresses of its own', async () => {
    const input = {
      ReplicationGroupId: 'Shop-Cache',
      ReplicationGroupDescription: 'baskets',
      CacheNodeType: 'cache.r7g.large',
      NumCacheClusters: 3,
      AutomaticFailoverEnabled: true,
      MultiAZEnabled: true,
    };
    const { ReplicationGroup: created } = await call<{ ReplicationGroup: object }>(
      test.east,
      'CreateReplicationGroup',
      input,
    );
    expect(created).toMatchObject({ ReplicationGroupId: 'shop-cache', Status: 'creating', NodeGroups: [] });
    expect(await clusters(test.east)).toMatchObject([{ CacheClusterStatus: 'creating' }, {}, {}]);
    await test.world.clock.settled();

    const { NodeGroups, ...described } = await group(test.east);
    expect(described).toMatchObject({
      ARN: 'arn:aws:elasticache:us-east-1:111122223333:replicationgroup:shop-cache',
      Status: 'available',
      Description: 'baskets',
      MemberClusters: ['shop-cache-001', 'shop-cache-002', 'shop-cache-003'],
      AutomaticFailover: 'enabled',
      MultiAZ: 'enabled',
      ClusterEnabled: false,
      AuthTokenEnabled: false,
      TransitEncryptionEnabled: false,
    });
    const [one] = NodeGroups ?? [];
    expect(one?.NodeGroupMembers).toMatchObject([
      { CacheClusterId: 'shop-cache-001', CurrentRole: 'primary', PreferredAvailabilityZone: 'us-east-1a' },
      { CacheClusterId: 'shop-cache-002', CurrentRole: 'replica' },
      { CacheClusterId: 'shop-cache-003', CurrentRole: 'replica' },
    ]);

    const at = (endpoint: { Port?: number | undefined } | undefined, ...command: string[]) =>
      withRedis({ port: endpoint?.Port ?? 0 }, (send) => send(...command));
    await at(one?.PrimaryEndpoint, 'SET', 'basket:1', 'bread');
    await at(one?.PrimaryEndpoint, 'WAIT', '2', '5000');
    const read = [
      one?.ReaderEndpoint,
      one?.ReaderEndpoint,
      ...(one?.NodeGroupMembers ?? []).map((m) => m.ReadEndpoint),
    ];
    for (const endpoint of read) {
      // A connection that does not write may read on every node.
      expect(await at(endpoint, 'GET', 'basket:1')).toBe('bread');
    }
    await expect(at(one?.ReaderEndpoint, 'SET', 'basket:1', 'wine')).rejects.toThrow(/READONLY/);
  });

  it('shows its nodes as cache clusters, with their addresses where asked', async () => {
    const [plain] = await clusters(test.east, { CacheClusterId: 'shop-cache-002' });
    expect(plain).toMatchObject({
      CacheClusterStatus: 'available',
      ReplicationGroupId: 'shop-cache',
      CacheNodeType: 'cache.r7g.large',
      EngineVersion: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      NumCacheNodes: 1,
      PreferredAvailabilityZone: 'us-east-1b',
    });
    expect(plain?.CacheNodes).toBeUndefined();
    const [detailed] = await clusters(test.east, { CacheClusterId: 'SHOP-CACHE-002', ShowCacheNodeInfo: true });
    expect(detailed?.CacheNodes).toMatchObject([
      { CacheNodeId: '0001', CacheNodeStatus: 'available', Endpoint: { Address: '127.0.0.1' } },
    ]);
    await expect(clusters(test.east, { CacheClusterId: 'other' })).rejects.toMatchObject({
      name: 'CacheClusterNotFoundFault',
    });
    expect(await clusters(test.east, { ShowCacheClustersNotInReplicationGroups: true })).toEqual([]);
  });

  it('speaks TLS and asks for its AUTH token', async () => {
    const created = await createGroup(test.east, {
      ReplicationGroupId: 'secret-cache',
      NumCacheClusters: 1,
      TransitEncryptionEnabled: true,
      AuthToken: TOKEN,
    });
    expect(created).toMatchObject({
      Status: 'available',
      AuthTokenEnabled: true,
      TransitEncryptionEnabled: true,
      TransitEncryptionMode: 'required',
    });
    const { port, ca } = test.east.elasticache.server('secret-cache');
    const ping = (password: string) => withRedis({ port, ca, password }, (send) => send('PING'));
    await expect(ping('something else')).rejects.toThrow(/WRONGPASS/);
    expect(await redis(test.east, 'secret-cache', 'PING')).toBe('PONG');
  });

  it('is refused under a name that is taken or none, and with settings that contradict each other', async () => {
    await refused({ ReplicationGroupId: 'SHOP-CACHE' }).toMatchObject({ name: 'ReplicationGroupAlreadyExistsFault' });
    await refused({ ReplicationGroupId: 'a--b' }).toMatchObject({ name: 'InvalidParameterValueException' });
    await refused({ ReplicationGroupDescription: '' }).toMatchObject({ name: 'InvalidParameterValueException' });
    for (const contradiction of [
      { AuthToken: TOKEN },
      { KmsKeyId: 'key' },
      { AutomaticFailoverEnabled: true },
      { MultiAZEnabled: true, NumCacheClusters: 2 },
      { SnapshotArns: ['arn:aws:s3:::b/one', 'arn:aws:s3:::b/two'] },
    ]) {
      await refused(contradiction).toMatchObject({
        name: expect.stringMatching(/^InvalidParameter(Combination|Value)/),
      });
    }
    for (const value of [
      { AuthToken: 'too short', TransitEncryptionEnabled: true },
      { AuthToken: 'with/a/slash/in/the/token', TransitEncryptionEnabled: true },
      { NumCacheClusters: 7 },
      { CacheNodeType: 'db.t4g.small' },
      { EngineVersion: '3.2' },
      { Engine: 'memcached' },
    ]) {
      await refused(value).toMatchObject({ name: 'InvalidParameterValueException' });
    }
  });

  it('is refused with what is not offered here, rather than made without it', async () => {
    for (const option of [
      { NumNodeGroups: 2 },
      { ClusterMode: 'enabled' },
      { TransitEncryptionEnabled: true, TransitEncryptionMode: 'preferred' },
      { SnapshotName: 'one' },
      { UserGroupIds: ['people'] },
      { NotificationTopicArn: 'arn:aws:sns:us-east-1:111122223333:t' },
    ]) {
      await refused(option).toMatchObject({ code: 'NotImplemented' });
    }
  });

  it('has tags, which its nodes share, while it is available', async () => {
    const ResourceName = (await group(test.east)).ARN;
    const [node] = await clusters(test.east, { CacheClusterId: 'shop-cache-003' });
    await call(test.east, 'AddTagsToResource', {
      ResourceName,
      Tags: [{ Key: 'b', Value: '2' }],
    });
    const list = (arn: string | undefined) => call(test.east, 'ListTagsForResource', { ResourceName: arn });
    expect(await list(node?.ARN)).toEqual({ TagList: [{ Key: 'b', Value: '2' }] });
    await call(test.east, 'CreateSnapshot', { ReplicationGroupId: 'shop-cache', SnapshotName: 'busy' });
    await expect(list(ResourceName)).rejects.toMatchObject({ name: 'InvalidReplicationGroupStateFault' });
    await test.world.clock.settled();
    await expect(list('arn:aws:elasticache:us-east-1:111122223333:user:x')).rejects.toMatchObject({
      name: 'InvalidARNFault',
    });
  });

  it('is gone, with its servers, once deleted', async () => {
    const { nodes, port } = test.east.elasticache.server('secret-cache');
    await call(test.east, 'DeleteReplicationGroup', { ReplicationGroupId: 'secret-cache' });
    expect(await group(test.east, 'secret-cache')).toMatchObject({ Status: 'deleting' });
    await expect(
      call(test.east, 'DeleteReplicationGroup', { ReplicationGroupId: 'secret-cache' }),
    ).rejects.toMatchObject({ name: 'InvalidReplicationGroupStateFault' });
    await test.world.clock.settled();
    await expect(group(test.east, 'secret-cache')).rejects.toMatchObject({ name: 'ReplicationGroupNotFoundFault' });
    for (const each of [port, nodes[0]?.port ?? 0]) {
      await expect(withRedis({ port: each }, (send) => send('PING'))).rejects.toThrow(/ECONNREFUSED/);
    }
  });
});

describe('the replication groups of a region', { timeout: 60_000 }, () => {
  it('are out of reach while it is cut off, and there again afterwards; killed, they are gone', async () => {
    await createGroup(test.west, { NumCacheClusters: 1 });
    const { port } = test.west.elasticache.server('shop-cache');
    test.world.cutOff('us-west-2');
    await expect(withRedis({ port }, (send) => send('PING'))).rejects.toThrow();
    test.world.rejoin('us-west-2');
    expect(await withRedis({ port }, (send) => send('PING'))).toBe('PONG');
    await test.world.killRegion('us-west-2');
    await expect(withRedis({ port }, (send) => send('PING'))).rejects.toThrow(/ECONNREFUSED/);
  });
});
