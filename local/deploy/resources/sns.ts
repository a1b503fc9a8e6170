import { z } from 'zod';
import { flag, json, policyDocument, tags, text, texts } from './properties.ts';
import { resourceType } from './resource-type.ts';

export const topic = resourceType(
  z.strictObject({
    TopicName: text.optional(),
    DisplayName: text.optional(),
    KmsMasterKeyId: text.optional(),
    Subscription: z.array(z.strictObject({ Protocol: text, Endpoint: text })).default([]),
    Tags: tags.optional(),
  }),
  async ({ TopicName, DisplayName, KmsMasterKeyId, Subscription, Tags }, { call, madeUpName }) => {
    const Name = TopicName ?? madeUpName(256);
    const { TopicArn } = await call<{ TopicArn: string }>('sns', 'CreateTopic', {
      Name,
      Attributes: { ...(DisplayName && { DisplayName }), ...(KmsMasterKeyId && { KmsMasterKeyId }) },
      ...(Tags && { Tags }),
    });
    for (const subscription of Subscription) await call('sns', 'Subscribe', { TopicArn, ...subscription });
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
  z.strictObject({
    TopicArn: text,
    Protocol: text,
    Endpoint: text,
    FilterPolicy: json.optional(),
    FilterPolicyScope: text.optional(),
    RawMessageDelivery: flag.optional(),
    RedrivePolicy: json.optional(),
  }),
  async ({ TopicArn, Protocol, Endpoint, ...settings }, { call }) => {
    const Attributes = Object.fromEntries(
      Object.entries(settings)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
    );
    const { SubscriptionArn } = await call<{ SubscriptionArn: string }>('sns', 'Subscribe', {
      TopicArn,
      Protocol,
      Endpoint,
      ReturnSubscriptionArn: true,
      ...(Object.keys(Attributes).length > 0 && { Attributes }),
    });
    return { ref: SubscriptionArn, arn: SubscriptionArn };
  },
);
