import { createIam } from '../../../local/iam/iam.ts';
import type { Caller, Check, PolicyStatement } from '../../../local/types.ts';

export const ACCOUNT = '111122223333';
export const ROLE = `arn:aws:iam::${ACCOUNT}:role/lifeboat-snapshot`;
export const OBJECT = 'arn:aws:s3:::vault/catalog/shop-db/a.json';
export const KEY = `arn:aws:kms:us-east-1:${ACCOUNT}:key/mrk-1`;
export const ROOT = { AWS: `arn:aws:iam::${ACCOUNT}:root` };
export const allow = (
  Action: string | string[],
  Resource: string | string[] = '*',
  more: Partial<PolicyStatement> = {},
) => ({ Effect: 'Allow', Action, Resource, ...more }) satisfies PolicyStatement;
export const deny = (
  Action: string | string[],
  Resource: string | string[] = '*',
  more: Partial<PolicyStatement> = {},
) => ({ Effect: 'Deny', Action, Resource, ...more }) satisfies PolicyStatement;
export const withTrust = (service: string, Condition?: PolicyStatement['Condition']): PolicyStatement[] => [
  { Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole', ...(Condition && { Condition }) },
];

export const decisionOf = (
  identity: PolicyStatement[],
  check: Check,
  policy?: PolicyStatement[],
  caller?: Caller,
): string => {
  const iam = createIam({ account: ACCOUNT });
  iam.putRole({ arn: ROLE, trust: withTrust('lambda.amazonaws.com'), statements: identity });
  try {
    iam.authorize(caller ?? iam.assume(ROLE, 'lambda.amazonaws.com', { actor: 'snapshot' }), check, policy);
    return 'allowed';
  } catch (error) {
    return (error as Error).message;
  }
};
export const service: Caller = {
  arn: `arn:aws:sns:us-east-1:${ACCOUNT}:critical`,
  account: ACCOUNT,
  service: 'sns.amazonaws.com',
};
export const put: Check = { action: 's3:PutObject', resource: OBJECT };
export const decrypt: Check = { action: 'kms:Decrypt', resource: KEY };
