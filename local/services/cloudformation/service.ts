// What a deployed stack says of itself: outputs and resources. Deploying is not an operation here; local/deploy does it.
import * as sdk from '@aws-sdk/client-cloudformation';
import { ApiError, defineService } from '../../service.ts';
import type { Region, Service } from '../../types.ts';
import { type StackRecord, stacksOf } from './stacks.ts';

export const createCloudFormation = (region: Region): Service => {
  /** A stack goes by its name or its ARN. */
  const stackNamed = (name: string | undefined): StackRecord => {
    const stack = stacksOf(region).find(({ name: own, id }) => name === own || name === id);
    if (stack) return stack;
    throw new ApiError('ValidationError', 400, `Stack with id ${name} does not exist`);
  };
  const service = defineService(sdk, {
    DescribeStacks: async ({ StackName }: sdk.DescribeStacksInput) => ({
      Stacks: (StackName === undefined ? stacksOf(region) : [stackNamed(StackName)]).map(describeStack),
    }),
    ListStackResources: async ({ StackName }: sdk.ListStackResourcesInput) => ({
      StackResourceSummaries: describeResources(stackNamed(StackName)),
    }),
  });
  const authorize: Service['authorize'] = (operation, input) => {
    const { StackName } = input as { StackName?: string };
    const stack = stacksOf(region).find(({ name, id }) => StackName === name || StackName === id);
    return [{ action: `cloudformation:${operation}`, resource: stack?.id ?? '*' }];
  };
  return { ...service, authorize };
};

const describeStack = ({ name, id, createdAt, outputs }: StackRecord): sdk.Stack => ({
  StackName: name,
  StackId: id,
  StackStatus: 'CREATE_COMPLETE',
  CreationTime: createdAt,
  Outputs: outputs.map(({ key, value, description, exportName }) => ({
    OutputKey: key,
    OutputValue: value,
    Description: description,
    ExportName: exportName,
  })),
});

const describeResources = ({ resources, createdAt }: StackRecord): sdk.StackResourceSummary[] =>
  resources.map(({ logicalId, physicalId, type }) => ({
    LogicalResourceId: logicalId,
    PhysicalResourceId: physicalId,
    ResourceType: type,
    ResourceStatus: 'CREATE_COMPLETE',
    LastUpdatedTimestamp: createdAt,
  }));
