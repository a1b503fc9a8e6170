// ElastiCache and KMS: who may use a key for a cache, and whether a key can still be used.
import { InvalidKMSKeyFault } from '@aws-sdk/client-elasticache';
import type { Caller } from '../../types.ts';
import { grantTo, isUsableBy } from '../kms/grants.ts';
import type { ElastiCache } from './state.ts';

const PRINCIPAL = 'elasticache.amazonaws.com';

/** The ARN of the key that will encrypt something of this caller's. @throws {InvalidKMSKeyFault} */
export const keyFor = async (ec: ElastiCache, keyId: string, caller: Caller): Promise<string> => {
  const { arn, state } = await grantTo(PRINCIPAL, ec.region, keyId, caller).catch((error: Error) => {
    throw notUsable(keyId, error);
  });
  if (state !== 'Enabled') throw notUsable(keyId, new Error(`its state is ${state}`));
  return arn;
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
