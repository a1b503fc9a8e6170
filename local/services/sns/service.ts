// SNS of the local region: topics with policies and encryption; e-mail ends in an inbox that tests and people read.
import { randomUUID } from 'node:crypto';
import * as sdk from '@aws-sdk/client-sns';
import { defineService, type Operations } from '../../service.ts';
import type { CallContext, Check, PolicyStatement, Region, Service } from '../../types.ts';
import { recordMetric } from '../cloudwatch/record.ts';
import { createDelivery, type Mail } from './delivery.ts';
import { encryptFor } from './encryption.ts';
import {
  checkMessage,
  defaultPolicy,
  invalid,
  type Message,
  parsePolicy,
  type Subscription,
  type Topic,
  textsOf,
} from './topics.ts';

export interface Sns extends Service {
  /** What was sent to addresses and telephones, oldest first. The same stands in `sns/inbox.jsonl`. */
  inbox(): Mail[];
}

const SETTABLE = new Set([
  'DisplayName',
  'KmsMasterKeyId',
  'Policy',
  'DeliveryPolicy',
  'SignatureVersion',
  'TracingConfig',
]);
const PROTOCOLS = ['email', 'email-json', 'http', 'https', 'lambda', 'sms'];

export const createSns = (region: Region): Sns => {
  const topics = new Map<string, Topic>();
  const inbox: Mail[] = [];
  const delivery = createDelivery(region, inbox);

  const find = (arn: string | undefined): Topic => {
    const topic = topics.get(arn ?? '');
    if (topic) return topic;
    throw new sdk.NotFoundException({ message: `Topic does not exist: ${arn}`, $metadata: {} });
  };
  const subscriptions = (): { topic: Topic; subscription: Subscription }[] =>
    [...topics.values()].flatMap((topic) => topic.subscriptions.map((subscription) => ({ topic, subscription })));
  const setAttribute = (topic: Topic, name: string | undefined, value = ''): void => {
    if (!name || !SETTABLE.has(name)) throw invalid(`AttributeName ${name}. Known here: ${[...SETTABLE].join(', ')}`);
    if (name === 'Policy') topic.policy = parsePolicy(value);
    topic.attributes[name] = value;
  };

  const create = ({ Name: name = '', Attributes = {} }: sdk.CreateTopicInput): sdk.CreateTopicResponse => {
    if (!/^[\w-]{1,256}$/.test(name)) throw invalid(`Topic Name '${name}'; FIFO topics are not offered here`);
    const arn = `arn:aws:sns:${region.name}:${region.account}:${name}`;
    const topic = topics.get(arn) ?? {
      name,
      arn,
      attributes: {},
      policy: defaultPolicy(arn, region.account),
      subscriptions: [],
    };
    for (const [key, value] of Object.entries(Attributes)) setAttribute(topic, key, value);
    topics.set(arn, topic);
    return { TopicArn: arn };
  };

  const subscribe = (input: sdk.SubscribeInput): sdk.SubscribeResponse => {
    const topic = find(input.TopicArn);
    const { Protocol: protocol = '', Endpoint: endpoint = '' } = input;
    const [attribute] = Object.keys(input.Attributes ?? {});
    if (attribute) throw invalid(`${attribute}: subscriptions have no attributes here`);
    if (!PROTOCOLS.includes(protocol)) throw invalid(`Protocol ${protocol}. Known here: ${PROTOCOLS.join(', ')}`);
    if (endpoint === '') throw invalid('Endpoint is needed');
    if (protocol === 'sms' && !/^\+[1-9]\d{6,14}$/.test(endpoint)) throw invalid(`SMS endpoint: ${endpoint}`);
    const existing = topic.subscriptions.find((other) => other.protocol === protocol && other.endpoint === endpoint);
    if (existing) return { SubscriptionArn: existing.arn };
    // People confirm by e-mail; here the address is taken to have done so at once. HTTP endpoints are asked.
    const token = protocol.startsWith('http') ? randomUUID().replaceAll('-', '') : undefined;
    const subscription = { arn: `${topic.arn}:${randomUUID()}`, protocol, endpoint, token };
    topic.subscriptions.push(subscription);
    if (token) delivery.askToConfirm(topic, subscription);
    return { SubscriptionArn: token && !input.ReturnSubscriptionArn ? 'pending confirmation' : subscription.arn };
  };

  const publish = async (
    topicArn: string | undefined,
    entry: Pick<sdk.PublishInput, 'Message' | 'Subject' | 'MessageAttributes' | 'MessageStructure'>,
    { caller }: CallContext,
  ): Promise<string> => {
    const topic = find(topicArn);
    const message: Message = {
      ...{ id: randomUUID(), topicArn: topic.arn, at: region.clock.now() },
      ...{ text: entry.Message ?? '', subject: entry.Subject, attributes: entry.MessageAttributes ?? {} },
      texts: undefined,
    };
    checkMessage(message);
    if (entry.MessageStructure === 'json') message.texts = textsOf(message.text);
    else if (entry.MessageStructure) throw invalid(`MessageStructure ${entry.MessageStructure}`);
    await encryptFor(region, topic, caller);
    recordMetric(region, 'AWS/SNS', 'NumberOfMessagesPublished', 1, { TopicName: topic.name });
    delivery.publish(topic, message);
    return message.id;
  };

  const operations: Operations<typeof sdk> = {
    CreateTopic: async (input: sdk.CreateTopicInput) => create(input),
    DeleteTopic: async (input: sdk.DeleteTopicInput) => {
      topics.delete(input.TopicArn ?? '');
      return {};
    },
    GetTopicAttributes: async (input: sdk.GetTopicAttributesInput) => ({
      Attributes: describeTopic(find(input.TopicArn), region),
    }),
    SetTopicAttributes: async (input: sdk.SetTopicAttributesInput) => {
      setAttribute(find(input.TopicArn), input.AttributeName, input.AttributeValue);
      return {};
    },
    ListTopics: async () => ({ Topics: [...topics.keys()].map((TopicArn) => ({ TopicArn })) }),
    Subscribe: async (input: sdk.SubscribeInput) => subscribe(input),
    ConfirmSubscription: async (input: sdk.ConfirmSubscriptionInput) => {
      const subscription = find(input.TopicArn).subscriptions.find(({ token }) => token && token === input.Token);
      if (!subscription) throw invalid('Token');
      subscription.token = undefined;
      return { SubscriptionArn: subscription.arn };
    },
    Unsubscribe: async (input: sdk.UnsubscribeInput) => {
      for (const topic of topics.values())
        topic.subscriptions = topic.subscriptions.filter(({ arn }) => arn !== input.SubscriptionArn);
      return {};
    },
    ListSubscriptions: async () => ({
      Subscriptions: subscriptions().map((item) => describeSubscription(item, region)),
    }),
    ListSubscriptionsByTopic: async (input: sdk.ListSubscriptionsByTopicInput) => {
      const topic = find(input.TopicArn);
      return {
        Subscriptions: topic.subscriptions.map((subscription) => describeSubscription({ topic, subscription }, region)),
      };
    },
    Publish: async (input: sdk.PublishInput, context: CallContext) => {
      if (!input.TopicArn) throw invalid('TopicArn is needed; telephones and devices are not offered here');
      return { MessageId: await publish(input.TopicArn, input, context) };
    },
  };

  const authorize = (operation: string, input: unknown): (Check & { policy?: PolicyStatement[] })[] => {
    const action = `sns:${operation}`;
    const { TopicArn, Name } = input as { TopicArn?: string; Name?: string };
    const arn = TopicArn ?? (Name ? `arn:aws:sns:${region.name}:${region.account}:${Name}` : undefined);
    const policy = arn === undefined ? undefined : topics.get(arn)?.policy;
    return [{ action, resource: arn ?? '*', ...(policy && { policy }) }];
  };

  return {
    ...defineService(sdk, operations),
    authorize,
    inbox: () => [...inbox],
  };
};

const describeTopic = (
  { arn, attributes, policy, subscriptions }: Topic,
  { account }: Region,
): Record<string, string> => ({
  TopicArn: arn,
  Owner: account,
  SubscriptionsConfirmed: String(subscriptions.filter(({ token }) => !token).length),
  SubscriptionsPending: String(subscriptions.filter(({ token }) => token).length),
  Policy: JSON.stringify({ Version: '2012-10-17', Statement: policy }),
  ...attributes,
});

const describeSubscription = (
  { topic, subscription }: { topic: Topic; subscription: Subscription },
  { account }: Region,
): sdk.Subscription => ({
  SubscriptionArn: subscription.token ? 'PendingConfirmation' : subscription.arn,
  TopicArn: topic.arn,
  Owner: account,
  Protocol: subscription.protocol,
  Endpoint: subscription.endpoint,
});
