import type { Region } from '../../../types.ts';
import type { TaskCheck } from '../language/parse.ts';
import { startExecution } from './executions.ts';
import type { Integration } from './integration.ts';
import { lambdaFunction, lambdaInvoke } from './lambda.ts';
import { putEvents, snsPublish } from './messages.ts';
import { sdkCall } from './sdk.ts';

const RESOURCE = /^arn:aws:states:::(?:(aws-sdk):)?([a-z0-9]+):(\w+)(?:\.(waitForTaskToken|sync:2))?$/;

/** What a Resource stands for, or nothing where it cannot be run here. */
export const integrationOf = (region: Region, resource: string): Integration | undefined => {
  if (/^arn:aws:lambda:[^:]+:\d+:function:/.test(resource)) return lambdaFunction(resource);
  const [, sdk, service = '', action = '', suffix] = RESOURCE.exec(resource) ?? [];
  if (suffix === 'sync:2')
    return `${service}:${action}` === 'states:startExecution' ? startExecution('execution') : undefined;
  const waitsFor = suffix === 'waitForTaskToken' ? 'token' : 'request';
  if (sdk) return sdkCall(region, service, action, waitsFor);
  switch (`${service}:${action}`) {
    case 'lambda:invoke':
      return lambdaInvoke(waitsFor);
    case 'sns:publish':
      return snsPublish(waitsFor);
    case 'events:putEvents':
      return putEvents(waitsFor);
    case 'states:startExecution':
      return startExecution(waitsFor);
    default:
      return undefined;
  }
};

const usesToken = (args: unknown): boolean => JSON.stringify(args ?? '').includes('states.context.Task.Token');

/** What creation refuses about a Task. */
export const taskCheck =
  (region: Region): TaskCheck =>
  (state) => {
    const { Resource, Arguments, HeartbeatSeconds } = state;
    const integration = integrationOf(region, Resource);
    if (!integration) return [`the Resource '${Resource}' cannot be run here`];
    const token = integration.waitsFor === 'token';
    return [
      ...integration.faults(Arguments),
      ...(token && !usesToken(Arguments) ? ['Arguments must pass on $states.context.Task.Token'] : []),
      ...(!token && HeartbeatSeconds !== undefined ? ['HeartbeatSeconds has no effect without .waitForTaskToken'] : []),
    ];
  };
