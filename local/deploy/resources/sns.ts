import { z } from 'zod';
import { policyDocument, text, texts } from './properties.ts';
import { resourceType } from './resource-type.ts';

export const topic = resourceType(
  z.strictObject({
    TopicName: text.optional(),
    KmsMasterKeyId: text.optional(),
  }),
  async ({ TopicName, KmsMasterKeyId }, { call, madeUpName }) => {
    const Name = TopicName ?? madeUpName(256);
    const { TopicArn } = await call<{ TopicArn: string }>('sns', 'CreateTopic', {
      Name,
      Attributes: { ...(KmsMasterKeyId && { KmsMasterKeyId }) },
    });
    const undo = () => call('sns', 'DeleteTopic', { TopicArn });
    return { ref: TopicArn, attributes: { TopicArn, TopicName: Name }, arn: TopicArn, undo };
  },
);

export const topicPolicy = resourceType(
  z.strictObject({ Topics: texts.min(1), PolicyDocument: policyDocument }),
  async ({ Topics, PolicyDocument }, { call, madeUpName }) => {
    const AttributeValue = JSON.stringify(PolicyDocument);
    for (const TopicArn of Topics)
      await call('sns', 'SetTopicAttributes', { TopicArn, AttributeName: 'Policy', AttributeValue });
    return { ref: madeUpName() };
  },
);

export const subscription = resourceType(
  z.strictObject({ TopicArn: text, Protocol: text, Endpoint: text }),
  async (properties, { call }) => {
    const input = { ...properties, ReturnSubscriptionArn: true };
    const { SubscriptionArn } = await call<{ SubscriptionArn: string }>('sns', 'Subscribe', input);
    return { ref: SubscriptionArn, arn: SubscriptionArn };
  },
);
