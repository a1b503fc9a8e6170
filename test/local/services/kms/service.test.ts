import type {
  CreateKeyResponse,
  DecryptResponse,
  DescribeKeyResponse,
  GenerateDataKeyResponse,
  KeyMetadata,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Caller, PolicyStatement, Region } from '../../../../local/types.ts';
import { createTestWorld, type TestWorld } from '../../endpoint/regions.ts';

let test: TestWorld;
beforeAll(async () => {
  test = await createTestWorld();
});
afterAll(() => test[Symbol.asyncDispose]());

const kms = <T = Record<string, unknown>>(
  operation: string,
  input: object,
  options: { region?: Region; caller?: Caller } = {},
) => (options.region ?? test.east).call<T>('kms', operation, input, options.caller ?? test.world.iam.operator);

const newKey = async (input: object = {}): Promise<{ KeyId: string; Arn: string }> => {
  const { KeyMetadata } = await kms<CreateKeyResponse>('CreateKey', input);
  return { KeyId: KeyMetadata?.KeyId ?? '', Arn: KeyMetadata?.Arn ?? '' };
};

const plain = Buffer.from('a secret');
const encrypt = async (KeyId: string, EncryptionContext?: Record<string, string>): Promise<Uint8Array> =>
  (await kms<{ CiphertextBlob: Uint8Array }>('Encrypt', { KeyId, Plaintext: plain, EncryptionContext })).CiphertextBlob;

describe('a ciphertext', () => {
  it('does not hold the plain text, differs every time, and is read with nothing but itself', async () => {
    const { KeyId, Arn } = await newKey();
    const [first, second] = [await encrypt(KeyId), await encrypt(KeyId)];
    expect(Buffer.from(first).includes(plain)).toBe(false);
    expect(first).not.toEqual(second);
    const { Plaintext, KeyId: usedKey } = await kms<DecryptResponse>('Decrypt', { CiphertextBlob: first });
    expect(Buffer.from(Plaintext ?? [])).toEqual(plain);
    expect(usedKey).toBe(Arn);
  });

  it('needs the encryption context it was made with, in any order', async () => {
    const { KeyId } = await newKey();
    const CiphertextBlob = await encrypt(KeyId, { a: '1', b: '2' });
    const read = (EncryptionContext?: object) => kms('Decrypt', { CiphertextBlob, EncryptionContext });
    await expect(read({ b: '2', a: '1' })).resolves.toMatchObject({ Plaintext: plain });
    for (const wrong of [undefined, {}, { a: '1' }, { a: '1', b: '3' }, { a: '1', b: '2', c: '' }])
      await expect(read(wrong)).rejects.toMatchObject({ name: 'InvalidCiphertextException' });
  });

  it('is refused when one bit of it is another, when it is cut short, and when it is none', async () => {
    const { KeyId } = await newKey();
    const blob = await encrypt(KeyId);
    const damaged = Buffer.from(blob);
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
    for (const CiphertextBlob of [damaged, blob.subarray(0, 70), Buffer.from('not a ciphertext')])
      await expect(kms('Decrypt', { CiphertextBlob })).rejects.toMatchObject({ name: 'InvalidCiphertextException' });
  });

  it('is refused under another key than its own', async () => {
    const [one, other] = [await newKey(), await newKey()];
    const CiphertextBlob = await encrypt(one.KeyId);
    await expect(kms('Decrypt', { CiphertextBlob, KeyId: other.KeyId })).rejects.toMatchObject({
      name: 'IncorrectKeyException',
    });
  });

  it('holds 4096 bytes at most', async () => {
    const { KeyId } = await newKey();
    await kms('Encrypt', { KeyId, Plaintext: Buffer.alloc(4096) });
    await expect(kms('Encrypt', { KeyId, Plaintext: Buffer.alloc(4097) })).rejects.toThrow('found 4097');
  });
});

