import {
  IAMClient,
  SimulatePrincipalPolicyCommand,
  type SimulatePrincipalPolicyCommandInput,
} from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PolicyStatement } from '../../../../local/types.ts';
import { as, createTestWorld, type TestWorld } from '../../endpoint/regions.ts';

const ROLE = 'arn:aws:iam::111122223333:role/promote';
const DATABASE = 'arn:aws:rds:us-west-2:111122223333:db:shop-db-replica';
let test: TestWorld;
beforeAll(async () => {
  test = await createTestWorld();
});
afterAll(() => test[Symbol.asyncDispose]());

const put = (arn: string, ...statements: PolicyStatement[]): void =>
  test.world.iam.putRole({ arn, trust: [], statements });
const allow = (Action: string, Resource: string, Condition?: PolicyStatement['Condition']): PolicyStatement => ({
  ...{ Effect: 'Allow', Action, Resource },
  ...(Condition && { Condition }),
});
const simulate = (input: Partial<SimulatePrincipalPolicyCommandInput> = {}, accessKeyId?: string) =>
  new IAMClient(as(test.west, accessKeyId)).send(
    new SimulatePrincipalPolicyCommand({
      ...{ PolicySourceArn: ROLE, ActionNames: ['rds:PromoteReadReplica'], ResourceArns: [DATABASE] },
      ...input,
    }),
  );

describe("IAM's simulator", () => {
  it('says of every action on every resource what the role would be told, and marks no permission as used', async () => {
    put(ROLE, allow('rds:PromoteReadReplica', DATABASE), {
      Effect: 'Deny',
      Action: 'rds:DeleteDBInstance',
      Resource: '*',
    });
    const ActionNames = ['rds:PromoteReadReplica', 'rds:DeleteDBInstance'];
    const { EvaluationResults, IsTruncated } = await simulate({
      ActionNames,
      ResourceArns: [DATABASE, `${DATABASE}-2`],
    });
    expect(
      EvaluationResults?.map(({ EvalActionName, EvalResourceName, EvalDecision }) => [
        EvalActionName,
        EvalResourceName === DATABASE,
        EvalDecision,
      ]),
    ).toEqual([
      ['rds:PromoteReadReplica', true, 'allowed'],
      ['rds:PromoteReadReplica', false, 'implicitDeny'],
      ['rds:DeleteDBInstance', true, 'explicitDeny'],
      ['rds:DeleteDBInstance', false, 'explicitDeny'],
    ]);
    expect(IsTruncated).toBe(false);
    expect(test.world.iam.permissions().map(({ used }) => used)).toEqual([false]);
  });

  it('heeds the context it is given, and names what it was not given', async () => {
    put(ROLE, allow('iam:PassRole', '*', { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } }));
    const passed = async (service: string | undefined, ResourceArns: string[] | undefined = [ROLE]) => {
      const ContextEntries = service
        ? [{ ContextKeyName: 'iam:PassedToService', ContextKeyValues: [service], ContextKeyType: 'string' as const }]
        : undefined;
      const answer = await simulate({
        ActionNames: ['iam:PassRole'],
        ResourceArns,
        ...(ContextEntries && { ContextEntries }),
      });
      return answer.EvaluationResults?.[0];
    };
    expect((await passed('scheduler.amazonaws.com'))?.EvalDecision).toBe('allowed');
    expect((await passed('ec2.amazonaws.com'))?.EvalDecision).toBe('implicitDeny');
    const missing = await passed(undefined);
    expect(missing).toMatchObject({ EvalDecision: 'implicitDeny', MissingContextValues: [] });
    expect(missing?.ResourceSpecificResults?.[0]?.MissingContextValues).toEqual(['iam:passedtoservice']);
    expect((await passed(undefined, ['*']))?.MissingContextValues).toEqual(['iam:passedtoservice']);
  });

  it('does not know a role that is not there, nor what it does not simulate', async () => {
    await expect(simulate({ PolicySourceArn: `${ROLE}-gone` })).rejects.toMatchObject({
      name: 'NoSuchEntityException',
    });
    await expect(simulate({ CallerArn: ROLE })).rejects.toMatchObject({ name: 'InvalidInputException' });
  });

  it('is open to who may simulate that role, and to nobody else', async () => {
    put(ROLE, allow('rds:PromoteReadReplica', DATABASE));
    const asking = 'arn:aws:iam::111122223333:role/plan';
    put(asking, allow('iam:SimulatePrincipalPolicy', ROLE));
    const { accessKeyId } = test.world.iam.issue(asking, { actor: 'plan' });
    await expect(simulate({}, accessKeyId)).resolves.toMatchObject({ IsTruncated: false });
    await expect(simulate({ PolicySourceArn: asking }, accessKeyId)).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('answers nobody while us-east-1 is dark, whichever region is asked', async () => {
    test.world.cutOff('us-east-1');
    await expect(simulate()).rejects.toMatchObject({ code: expect.stringMatching(/ECONNRESET|EPIPE/) });
    test.world.rejoin('us-east-1');
    await expect(simulate()).resolves.toBeDefined();
  });
});
