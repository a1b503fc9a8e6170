import type { JsonObject } from '../language/definition.ts';
import { type Integration, request, unknownArguments } from './integration.ts';

/** `arn:aws:states:::sns:publish`: a Message that is no string goes out as JSON. */
export const snsPublish: Integration = {
  waitsFor: 'request',
  resourceType: 'sns',
  resource: 'publish',
  faults: (args) => unknownArguments(args, ['TopicArn', 'Message', 'Subject'], ['TopicArn', 'Message']),
  async call(run, args) {
    const { Message, ...rest } = args as JsonObject;
    const naming = { title: 'SNS', other: 'AmazonSNSException' };
    const { MessageId } = await request<{ MessageId: string }>(run, naming, ['sns', 'Publish'], {
      ...rest,
      Message: typeof Message === 'string' ? Message : JSON.stringify(Message),
    });
    return { MessageId };
  },
};
