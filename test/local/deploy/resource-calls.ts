import { deploy } from '../../../local/deploy/deploy.ts';
import { fakeRegion, packaged } from './fake-region.ts';

const answers = {
  CreateKey: () => ({ KeyMetadata: { KeyId: 'mrk-1', Arn: 'arn:aws:kms:us-east-1:111122223333:key/mrk-1' } }),
  ReplicateKey: () => ({ ReplicaKeyMetadata: { KeyId: 'mrk-1', Arn: 'arn:aws:kms:us-east-1:111122223333:key/mrk-1' } }),
  CreateFunction: ({ FunctionName }: Record<string, string>) => ({
    FunctionArn: `arn:aws:lambda:us-east-1:111122223333:function:${FunctionName}`,
  }),
  CreateStateMachine: ({ name }: Record<string, string>) => ({
    stateMachineArn: `arn:aws:states:us-east-1:111122223333:stateMachine:${name}`,
  }),
};

/** Deploys one resource, named `It`, and gives back the calls that were made for it. */
export const callsFor = async (Type: string, Properties: object, archives: Record<string, string> = {}) => {
  const { region, calls, iam } = fakeRegion(answers);
  const packageDirectory = await packaged({ Resources: { It: { Type, Properties } } }, archives);
  const stack = await deploy(region, { packageDirectory, stackName: 'shop' });
  const inputs = Object.fromEntries(calls.map(({ operation, input }) => [operation, input]));
  return { calls, inputs, operations: calls.map(({ operation }) => operation), it: stack.resources.get('It'), iam };
};
export const document = (...Statement: object[]) => ({ Version: '2012-10-17', Statement });
