// ElastiCache and KMS: who may use a key for a cache, and whether a key can still be used.
import { InvalidKMSKeyFault } from '@aws-sdk/client-elasticache';
import type { Caller } from '../../types.ts';
import { grantTo, isUsableBy } from '../kms/grants.ts';
import type { ElastiCache } from './state.ts';

const PRINCIPAL = 'elasticache.amazonaws.com';

/** The ARN of the key that will encrypt something of this caller's. @throws {InvalidKMSKeyFault} */
export const keyFor = async (ec: ElastiCache, keyId: string, caller: Caller): Promise<string> => {
  const { arn, state } = await grant(ec, keyId, caller);
  if (state !== 'Enabled') throw notUsable(keyId, new Error(`its state is ${state}`));
  return arn;
};

/**
 * Checks that the caller may use the key of something encrypted. A key that is merely disabled passes: the restore starts
 * and ends without access. @throws {InvalidKMSKeyFault}
 */
export const mayUseKey = async (ec: ElastiCache, keyArn: string | undefined, caller: Caller): Promise<void> => {
  if (keyArn !== undefined) await grant(ec, keyArn, caller);
};

const grant = async (ec: ElastiCache, keyId: string, caller: Caller): Promise<{ arn: string; state: string }> => {
  try {
    return await grantTo(PRINCIPAL, ec.region, keyId, caller);
  } catch (error) {
    throw notUsable(keyId, error as Error);
  }
};

/** @throws {InvalidKMSKeyFault} where data under this key cannot be read now. Without a key of the customer's it can. */
export const demandKey = async (ec: ElastiCache, keyArn: string | undefined): Promise<void> => {
  if (keyArn === undefined || (await isUsableBy(PRINCIPAL, ec.region, keyArn))) return;
  throw notUsable(keyArn);
};

/** The API reference has one error about keys: "The KMS key supplied is not valid" (read 2026-11). */
const notUsable = (keyId: string, cause?: Error): InvalidKMSKeyFault =>
  new InvalidKMSKeyFault({
    message: `The KMS key ${keyId} does not exist, is not enabled or may not be used.${cause ? ` (${cause.message})` : ''}`,
    $metadata: {},
  });
