import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PolicyStatement } from '../../../../local/types.ts';
import { bucketIn, createTestWorld, type TestWorld, textOf } from './region.ts';

const OBJECTS = 'arn:aws:s3:::vault/*';

let world: TestWorld;
let call: TestWorld['east']['call'];
let KEY: string;
let encrypted: { ServerSideEncryption: string; SSEKMSKeyId: string };
beforeEach(async () => {
  world = await createTestWorld();
  ({ call, key: KEY } = world.east);
  encrypted = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: KEY };
  await bucketIn(world.east, 'vault');
});
afterEach(() => world[Symbol.asyncDispose]());

const allow = (Action: string | string[], Resource: string | string[]): PolicyStatement => ({
  Effect: 'Allow',
  Action,
  Resource,
});
const policy = (...Statement: PolicyStatement[]) =>
  call('PutBucketPolicy', { Bucket: 'vault', Policy: JSON.stringify({ Version: '2012-10-17', Statement }) });
const at = { Bucket: 'vault', Key: 'k' };

describe('s3 permissions', () => {
  it('decide for each version and operation by its own action', async () => {
    const { VersionId } = await call('PutObject', { ...at, Body: 'x' });
    const reader = world.role('reader', [allow('s3:GetObject', OBJECTS)]);
    await call('GetObject', at, reader);
    await expect(call('GetObject', { ...at, VersionId }, reader)).rejects.toThrow(
      's3:GetObjectVersion on resource: arn:aws:s3:::vault/k',
    );
    await expect(call('PutObject', { ...at, Body: 'y' }, reader)).rejects.toThrow('s3:PutObject');
    await expect(call('ListObjectsV2', { Bucket: 'vault' }, reader)).rejects.toThrow('s3:ListBucket');
  });

  it('answer 403 for what is missing to those who may not list, 404 to those who may', async () => {
    const blind = world.role('blind', [allow('s3:GetObject', OBJECTS)]);
    const seeing = world.role('seeing', [allow('s3:GetObject', OBJECTS), allow('s3:ListBucket', 'arn:aws:s3:::vault')]);
    await expect(call('GetObject', at, blind)).rejects.toMatchObject({ code: 'AccessDenied', status: 403 });
    await expect(call('GetObject', at, seeing)).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  it('count the bucket’s policy: an allow suffices, a deny binds even the operator', async () => {
    const guest = world.role('guest', []);
    await policy({ Effect: 'Allow', Principal: { AWS: guest.roleArn }, Action: 's3:GetObject', Resource: OBJECTS });
    await call('PutObject', { ...at, Body: 'x' });
    await call('GetObject', at, guest);

    await policy({
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:PutObject',
      Resource: OBJECTS,
      Condition: { StringNotEquals: { 's3:x-amz-server-side-encryption': 'aws:kms' } },
    });
    await expect(call('PutObject', { ...at, Body: 'y' })).rejects.toThrow('explicit deny in a resource-based policy');
    await call('PutObject', { ...at, Body: 'y', ...encrypted });
  });

  it('remember for each part how its upload is encrypted', async () => {
    await policy({
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:PutObject',
      Resource: OBJECTS,
      Condition: { StringNotEquals: { 's3:x-amz-server-side-encryption-aws-kms-key-id': KEY } },
    });
    await expect(call('CreateMultipartUpload', at)).rejects.toMatchObject({ code: 'AccessDenied' });
    const { UploadId } = await call('CreateMultipartUpload', { ...at, ...encrypted });
    const { ETag } = await call('UploadPart', { ...at, UploadId, PartNumber: 1, Body: 'x' });
    await call('CompleteMultipartUpload', { ...at, UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } });
  });

  it('are asked for each object of a bulk delete', async () => {
    const remover = world.role('remover', [allow('s3:DeleteObject', 'arn:aws:s3:::vault/mine/*')]);
    const Delete = { Objects: [{ Key: 'mine/a' }, { Key: 'theirs' }] };
    const answer = await call('DeleteObjects', { Bucket: 'vault', Delete }, remover);
    expect(answer.Deleted).toMatchObject([{ Key: 'mine/a' }]);
    expect(answer.Errors).toMatchObject([{ Key: 'theirs', Code: 'AccessDenied' }]);
  });

  it('refuse a policy that is no JSON or speaks of another bucket', async () => {
    const put = (Policy: string) => call('PutBucketPolicy', { Bucket: 'vault', Policy });
    await expect(put('{')).rejects.toMatchObject({ code: 'MalformedPolicy' });
    const foreign = { ...allow('s3:GetObject', 'arn:aws:s3:::vaults/*'), Principal: '*' };
    await expect(put(JSON.stringify({ Statement: [foreign] }))).rejects.toMatchObject({ code: 'MalformedPolicy' });
    const odd = {
      ...allow('s3:GetObject', OBJECTS),
      Principal: '*',
      Condition: { StringAlmost: { 's3:prefix': 'a' } },
    };
    await expect(put(JSON.stringify({ Statement: [odd] }))).rejects.toMatchObject({ code: 'MalformedPolicy' });
  });
});

describe('s3 encryption', () => {
  const viaS3 = { Condition: { StringEquals: { 'kms:ViaService': 's3.us-east-1.amazonaws.com' } } };

  it('asks of the writer to use the key for new data, of the reader to decrypt, both through S3', async () => {
    const writer = world.role('writer', [allow('s3:*', '*'), { ...allow('kms:GenerateDataKey', KEY), ...viaS3 }]);
    const reader = world.role('reader', [allow('s3:*', '*'), { ...allow('kms:Decrypt', KEY), ...viaS3 }]);
    const written = await call('PutObject', { ...at, Body: 'secret', ...encrypted }, writer);
    expect(written).toMatchObject(encrypted);
    await expect(call('PutObject', { ...at, Body: 'x', ...encrypted }, reader)).rejects.toMatchObject({
      code: 'AccessDenied',
    });
    await expect(call('GetObject', at, writer)).rejects.toMatchObject({ code: 'AccessDenied', status: 403 });
    expect(await textOf((await call('GetObject', at, reader)).Body)).toBe('secret');
    await call('HeadObject', at, writer);
    await expect(call('HeadObject', { ...at, ChecksumMode: 'ENABLED' }, writer)).rejects.toMatchObject({
      code: 'AccessDenied',
    });
  });

  it('follows the bucket’s default, and its ETag is no MD5', async () => {
    const Rules = [
      { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: KEY }, BucketKeyEnabled: true },
    ];
    await call('PutBucketEncryption', { Bucket: 'vault', ServerSideEncryptionConfiguration: { Rules } });
    const one = await call('PutObject', { ...at, Body: 'same' });
    const two = await call('PutObject', { ...at, Body: 'same' });
    expect(one).toMatchObject({ ...encrypted, BucketKeyEnabled: true });
    expect(one.ETag).not.toBe(two.ETag);
    expect(await textOf((await call('GetObject', at)).Body)).toBe('same');
  });

  it('says in S3’s words that the key is disabled', async () => {
    await call('PutObject', { ...at, Body: 'x', ...encrypted });
    await world.east.disableKey();
    const disabled = { code: 'KMS.DisabledException', status: 400 };
    await expect(call('GetObject', at)).rejects.toMatchObject(disabled);
    await expect(call('PutObject', { ...at, Body: 'x', ...encrypted })).rejects.toMatchObject(disabled);
  });

  it.each([
    [false, 'arn:aws:s3:::vault/k'],
    [true, 'arn:aws:s3:::vault'],
  ])('names the object to KMS, or its bucket with a bucket key (%s)', async (BucketKeyEnabled, arn) => {
    const only = (value: string) => ({ Condition: { StringEquals: { 'kms:EncryptionContext:aws:s3:arn': value } } });
    const right = world.role('right', [allow('s3:*', '*'), { ...allow('kms:*', KEY), ...only(arn) }]);
    const wrong = world.role('wrong', [allow('s3:*', '*'), { ...allow('kms:*', KEY), ...only(`${arn}x`) }]);
    await call('PutObject', { ...at, Body: 'x', ...encrypted, BucketKeyEnabled }, right);
    await call('GetObject', at, right);
    await expect(call('GetObject', at, wrong)).rejects.toMatchObject({ code: 'AccessDenied' });
  });

  it('says that a key does not exist', async () => {
    const SSEKMSKeyId = KEY.replace(/[^/]+$/, '00000000-0000-0000-0000-000000000000');
    await expect(call('PutObject', { ...at, Body: 'x', ...encrypted, SSEKMSKeyId })).rejects.toMatchObject({
      code: 'KMS.NotFoundException',
    });
  });

  it('refuses keys of the customer', async () => {
    await expect(call('PutObject', { ...at, Body: 'x', SSECustomerAlgorithm: 'AES256' })).rejects.toMatchObject({
      code: 'NotImplemented',
    });
  });
});
