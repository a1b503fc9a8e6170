// Secrets in other regions: the same name, versions and stages, encrypted under a key of that region.
import type { CallContext, Region } from '../../types.ts';
import { seal } from './sealing.ts';
import { invalidParameter, type Replica, readVersion, type Secret, type SecretStore, type Version } from './secrets.ts';

/** How the service in another region is reached: its own store. */
export type StoreOf = (region: Region) => SecretStore;

export const addReplicas = async (
  secret: Secret,
  asked: { Region?: string | undefined; KmsKeyId?: string | undefined }[],
  context: CallContext,
  storeOf: StoreOf,
): Promise<void> => {
  for (const { Region: name = '', KmsKeyId: kmsKeyId } of asked) {
    if (name === context.region.name || !context.region.world.regions.has(name))
      throw invalidParameter(`The region ${name} cannot hold a replica of ${secret.arn}.`);
    if (!secret.replicas.some(({ region }) => region === name))
      secret.replicas.push({ region: name, kmsKeyId, status: 'InSync' });
  }
  await replicate(secret, context, storeOf);
};

/** Brings every replica to the secret's versions and stages. One that cannot be reached has failed, and says so. */
export const replicate = async (secret: Secret, context: CallContext, storeOf: StoreOf): Promise<void> => {
  for (const replica of secret.replicas) {
    try {
      await bringUp(secret, replica, context, storeOf);
      replica.status = 'InSync';
      replica.statusMessage = undefined;
    } catch (error) {
      replica.status = 'Failed';
      replica.statusMessage = (error as Error).message;
    }
  }
};

const bringUp = async (secret: Secret, replica: Replica, context: CallContext, storeOf: StoreOf): Promise<void> => {
  const region = context.region.world.region(replica.region);
  if (!region.alive) throw new Error(`The region ${region.name} does not answer.`);
  const { secrets } = storeOf(region);
  const arn = secret.arn.replace(context.region.name, region.name);
  const standing = secrets.get(secret.name);
  if (standing && standing.primaryRegion !== context.region.name)
    throw new Error(`A secret named ${secret.name} already exists in ${region.name}.`);
  const copy: Secret = {
    ...secret,
    arn,
    kmsKeyId: replica.kmsKeyId,
    primaryRegion: context.region.name,
    replicas: [],
    versions: new Map(),
  };
  for (const version of secret.versions.values()) {
    const value = standing?.versions.get(version.id)?.value ?? (await resealed(secret, version, copy, context, region));
    copy.versions.set(version.id, { ...version, value, stages: new Set(version.stages) });
  }
  secrets.set(secret.name, copy);
};

const resealed = async (
  secret: Secret,
  version: Version,
  { arn, kmsKeyId }: Secret,
  context: CallContext,
  region: Region,
): Promise<Version['value']> => {
  const place = { kmsKeyId, context: { SecretARN: arn, SecretVersionId: version.id } };
  return seal(place, await readVersion(secret, version, context), { region, caller: context.caller });
};
