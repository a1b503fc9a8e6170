// Clients in processes of their own, unmodified, on an ElastiCache with real servers.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aws, isInstalled, python } from '../../endpoint/clients.ts';
import { type CacheWorld, createBucket, createCacheWorld, createGroup, keysIn, redis } from './cache.ts';

let test: CacheWorld;
beforeAll(async () => {
  test = await createCacheWorld();
});
afterAll(() => test[Symbol.asyncDispose]());

describe.runIf(isInstalled('python3', '-c', 'import boto3'))('boto3', () => {
  it('creates, waits for, snapshots and deletes caches', async () => {
    const printed = await python(test.east, join(import.meta.dirname, 'caches.py'));
    expect(JSON.parse(printed)).toEqual({
      group: ['available', 'é <&>', ['boto3-001', 'boto3-002'], false],
      endpoint: '127.0.0.1',
      nodes: ['available', 'available'],
      snapshot: ['available', 'boto3-002', '0001', true],
      tags: [{ Key: 'by', Value: 'boto3' }],
      snapshots: ['one'],
      taken: ['SnapshotAlreadyExistsFault', 'SnapshotAlreadyExistsFault', 400],
      'no snapshot': ['SnapshotNotFoundFault', 'SnapshotNotFoundFault', 404],
      'no cluster': ['CacheClusterNotFoundFault', 'CacheClusterNotFound', 404],
      'no group': ['ReplicationGroupNotFoundFault', 'ReplicationGroupNotFoundFault', 404],
      'no bucket': ['InvalidParameterValueException', 'InvalidParameterValue', 400],
      'not deleted': 'available',
    });
  }, 90_000);
});

describe.runIf(isInstalled('aws', '--version'))('the AWS CLI', () => {
  it('takes a snapshot, exports it, and starts a cache in the other region from the file', async () => {
    const cli = (...args: string[]) => aws(test.east, 'elasticache', ...args);
    await createGroup(test.east, { ReplicationGroupId: 'cli' });
    await redis(test.east, 'cli', 'SET', 'k', 'v');
    await redis(test.east, 'cli', 'WAIT', '1', '5000');
    await cli('create-snapshot', '--cache-cluster-id', 'cli-002', '--snapshot-name', 'by-cli');
    await test.world.clock.settled();
    await createBucket(test.east, 'cli-exports');
    await createBucket(test.west, 'cli-seeds');
    const names = ['--source-snapshot-name', 'by-cli', '--target-snapshot-name', 'exported'];
    await cli('copy-snapshot', ...names, '--target-bucket', 'cli-exports');
    await test.world.clock.settled();
    expect(await keysIn(test.east, 'cli-exports')).toEqual(['exported-0001.rdb']);

    const from = 's3://cli-exports/exported-0001.rdb';
    const file = join(test.east.directory, 'exported.rdb');
    await aws(test.east, 's3', 'cp', '--no-progress', from, file);
    await aws(test.west, 's3', 'cp', '--no-progress', file, 's3://cli-seeds/seed.rdb');
    const seed = ['--snapshot-arns', 'arn:aws:s3:::cli-seeds/seed.rdb'];
    const made = ['--replication-group-id', 'cli', '--replication-group-description', 'd'];
    const sized = ['--cache-node-type', 'cache.t4g.small', '--num-cache-clusters', '1'];
    await aws(test.west, 'elasticache', 'create-replication-group', ...made, ...sized, ...seed);
    await test.world.clock.settled();
    const described = JSON.parse(await aws(test.west, 'elasticache', 'describe-replication-groups'));
    expect(described.ReplicationGroups).toMatchObject([{ ReplicationGroupId: 'cli', Status: 'available' }]);
    expect(await redis(test.west, 'cli', 'GET', 'k')).toBe('v');
    await expect(cli('describe-snapshots', '--snapshot-name', 'none')).rejects.toMatchObject({
      stderr: expect.stringContaining('(SnapshotNotFoundFault)'),
    });
  }, 90_000);
});
