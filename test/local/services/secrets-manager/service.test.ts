import type { KeyMetadata } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Caller, PolicyStatement, Region } from '../../../../local/types.ts';
import { createTestWorld, type TestWorld } from '../../endpoint/regions.ts';

let test: TestWorld;
beforeAll(async () => {
  test = await createTestWorld();
});
afterAll(() => test[Symbol.asyncDispose]());

const secrets = <T = Record<string, unknown>>(
  operation: string,
  input: object,
  { region = test.east, caller = test.world.iam.operator }: { region?: Region; caller?: Caller } = {},
): Promise<T> => region.call<T>('secretsmanager', operation, input, caller);

const get = (input: object, options?: { region?: Region; caller?: Caller }) =>
  secrets('GetSecretValue', input, options);
const notFound = { name: 'ResourceNotFoundException' };

const newKey = async (region: Region = test.east): Promise<string> => {
  const input = { MultiRegion: false };
  const { KeyMetadata } = await region.call<{ KeyMetadata: KeyMetadata }>(
    'kms',
    'CreateKey',
    input,
    test.world.iam.operator,
  );
  return KeyMetadata.Arn ?? '';
};

const role = (name: string, statements: PolicyStatement[]): Caller => {
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

describe('a secret', () => {
  it('is read by name, by ARN, and by ARN without its suffix', async () => {
    const { ARN, VersionId } = await secrets<{ ARN: string; VersionId: string }>('CreateSecret', {
      Name: 'shop/read',
      SecretString: 'word',
    });
    expect(ARN).toMatch(/^arn:aws:secretsmanager:us-east-1:111122223333:secret:shop\/read-\w{6}$/);
    for (const SecretId of ['shop/read', ARN, ARN.slice(0, -7)])
      expect(await get({ SecretId })).toMatchObject({
        ARN,
        VersionId,
        SecretString: 'word',
        VersionStages: ['AWSCURRENT'],
      });
  });

  it('holds bytes as well as text, and not both', async () => {
    const SecretBinary = Buffer.from([0, 255, 10]);
    await secrets('CreateSecret', { Name: 'shop/bytes', SecretBinary });
    const read = await get({ SecretId: 'shop/bytes' });
    expect(read).toMatchObject({ SecretBinary });
    expect(read).not.toHaveProperty('SecretString');
    await expect(secrets('CreateSecret', { Name: 'shop/both', SecretBinary, SecretString: 'x' })).rejects.toMatchObject(
      {
        name: 'InvalidParameterException',
      },
    );
    await expect(get({ SecretId: 'shop/both' })).rejects.toMatchObject(notFound);
  });

  it('is created once under a name', async () => {
    await secrets('CreateSecret', { Name: 'shop/once', SecretString: 'x' });
    await expect(secrets('CreateSecret', { Name: 'shop/once', SecretString: 'x' })).rejects.toMatchObject({
      name: 'ResourceExistsException',
    });
  });

  it('may be without a value, and has none to read then', async () => {
    await secrets('CreateSecret', { Name: 'shop/empty' });
    await expect(get({ SecretId: 'shop/empty' })).rejects.toMatchObject(notFound);
    expect(await secrets('DescribeSecret', { SecretId: 'shop/empty' })).toMatchObject({ VersionIdsToStages: {} });
  });
});

describe('versions', () => {
  const put = (SecretId: string, SecretString: string, rest: object = {}) =>
    secrets<{ VersionId: string }>('PutSecretValue', { SecretId, SecretString, ...rest });

  it('move their stages: what was current is previous, and older ones have none but are still there', async () => {
    const SecretId = 'shop/rotated';
    const { VersionId: first } = await secrets<{ VersionId: string }>('CreateSecret', {
      Name: SecretId,
      SecretString: 'one',
    });
    const { VersionId: second } = await put(SecretId, 'two');
    const { VersionId: third } = await put(SecretId, 'three');
    expect(await get({ SecretId })).toMatchObject({ SecretString: 'three', VersionId: third });
    expect(await get({ SecretId, VersionStage: 'AWSPREVIOUS' })).toMatchObject({
      SecretString: 'two',
      VersionId: second,
    });
    expect(await get({ SecretId, VersionId: first })).toMatchObject({ SecretString: 'one', VersionStages: [] });
    expect(await secrets('DescribeSecret', { SecretId })).toMatchObject({
      VersionIdsToStages: { [second]: ['AWSPREVIOUS'], [third]: ['AWSCURRENT'] },
    });
    await expect(get({ SecretId, VersionId: first, VersionStage: 'AWSCURRENT' })).rejects.toMatchObject(notFound);
  });

  it('can be put under a stage of their own, and leave the current one alone', async () => {
    const SecretId = 'shop/pending';
    await secrets('CreateSecret', { Name: SecretId, SecretString: 'one' });
    await put(SecretId, 'next', { VersionStages: ['AWSPENDING'] });
    expect(await get({ SecretId })).toMatchObject({ SecretString: 'one' });
    expect(await get({ SecretId, VersionStage: 'AWSPENDING' })).toMatchObject({ SecretString: 'next' });
    await put(SecretId, 'after that', { VersionStages: ['AWSPENDING'] });
    expect(await get({ SecretId, VersionStage: 'AWSPENDING' })).toMatchObject({ SecretString: 'after that' });
    await expect(get({ SecretId, VersionStage: 'AWSPREVIOUS' })).rejects.toMatchObject(notFound);
  });

  it('put again with the same token and value are the same version; with another value they are refused', async () => {
    const SecretId = 'shop/idempotent';
    const ClientRequestToken = '7d0ca2a1-3f6b-4b3f-9b45-1d3f9c4f3a77';
    await secrets('CreateSecret', { Name: SecretId, SecretString: 'one' });
    await put(SecretId, 'two', { ClientRequestToken });
    await put(SecretId, 'three');
    await put(SecretId, 'two', { ClientRequestToken });
    expect(await get({ SecretId })).toMatchObject({ SecretString: 'three' });
    await expect(put(SecretId, 'four', { ClientRequestToken })).rejects.toMatchObject({
      name: 'ResourceExistsException',
    });
  });
});

describe('encryption', () => {
  it('uses the key the secret names: whoever reads needs kms:Decrypt, and a disabled key closes it', async () => {
    const KmsKeyId = await newKey();
    await secrets('CreateSecret', { Name: 'shop/sealed', KmsKeyId, SecretString: 'word' });
    const SecretId = 'shop/sealed';
    const readSecret: PolicyStatement = { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: '*' };
    const viaService = { StringEquals: { 'kms:ViaService': 'secretsmanager.us-east-1.amazonaws.com' } };
    const decrypt: PolicyStatement = {
      Effect: 'Allow',
      Action: 'kms:Decrypt',
      Resource: KmsKeyId,
      Condition: viaService,
    };
    await expect(get({ SecretId }, { caller: role('half', [readSecret]) })).rejects.toThrow('kms:Decrypt');
    await expect(get({ SecretId }, { caller: role('whole', [readSecret, decrypt]) })).resolves.toMatchObject({
      SecretString: 'word',
    });
    await test.east.call('kms', 'DisableKey', { KeyId: KmsKeyId }, test.world.iam.operator);
    await expect(get({ SecretId })).rejects.toMatchObject({ name: 'DisabledException' });
  });

  it('keeps no plain text in memory', async () => {
    await secrets('CreateSecret', { Name: 'shop/hidden', KmsKeyId: await newKey(), SecretString: 'a-word-in-clear' });
    const { store } = test.east.services.get('secretsmanager') as unknown as {
      store: { secrets: Map<string, object> };
    };
    const held = store.secrets.get('shop/hidden') as { versions: Map<string, { value: { body: Buffer } }> };
    const [version] = [...held.versions.values()];
    expect(version?.value.body.length).toBeGreaterThan(0);
    expect(version?.value.body.includes('a-word-in-clear')).toBe(false);
  });
});

describe('who may ask', () => {
  it('is decided by the secret named, also where it does not exist', async () => {
    await secrets('CreateSecret', { Name: 'shop/mine', SecretString: 'x' });
    await secrets('CreateSecret', { Name: 'shop/yours', SecretString: 'x' });
    const Resource = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:shop/mine-??????';
    const caller = role('mine', [{ Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource }]);
    await expect(get({ SecretId: 'shop/mine' }, { caller })).resolves.toMatchObject({ SecretString: 'x' });
    for (const SecretId of ['shop/yours', 'shop/nobodys'])
      await expect(get({ SecretId }, { caller })).rejects.toMatchObject({ code: 'AccessDenied' });
  });
});
