import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Caller } from '../../../../local/types.ts';
import {
  ACCOUNT,
  allow,
  type CacheWorld,
  call,
  createBucket,
  createCacheWorld,
  createGroup,
  createKey,
  keysIn,
  redis,
  session,
  snapshot,
  takeSnapshot,
} from './cache.ts';

let test: CacheWorld;
beforeAll(async () => {
  test = await createCacheWorld();
  await createGroup(test.east);
  await redis(test.east, 'shop-cache', 'SET', 'basket:1', 'bread');
  await redis(test.east, 'shop-cache', 'WAIT', '1', '5000');
  await takeSnapshot(test.east, 'one');
  await createBucket(test.east, 'exports');
});
afterAll(() => test[Symbol.asyncDispose]());

const begin = (options: object = {}, caller?: Caller) =>
  call<{ Snapshot: object }>(
    test.east,
    'CopySnapshot',
    { SourceSnapshotName: 'one', TargetSnapshotName: 'target', TargetBucket: 'exports', ...options },
    caller,
  );
const exported = async (options: object = {}, caller?: Caller) => {
  await begin(options, caller);
  await test.world.clock.settled();
};

describe('an export of a snapshot', { timeout: 60_000 }, () => {
  it('is the snapshot’s file, encrypted as the bucket says; the snapshot is copying meanwhile', async () => {
    const { Snapshot } = await begin({ TargetSnapshotName: 'redis-snapshots/Hourly' });
    expect(Snapshot).toMatchObject({ SnapshotName: 'redis-snapshots/hourly', CacheClusterId: 'shop-cache-002' });
    expect((await snapshot(test.east, 'one')).SnapshotStatus).toBe('copying');
    await expect(begin()).rejects.toMatchObject({ name: 'InvalidSnapshotStateFault' });
    await test.world.clock.settled();
    expect((await snapshot(test.east, 'one')).SnapshotStatus).toBe('available');

    const object = { Bucket: 'exports', Key: 'redis-snapshots/hourly-0001.rdb' };
    const { Body, ServerSideEncryption } = await test.east.call<{ Body: Readable; ServerSideEncryption: string }>(
      's3',
      'GetObject',
      object,
      test.world.iam.operator,
    );
    expect(ServerSideEncryption).toBe('AES256');
    expect((await buffer(Body)).equals(await readFile(test.east.elasticache.snapshotFile('one')))).toBe(true);
  });

  it('overwrites nothing', async () => {
    await expect(begin({ TargetSnapshotName: 'redis-snapshots/hourly' })).rejects.toThrow(
      /already contains an object with key redis-snapshots\/hourly-0001.rdb/,
    );
  });

  it('is refused where the bucket’s policy keeps ElastiCache from it, in the words of AWS', async () => {
    const without = async (name: string, ...missing: string[]) => {
      const all = ['PutObject', 'GetObject', 'ListBucket', 'GetBucketAcl', 'ListBucketMultipartUploads'];
      await createBucket(
        test.east,
        name,
        all.filter((action) => !missing.includes(action)),
      );
      return expect(begin({ TargetBucket: name })).rejects;
    };
    await (await without('no-list', 'ListBucket')).toThrow(/has not been granted READ permissions/);
    await (await without('no-uploads', 'ListBucketMultipartUploads')).toThrow(/has not been granted READ permissions/);
    await (await without('no-acl', 'GetBucketAcl')).toThrow(/has not been granted READ_ACP permissions/);
    await (await without('no-write', 'PutObject')).toThrow(/has not been granted WRITE permissions/);
    await (await without('no-read', 'GetObject')).toThrow(/has not been granted READ permissions/);
    await createBucket(test.west, 'abroad');
    await expect(begin({ TargetBucket: 'abroad' })).rejects.toThrow(/is outside of the region/);
    await expect(begin({ TargetBucket: 'nowhere' })).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
      message: expect.stringContaining('does not exist'),
    });
  });

  it('leaves nothing where the bucket’s key is not open to it, the snapshot’s is disabled, or the test asks for it; the snapshot stays', async () => {
    await createBucket(test.east, 'with-key');
    const ServerSideEncryptionConfiguration = {
      Rules: [
        {
          ApplyServerSideEncryptionByDefault: {
            SSEAlgorithm: 'aws:kms',
            KMSMasterKeyID: await createKey(test.east),
          },
        },
      ],
    };
    const setting = { Bucket: 'with-key', ServerSideEncryptionConfiguration };
    await test.east.call('s3', 'PutBucketEncryption', setting, test.world.iam.operator);
    await exported({ TargetBucket: 'with-key' });
    expect(await keysIn(test.east, 'with-key')).toEqual([]);
    const key = await createKey(test.east);
    await takeSnapshot(test.east, 'encrypted', { KmsKeyId: key });
    await test.east.call('kms', 'DisableKey', { KeyId: key }, test.world.iam.operator);
    await exported({ SourceSnapshotName: 'encrypted', TargetSnapshotName: 'unreadable' });
    expect(await keysIn(test.east, 'exports')).not.toContain('unreadable-0001.rdb');
    test.east.elasticache.failNextExport();
    await exported({ TargetSnapshotName: 'failed' });
    expect(await keysIn(test.east, 'exports')).not.toContain('failed-0001.rdb');
    expect((await snapshot(test.east, 'one')).SnapshotStatus).toBe('available');
    await exported({ TargetSnapshotName: 'failed' });
    expect(await keysIn(test.east, 'exports')).toContain('failed-0001.rdb');
  });

  it('asks of its caller what the user guide says', async () => {
    const statements = [
      allow('elasticache:CopySnapshot', `arn:aws:elasticache:us-east-1:${ACCOUNT}:snapshot:one`),
      allow(['s3:ListBucket', 's3:GetBucketLocation'], 'arn:aws:s3:::exports'),
      allow(['s3:PutObject', 's3:GetObject', 's3:DeleteObject'], 'arn:aws:s3:::exports/*'),
    ];
    const copier = session(test.world, 'copier', statements);
    await expect(begin({}, copier)).rejects.toThrow(/s3:ListAllMyBuckets/);
    const scoped = session(test.world, 'scoped', [...statements, allow('s3:ListAllMyBuckets', 'arn:aws:s3:::exports')]);
    await expect(begin({}, scoped)).rejects.toThrow(/s3:ListAllMyBuckets/);
    const whole = session(test.world, 'whole', [...statements, allow('s3:ListAllMyBuckets', '*')]);
    await exported({ TargetSnapshotName: 'by-role' }, whole);
    expect(await keysIn(test.east, 'exports')).toContain('by-role-0001.rdb');
  });
});
