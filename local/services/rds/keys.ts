// RDS and KMS: who may use a key for a database, and whether a key can still be used.
import { KMSKeyNotAccessibleFault } from '@aws-sdk/client-rds';
import type { Caller, Region } from '../../types.ts';
import { grantTo, isUsableBy } from '../kms/grants.ts';
import type { Rds } from './state.ts';

const PRINCIPAL = 'rds.amazonaws.com';

/**
 * The ARN of the key that will encrypt something of this caller's. RDS asks KMS on the caller's behalf. Without a key it
 * is the AWS managed one, which asks for nothing. @throws {KMSKeyNotAccessibleFault}
 */
export const keyFor = async (rds: Rds, keyId: string | undefined, caller: Caller): Promise<string> => {
  if (keyId === undefined) return `arn:aws:kms:${rds.region.name}:${rds.region.account}:alias/aws/rds`;
  const { arn, state } = await grant(rds, keyId, caller);
  if (state !== 'Enabled') throw notAccessible(keyId, new Error(`its state is ${state}`));
  return arn;
};

/**
 * Checks that the caller may use the key of something encrypted. A key that is merely disabled passes: the restore starts
 * and ends without access. @throws {KMSKeyNotAccessibleFault}
 */
export const mayUseKey = async (rds: Rds, keyArn: string | undefined, caller: Caller): Promise<void> => {
  if (keyArn !== undefined) await grant(rds, keyArn, caller);
};

const grant = async (rds: Rds, keyId: string, caller: Caller): Promise<{ arn: string; state: string }> => {
  if (isManaged(keyId)) return { arn: keyId, state: 'Enabled' };
  try {
    return await grantTo(PRINCIPAL, rds.region, keyId, caller);
  } catch (error) {
    throw notAccessible(keyId, error as Error);
  }
};

/** Whether data under this key can be read now. */
export const isKeyUsable = async (region: Region, keyArn: string | undefined): Promise<boolean> =>
  keyArn === undefined || isManaged(keyArn) || isUsableBy(PRINCIPAL, region, keyArn);

export const notAccessible = (keyId: string | undefined, cause?: Error): KMSKeyNotAccessibleFault =>
  new KMSKeyNotAccessibleFault({
    message: `The specified KMS key [${keyId}] does not exist, is not enabled or you do not have permissions to access it.${cause ? ` (${cause.message})` : ''}`,
    $metadata: {},
  });

const isManaged = (keyId: string): boolean => keyId.endsWith('alias/aws/rds');
