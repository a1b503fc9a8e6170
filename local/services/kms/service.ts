// KMS with real AES-256 keys: multi-region replicas, aliases, key policies, grants, encryption contexts.
import { randomBytes } from 'node:crypto';
import * as sdk from '@aws-sdk/client-kms';
import { ApiError, defineService } from '../../service.ts';
import type { Region, Service } from '../../types.ts';
import { cryptography } from './cryptography.ts';
import {
  describeKey,
  findKey,
  type Key,
  type KeyStore,
  newKey,
  newMaterial,
  pendingDeletion,
  usableKey,
} from './keys.ts';
import { checksFor } from './permissions.ts';

export interface Kms extends Service {
  store: KeyStore;
}

const DAY_MS = 86_400_000;

export const createKms = (region: Region): Kms => {
  const store: KeyStore = { region, keys: new Map(), aliases: new Map() };
  const { keys, aliases } = store;
  const add = (key: Key, { keys, region }: KeyStore): Key => {
    if (keys.has(key.id)) throw alreadyExists(`${key.arn} already exists in ${region.name}`);
    keys.set(key.id, key);
    return key;
  };
  const setState = (reference: string | undefined, state: 'Enabled' | 'Disabled'): Record<string, never> => {
    const key = findKey(store, reference);
    if (key.state === 'PendingDeletion') throw pendingDeletion(key);
    key.state = state;
    return {};
  };

  const service = defineService(sdk, {
    ...cryptography(store),
    async CreateKey({ MultiRegion = false, Description: description = '', Policy: policyText, KeySpec, KeyUsage }) {
      if (
        (KeySpec ?? 'SYMMETRIC_DEFAULT') !== 'SYMMETRIC_DEFAULT' ||
        (KeyUsage ?? 'ENCRYPT_DECRYPT') !== 'ENCRYPT_DECRYPT'
      )
        throw new ApiError('NotImplemented', 501, 'Only symmetric keys for encryption are offered here.');
      const key = add(newKey(region, { description, policyText }, newMaterial(region, MultiRegion)), store);
      return { KeyMetadata: describeKey(store, key) };
    },
    async ReplicateKey({ KeyId, ReplicaRegion = '', Description: description = '', Policy: policyText }) {
      const primary = usableKey(store, KeyId);
      if (primary.primaryRegion !== region.name) {
        const message = `${primary.arn} is not the primary of a multi-region key.`;
        throw new sdk.UnsupportedOperationException({ message, $metadata: {} });
      }
      const target = region.world.region(ReplicaRegion);
      const there = (target.services.get('kms') as Kms).store;
      const replica = add(newKey(target, { description, policyText }, primary), there);
      return { ReplicaKeyMetadata: describeKey(there, replica), ReplicaPolicy: replica.policyText };
    },
    async CreateAlias({ AliasName = '', TargetKeyId }) {
      if (!/^alias\/(?!aws\/)[\w/-]{1,250}$/.test(AliasName)) {
        const message = `An alias is written like alias/name, found ${AliasName}`;
        throw new sdk.InvalidAliasNameException({ message, $metadata: {} });
      }
      if (aliases.has(AliasName)) throw alreadyExists(`An alias with the name ${AliasName} already exists`);
      aliases.set(AliasName, usableKey(store, TargetKeyId).id);
      return {};
    },
    async DeleteAlias({ AliasName = '' }) {
      if (aliases.delete(AliasName)) return {};
      throw new sdk.NotFoundException({ message: `Alias ${AliasName} is not found.`, $metadata: {} });
    },
    async ListAliases({ KeyId }) {
      const wanted = KeyId && findKey(store, KeyId).id;
      const Aliases = [...aliases]
        .filter(([, id]) => !wanted || id === wanted)
        .map(([AliasName, TargetKeyId]) => ({
          AliasName,
          AliasArn: `arn:aws:kms:${region.name}:${region.account}:${AliasName}`,
          TargetKeyId,
        }));
      return { Aliases, Truncated: false };
    },
    DescribeKey: async ({ KeyId }) => ({ KeyMetadata: describeKey(store, findKey(store, KeyId)) }),
    GetKeyPolicy: async ({ KeyId }) => ({ Policy: findKey(store, KeyId).policyText, PolicyName: 'default' }),
    async EnableKeyRotation({ KeyId, RotationPeriodInDays = 365 }) {
      usableKey(store, KeyId).rotationPeriodDays = RotationPeriodInDays;
      return {};
    },
    async GetKeyRotationStatus({ KeyId }) {
      const { id, rotationPeriodDays } = findKey(store, KeyId);
      return {
        KeyId: id,
        KeyRotationEnabled: rotationPeriodDays !== undefined,
        RotationPeriodInDays: rotationPeriodDays,
      };
    },
    EnableKey: async ({ KeyId }) => setState(KeyId, 'Enabled'),
    DisableKey: async ({ KeyId }) => setState(KeyId, 'Disabled'),
    async ScheduleKeyDeletion({ KeyId, PendingWindowInDays = 30 }) {
      const key = findKey(store, KeyId);
      if (key.state === 'PendingDeletion') throw pendingDeletion(key);
      key.state = 'PendingDeletion';
      key.deletionDate = new Date(region.clock.now().getTime() + PendingWindowInDays * DAY_MS);
      region.clock.at(key.deletionDate, () => void keys.delete(key.id));
      return { KeyId: key.arn, DeletionDate: key.deletionDate, KeyState: key.state, PendingWindowInDays };
    },
    async CreateGrant({ KeyId, GranteePrincipal = '', Operations = [] }) {
      const { grants } = usableKey(store, KeyId);
      grants.set(GranteePrincipal, new Set([...(grants.get(GranteePrincipal) ?? []), ...Operations]));
      return { GrantId: randomBytes(32).toString('hex'), GrantToken: randomBytes(32).toString('base64') };
    },
  });
  return { ...service, store, authorize: (operation, input, context) => checksFor(store, operation, input, context) };
};

const alreadyExists = (message: string): sdk.AlreadyExistsException =>
  new sdk.AlreadyExistsException({ message, $metadata: {} });
