import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PolicyStatement } from '../../../../local/types.ts';
import { as, createTestWorld, type TestWorld } from '../../endpoint/regions.ts';

let test: TestWorld;
beforeAll(async () => {
  test = await createTestWorld();
});
afterAll(() => test[Symbol.asyncDispose]());

const roleArn = (name: string): string => `arn:aws:iam::111122223333:role/${name}`;
const putRole = (name: string, trusted: PolicyStatement['Principal'], statements: PolicyStatement[] = []): void => {
  const trust: PolicyStatement = { Effect: 'Allow', Principal: trusted ?? '*', Action: 'sts:AssumeRole' };
  test.world.iam.putRole({ arn: roleArn(name), trust: [trust], statements });
};
const sts = (accessKeyId?: string) => new STSClient(as(test.east, accessKeyId));
const assume = (name: string, accessKeyId?: string) =>
  sts(accessKeyId).send(new AssumeRoleCommand({ RoleArn: roleArn(name), RoleSessionName: 'tuesday' }));

describe('identity', () => {
  it("is the operator for the operator's keys, both of them", async () => {
    for (const key of ['operator', test.world.iam.operatorCredentials.accessKeyId])
      expect(await sts(key).send(new GetCallerIdentityCommand({}))).toMatchObject({
        Account: '111122223333',
        Arn: 'arn:aws:iam::111122223333:user/operator',
        UserId: 'operator',
      });
  });

  it('is the session of a role for the keys of a function', async () => {
    putRole('snapshot', { Service: 'lambda.amazonaws.com' });
    const { accessKeyId } = test.world.iam.issue(roleArn('snapshot'), { actor: 'rdsSnapshot' });
    expect(await sts(accessKeyId).send(new GetCallerIdentityCommand({}))).toMatchObject({
      Arn: 'arn:aws:sts::111122223333:assumed-role/snapshot/rdsSnapshot',
    });
  });
});

describe('a session', () => {
  it('has keys of its own, which act under the role', async () => {
    putRole('drill', { AWS: 'arn:aws:iam::111122223333:root' });
    const { Credentials, AssumedRoleUser } = await assume('drill');
    expect(AssumedRoleUser?.Arn).toBe('arn:aws:sts::111122223333:assumed-role/drill/tuesday');
    expect(Credentials?.Expiration?.getTime()).toBeGreaterThan(test.world.clock.now().getTime() + 3_500_000);
    const { Arn } = await sts(Credentials?.AccessKeyId).send(new GetCallerIdentityCommand({}));
    expect(Arn).toBe(AssumedRoleUser?.Arn);
  });

  it('is given to a role that the other role trusts, and to no other', async () => {
    putRole('trusted', { Service: 'lambda.amazonaws.com' });
    putRole('stranger', { Service: 'lambda.amazonaws.com' }, [
      { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' },
    ]);
    putRole('recovery', { AWS: roleArn('trusted') });
    const keyOf = (name: string) => test.world.iam.issue(roleArn(name), { actor: name }).accessKeyId;
    await expect(assume('recovery', keyOf('trusted'))).resolves.toBeDefined();
    await expect(assume('recovery', keyOf('stranger'))).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('of a role that does not exist is refused, naming it', async () => {
    await expect(assume('nobody')).rejects.toThrow(roleArn('nobody'));
  });

  it('needs a name', async () => {
    const command = new AssumeRoleCommand({ RoleArn: roleArn('drill'), RoleSessionName: 'a b' });
    await expect(sts().send(command)).rejects.toMatchObject({ name: 'ValidationError' });
  });
});
