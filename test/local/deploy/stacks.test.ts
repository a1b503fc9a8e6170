import { describe, expect, it } from 'vitest';
import { deploy } from '../../../local/deploy/deploy.ts';
import { createCloudFormation } from '../../../local/services/cloudformation/service.ts';
import type { CallContext } from '../../../local/types.ts';
import { fakeRegion, packaged } from './fake-region.ts';

describe('CloudFormation', () => {
  it('describes what was deployed in its own region, by name and by ARN, and nothing else', async () => {
    const { region } = fakeRegion();
    const packageDirectory = await packaged({
      Resources: { Log: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: '/aws/lambda/f' } } },
      Outputs: { Group: { Value: { Ref: 'Log' }, Description: 'where', Export: { Name: 'log' } } },
    });
    await deploy(region, { packageDirectory, stackName: 'shop' });
    const { operations } = createCloudFormation(region);
    const context = {} as CallContext;
    const answer = await operations.DescribeStacks?.({}, context);
    expect(answer.Stacks).toMatchObject([
      {
        StackName: 'shop',
        StackStatus: 'CREATE_COMPLETE',
        Outputs: [{ OutputKey: 'Group', OutputValue: '/aws/lambda/f', Description: 'where', ExportName: 'log' }],
      },
    ]);
    expect(await operations.DescribeStacks?.({ StackName: answer.Stacks[0].StackId }, context)).toEqual(answer);
    expect(await operations.ListStackResources?.({ StackName: 'shop' }, context)).toMatchObject({
      StackResourceSummaries: [
        { LogicalResourceId: 'Log', PhysicalResourceId: '/aws/lambda/f', ResourceType: 'AWS::Logs::LogGroup' },
      ],
    });
    const elsewhere = createCloudFormation(region.world.region('us-west-2')).operations;
    await expect(elsewhere.DescribeStacks?.({ StackName: 'shop' }, context)).rejects.toMatchObject({
      code: 'ValidationError',
    });
    expect(await elsewhere.DescribeStacks?.({}, context)).toEqual({ Stacks: [] });
  });
});
