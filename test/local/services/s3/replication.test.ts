import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from '../../../../local/service.ts';
import type { PolicyStatement } from '../../../../local/types.ts';
import { bucketIn, createTestWorld, DAY, type TestWorld, textOf } from './region.ts';

let HERE: string;
let THERE: string;
let world: TestWorld;
let call: TestWorld['east']['call'];
let there: TestWorld['west']['call'];
beforeEach(async () => {
  world = await createTestWorld();
  ({ call } = world.east);
  there = world.west.call;
  [HERE, THERE] = [world.east.key, world.west.key];
  await bucketIn(world.east, 'vault', { locked: true });
  await bucketIn(world.west, 'replica', { locked: true });
  await replicate();
});
afterEach(() => world[Symbol.asyncDispose]());

const allow = (Action: string[], ...Resource: string[]): PolicyStatement => ({ Effect: 'Allow', Action, Resource });
const onSource = (name: string): PolicyStatement => allow([`s3:${name}`], 'arn:aws:s3:::vault/*');
const permissions = (): Record<string, PolicyStatement> => ({
  'reading the configuration': allow(['s3:GetReplicationConfiguration'], 'arn:aws:s3:::vault'),
  'listing the source': allow(['s3:ListBucket'], 'arn:aws:s3:::vault'),
  'reading the version': onSource('GetObjectVersionForReplication'),
  'reading its ACL': onSource('GetObjectVersionAcl'),
  'reading its tags': onSource('GetObjectVersionTagging'),
  'reading its retention': onSource('GetObjectRetention'),
  'reading its legal hold': onSource('GetObjectLegalHold'),
  writing: allow(['s3:ReplicateObject', 's3:ReplicateDelete'], 'arn:aws:s3:::replica/*'),
  'writing tags': allow(['s3:ReplicateTags'], 'arn:aws:s3:::replica/*'),
  decrypting: allow(['kms:Decrypt'], HERE),
  encrypting: allow(['kms:Encrypt'], THERE),
});
const rule = () => ({
  ID: 'all',
  Status: 'Enabled',
  Priority: 1,
  Filter: { Prefix: 'data/' },
  DeleteMarkerReplication: { Status: 'Disabled' },
  SourceSelectionCriteria: { SseKmsEncryptedObjects: { Status: 'Enabled' } },
  Destination: { Bucket: 'arn:aws:s3:::replica', EncryptionConfiguration: { ReplicaKmsKeyID: THERE } },
});
const replicate = async (more: object = {}, without = '') => {
  const granted = Object.entries(permissions()).flatMap(([name, statement]) => (name === without ? [] : [statement]));
  const { roleArn } = world.role('replication', granted, 's3.amazonaws.com');
  await call('PutBucketReplication', {
    Bucket: 'vault',
    ReplicationConfiguration: { Role: roleArn, Rules: [{ ...rule(), ...more }] },
  });
};
const put = (Key = 'data/k', more: object = {}) =>
  call('PutObject', {
    Bucket: 'vault',
    Key,
    Body: 'hello',
    ServerSideEncryption: 'aws:kms',
    SSEKMSKeyId: HERE,
    ...more,
  });
const status = async (VersionId?: string) =>
  (await call('HeadObject', { Bucket: 'vault', Key: 'data/k', VersionId })).ReplicationStatus;
const replica = { Bucket: 'replica', Key: 'data/k' };

