import {
  InvalidParameterException,
  ResourceExistsException,
  ResourceNotFoundException,
} from '@aws-sdk/client-secrets-manager';
import { type Asking, type Sealed, seal, unseal, type Value } from './sealing.ts';

export interface Version {
  id: string;
  value: Sealed | Value;
  createdAt: Date;
  stages: Set<string>;
}

export interface Secret {
  name: string;
  arn: string;
  description: string | undefined;
  kmsKeyId: string | undefined;
  createdAt: Date;
  changedAt: Date;
  versions: Map<string, Version>;
}

/** Secrets of one region, by name. */
export interface SecretStore {
  secrets: Map<string, Secret>;
}

export const lookUp = ({ secrets }: SecretStore, id = ''): Secret | undefined =>
  secrets.get(id) ?? [...secrets.values()].find(({ arn }) => arn === id || arn.replace(/-\w{6}$/, '') === id);

export const findSecret = (store: SecretStore, id: string | undefined): Secret => {
  const found = lookUp(store, id);
  if (found) return found;
  const message = "Secrets Manager can't find the specified secret.";
  throw new ResourceNotFoundException({ message, $metadata: {} });
};

/** By id, by stage, or by both; the current one where neither is named. @throws {ResourceNotFoundException} */
export const findVersion = ({ versions }: Secret, id: string | undefined, stage: string | undefined): Version => {
  const wanted = stage ?? (id === undefined ? 'AWSCURRENT' : undefined);
  for (const version of versions.values()) {
    if ((id === undefined || version.id === id) && (wanted === undefined || version.stages.has(wanted))) return version;
  }
  const named = [id && `version ${id}`, wanted && `staging label ${wanted}`].filter(Boolean).join(' and ');
  const message = `Secrets Manager can't find the specified secret value for ${named}.`;
  throw new ResourceNotFoundException({ message, $metadata: {} });
};

/**
 * Adds a version and moves the stages to it: what was current becomes previous. Put again with the same id and value, it
 * changes nothing. @throws {ResourceExistsException} for the same id with another value
 */
export const addVersion = async (
  secret: Secret,
  { id, value, stages = ['AWSCURRENT'] }: { id: string; value: Value; stages?: string[] | undefined },
  asking: Asking,
): Promise<Version> => {
  const standing = secret.versions.get(id);
  if (standing) return assertSame(secret, standing, value, asking);
  const size = Buffer.byteLength(value.SecretString ?? value.SecretBinary ?? '');
  if ((value.SecretString === undefined) === (value.SecretBinary === undefined) || size > 65_536)
    throw invalidParameter('You must provide either SecretString or SecretBinary, of at most 65536 bytes.');
  const sealed = await seal(placeOf(secret, id), value, asking);
  const version: Version = { id, value: sealed, createdAt: asking.region.clock.now(), stages: new Set() };
  secret.versions.set(id, version);
  for (const stage of stages) moveStage(secret, stage, version);
  secret.changedAt = version.createdAt;
  return version;
};

const moveStage = ({ versions }: Secret, stage: string, to: Version): void => {
  for (const version of versions.values()) {
    if (!version.stages.delete(stage) || stage !== 'AWSCURRENT' || version === to) continue;
    for (const other of versions.values()) other.stages.delete('AWSPREVIOUS');
    version.stages.add('AWSPREVIOUS');
  }
  to.stages.add(stage);
};

const assertSame = async (secret: Secret, standing: Version, value: Value, asking: Asking): Promise<Version> => {
  const held = await readVersion(secret, standing, asking);
  const bytes = (each: Value): Buffer => Buffer.from(each.SecretString ?? each.SecretBinary ?? '');
  if (bytes(held).equals(bytes(value))) return standing;
  const message = `You can't use ClientRequestToken ${standing.id} because that value is already in use for a version of secret ${secret.arn}.`;
  throw new ResourceExistsException({ message, $metadata: {} });
};

export const readVersion = (secret: Secret, { id, value }: Version, asking: Asking): Promise<Value> =>
  unseal(placeOf(secret, id), value, asking);

const placeOf = ({ arn, kmsKeyId }: Secret, versionId: string) => ({
  kmsKeyId,
  context: { SecretARN: arn, SecretVersionId: versionId },
});

export const stagesOf = ({ versions }: Secret): Record<string, string[]> =>
  Object.fromEntries(
    [...versions.values()].filter(({ stages }) => stages.size > 0).map(({ id, stages }) => [id, [...stages]]),
  );

export const invalidParameter = (message: string): InvalidParameterException =>
  new InvalidParameterException({ message, $metadata: {} });
