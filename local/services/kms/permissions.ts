// Which permissions each operation needs, on which key or alias, and with which condition keys.
import { isService } from '../../iam/decision.ts';
import type { CallContext, Check } from '../../types.ts';
import { type EncryptionContext, invalidCiphertext, keyIdIn } from './ciphertexts.ts';
import { findKey, type Key, type KeyStore } from './keys.ts';

interface Request {
  KeyId?: string;
  TargetKeyId?: string;
  AliasName?: string;
  CiphertextBlob?: Uint8Array;
  EncryptionContext?: EncryptionContext;
}

/** @throws {NotFoundException} {InvalidCiphertextException} where there is no key to ask about */
export const checksFor = (store: KeyStore, operation: string, input: unknown, context: CallContext): Check[] => {
  const request = input as Request;
  const action = `kms:${operation}`;
  const key = keyOf(store, request);
  const alias =
    request.AliasName && `arn:aws:kms:${context.region.name}:${context.region.account}:${request.AliasName}`;
  const aliasCheck = alias ? [{ action, resource: alias }] : [];
  if (!key) return alias ? aliasCheck : [{ action, resource: '*' }];
  // Whoever was given a grant needs no policy.
  const grantee = isService(context.caller) ? context.caller.service : context.caller.roleArn;
  if (key.grants.get(grantee ?? '')?.has(operation)) return [];
  const conditions = conditionsOf(request, context);
  return [{ action, resource: key.arn, policy: key.policy, context: conditions }, ...aliasCheck];
};

const keyOf = (store: KeyStore, { KeyId, TargetKeyId, AliasName, CiphertextBlob }: Request): Key | undefined => {
  const reference = KeyId ?? TargetKeyId ?? (AliasName && store.aliases.get(AliasName));
  if (reference) return findKey(store, reference);
  if (!CiphertextBlob) return undefined;
  const key = store.keys.get(keyIdIn(CiphertextBlob));
  if (!key) throw invalidCiphertext();
  return key;
};

const conditionsOf = (
  { EncryptionContext = {} }: Request,
  { caller }: CallContext,
): Record<string, string | string[]> => {
  const pairs = Object.entries(EncryptionContext);
  return {
    'kms:CallerAccount': caller.account,
    ...(pairs.length > 0 && { 'kms:EncryptionContextKeys': pairs.map(([name]) => name) }),
    ...Object.fromEntries(pairs.map(([name, value]) => [`kms:EncryptionContext:${name}`, value])),
  };
};
