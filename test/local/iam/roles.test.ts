import { describe, expect, it } from 'vitest';
import { createIam } from '../../../local/iam/iam.ts';
import type { PolicyStatement } from '../../../local/types.ts';
import { ACCOUNT, allow, deny, OBJECT, put, ROLE, withTrust } from './policies.ts';

describe('trust', () => {
  const assume = (
    trust: PolicyStatement[],
    principal: string,
    source?: { sourceArn?: string; sourceAccount?: string },
  ) => {
    const iam = createIam({ account: ACCOUNT });
    iam.putRole({ arn: ROLE, trust, statements: [] });
    return () => iam.assume(ROLE, principal, { actor: 'nightly run', ...source });
  };
  const condition = {
    StringEquals: { 'aws:SourceAccount': ACCOUNT },
    ArnLike: { 'aws:SourceArn': `arn:aws:scheduler:us-east-1:${ACCOUNT}:schedule/*` },
  };
  const sourceArn = `arn:aws:scheduler:us-east-1:${ACCOUNT}:schedule/default/nightly`;

  it('gives a session of the role to the service it trusts', () => {
    expect(assume(withTrust('scheduler.amazonaws.com', condition), 'scheduler.amazonaws.com', { sourceArn })()).toEqual(
      {
        arn: `arn:aws:sts::${ACCOUNT}:assumed-role/lifeboat-snapshot/nightly-run`,
        account: ACCOUNT,
        roleArn: ROLE,
        service: 'scheduler.amazonaws.com',
        actor: 'nightly run',
      },
    );
  });

  it('refuses another service, another source, and one that does not say its source', () => {
    const trust = withTrust('scheduler.amazonaws.com', condition);
    const refusal = 'because no role trust policy allows the sts:AssumeRole action';
    expect(assume(trust, 'lambda.amazonaws.com', { sourceArn })).toThrow(refusal);
    expect(assume(trust, 'scheduler.amazonaws.com', { sourceArn: sourceArn.replace(ACCOUNT, '999999999999') })).toThrow(
      refusal,
    );
    expect(assume(trust, 'scheduler.amazonaws.com')).toThrow(refusal);
  });

  it('takes the account of the source from its ARN', () => {
    const trust = withTrust('scheduler.amazonaws.com', { StringEquals: { 'aws:SourceAccount': ACCOUNT } });
    const foreign = sourceArn.replace(ACCOUNT, '999999999999');
    expect(assume(trust, 'scheduler.amazonaws.com', { sourceArn })).not.toThrow();
    expect(assume(trust, 'scheduler.amazonaws.com', { sourceArn: foreign })).toThrow('no role trust policy');
  });
});

describe('credentials', () => {
  it('lead back to the role and its process until they are revoked', () => {
    const iam = createIam({ account: ACCOUNT });
    iam.putRole({ arn: ROLE, trust: withTrust('lambda.amazonaws.com'), statements: [] });
    const kill = () => undefined;
    const first = iam.issue(ROLE, { actor: 'snapshot', kill });
    const second = iam.issue(ROLE, { actor: 'snapshot' });
    expect(first.accessKeyId).toMatch(/^ASIA[A-Z2-7]{16}$/);
    expect(first.accessKeyId).not.toBe(second.accessKeyId);
    expect(iam.callerOf(first.accessKeyId)).toMatchObject({ roleArn: ROLE, actor: 'snapshot', kill });
    iam.revoke(first.accessKeyId);
    expect(iam.callerOf(first.accessKeyId)).toBeUndefined();
    expect(iam.callerOf(second.accessKeyId)).toBeDefined();
  });

  it('are issued for known roles only, and the operator has some', () => {
    const iam = createIam({ account: ACCOUNT });
    expect(() => iam.issue(ROLE, { actor: 'x' })).toThrow(ROLE);
    expect(iam.callerOf(iam.operatorCredentials.accessKeyId)).toBe(iam.operator);
  });
});

describe('unused permissions', () => {
  it('are the action and resource patterns that no allowed call has needed', () => {
    const iam = createIam({ account: ACCOUNT });
    iam.putRole({
      arn: ROLE,
      trust: withTrust('lambda.amazonaws.com'),
      statements: [
        allow(['s3:Get*', 's3:PutObject'], ['arn:aws:s3:::vault/*', 'arn:aws:s3:::other/*']),
        deny('s3:PutObject'),
      ],
    });
    const caller = iam.assume(ROLE, 'lambda.amazonaws.com', { actor: 'snapshot' });
    iam.authorize(caller, { action: 's3:GetObject', resource: OBJECT });
    expect(() => iam.authorize(caller, put)).toThrow('explicit deny');
    expect(iam.permissions()).toEqual([
      { role: ROLE, action: 's3:Get*', resource: 'arn:aws:s3:::vault/*', used: true },
      { role: ROLE, action: 's3:Get*', resource: 'arn:aws:s3:::other/*', used: false },
      { role: ROLE, action: 's3:PutObject', resource: 'arn:aws:s3:::vault/*', used: false },
      { role: ROLE, action: 's3:PutObject', resource: 'arn:aws:s3:::other/*', used: false },
    ]);
  });
});
