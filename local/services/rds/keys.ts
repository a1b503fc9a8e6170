// RDS and KMS: who may use a key for a database, and whether a key can still be used.
import { KMSKeyNotAccessibleFault } from '@aws-sdk/client-rds';
import type { Caller, Region } from '../../types.ts';
import { callAsRds } from './own-calls.ts';
import type { Rds } from './state.ts';

interface KeyDescription {
  KeyMetadata: { Arn: string; KeyState: string };
}

/**
 * The ARN of the key that will encrypt something of this caller's. RDS asks KMS on the caller's behalf: it is the caller
 * who needs kms:DescribeKey and kms:CreateGrant. Without a key it is the AWS managed one, which asks for nothing.
 * @throws {KMSKeyNotAccessibleFault}
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
  const onBehalf: Caller = { ...caller, service: 'rds.amazonaws.com' };
  try {
    const { KeyMetadata } = await rds.region.call<KeyDescription>('kms', 'DescribeKey', { KeyId: keyId }, onBehalf);
    const { Arn: arn, KeyState: state } = KeyMetadata;
    if (state === 'Enabled') await rds.region.call('kms', 'CreateGrant', grantOn(arn), onBehalf);
    return { arn, state };
  } catch (error) {
    throw notAccessible(keyId, error as Error);
  }
};

/** Whether data under this key can be read now, by the grant RDS holds in the key's region. */
export const isKeyUsable = async (region: Region, keyArn: string | undefined): Promise<boolean> => {
  if (keyArn === undefined || isManaged(keyArn)) return true;
  const home = region.world.region(keyArn.split(':')[3] ?? region.name);
  try {
    const { KeyMetadata } = await callAsRds<KeyDescription>(home, 'kms', 'DescribeKey', { KeyId: keyArn });
    return KeyMetadata.KeyState === 'Enabled';
  } catch {
    return false; // Not knowing a key and not being let to it are the same to whoever needs it.
  }
};

export const notAccessible = (keyId: string | undefined, cause?: Error): KMSKeyNotAccessibleFault =>
  new KMSKeyNotAccessibleFault({
    message: `The specified KMS key [${keyId}] does not exist, is not enabled or you do not have permissions to access it.${cause ? ` (${cause.message})` : ''}`,
    $metadata: {},
  });

const isManaged = (keyId: string): boolean => keyId.endsWith('alias/aws/rds');

const grantOn = (keyArn: string) => ({
  KeyId: keyArn,
  GranteePrincipal: 'rds.amazonaws.com',
  Operations: ['Decrypt', 'GenerateDataKey', 'CreateGrant', 'DescribeKey'],
});