describe('a data key', () => {
  it('comes plain and encrypted, in the length asked for', async () => {
    const { KeyId } = await newKey();
    const one = await kms<GenerateDataKeyResponse>('GenerateDataKey', { KeyId, KeySpec: 'AES_256' });
    expect(one.Plaintext).toHaveLength(32);
    await expect(kms('Decrypt', { CiphertextBlob: one.CiphertextBlob })).resolves.toMatchObject({
      Plaintext: one.Plaintext,
    });
    const other = await kms<GenerateDataKeyResponse>('GenerateDataKey', { KeyId, NumberOfBytes: 16 });
    expect(other.Plaintext).toHaveLength(16);
    await expect(kms('GenerateDataKey', { KeyId })).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

describe('a key', () => {
  it('is found by id, ARN, alias and the ARN of its alias, in its own region', async () => {
    const { KeyId, Arn } = await newKey({ Description: 'vault' });
    await kms('CreateAlias', { AliasName: 'alias/vault', TargetKeyId: Arn });
    const alias = 'arn:aws:kms:us-east-1:111122223333:alias/vault';
    for (const reference of [KeyId, Arn, 'alias/vault', alias]) {
      const { KeyMetadata } = await kms<DescribeKeyResponse>('DescribeKey', { KeyId: reference });
      expect(KeyMetadata).toMatchObject({ Arn, Description: 'vault', KeyState: 'Enabled' });
    }
    expect(await kms('ListAliases', { KeyId })).toMatchObject({
      Aliases: [{ AliasName: 'alias/vault', AliasArn: alias, TargetKeyId: KeyId }],
    });
    await expect(kms('DescribeKey', { KeyId: Arn }, { region: test.west })).rejects.toMatchObject({
      name: 'NotFoundException',
    });
    await kms('DeleteAlias', { AliasName: 'alias/vault' });
    await expect(kms('DescribeKey', { KeyId: 'alias/vault' })).rejects.toMatchObject({ name: 'NotFoundException' });
  });

  it('has aliases that nobody else has, with names that are not those of AWS', async () => {
    const { KeyId } = await newKey();
    await kms('CreateAlias', { AliasName: 'alias/once', TargetKeyId: KeyId });
    await expect(kms('CreateAlias', { AliasName: 'alias/once', TargetKeyId: KeyId })).rejects.toMatchObject({
      name: 'AlreadyExistsException',
    });
    for (const AliasName of ['vault', 'alias/', 'alias/aws/s3'])
      await expect(kms('CreateAlias', { AliasName, TargetKeyId: KeyId })).rejects.toMatchObject({
        name: 'InvalidAliasNameException',
      });
  });

  it('that is disabled can be described and nothing else, until it is enabled again', async () => {
    const { KeyId } = await newKey();
    const CiphertextBlob = await encrypt(KeyId);
    await kms('DisableKey', { KeyId });
    expect(await kms('DescribeKey', { KeyId })).toMatchObject({
      KeyMetadata: { Enabled: false, KeyState: 'Disabled' },
    });
    const disabled = { name: 'DisabledException' };
    await expect(kms('Decrypt', { CiphertextBlob })).rejects.toMatchObject(disabled);
    await expect(kms('Encrypt', { KeyId, Plaintext: plain })).rejects.toMatchObject(disabled);
    await expect(kms('GenerateDataKey', { KeyId, KeySpec: 'AES_256' })).rejects.toMatchObject(disabled);
    await expect(kms('CreateGrant', { KeyId, GranteePrincipal: 'x', Operations: [] })).rejects.toMatchObject(disabled);
    await kms('EnableKey', { KeyId });
    await expect(kms('Decrypt', { CiphertextBlob })).resolves.toMatchObject({ Plaintext: plain });
  });

  it('waits for its deletion without being usable, and is gone when the wait is over', async () => {
    const { KeyId } = await newKey();
    await kms('ScheduleKeyDeletion', { KeyId, PendingWindowInDays: 7 });
    expect(await kms('DescribeKey', { KeyId })).toMatchObject({ KeyMetadata: { KeyState: 'PendingDeletion' } });
    const invalidState = { name: 'KMSInvalidStateException' };
    await expect(kms('Encrypt', { KeyId, Plaintext: plain })).rejects.toMatchObject(invalidState);
    await expect(kms('EnableKey', { KeyId })).rejects.toMatchObject(invalidState);
    await test.world.clock.advanceTo(new Date(test.world.clock.now().getTime() + 8 * 86_400_000));
    await expect(kms('DescribeKey', { KeyId })).rejects.toMatchObject({ name: 'NotFoundException' });
  });

  it('tells whether it rotates', async () => {
    const { KeyId } = await newKey();
    expect(await kms('GetKeyRotationStatus', { KeyId })).toMatchObject({ KeyRotationEnabled: false });
    await kms('EnableKeyRotation', { KeyId });
    expect(await kms('GetKeyRotationStatus', { KeyId })).toMatchObject({
      KeyRotationEnabled: true,
      RotationPeriodInDays: 365,
    });
  });
});

describe('a multi-region key', () => {
  it('reads in every region what was encrypted in one, and each replica is disabled for itself', async () => {
    const primary = await newKey({ MultiRegion: true });
    expect(primary.KeyId).toMatch(/^mrk-[0-9a-f]{32}$/);
    const CiphertextBlob = await encrypt(primary.KeyId);
    const { ReplicaKeyMetadata } = await kms<{ ReplicaKeyMetadata: KeyMetadata }>('ReplicateKey', {
      KeyId: primary.KeyId,
      ReplicaRegion: 'us-west-2',
    });
    expect(ReplicaKeyMetadata).toMatchObject({
      KeyId: primary.KeyId,
      Arn: `arn:aws:kms:us-west-2:111122223333:key/${primary.KeyId}`,
      MultiRegionConfiguration: { MultiRegionKeyType: 'REPLICA', PrimaryKey: { Arn: primary.Arn } },
    });
    const west = { region: test.west };
    await kms('DisableKey', { KeyId: primary.KeyId });
    await expect(kms('Decrypt', { CiphertextBlob }, west)).resolves.toMatchObject({ Plaintext: plain });
    await expect(kms('Decrypt', { CiphertextBlob })).rejects.toMatchObject({ name: 'DisabledException' });
    await kms('EnableKey', { KeyId: primary.KeyId });
    await expect(kms('ReplicateKey', { KeyId: primary.KeyId, ReplicaRegion: 'us-west-2' })).rejects.toMatchObject({
      name: 'AlreadyExistsException',
    });
    await expect(kms('ReplicateKey', { KeyId: primary.KeyId, ReplicaRegion: 'us-east-1' }, west)).rejects.toMatchObject(
      {
        name: 'UnsupportedOperationException',
      },
    );
  });

  it('is one from the beginning or never', async () => {
    const { KeyId } = await newKey();
    await expect(kms('ReplicateKey', { KeyId, ReplicaRegion: 'us-west-2' })).rejects.toMatchObject({
      name: 'UnsupportedOperationException',
    });
  });
});

describe('who may use a key', () => {
  const role = (name: string, statements: PolicyStatement[] = []): Caller => {
    const arn = `arn:aws:iam::111122223333:role/${name}`;
    const trust: PolicyStatement = {
      Effect: 'Allow',
      Principal: { Service: 'lambda.amazonaws.com' },
      Action: 'sts:AssumeRole',
    };
    test.world.iam.putRole({ arn, trust: [trust], statements });
    const { service: _, ...caller } = test.world.iam.assume(arn, 'lambda.amazonaws.com', { actor: name });
    return caller;
  };
  const policy = (...Statement: PolicyStatement[]): string => JSON.stringify({ Version: '2012-10-17', Statement });
  const denied = { code: 'AccessDenied' };

  it('is whom the account lets, by the default policy', async () => {
    const { KeyId, Arn } = await newKey();
    const CiphertextBlob = await encrypt(KeyId);
    const reader = role('reader', [{ Effect: 'Allow', Action: 'kms:Decrypt', Resource: Arn }]);
    await expect(kms('Decrypt', { CiphertextBlob }, { caller: reader })).resolves.toMatchObject({ Plaintext: plain });
    await expect(kms('Encrypt', { KeyId, Plaintext: plain }, { caller: reader })).rejects.toMatchObject(denied);
  });

  it('is nobody but those named, where the key policy leaves the account out', async () => {
    const named = role('named');
    const other = role('other', [{ Effect: 'Allow', Action: 'kms:*', Resource: '*' }]);
    const Policy = policy({
      Effect: 'Allow',
      Principal: { AWS: named.roleArn ?? '' },
      Action: 'kms:Encrypt',
      Resource: '*',
    });
    const { KeyId } = await newKey({ Policy });
    const input = { KeyId, Plaintext: plain };
    await expect(kms('Encrypt', input, { caller: named })).resolves.toBeDefined();
    await expect(kms('Encrypt', input, { caller: other })).rejects.toMatchObject(denied);
  });

  it('depends on the service it comes through, and on the encryption context', async () => {
    const { KeyId, Arn } = await newKey();
    const through = role('through', [
      {
        Effect: 'Allow',
        Action: 'kms:Encrypt',
        Resource: Arn,
        Condition: { StringEquals: { 'kms:ViaService': 's3.us-east-1.amazonaws.com' } },
      },
      {
        Effect: 'Allow',
        Action: 'kms:Decrypt',
        Resource: Arn,
        Condition: { StringEquals: { 'kms:EncryptionContext:table': 'orders' } },
      },
    ]);
    const sealed = (table: string, caller: Caller) =>
      kms<{ CiphertextBlob: Uint8Array }>(
        'Encrypt',
        { KeyId, Plaintext: plain, EncryptionContext: { table } },
        { caller },
      );
    await expect(sealed('orders', through)).rejects.toMatchObject(denied);
    const viaS3 = { ...through, service: 's3.amazonaws.com' };
    for (const [table, allowed] of [
      ['orders', true],
      ['payments', false],
    ] as const) {
      const { CiphertextBlob } = await sealed(table, viaS3);
      const read = kms('Decrypt', { CiphertextBlob, EncryptionContext: { table } }, { caller: through });
      await (allowed ? expect(read).resolves.toBeDefined() : expect(read).rejects.toMatchObject(denied));
    }
  });

  it('is also a service that holds a grant, for what was granted', async () => {
    const { KeyId } = await newKey();
    const caller: Caller = { arn: 'rds.amazonaws.com', account: '111122223333', service: 'rds.amazonaws.com' };
    await expect(kms('DescribeKey', { KeyId }, { caller })).rejects.toMatchObject(denied);
    await kms('CreateGrant', { KeyId, GranteePrincipal: 'rds.amazonaws.com', Operations: ['DescribeKey'] });
    await expect(kms('DescribeKey', { KeyId }, { caller })).resolves.toBeDefined();
    await expect(kms('Encrypt', { KeyId, Plaintext: plain }, { caller })).rejects.toMatchObject(denied);
  });

  it('needs the permission on the alias too, to name a key', async () => {
    const { KeyId, Arn } = await newKey();
    const namer = role('namer', [{ Effect: 'Allow', Action: 'kms:CreateAlias', Resource: Arn }]);
    const input = { AliasName: 'alias/named', TargetKeyId: KeyId };
    await expect(kms('CreateAlias', input, { caller: namer })).rejects.toThrow('alias/named');
  });

  it('stands in the key policy, which has to be JSON', async () => {
    const Policy = policy({ Effect: 'Allow', Principal: '*', Action: 'kms:*', Resource: '*' });
    const { KeyId } = await newKey({ Policy });
    expect(await kms('GetKeyPolicy', { KeyId })).toMatchObject({ Policy });
    await expect(kms('CreateKey', { Policy: 'all' })).rejects.toMatchObject({
      name: 'MalformedPolicyDocumentException',
    });
  });
});
