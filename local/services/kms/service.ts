// KMS with real AES-256 keys: multi-region replicas, aliases, key policies, encryption contexts.
import { randomBytes } from 'node:crypto';
import * as sdk from '@aws-sdk/client-kms';
import {
  AlreadyExistsException,
  DisabledException,
  NotFoundException,
  UnsupportedOperationException,
} from '@aws-sdk/client-kms';
import { defineService } from '../../service.ts';
import type { CallContext, Check, PolicyStatement, Region, Service } from '../../types.ts';
import { decryptWith, encryptWith, type Key, keyArnOf, keyIdIn, newKeyId } from './keys.ts';

export interface Kms extends Service {
  key(id: string): Key;
  add(key: Key): void;
}

const KEY_SPEC_BYTES = { AES_128: 16, AES_256: 32 } as const;

export const createKms = (region: Region): Kms => {
  const keys = new Map<string, Key>();
  const aliases = new Map<string, string>();

  /** By id, ARN, alias name or alias ARN. */
  const find = (reference: string | undefined): Key => {
    const name = (reference ?? '').replace(/^arn:aws:kms:[^:]*:\d*:(key\/)?/, '');
    const elsewhere = reference?.startsWith('arn:') && reference.split(':')[3] !== region.name;
    const found = elsewhere ? undefined : keys.get(aliases.get(name) ?? name);
    if (found) return found;
    throw new NotFoundException({ message: `Key '${reference}' does not exist in ${region.name}`, $metadata: {} });
  };
  const usable = (reference: string | undefined): Key => {
    const key = find(reference);
    if (key.enabled) return key;
    throw new DisabledException({ message: `${key.arn} is disabled.`, $metadata: {} });
  };
  const describe = (key: Key) => ({
    KeyId: key.id,
    Arn: key.arn,
    AWSAccountId: region.account,
    CreationDate: key.createdAt,
    Enabled: key.enabled,
    Description: key.description,
    KeyUsage: 'ENCRYPT_DECRYPT' as const,
    KeyState: key.enabled ? ('Enabled' as const) : ('Disabled' as const),
    KeySpec: 'SYMMETRIC_DEFAULT' as const,
    Origin: 'AWS_KMS' as const,
    KeyManager: 'CUSTOMER' as const,
    MultiRegion: key.multiRegion,
  });
  const policyOf = (text: string): PolicyStatement[] =>
    (JSON.parse(text) as { Statement: PolicyStatement[] }).Statement;
  /** As KMS makes it where none is given: the account's own policies decide. */
  const defaultPolicy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${region.account}:root` }, Action: 'kms:*', Resource: '*' },
    ],
  });
  const add = (key: Key): void => void keys.set(key.id, key);

  const service = defineService(sdk, {
    async CreateKey({ MultiRegion = false, Description = '', Policy = defaultPolicy }) {
      const id = newKeyId(MultiRegion);
      const key: Key = {
        id,
        arn: keyArnOf(region, id),
        region: region.name,
        material: randomBytes(32),
        enabled: true,
        rotates: false,
        multiRegion: MultiRegion,
        primaryRegion: region.name,
        description: Description,
        createdAt: region.clock.now(),
        policy: policyOf(Policy),
        policyText: Policy,
        grants: new Map(),
      };
      add(key);
      return { KeyMetadata: describe(key) };
    },
    async ReplicateKey({ KeyId, ReplicaRegion = '', Description = '', Policy = defaultPolicy }) {
      const key = usable(KeyId);
      if (!key.multiRegion || key.primaryRegion !== region.name) {
        throw new UnsupportedOperationException({
          message: `${key.arn} is not the primary of a multi-region key.`,
          $metadata: {},
        });
      }
      const target = region.world.region(ReplicaRegion);
      const replica: Key = {
        ...key,
        arn: keyArnOf(target, key.id),
        region: ReplicaRegion,
        rotates: false,
        description: Description,
        createdAt: region.clock.now(),
        policy: policyOf(Policy),
        policyText: Policy,
        grants: new Map(),
      };
      (target.services.get('kms') as Kms).add(replica);
      return { ReplicaKeyMetadata: describe(replica), ReplicaPolicy: Policy };
    },
    async CreateAlias({ AliasName = '', TargetKeyId }) {
      if (aliases.has(AliasName))
        throw new AlreadyExistsException({
          message: `An alias with the name ${AliasName} already exists`,
          $metadata: {},
        });
      aliases.set(AliasName, find(TargetKeyId).id);
      return {};
    },
    async ListAliases() {
      return {
        Aliases: [...aliases].map(([AliasName, TargetKeyId]) => ({ AliasName, TargetKeyId })),
        Truncated: false,
      };
    },
    async DescribeKey({ KeyId }) {
      return { KeyMetadata: describe(find(KeyId)) };
    },
    async GetKeyPolicy({ KeyId }) {
      return { Policy: find(KeyId).policyText, PolicyName: 'default' };
    },
    async EnableKeyRotation({ KeyId }) {
      find(KeyId).rotates = true;
      return {};
    },
    async GetKeyRotationStatus({ KeyId }) {
      return { KeyRotationEnabled: find(KeyId).rotates };
    },
    async EnableKey({ KeyId }) {
      find(KeyId).enabled = true;
      return {};
    },
    async DisableKey({ KeyId }) {
      find(KeyId).enabled = false;
      return {};
    },
    async CreateGrant({ KeyId, GranteePrincipal = '', Operations = [] }) {
      const { grants } = usable(KeyId);
      grants.set(GranteePrincipal, new Set([...(grants.get(GranteePrincipal) ?? []), ...Operations]));
      return { GrantId: randomBytes(32).toString('hex'), GrantToken: randomBytes(32).toString('base64') };
    },
    async GenerateDataKey({ KeyId, EncryptionContext, KeySpec = 'AES_256', NumberOfBytes }) {
      const key = usable(KeyId);
      const Plaintext = randomBytes(NumberOfBytes ?? KEY_SPEC_BYTES[KeySpec]);
      return { KeyId: key.arn, Plaintext, CiphertextBlob: encryptWith(key, Plaintext, EncryptionContext) };
    },
    async Encrypt({ KeyId, Plaintext, EncryptionContext }) {
      const key = usable(KeyId);
      return {
        KeyId: key.arn,
        CiphertextBlob: encryptWith(key, Plaintext as Uint8Array, EncryptionContext),
        EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' as const,
      };
    },
    async Decrypt({ KeyId, CiphertextBlob, EncryptionContext }) {
      const blob = CiphertextBlob as Uint8Array;
      const key = usable(KeyId ?? keyIdIn(blob));
      return {
        KeyId: key.arn,
        Plaintext: decryptWith(key, blob, EncryptionContext),
        EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' as const,
      };
    },
  });

  /** Which key a call is about; Decrypt learns it from the blob. */
  const checks = (operation: string, input: unknown, { caller }: CallContext): Check[] => {
    const { KeyId, TargetKeyId, CiphertextBlob } = input as {
      KeyId?: string;
      TargetKeyId?: string;
      CiphertextBlob?: Uint8Array;
    };
    const reference = KeyId ?? TargetKeyId ?? (CiphertextBlob ? keyIdIn(CiphertextBlob) : undefined);
    if (!reference) return [{ action: `kms:${operation}`, resource: '*' }];
    const key = find(reference);
    // A service that was given a grant needs no policy.
    if (caller.service && !caller.roleArn && key.grants.get(caller.service)?.has(operation)) return [];
    return [{ action: `kms:${operation}`, resource: key.arn, policy: key.policy }];
  };
  return { ...service, authorize: checks, key: find, add };
};
