import { randomBytes, randomUUID } from 'node:crypto';
import {
  DisabledException,
  type KeyMetadata,
  KMSInvalidStateException,
  MalformedPolicyDocumentException,
  NotFoundException,
} from '@aws-sdk/client-kms';
import type { PolicyStatement, Region } from '../../types.ts';

/** One key in one region. Replicas of a multi-region key share id and material, and nothing else. */
export interface Key {
  id: string;
  arn: string;
  /** Set for multi-region keys. */
  primaryRegion: string | undefined;
  material: Buffer;
  state: 'Enabled' | 'Disabled' | 'PendingDeletion';
  deletionDate: Date | undefined;
  rotationPeriodDays: number | undefined;
  description: string;
  createdAt: Date;
  policy: PolicyStatement[];
  policyText: string;
  /** Operations granted, by principal. */
  grants: Map<string, Set<string>>;
}

/** Keys and aliases of one region. */
export interface KeyStore {
  region: Region;
  keys: Map<string, Key>;
  /** Names with their `alias/`, to key ids. */
  aliases: Map<string, string>;
}

export const newKey = (
  region: Region,
  settings: { description: string; policyText: string | undefined },
  origin: Pick<Key, 'id' | 'material' | 'primaryRegion'>,
): Key => {
  const policyText = settings.policyText ?? defaultPolicy(region);
  return {
    ...origin,
    arn: `arn:aws:kms:${region.name}:${region.account}:key/${origin.id}`,
    state: 'Enabled',
    deletionDate: undefined,
    rotationPeriodDays: undefined,
    description: settings.description,
    createdAt: region.clock.now(),
    policyText,
    policy: statementsOf(policyText),
    grants: new Map(),
  };
};

export const newMaterial = (region: Region, multiRegion: boolean): Pick<Key, 'id' | 'material' | 'primaryRegion'> => ({
  id: multiRegion ? `mrk-${randomUUID().replaceAll('-', '')}` : randomUUID(),
  material: randomBytes(32),
  primaryRegion: multiRegion ? region.name : undefined,
});

/** By id, ARN, alias name or alias ARN. @throws {NotFoundException} */
export const findKey = ({ region, keys, aliases }: KeyStore, reference: string | undefined): Key => {
  const [, , , where, , resource] = /^arn:/.test(reference ?? '') ? (reference ?? '').split(':') : [];
  const name = resource?.replace(/^key\//, '') ?? reference ?? '';
  const found = where === undefined || where === region.name ? keys.get(aliases.get(name) ?? name) : undefined;
  if (found) return found;
  throw new NotFoundException({ message: `Key '${reference}' does not exist in ${region.name}`, $metadata: {} });
};

/** @throws {DisabledException} {KMSInvalidStateException} */
export const usableKey = (store: KeyStore, reference: string | undefined): Key => {
  const key = findKey(store, reference);
  if (key.state === 'Disabled') throw new DisabledException({ message: `${key.arn} is disabled.`, $metadata: {} });
  if (key.state === 'PendingDeletion') throw pendingDeletion(key);
  return key;
};

export const pendingDeletion = ({ arn }: Key): KMSInvalidStateException =>
  new KMSInvalidStateException({ message: `${arn} is pending deletion.`, $metadata: {} });

export const describeKey = ({ region }: KeyStore, key: Key): KeyMetadata => ({
  KeyId: key.id,
  Arn: key.arn,
  AWSAccountId: region.account,
  CreationDate: key.createdAt,
  Enabled: key.state === 'Enabled',
  Description: key.description,
  KeyUsage: 'ENCRYPT_DECRYPT',
  KeyState: key.state,
  DeletionDate: key.deletionDate,
  KeySpec: 'SYMMETRIC_DEFAULT',
  EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
  Origin: 'AWS_KMS',
  KeyManager: 'CUSTOMER',
  MultiRegion: key.primaryRegion !== undefined,
  MultiRegionConfiguration: key.primaryRegion
    ? {
        MultiRegionKeyType: key.primaryRegion === region.name ? 'PRIMARY' : 'REPLICA',
        PrimaryKey: { Arn: key.arn.replace(region.name, key.primaryRegion), Region: key.primaryRegion },
      }
    : undefined,
});

/** As KMS makes it where none is given: the account's own policies decide. */
const defaultPolicy = ({ account }: Region): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'kms:*', Resource: '*' },
    ],
  });

const statementsOf = (text: string): PolicyStatement[] => {
  try {
    return [(JSON.parse(text) as { Statement: PolicyStatement | PolicyStatement[] }).Statement].flat();
  } catch (cause) {
    const message = `The key policy is no JSON: ${(cause as Error).message}`;
    throw Object.assign(new MalformedPolicyDocumentException({ message, $metadata: {} }), { cause });
  }
};
