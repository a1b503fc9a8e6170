import { describe, expect, it } from 'vitest';
import { createIam } from '../../../local/iam/iam.ts';
import type { Check, PolicyStatement } from '../../../local/types.ts';
import { ACCOUNT, allow, decisionOf, decrypt, deny, KEY, OBJECT, put, ROLE, ROOT, service } from './policies.ts';

describe('the decision', () => {
  it.each<[string, PolicyStatement[], Check, PolicyStatement[] | undefined, boolean]>([
    ['nothing allows', [], put, undefined, false],
    ['the action is allowed on the resource', [allow('s3:PutObject', OBJECT)], put, undefined, true],
    ['actions match in any case', [allow('S3:putobject', OBJECT)], put, undefined, true],
    ['resources match case by case', [allow('s3:PutObject', OBJECT.toUpperCase())], put, undefined, false],
    ['* is any run of characters', [allow('s3:Put*', 'arn:aws:s3:::vault/*')], put, undefined, true],
    ['? is one character', [allow('s3:PutObjec?', OBJECT)], put, undefined, true],
    ['? is never none', [allow('s3:PutObject?', OBJECT)], put, undefined, false],
    ['a bucket ARN is not its objects', [allow('s3:*', 'arn:aws:s3:::vault')], put, undefined, false],
    ['a dot is a dot', [allow('s3:PutObject', 'arn:aws:s3:::vault/catalog/shop.db/*')], put, undefined, false],
    [
      'a call on no particular resource needs *',
      [allow('s3:*', 'arn:*')],
      { action: 's3:ListAllMyBuckets', resource: '*' },
      undefined,
      false,
    ],
    ['explicit deny wins over allow', [allow('s3:*'), deny('s3:PutObject')], put, undefined, false],
    [
      'explicit deny wins over the resource policy',
      [deny('s3:PutObject')],
      put,
      [allow('s3:*', '*', { Principal: { AWS: ROLE } })],
      false,
    ],
    [
      'NotAction allows all others',
      [{ Effect: 'Allow', NotAction: ['s3:Delete*'], Resource: '*' }],
      put,
      undefined,
      true,
    ],
    [
      'NotAction leaves out its own',
      [{ Effect: 'Allow', NotAction: ['s3:Put*'], Resource: '*' }],
      put,
      undefined,
      false,
    ],
    [
      'a resource policy alone allows a role of the account',
      [],
      put,
      [allow('s3:PutObject', '*', { Principal: { AWS: ROLE } })],
      true,
    ],
    [
      'a resource policy that names the account delegates',
      [],
      put,
      [allow('s3:PutObject', '*', { Principal: ROOT })],
      false,
    ],
    [
      'a resource policy for another role says nothing',
      [],
      put,
      [allow('s3:PutObject', '*', { Principal: { AWS: `${ROLE}-2` } })],
      false,
    ],
    ['a bucket policy denies everybody', [allow('s3:*')], put, [deny('s3:PutObject', '*', { Principal: '*' })], false],
    [
      'a key policy that delegates: the identity policy decides',
      [allow('kms:Decrypt', KEY)],
      decrypt,
      [allow('kms:*', '*', { Principal: ROOT })],
      true,
    ],
    [
      'a key policy that delegates does not allow by itself',
      [],
      decrypt,
      [allow('kms:*', '*', { Principal: ROOT })],
      false,
    ],
    [
      'a key policy that does not delegate: identity policies do not count',
      [allow('kms:*')],
      decrypt,
      [allow('kms:*', '*', { Principal: { AWS: `${ROLE}-2` } })],
      false,
    ],
    [
      'a key policy delegates only the actions it names',
      [allow('kms:*')],
      decrypt,
      [allow('kms:Encrypt', '*', { Principal: ROOT })],
      false,
    ],
    [
      'a key policy alone allows the role it names',
      [],
      decrypt,
      [allow('kms:Decrypt', '*', { Principal: { AWS: ROLE } })],
      true,
    ],
  ])('%s', (_, identity, check, policy, allowed) => {
    expect(decisionOf(identity, check, policy) === 'allowed').toBe(allowed);
  });

  it('lets a service in by a resource policy only, under its condition on the source', () => {
    const policy = (source: string) => [
      allow('lambda:InvokeFunction', '*', {
        Principal: { Service: 'sns.amazonaws.com' },
        Condition: { ArnLike: { 'AWS:SourceArn': source }, StringEquals: { 'aws:SourceAccount': ACCOUNT } },
      }),
    ];
    const invoke: Check = {
      action: 'lambda:InvokeFunction',
      resource: `arn:aws:lambda:us-east-1:${ACCOUNT}:function:f`,
    };
    expect(decisionOf([], invoke, policy(service.arn), service)).toBe('allowed');
    expect(decisionOf([], invoke, policy(`${service.arn}-other`), service)).toBe(
      `User: sns.amazonaws.com is not authorized to perform: lambda:InvokeFunction on resource: ${invoke.resource} because no resource-based policy allows the lambda:InvokeFunction action`,
    );
    expect(decisionOf([], invoke, undefined, service)).toContain('no resource-based policy');
    expect(decisionOf([], invoke, policy(service.arn), { ...service, service: 's3.amazonaws.com' })).toContain(
      's3.amazonaws.com',
    );
  });

  it('words refusals as AWS does', () => {
    const user = `User: arn:aws:sts::${ACCOUNT}:assumed-role/lifeboat-snapshot/snapshot is not authorized to perform: s3:PutObject on resource: ${OBJECT}`;
    expect(decisionOf([], put)).toBe(`${user} because no identity-based policy allows the s3:PutObject action`);
    expect(decisionOf([deny('s3:*')], put)).toBe(`${user} with an explicit deny in an identity-based policy`);
    expect(decisionOf([allow('s3:*')], put, [deny('s3:*', '*', { Principal: '*' })])).toBe(
      `${user} with an explicit deny in a resource-based policy`,
    );
    expect(decisionOf([allow('kms:*')], decrypt, [])).toContain(
      'because no resource-based policy allows the kms:Decrypt action',
    );
  });
});

describe('the operator', () => {
  it('may do everything that no resource policy denies', () => {
    const iam = createIam({ account: ACCOUNT });
    expect(() => iam.authorize(iam.operator, put)).not.toThrow();
    expect(() => iam.authorize(iam.operator, put, [deny('s3:PutObject', '*', { Principal: '*' })])).toThrow(
      'explicit deny',
    );
  });
});
