// Secrets Manager: versions with their stages, values encrypted under the key a secret names.
import { randomBytes, randomUUID } from 'node:crypto';
import * as sdk from '@aws-sdk/client-secrets-manager';
import { defineService } from '../../service.ts';
import type { Region, Service } from '../../types.ts';
import {
  addVersion,
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
  const store: SecretStore = { secrets: new Map() };
  const arnOf = (name: string, suffix: string): string =>
    `arn:aws:secretsmanager:${region.name}:${region.account}:secret:${name}-${suffix}`;

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
      };
      const hasValue = input.SecretString !== undefined || input.SecretBinary !== undefined;
      if (hasValue) await addVersion(secret, { id, value: input }, context);
      store.secrets.set(name, secret);
      return { ARN: secret.arn, Name: name, ...(hasValue && { VersionId: id }) };
    },

    async PutSecretValue(
      { SecretId, ClientRequestToken: id = randomUUID(), VersionStages: stages, ...value },
      context,
    ) {
      const secret = findSecret(store, SecretId);
      const version = await addVersion(secret, { id, value, stages }, context);
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
      };
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
