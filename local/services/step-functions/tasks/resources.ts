import type { Region } from '../../../types.ts';
import type { TaskCheck } from '../language/parse.ts';
import type { Integration } from './integration.ts';
import { lambdaInvoke } from './lambda.ts';
import { snsPublish } from './messages.ts';
import { sdkCall } from './sdk.ts';

/** What a Resource stands for, or nothing where it cannot be run here. */
export const integrationOf = (region: Region, resource: string): Integration | undefined => {
  switch (resource) {
    case 'arn:aws:states:::lambda:invoke':
      return lambdaInvoke('request');
    case 'arn:aws:states:::lambda:invoke.waitForTaskToken':
      return lambdaInvoke('token');
    case 'arn:aws:states:::sns:publish':
      return snsPublish;
    default: {
      const [, service = '', action = ''] = /^arn:aws:states:::aws-sdk:([a-z0-9]+):(\w+)$/.exec(resource) ?? [];
      return sdkCall(region, service, action);
    }
  }
};

const usesToken = (args: unknown): boolean => JSON.stringify(args ?? '').includes('states.context.Task.Token');

/** What creation refuses about a Task. */
export const taskCheck =
  (region: Region): TaskCheck =>
  (state) => {
    const { Resource, Arguments } = state;
    const integration = integrationOf(region, Resource);
    if (!integration) return [`the Resource '${Resource}' cannot be run here`];
    const token = integration.waitsFor === 'token';
    return [
      ...integration.faults(Arguments),
      ...(token && !usesToken(Arguments) ? ['Arguments must pass on $states.context.Task.Token'] : []),
    ];
  };
