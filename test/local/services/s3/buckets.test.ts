import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bucketIn, createTestWorld, type TestWorld } from './region.ts';

let world: TestWorld;
let call: TestWorld['east']['call'];
beforeEach(async () => {
  world = await createTestWorld();
  ({ call } = world.east);
});
afterEach(() => world[Symbol.asyncDispose]());

describe('s3 buckets', () => {
  it('have one name over all regions, and the other region tells where they live', async () => {
    await bucketIn(world.west, 'far');
    await expect(call('CreateBucket', { Bucket: 'far' })).rejects.toMatchObject({ name: 'BucketAlreadyOwnedByYou' });
    const redirect = { code: 'PermanentRedirect', status: 301, message: expect.stringContaining('us-west-2') };
    await expect(call('GetObject', { Bucket: 'far', Key: 'k' })).rejects.toMatchObject(redirect);
    await expect(call('HeadBucket', { Bucket: 'far' })).rejects.toMatchObject(redirect);
    expect(await call('GetBucketLocation', { Bucket: 'far' })).toEqual({ LocationConstraint: 'us-west-2' });
    expect(await world.west.call('HeadBucket', { Bucket: 'far' })).toMatchObject({ BucketRegion: 'us-west-2' });
    await bucketIn(world.east, 'near');
    expect((await call('ListBuckets', {})).Buckets).toMatchObject([
      { Name: 'far', BucketRegion: 'us-west-2' },
      { Name: 'near', BucketRegion: 'us-east-1' },
    ]);
  });

  it('refuse names and regions that S3 refuses', async () => {
    for (const Bucket of ['ab', 'Upper', 'under_score', '192.168.0.1', 'dots..twice', '../escape'])
      await expect(call('CreateBucket', { Bucket })).rejects.toMatchObject({ code: 'InvalidBucketName' });
    const elsewhere = { Bucket: 'fine', CreateBucketConfiguration: { LocationConstraint: 'us-west-2' } };
    await expect(call('CreateBucket', elsewhere)).rejects.toMatchObject({ code: 'IllegalLocationConstraintException' });
  });

  it('are deleted only when nothing is in them, not even a delete marker', async () => {
    await bucketIn(world.east, 'vault');
    const { VersionId } = await call('DeleteObject', { Bucket: 'vault', Key: 'k' });
    await expect(call('DeleteBucket', { Bucket: 'vault' })).rejects.toMatchObject({ code: 'BucketNotEmpty' });
    await call('DeleteObject', { Bucket: 'vault', Key: 'k', VersionId });
    await call('DeleteBucket', { Bucket: 'vault' });
    await expect(call('ListObjectsV2', { Bucket: 'vault' })).rejects.toMatchObject({ name: 'NoSuchBucket' });
  });

  it.each([
    ['PublicAccessBlock', { PublicAccessBlockConfiguration: { BlockPublicAcls: true } }],
    ['BucketOwnershipControls', { OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] } }],
  ])('answer their %s as it was put, and its absence by name', async (name, setting) => {
    await bucketIn(world.east, 'vault');
    await expect(call(`Get${name}`, { Bucket: 'vault' })).rejects.toMatchObject({ status: 404 });
    await call(`Put${name}`, { Bucket: 'vault', ...setting });
    expect(await call(`Get${name}`, { Bucket: 'vault' })).toEqual(setting);
  });

  it.each([
    ['GetBucketPolicy', 'NoSuchBucketPolicy'],
    ['GetBucketLifecycleConfiguration', 'NoSuchLifecycleConfiguration'],
    ['GetBucketReplication', 'ReplicationConfigurationNotFoundError'],
    ['GetObjectLockConfiguration', 'ObjectLockConfigurationNotFoundError'],
  ])('%s without one is %s', async (operation, code) => {
    await bucketIn(world.east, 'vault');
    await expect(call(operation, { Bucket: 'vault' })).rejects.toMatchObject({ code, status: 404 });
  });
});
