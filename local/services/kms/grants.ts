// How other services come to use a customer's key: by a grant that one of the customer's callers makes them.
import type { Caller, Region } from '../../types.ts';
import { callAs } from '../own-calls.ts';

type Principal = `${string}.amazonaws.com`;

interface KeyDescription {
  KeyMetadata: { Arn: string; KeyState: string };
}

/**
 * Makes the service a grant on the caller's behalf: it is the caller who needs kms:DescribeKey and kms:CreateGrant. A key
 * that is not enabled takes no grant; its state says so.
 */
export const grantTo = async (
  principal: Principal,
  region: Region,
  keyId: string,
  caller: Caller,
): Promise<{ arn: string; state: string }> => {
  const onBehalf: Caller = { ...caller, service: principal };
  const { KeyMetadata } = await region.call<KeyDescription>('kms', 'DescribeKey', { KeyId: keyId }, onBehalf);
  const { Arn: arn, KeyState: state } = KeyMetadata;
  if (state === 'Enabled') await region.call('kms', 'CreateGrant', grantOn(arn, principal), onBehalf);
  return { arn, state };
};

/** Whether data under this key can be read now, by the grant the service holds in the key's region. */
export const isUsableBy = async (principal: Principal, region: Region, keyArn: string): Promise<boolean> => {
  const home = region.world.region(keyArn.split(':')[3] ?? region.name);
  try {
    const { KeyMetadata } = await callAs<KeyDescription>(principal, home, 'kms', 'DescribeKey', { KeyId: keyArn });
    return KeyMetadata.KeyState === 'Enabled';
  } catch {
    return false; // Not knowing a key and not being let to it are the same to whoever needs it.
  }
};

const grantOn = (keyArn: string, principal: Principal) => ({
  KeyId: keyArn,
  GranteePrincipal: principal,
  Operations: ['Decrypt', 'GenerateDataKey', 'CreateGrant', 'DescribeKey'],
});
