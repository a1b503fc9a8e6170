// The same S3 as its clients see it: through the endpoint, with the SDK's own checks of what comes back.
import { Readable } from 'node:stream';
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLifecycleConfigurationCommand,
  GetObjectCommand,
  GetObjectRetentionCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { as, createTestWorld, type TestWorld } from '../../endpoint/regions.ts';

let world: TestWorld;
let s3: S3Client;
beforeAll(async () => {
  world = await createTestWorld();
  s3 = new S3Client(as(world.east));
  await s3.send(new CreateBucketCommand({ Bucket: 'vault', ObjectLockEnabledForBucket: true }));
  await s3.send(new CreateBucketCommand({ Bucket: 'plain' }));
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  await s3.send(new PutBucketVersioningCommand({ Bucket: 'plain', VersioningConfiguration }));
});
afterAll(async () => {
  s3.destroy();
  await world[Symbol.asyncDispose]();
});

describe('s3 through the endpoint', () => {
  it('keeps the checksum that follows a streamed body, and the client checks it when reading', async () => {
    const at = { Bucket: 'plain', Key: 'a key/with ünusual & <signs>' };
    const Body = Readable.from([Buffer.from('hel'), Buffer.from('lo')]);
    const written = await s3.send(new PutObjectCommand({ ...at, Body, ContentLength: 5, ChecksumAlgorithm: 'SHA256' }));
    const told = await s3.send(new HeadObjectCommand({ ...at, ChecksumMode: 'ENABLED' }));
    expect(told.ChecksumSHA256).toBe('LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=');
    expect(told.VersionId).toBe(written.VersionId);
    const read = await s3.send(new GetObjectCommand(at));
    expect(await read.Body?.transformToString()).toBe('hello');

    await world.east.s3.corrupt(at.Bucket, at.Key, 2);
    const rotten = await s3.send(new GetObjectCommand({ ...at, ChecksumMode: 'ENABLED' }));
    await expect(rotten.Body?.transformToString()).rejects.toThrow(/checksum/i);
  });

  it('refuses a conditional write by status, and names what is missing', async () => {
    const at = { Bucket: 'plain', Key: 'once' };
    const put = () => s3.send(new PutObjectCommand({ ...at, Body: 'x', IfNoneMatch: '*' }));
    await put();
    await expect(put()).rejects.toMatchObject({ name: 'PreconditionFailed', $metadata: { httpStatusCode: 412 } });
    await expect(s3.send(new GetObjectCommand({ ...at, Key: 'never' }))).rejects.toMatchObject({ name: 'NoSuchKey' });
    await expect(s3.send(new HeadObjectCommand({ ...at, Key: 'never' }))).rejects.toMatchObject({ name: 'NotFound' });
  });

  it('puts parts together', async () => {
    const at = { Bucket: 'plain', Key: 'parts' };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...at, ChecksumAlgorithm: 'CRC32' }));
    const Parts = [];
    for (const [index, Body] of [Buffer.alloc(5 * 1024 * 1024, 'a'), Buffer.from('end')].entries()) {
      const part = { ...at, UploadId, PartNumber: index + 1, Body, ChecksumAlgorithm: 'CRC32' } as const;
      const { ETag, ChecksumCRC32 } = await s3.send(new UploadPartCommand(part));
      Parts.push({ PartNumber: index + 1, ETag, ChecksumCRC32 });
    }
    await s3.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts } }));
    const told = await s3.send(new HeadObjectCommand({ ...at, ChecksumMode: 'ENABLED' }));
    expect(told).toMatchObject({ ContentLength: 5 * 1024 * 1024 + 3, ChecksumType: 'COMPOSITE' });
    const tail = await s3.send(new GetObjectCommand({ ...at, Range: 'bytes=-4' }));
    expect(await tail.Body?.transformToString()).toBe('aend');
    expect(tail.$metadata.httpStatusCode).toBe(206);
  });

  it('lists objects and versions as XML that the client reads', async () => {
    for (const Key of ['list/a b', 'list/folder/1', 'list/z'])
      await s3.send(new PutObjectCommand({ Bucket: 'plain', Key, Body: Key }));
    await s3.send(new DeleteObjectCommand({ Bucket: 'plain', Key: 'list/z' }));
    const query = { Bucket: 'plain', Prefix: 'list/', Delimiter: '/' };
    const found = await s3.send(new ListObjectsV2Command(query));
    expect(found.Contents).toMatchObject([{ Key: 'list/a b', Size: 8, ChecksumAlgorithm: ['CRC32'] }]);
    expect(found.CommonPrefixes).toEqual([{ Prefix: 'list/folder/' }]);
    const versions = await s3.send(new ListObjectVersionsCommand({ Bucket: 'plain', Prefix: 'list/' }));
    expect(versions.Versions).toHaveLength(3);
    expect(versions.DeleteMarkers).toMatchObject([{ Key: 'list/z', IsLatest: true }]);
    const Objects = [...(versions.Versions ?? []), ...(versions.DeleteMarkers ?? [])].map(({ Key, VersionId }) => ({
      Key,
      VersionId,
    }));
    const deleted = await s3.send(new DeleteObjectsCommand({ Bucket: 'plain', Delete: { Objects } }));
    expect(deleted.Deleted).toHaveLength(4);
    expect((await s3.send(new ListObjectsV2Command(query))).KeyCount).toBe(0);
  });

  it('holds a lock that came in headers, and tells it in XML', async () => {
    const at = { Bucket: 'vault', Key: 'locked' };
    const until = new Date(Math.ceil(world.world.clock.now().getTime() / 1000) * 1000 + 60_000);
    const lock = { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: until } as const;
    const { VersionId } = await s3.send(new PutObjectCommand({ ...at, Body: 'x', ...lock }));
    expect(await s3.send(new HeadObjectCommand(at))).toMatchObject(lock);
    await expect(s3.send(new DeleteObjectCommand({ ...at, VersionId }))).rejects.toMatchObject({
      name: 'AccessDenied',
    });
    expect((await s3.send(new GetObjectRetentionCommand(at))).Retention?.RetainUntilDate).toEqual(until);
  });

  it('answers a lifecycle as it was put', async () => {
    const Rules = [
      {
        ID: 'snapshots',
        Status: 'Enabled',
        Filter: { Prefix: 'rds/' },
        Transitions: [{ Days: 90, StorageClass: 'GLACIER' }],
        Expiration: { Days: 2555 },
        NoncurrentVersionExpiration: { NoncurrentDays: 90 },
      },
    ] as const;
    const LifecycleConfiguration = {
      Rules: Rules.map((rule) => ({ ...rule, Transitions: [...rule.Transitions] })),
    } as never;
    await s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket: 'plain', LifecycleConfiguration }));
    const answer = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: 'plain' }));
    expect(answer.Rules).toEqual(Rules);
  });

  it('says of a bucket that it lives in the other region', async () => {
    const west = new S3Client(as(world.west));
    try {
      const asked = west.send(new HeadBucketCommand({ Bucket: 'plain' }));
      await expect(asked).rejects.toMatchObject({ $metadata: { httpStatusCode: 301 } });
      const read = west.send(new GetObjectCommand({ Bucket: 'plain', Key: 'once' }));
      await expect(read).rejects.toMatchObject({
        name: 'PermanentRedirect',
        message: expect.stringContaining('us-east-1'),
      });
    } finally {
      west.destroy();
    }
  });
});
