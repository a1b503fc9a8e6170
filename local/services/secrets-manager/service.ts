// Secrets Manager: versions with their stages, values kept encrypted by KMS where a key is named.
import { randomBytes, randomUUID } from 'node:crypto';
import * as sdk from '@aws-sdk/client-secrets-manager';
import { ResourceExistsException, ResourceNotFoundException } from '@aws-sdk/client-secrets-manager';
import { defineService } from '../../service.ts';
import type { CallContext, Region, Service } from '../../types.ts';

interface Version {
  value: Uint8Array;
  createdAt: Date;
  stages: Set<string>;
}

interface Secret {
  name: string;
  arn: string;
  kmsKeyId: string | undefined;
  createdAt: Date;
  versions: Map<string, Version>;
}

export const createSecretsManager = (region: Region): Service => {
  const secrets = new Map<string, Secret>();

  const lookUp = (id: string | undefined): Secret | undefined =>
    secrets.get(id ?? '') ?? [...secrets.values()].find(({ arn }) => arn === id);
  const find = (id: string | undefined): Secret => {
    const found = lookUp(id);
    if (found) return found;
    throw new ResourceNotFoundException({ message: "Secrets Manager can't find the specified secret.", $metadata: {} });
  };
  const contextOf = (secret: Secret): Record<string, string> => ({ SecretARN: secret.arn });
  const seal = async (secret: Secret, text: string, { caller }: CallContext): Promise<Uint8Array> => {
    const plain = Buffer.from(text);
    if (!secret.kmsKeyId) return plain;
    const { CiphertextBlob } = await region.call<{ CiphertextBlob: Uint8Array }>(
      'kms',
      'Encrypt',
      { KeyId: secret.kmsKeyId, Plaintext: plain, EncryptionContext: contextOf(secret) },
      caller,
    );
    return CiphertextBlob;
  };
  const open = async (secret: Secret, { value }: Version, { caller }: CallContext): Promise<string> => {
    if (!secret.kmsKeyId) return Buffer.from(value).toString('utf8');
    const { Plaintext } = await region.call<{ Plaintext: Uint8Array }>(
      'kms',
      'Decrypt',
      { KeyId: secret.kmsKeyId, CiphertextBlob: value, EncryptionContext: contextOf(secret) },
      caller,
    );
    return Buffer.from(Plaintext).toString('utf8');
  };
  /** The new version is current, the one that was is previous, and older ones lose that label. */
  const addVersion = (secret: Secret, id: string, value: Uint8Array): void => {
    for (const version of secret.versions.values()) {
      version.stages.delete('AWSPREVIOUS');
      if (version.stages.delete('AWSCURRENT')) version.stages.add('AWSPREVIOUS');
    }
    secret.versions.set(id, { value, createdAt: region.clock.now(), stages: new Set(['AWSCURRENT']) });
  };
  const stagesOf = (secret: Secret): Record<string, string[]> =>
    Object.fromEntries(
      [...secret.versions].filter(([, { stages }]) => stages.size > 0).map(([id, { stages }]) => [id, [...stages]]),
    );

  const service = defineService(sdk, {
    async CreateSecret({ Name = '', SecretString = '', KmsKeyId, ClientRequestToken = randomUUID() }, context) {
      if (secrets.has(Name))
        throw new ResourceExistsException({ message: `The secret ${Name} already exists.`, $metadata: {} });
      const suffix = randomBytes(4).toString('hex').slice(0, 6);
      const arn = `arn:aws:secretsmanager:${region.name}:${region.account}:secret:${Name}-${suffix}`;
      const secret: Secret = {
        name: Name,
        arn,
        kmsKeyId: KmsKeyId,
        createdAt: region.clock.now(),
        versions: new Map(),
      };
      addVersion(secret, ClientRequestToken, await seal(secret, SecretString, context));
      secrets.set(Name, secret);
      return { ARN: arn, Name, VersionId: ClientRequestToken };
    },
    async PutSecretValue({ SecretId, SecretString = '', ClientRequestToken = randomUUID() }, context) {
      const secret = find(SecretId);
      if (!secret.versions.has(ClientRequestToken))
        addVersion(secret, ClientRequestToken, await seal(secret, SecretString, context));
      return { ARN: secret.arn, Name: secret.name, VersionId: ClientRequestToken, VersionStages: ['AWSCURRENT'] };
    },
    async GetSecretValue({ SecretId, VersionId, VersionStage = 'AWSCURRENT' }, context) {
      const secret = find(SecretId);
      const entry = VersionId
        ? ([VersionId, secret.versions.get(VersionId)] as const)
        : [...secret.versions].find(([, { stages }]) => stages.has(VersionStage));
      if (!entry?.[1])
        throw new ResourceNotFoundException({
          message: "Secrets Manager can't find the specified secret value.",
          $metadata: {},
        });
      const [id, version] = entry;
      return {
        ARN: secret.arn,
        Name: secret.name,
        VersionId: id,
        SecretString: await open(secret, version as Version, context),
        VersionStages: [...(version as Version).stages],
        CreatedDate: (version as Version).createdAt,
      };
    },
    async DescribeSecret({ SecretId }) {
      const secret = find(SecretId);
      return {
        ARN: secret.arn,
        Name: secret.name,
        KmsKeyId: secret.kmsKeyId,
        CreatedDate: secret.createdAt,
        VersionIdsToStages: stagesOf(secret),
      };
    },
    async ListSecretVersionIds({ SecretId }) {
      const secret = find(SecretId);
      return {
        ARN: secret.arn,
        Name: secret.name,
        Versions: [...secret.versions].map(([VersionId, { stages, createdAt }]) => ({
          VersionId,
          VersionStages: [...stages],
          CreatedDate: createdAt,
        })),
      };
    },
  });
  return {
    ...service,
    // An unknown secret is checked under its name, so that who may not ask does not learn whether it exists.
    authorize: (operation, input) => {
      const { SecretId, Name } = input as { SecretId?: string; Name?: string };
      const arn =
        lookUp(SecretId)?.arn ??
        `arn:aws:secretsmanager:${region.name}:${region.account}:secret:${SecretId ?? Name}-000000`;
      return [{ action: `secretsmanager:${operation}`, resource: arn }];
    },
  };
};
