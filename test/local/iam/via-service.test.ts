import { describe, expect, it } from 'vitest';
import { createIam } from '../../../local/iam/iam.ts';
import type { Caller, Check } from '../../../local/types.ts';
import { ACCOUNT, allow, decrypt, ROLE, withTrust } from './policies.ts';

/** Whether a role whose policy speaks of `kms:ViaService` may, as itself and as the services call on its behalf. */
const mayBy = (operator: string, value: string, check: Check = decrypt) => {
  const iam = createIam({ account: ACCOUNT });
  const condition = { Condition: { [operator]: { 'kms:ViaService': value } } };
  iam.putRole({
    arn: ROLE,
    trust: withTrust('lambda.amazonaws.com'),
    statements: [allow([check.action], '*', condition)],
  });
  const role = iam.callerOf(iam.issue(ROLE, { actor: 'snapshot' }).accessKeyId) as Caller;
  return (service?: string): boolean => {
    try {
      iam.authorize(service ? { ...role, service } : role, check);
      return true;
    } catch {
      return false;
    }
  };
};

describe('kms:ViaService', () => {
  it('is the service that asks on behalf of a role, in the region of the key', () => {
    const may = mayBy('StringEquals', 'rds.us-east-1.amazonaws.com');
    expect([may('rds.amazonaws.com'), may('s3.amazonaws.com'), may()]).toEqual([true, false, false]);
    const west: Check = { ...decrypt, resource: decrypt.resource.replace('us-east-1', 'us-west-2') };
    expect(mayBy('StringEquals', 'rds.us-east-1.amazonaws.com', west)('rds.amazonaws.com')).toBe(false);
    expect(mayBy('StringEquals', 'rds.us-west-2.amazonaws.com', west)('rds.amazonaws.com')).toBe(true);
  });

  it('is not there when the role asks KMS itself, nor for other actions', () => {
    expect(mayBy('Null', 'true')()).toBe(true);
    expect(mayBy('Null', 'true')('rds.amazonaws.com')).toBe(false);
    const snapshot: Check = {
      action: 'rds:CreateDBSnapshot',
      resource: `arn:aws:rds:us-east-1:${ACCOUNT}:snapshot:s`,
    };
    expect(mayBy('Null', 'true', snapshot)('rds.amazonaws.com')).toBe(true);
  });

  it('is not there when a service asks for itself', () => {
    const iam = createIam({ account: ACCOUNT });
    const service: Caller = { arn: 'rds.amazonaws.com', account: ACCOUNT, service: 'rds.amazonaws.com' };
    const policy = (Null: string) => [
      allow('kms:Decrypt', '*', {
        Principal: { Service: 'rds.amazonaws.com' },
        Condition: { Null: { 'kms:ViaService': Null } },
      }),
    ];
    expect(() => iam.authorize(service, decrypt, policy('true'))).not.toThrow();
    expect(() => iam.authorize(service, decrypt, policy('false'))).toThrow('kms:Decrypt');
  });
});
