import { describe, expect, it } from 'vitest';
import { deploy } from '../../../local/deploy/deploy.ts';
import { fakeRegion, packaged } from './fake-region.ts';
import { callsFor, document } from './resource-calls.ts';

const trust = document({ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' });

describe('a role', () => {
  it('may do what its policies allow, inline and managed', async () => {
    const { it, iam } = await callsFor('AWS::IAM::Role', {
      RoleName: 'snapshot',
      AssumeRolePolicyDocument: trust,
      Policies: [
        { PolicyName: 'p', PolicyDocument: document({ Effect: 'Allow', Action: 'sns:Publish', Resource: '*' }) },
      ],
      ManagedPolicyArns: ['arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole'],
    });
    const caller = iam.assume(it?.arn ?? '', 'lambda.amazonaws.com', { actor: 'f' });
    expect(() => iam.authorize(caller, { action: 'sns:Publish', resource: 'arn:aws:sns:x' })).not.toThrow();
    expect(() => iam.authorize(caller, { action: 'logs:PutLogEvents', resource: 'arn:aws:logs:x' })).not.toThrow();
    expect(() => iam.authorize(caller, { action: 'sns:Subscribe', resource: 'arn:aws:sns:x' })).toThrow(
      'not authorized',
    );
  });

  it('is refused with a managed policy that is not modelled, or an element IAM does not understand', async () => {
    const role = { AssumeRolePolicyDocument: trust };
    const ManagedPolicyArns = ['arn:aws:iam::aws:policy/AdministratorAccess'];
    await expect(callsFor('AWS::IAM::Role', { ...role, ManagedPolicyArns })).rejects.toThrow('AdministratorAccess');
    const PolicyDocument = document({ Effect: 'Allow', Action: 's3:*', NotResource: 'x' });
    await expect(
      callsFor('AWS::IAM::Role', { ...role, Policies: [{ PolicyName: 'p', PolicyDocument }] }),
    ).rejects.toThrow('NotResource');
  });

  it('has a name that is taken once for all regions', async () => {
    const { region } = fakeRegion();
    const Role = { Type: 'AWS::IAM::Role', Properties: { RoleName: 'r', AssumeRolePolicyDocument: trust } };
    const packageDirectory = await packaged({ Resources: { Role } });
    await deploy(region, { packageDirectory, stackName: 'shop' });
    const elsewhere = region.world.region('us-west-2');
    await expect(deploy(elsewhere, { packageDirectory, stackName: 'shop' })).rejects.toThrow(
      'the role r exists already',
    );
  });

  it('goes when a later resource fails, and its name is free again', async () => {
    const { region, iam } = fakeRegion();
    const Role = { Type: 'AWS::IAM::Role', Properties: { RoleName: 'r', AssumeRolePolicyDocument: trust } };
    const broken = { Type: 'AWS::SNS::Topic', Properties: { Unknown: 1 } };
    const half = await packaged({ Resources: { Role, Broken: broken } });
    await expect(deploy(region, { packageDirectory: half, stackName: 'shop' })).rejects.toThrow(
      'removed again: 1. Left in place: nothing.',
    );
    expect(() => iam.issue('arn:aws:iam::111122223333:role/r', { actor: 'f' })).toThrow('does not exist');
    await deploy(region, { packageDirectory: await packaged({ Resources: { Role } }), stackName: 'shop' });
    expect(iam.issue('arn:aws:iam::111122223333:role/r', { actor: 'f' }).accessKeyId).toMatch(/^ASIA/);
  });
});
