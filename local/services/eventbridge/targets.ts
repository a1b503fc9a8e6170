import type { Caller, Region } from '../../types.ts';

export interface Delivery {
  arn: string;
  /** JSON text, or for a topic any text. */
  payload: string;
  caller: Caller;
  subject?: string;
}

/** Hands a payload to what an ARN names, as EventBridge, Scheduler and Lambda destinations do: asynchronously for functions. */
export const sendToTarget = async (region: Region, { arn, payload, caller, subject }: Delivery): Promise<void> => {
  const [, , service, targetRegion] = arn.split(':');
  const home = targetRegion && targetRegion !== region.name ? region.world.region(targetRegion) : region;
  switch (service) {
    case 'lambda':
      await home.call(
        'lambda',
        'Invoke',
        { FunctionName: arn, InvocationType: 'Event', Payload: Buffer.from(payload) },
        caller,
      );
      return;
    case 'states':
      await home.call('states', 'StartExecution', { stateMachineArn: arn, input: payload }, caller);
      return;
    case 'sns':
      await home.call(
        'sns',
        'Publish',
        { TopicArn: arn, Message: payload, ...(subject && { Subject: subject }) },
        caller,
      );
      return;
    default:
      throw new Error(`${arn}: targets of this kind are not offered here. Known: functions, state machines, topics.`);
  }
};