describe('s3 replication', () => {
  it('brings an object over after its lag: same version and time, the other region’s key', async () => {
    const { VersionId, ETag } = await put('data/k', {
      Metadata: { a: '1' },
      Tagging: 'x=1',
      ContentType: 'text/plain',
    });
    await world.advance(4999);
    expect(await status()).toBe('PENDING');
    await expect(there('HeadObject', replica)).rejects.toMatchObject({ name: 'NotFound' });

    await world.advance(1);
    expect(await status()).toBe('COMPLETED');
    const found = await there('GetObject', { ...replica, ChecksumMode: 'ENABLED' });
    const source = await call('HeadObject', { Bucket: 'vault', Key: 'data/k', ChecksumMode: 'ENABLED' });
    expect(await textOf(found.Body)).toBe('hello');
    expect(found).toMatchObject({
      VersionId,
      LastModified: source.LastModified,
      ChecksumCRC64NVME: source.ChecksumCRC64NVME,
      SSEKMSKeyId: THERE,
      ReplicationStatus: 'REPLICA',
      Metadata: { a: '1' },
      TagCount: 1,
      ContentType: 'text/plain',
    });
    expect(found.ETag).not.toBe(ETag);
    expect(world.holds).toEqual([]);
  });

  it('passes over what no rule covers: other prefixes, and KMS objects unless asked for', async () => {
    await put('other');
    await replicate({ SourceSelectionCriteria: undefined, Destination: { Bucket: 'arn:aws:s3:::replica' } });
    await put();
    await world.advance(DAY);
    expect(await status()).toBeUndefined();
    expect((await there('ListObjectVersions', { Bucket: 'replica' })).Versions).toEqual([]);
  });

  it.each([
    'reading the configuration',
    'listing the source',
    'reading the version',
    'reading its ACL',
    'reading its retention',
    'reading its legal hold',
    'writing',
    'decrypting',
    'encrypting',
  ])('fails without the role’s permission for %s', async (without) => {
    await replicate({}, without);
    await put();
    await world.advance(10_000);
    expect(await status()).toBe('FAILED');
    await expect(there('HeadObject', replica)).rejects.toMatchObject({ name: 'NotFound' });
    expect(world.holds).toEqual([]);
  });

  it.each(['reading its tags', 'writing tags'])(
    'leaves the tags behind without the permission for %s',
    async (without) => {
      await replicate({}, without);
      await put('data/k', { Tagging: 'x=1' });
      await world.advance(10_000);
      expect(await status()).toBe('COMPLETED');
      expect((await there('HeadObject', replica)).TagCount).toBeUndefined();
    },
  );

  it('does not bring a replica back to where it came from', async () => {
    const { roleArn } = world.role('back', [allow(['s3:*', 'kms:*'], '*')], 's3.amazonaws.com');
    const back = {
      ...rule(),
      Destination: { Bucket: 'arn:aws:s3:::vault', EncryptionConfiguration: { ReplicaKmsKeyID: HERE } },
    };
    await there('PutBucketReplication', {
      Bucket: 'replica',
      ReplicationConfiguration: { Role: roleArn, Rules: [back] },
    });
    await put();
    await world.advance(5000);
    expect((await there('HeadObject', replica)).ReplicationStatus).toBe('REPLICA');
    expect((await call('ListObjectVersions', { Bucket: 'vault' })).Versions).toHaveLength(1);
  });

  it('goes on after a region went away in the middle of it, or KMS could not keep up', async () => {
    const kms = world.west.region.services.get('kms');
    const encrypt = kms?.operations.Encrypt;
    if (!kms || !encrypt) throw new Error('no KMS');
    const failures = [
      () => {
        world.west.region.alive = false;
        throw new Error('socket hang up');
      },
      () => {
        throw new ApiError('ThrottlingException', 400, 'Rate exceeded');
      },
    ];
    kms.operations.Encrypt = async (...call) => failures.shift()?.() ?? encrypt(...call);
    await put();
    await world.advance(5000);
    world.west.region.alive = true;
    await world.advance(60_000);
    expect(await status()).toBe('PENDING');
    await world.advance(60_000);
    expect(await status()).toBe('COMPLETED');
  });

  it('fails where another key is disabled, or the bytes have rotted since', async () => {
    await put();
    await world.east.s3.corrupt('vault', 'data/k', 0);
    await world.advance(10_000);
    expect(await status()).toBe('FAILED');

    await world.west.disableKey();
    await put();
    await world.advance(10_000);
    expect(await status()).toBe('FAILED');
  });

  it.each(['east', 'west'] as const)('waits while the region in the %s is gone, and catches up', async (side) => {
    const { VersionId } = await put();
    world[side].region.alive = false;
    await world.advance(10 * 60_000);
    world[side].region.alive = true;
    expect(await status()).toBe('PENDING');
    await world.advance(60_000);
    expect(await status()).toBe('COMPLETED');
    expect((await there('HeadObject', replica)).VersionId).toBe(VersionId);
  });

  it('takes as long as it is told to', async () => {
    world.east.s3.setReplicationLag(15 * 60_000);
    await put();
    await world.advance(15 * 60_000 - 1);
    expect(await status()).toBe('PENDING');
    await world.advance(1);
    expect(await status()).toBe('COMPLETED');
  });

  it('carries the lock', async () => {
    const until = new Date(world.world.clock.now().getTime() + DAY);
    const { VersionId } = await put('data/k', { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: until });
    await world.advance(5000);
    expect(await there('HeadObject', replica)).toMatchObject({ ObjectLockRetainUntilDate: until });
    await expect(there('DeleteObject', { ...replica, VersionId })).rejects.toMatchObject({ code: 'AccessDenied' });
  });

  it('carries delete markers only where the rule says so, and never the deletion of a version', async () => {
    await put();
    await world.advance(5000);
    await call('DeleteObject', { Bucket: 'vault', Key: 'data/k' });
    await world.advance(5000);
    await there('HeadObject', replica);

    await replicate({ DeleteMarkerReplication: { Status: 'Enabled' } });
    const { VersionId } = await call('DeleteObject', { Bucket: 'vault', Key: 'data/k' });
    await world.advance(5000);
    expect((await there('ListObjectVersions', { Bucket: 'replica' })).DeleteMarkers).toMatchObject([
      { VersionId, IsLatest: true },
    ]);
    await call('DeleteObject', { Bucket: 'vault', Key: 'data/k', VersionId });
    await world.advance(5000);
    expect((await there('ListObjectVersions', { Bucket: 'replica' })).DeleteMarkers).toHaveLength(1);
  });

  it('tells its backlog in the destination’s region every minute, and failures in the source’s', async () => {
    const recorded = { east: [] as string[], west: [] as string[] };
    for (const side of ['east', 'west'] as const) {
      const record = (namespace: string, [datum]: { name: string; values: number[] }[]) =>
        void recorded[side].push(`${namespace} ${datum?.name} ${datum?.values[0]}`);
      world[side].region.services.set('monitoring', { record } as never);
    }
    world.east.s3.setReplicationLag(90_000);
    await replicate({ Destination: { ...rule().Destination, Metrics: { Status: 'Enabled' } } });
    await put();
    await world.advance(60_000);
    expect(recorded.west).toContain('AWS/S3 ReplicationLatency 60');
    expect(recorded.west).toContain('AWS/S3 BytesPendingReplication 5');
    await world.west.disableKey();
    await world.advance(60_000);
    expect(recorded.west.at(-1)).toBe('AWS/S3 OperationsPendingReplication 0');
    expect(recorded.east).toEqual(['AWS/S3 OperationsFailedReplication 1']);
  });

  it('keeps the lifecycle away from what has not been replicated', async () => {
    await call('PutBucketLifecycleConfiguration', {
      Bucket: 'vault',
      LifecycleConfiguration: { Rules: [{ Status: 'Enabled', Filter: {}, Expiration: { Days: 1 } }] },
    });
    await put();
    world.west.region.alive = false;
    await world.advance(5 * DAY);
    expect(await status()).toBe('PENDING');
  });

  it.each([
    ['a destination that does not exist', { Bucket: 'arn:aws:s3:::nowhere' }, {}, 'InvalidRequest'],
    ['KMS objects without a key for the replica', { EncryptionConfiguration: undefined }, {}, 'InvalidRequest'],
    ['no priority', {}, { Priority: undefined }, 'MalformedXML'],
    ['a filter by tag', {}, { Filter: { Tag: { Key: 'a', Value: 'b' } } }, 'NotImplemented'],
    [
      'time control without metrics',
      { ReplicationTime: { Status: 'Enabled', Time: { Minutes: 15 } } },
      {},
      'InvalidRequest',
    ],
  ])('is refused with %s', async (_, destination, more, code) => {
    await expect(replicate({ Destination: { ...rule().Destination, ...destination }, ...more })).rejects.toMatchObject({
      code,
    });
  });
});
