import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bucketIn, createTestWorld, DAY, type TestWorld } from './region.ts';

const LARGE = Buffer.alloc(128 * 1024, 'x');

let world: TestWorld;
let call: TestWorld['east']['call'];
beforeEach(async () => {
  world = await createTestWorld(); // at 10:00
  ({ call } = world.east);
  await bucketIn(world.east, 'vault', { locked: true });
});
afterEach(() => world[Symbol.asyncDispose]());

const rules = (...Rules: object[]) =>
  call('PutBucketLifecycleConfiguration', {
    Bucket: 'vault',
    LifecycleConfiguration: { Rules: Rules.map((rule) => ({ Status: 'Enabled', Filter: {}, ...rule })) },
  });
const put = (Key: string, Body: unknown = LARGE, more: object = {}) =>
  call('PutObject', { Bucket: 'vault', Key, Body, ...more });
const classOf = async (Key: string): Promise<string> =>
  (await call('HeadObject', { Bucket: 'vault', Key })).StorageClass ?? 'STANDARD';

describe('s3 lifecycle', () => {
  it('moves objects to colder classes by age, counted to the next midnight UTC', async () => {
    await rules({
      Filter: { Prefix: 'rds/' },
      Transitions: [
        { Days: 30, StorageClass: 'STANDARD_IA' },
        { Days: 90, StorageClass: 'GLACIER' },
        { Days: 365, StorageClass: 'DEEP_ARCHIVE' },
      ],
    });
    await put('rds/a');
    await put('other');
    await world.advance(30 * DAY);
    expect(await classOf('rds/a')).toBe('STANDARD');
    await world.advance(DAY);
    expect(await classOf('rds/a')).toBe('STANDARD_IA');
    await world.advance(60 * DAY);
    expect(await classOf('rds/a')).toBe('GLACIER');
    await expect(call('GetObject', { Bucket: 'vault', Key: 'rds/a' })).rejects.toMatchObject({
      name: 'InvalidObjectState',
      StorageClass: 'GLACIER',
    });
    await world.advance(275 * DAY);
    expect(await classOf('rds/a')).toBe('DEEP_ARCHIVE');
    expect(await classOf('other')).toBe('STANDARD');
  });

  it('leaves small objects where they are', async () => {
    await rules({ Transitions: [{ Days: 1, StorageClass: 'GLACIER' }] });
    await put('a', 'small');
    await world.advance(2 * DAY);
    expect(await classOf('a')).toBe('STANDARD');
  });

  it('hides what expires, removes what was replaced, and spares what is locked', async () => {
    await rules({ Expiration: { Days: 10 }, NoncurrentVersionExpiration: { NoncurrentDays: 5 } });
    await put('free', 'one');
    const until = new Date(world.world.clock.now().getTime() + 100 * DAY);
    await put('locked', 'one', { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: until });
    await world.advance(11 * DAY);
    await expect(call('HeadObject', { Bucket: 'vault', Key: 'free' })).rejects.toMatchObject({ name: 'NotFound' });
    await world.advance(20 * DAY);
    const { Versions } = await call('ListObjectVersions', { Bucket: 'vault' });
    expect(Versions.map(({ Key }: { Key: string }) => Key)).toEqual(['locked']);
    await world.advance(100 * DAY);
    expect(await call('ListObjectVersions', { Bucket: 'vault' })).toMatchObject({ Versions: [], DeleteMarkers: [] });
  });

  it('ends multipart uploads that nobody completes', async () => {
    await rules({ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } });
    const { UploadId } = await call('CreateMultipartUpload', { Bucket: 'vault', Key: 'k' });
    await world.advance(7 * DAY);
    expect((await call('ListParts', { Bucket: 'vault', Key: 'k', UploadId })).Parts).toEqual([]);
    await world.advance(DAY);
    await expect(call('ListParts', { Bucket: 'vault', Key: 'k', UploadId })).rejects.toMatchObject({
      name: 'NoSuchUpload',
    });
  });

  it('stops with the service', async () => {
    await rules({ Expiration: { Days: 1 } });
    await put('k');
    await world.east.s3.close?.();
    await world.advance(3 * DAY);
    await call('HeadObject', { Bucket: 'vault', Key: 'k' });
  });

  it.each([
    [
      'an unknown storage class',
      { Transitions: [{ Days: 90, StorageClass: 'GLACIER_FLEXIBLE_RETRIEVAL' }] },
      'MalformedXML',
    ],
    ['STANDARD_IA before 30 days', { Transitions: [{ Days: 29, StorageClass: 'STANDARD_IA' }] }, 'InvalidArgument'],
    [
      'expiry before transition',
      { Transitions: [{ Days: 90, StorageClass: 'GLACIER' }], Expiration: { Days: 90 } },
      'InvalidArgument',
    ],
    ['no action', {}, 'MalformedXML'],
    ['a filter by tag', { Filter: { Tag: { Key: 'a', Value: 'b' } }, Expiration: { Days: 1 } }, 'NotImplemented'],
    [
      'a number of versions to keep',
      { NoncurrentVersionExpiration: { NoncurrentDays: 1, NewerNoncurrentVersions: 2 } },
      'NotImplemented',
    ],
  ])('is refused with %s', async (_, rule, code) => {
    await expect(rules(rule)).rejects.toMatchObject({ code });
  });
});
