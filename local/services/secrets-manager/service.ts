// Secrets Manager: versions with their stages, values encrypted under the key a secret names, replicas in other regions.
import { randomBytes, randomUUID } from 'node:crypto';
import * as sdk from '@aws-sdk/client-secrets-manager';
import { defineService } from '../../service.ts';
import type { Region, Service } from '../../types.ts';
import { addReplicas, replicate } from './replicas.ts';
import {
  addVersion,
  assertPrimary,
  findSecret,
  findVersion,
  lookUp,
  readVersion,
  type Secret,
  type SecretStore,
  stagesOf,
} from './secrets.ts';

export interface SecretsManager extends Service {
  store: SecretStore;
}

export const createSecretsManager = (region: Region): SecretsManager => {
  const store: SecretStore = { region, secrets: new Map() };
  const arnOf = (name: string, suffix: string): string =>
    `arn:aws:secretsmanager:${region.name}:${region.account}:secret:${name}-${suffix}`;
  const storeOf = ({ services }: Region): SecretStore => (services.get('secretsmanager') as SecretsManager).store;

  const service = defineService(sdk, {
    async CreateSecret(input, context) {
      const { Name: name = '', KmsKeyId, Description, ClientRequestToken: id = randomUUID() } = input;
      if (store.secrets.has(name)) {
        const message = `The operation failed because the secret ${name} already exists.`;
        throw new sdk.ResourceExistsException({ message, $metadata: {} });
      }
      const now = region.clock.now();
      const secret: Secret = {
        name,
        arn: arnOf(name, randomBytes(3).toString('hex')),
        description: Description,
        kmsKeyId: KmsKeyId,
        createdAt: now,
        changedAt: now,
        versions: new Map(),
        primaryRegion: undefined,
        replicas: [],
      };
      const hasValue = input.SecretString !== undefined || input.SecretBinary !== undefined;
      if (hasValue) await addVersion(secret, { id, value: input }, context);
      store.secrets.set(name, secret);
      if (input.AddReplicaRegions) await addReplicas(secret, input.AddReplicaRegions, context, storeOf);
      return { ARN: secret.arn, Name: name, ...(hasValue && { VersionId: id }) };
    },

    async PutSecretValue(
      { SecretId, ClientRequestToken: id = randomUUID(), VersionStages: stages, ...value },
      context,
    ) {
      const secret = findSecret(store, SecretId);
      assertPrimary(secret);
      const version = await addVersion(secret, { id, value, stages }, context);
      await replicate(secret, context, storeOf);
      return { ARN: secret.arn, Name: secret.name, VersionId: id, VersionStages: [...version.stages] };
    },

    async GetSecretValue({ SecretId, VersionId, VersionStage }, context) {
      const secret = findSecret(store, SecretId);
      const version = findVersion(secret, VersionId, VersionStage);
      return {
        ARN: secret.arn,
        Name: secret.name,
        VersionId: version.id,
        VersionStages: [...version.stages],
        CreatedDate: version.createdAt,
        ...(await readVersion(secret, version, context)),
      };
    },

    async DescribeSecret({ SecretId }) {
      const secret = findSecret(store, SecretId);
      return {
        ARN: secret.arn,
        Name: secret.name,
        Description: secret.description,
        KmsKeyId: secret.kmsKeyId,
        CreatedDate: secret.createdAt,
        LastChangedDate: secret.changedAt,
        VersionIdsToStages: stagesOf(secret),
        PrimaryRegion: secret.primaryRegion ?? (secret.replicas.length > 0 ? region.name : undefined),
        ReplicationStatus: secret.replicas.length > 0 ? replicationStatus(secret) : undefined,
      };
    },

    async ListSecretVersionIds({ SecretId, IncludeDeprecated = false }) {
      const secret = findSecret(store, SecretId);
      const Versions = [...secret.versions.values()]
        .filter(({ stages }) => IncludeDeprecated || stages.size > 0)
        .map(({ id, stages, createdAt }) => ({ VersionId: id, VersionStages: [...stages], CreatedDate: createdAt }));
      return { ARN: secret.arn, Name: secret.name, Versions };
    },

    async ReplicateSecretToRegions({ SecretId, AddReplicaRegions = [] }, context) {
      const secret = findSecret(store, SecretId);
      assertPrimary(secret);
      await addReplicas(secret, AddReplicaRegions, context, storeOf);
      return { ARN: secret.arn, ReplicationStatus: replicationStatus(secret) };
    },
  });

  return {
    ...service,
    store,
    // A secret that does not exist is asked about under its name, so that who may not ask does not learn whether it does.
    authorize: (operation, input) => {
      const { SecretId, Name } = input as { SecretId?: string; Name?: string };
      const id = SecretId ?? Name ?? '';
      const resource = lookUp(store, SecretId)?.arn ?? (id.startsWith('arn:') ? id : arnOf(id, '000000'));
      return [{ action: `secretsmanager:${operation}`, resource }];
    },
  };
};

const replicationStatus = ({ replicas }: Secret): sdk.ReplicationStatusType[] =>
  replicas.map(({ region, kmsKeyId, status, statusMessage }) => ({
    Region: region,
    KmsKeyId: kmsKeyId,
    Status: status,
    StatusMessage: statusMessage,
  }));
