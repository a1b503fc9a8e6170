import { describe, expect, it } from 'vitest';
import { createIam } from '../../../local/iam/iam.ts';
import type { PolicyStatement } from '../../../local/types.ts';
import { ACCOUNT, allow, decisionOf, decrypt, ROLE, withTrust } from './policies.ts';

describe('conditions', () => {
  const context = {
    'kms:ViaService': 's3.us-east-1.amazonaws.com',
    's3:max-keys': '50',
    'aws:TagKeys': ['Name', 'Owner'],
  };
  it.each<[string, PolicyStatement['Condition'], boolean]>([
    [
      'StringEquals matches one of several',
      { StringEquals: { 'kms:ViaService': ['rds.x', 's3.us-east-1.amazonaws.com'] } },
      true,
    ],
    ['keys match in any case', { StringEquals: { 'KMS:viaservice': 's3.us-east-1.amazonaws.com' } }, true],
    ['StringEquals knows no wildcards', { StringEquals: { 'kms:ViaService': 's3.*' } }, false],
    ['StringLike does', { StringLike: { 'kms:ViaService': 's3.*.amazonaws.com' } }, true],
    ['a missing key matches nothing', { StringLike: { 'kms:CallerAccount': '*' } }, false],
    ['a missing key satisfies a negated operator', { StringNotEquals: { 'kms:CallerAccount': 'x' } }, true],
    ['a missing key satisfies IfExists', { StringEqualsIfExists: { 'kms:CallerAccount': 'x' } }, true],
    ['IfExists compares a key that is there', { StringEqualsIfExists: { 'kms:ViaService': 'x' } }, false],
    [
      'a negated operator denies each of several',
      { StringNotEquals: { 'kms:ViaService': ['x', 's3.us-east-1.amazonaws.com'] } },
      false,
    ],
    ['all keys have to match', { StringLike: { 'kms:ViaService': '*', 's3:prefix': '*' } }, false],
    ['Null true: the key is missing', { Null: { 's3:prefix': 'true' } }, true],
    ['Null false: the key is there', { Null: { 's3:prefix': 'false' } }, false],
    ['Bool', { Bool: { 'aws:SecureTransport': 'true' } }, true],
    ['Bool written as a boolean', { Bool: { 'aws:SecureTransport': false } }, false],
    ['numbers are compared as numbers', { NumericLessThan: { 's3:max-keys': '100' } }, true],
    ['a number equal to the bound is not below it', { NumericLessThan: { 's3:max-keys': '50' } }, false],
    ['ArnLike compares part by part', { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/lifeboat-*' } }, true],
    ['ArnLike does not reach over a colon', { ArnLike: { 'aws:PrincipalArn': 'arn:*:role/lifeboat-*' } }, false],
    [
      'ForAllValues: every value is wanted',
      { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['Name', 'Owner', 'Other'] } },
      true,
    ],
    ['ForAllValues: one is not', { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['Name'] } }, false],
    ['ForAnyValue: one is enough', { 'ForAnyValue:StringEquals': { 'aws:TagKeys': ['Name'] } }, true],
    ['ForAnyValue: a missing key is none', { 'ForAnyValue:StringEquals': { 's3:prefix': ['Name'] } }, false],
    ['ArnLike compares the service', { ArnLike: { 'aws:PrincipalArn': 'arn:aws:sts::*:role/*' } }, false],
    ['ArnLike never matches what is no ARN', { ArnLike: { 'kms:ViaService': '*:*:*:*:*:*' } }, false],
    ['ForAllValues: a missing key is all there', { 'ForAllValues:StringEquals': { 's3:prefix': ['x'] } }, true],
  ])('%s', (_, Condition, allowed) => {
    const decision = decisionOf([allow('kms:Decrypt', '*', { ...(Condition && { Condition }) })], {
      ...decrypt,
      context,
    });
    expect(decision === 'allowed').toBe(allowed);
  });
});

describe('what is not understood', () => {
  it.each<[string, object, string]>([
    ['an operator', { Condition: { StringMatches: { 'kms:ViaService': 'x' } } }, 'StringMatches'],
    ['a global condition key', { Condition: { StringEquals: { 'aws:SorceArn': 'x' } } }, 'aws:SorceArn'],
    ['an element', { NotResource: '*' }, 'NotResource'],
    ['a variable', { Resource: `arn:aws:s3:::vault/\${aws:username}/*` }, 'aws:username'],
    ['a principal in an identity policy', { Principal: '*' }, 'Principal'],
    ['an action without its service', { Action: 'PutObject' }, 'PutObject'],
    ['both Action and NotAction', { NotAction: 's3:*' }, 'NotAction'],
    ['a truth value of no kind', { Condition: { Bool: { 'aws:SecureTransport': 'yes' } } }, 'yes'],
  ])('%s is refused when the role is put, by name', (_, more, name) => {
    const iam = createIam({ account: ACCOUNT });
    const statements = [{ ...allow('s3:PutObject'), Sid: 'Odd', ...more }];
    const put = () => iam.putRole({ arn: ROLE, trust: withTrust('lambda.amazonaws.com'), statements });
    expect(put).toThrow(name);
    expect(put).toThrow(`${ROLE}, statement Odd`);
  });
});
