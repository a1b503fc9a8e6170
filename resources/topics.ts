import type { Subscriber } from '../shared/config/notifications.ts';
import { isWebhook, subscribersByTopic } from '../shared/notify/routes.ts';
import { arnOf, type Deployment, functionLogicalId, keyArn, sub } from './names.ts';

const pascal = (name: string): string =>
  name
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
const logicalId = (topic: string): string => `${pascal(topic)}Topic`;
export const topicArn = (topic: string) => ({ Ref: logicalId(topic) });

/** Topics, encrypted, and who is subscribed to each; alarms and rules of this account may publish. */
export const topics = (deployment: Deployment) => {
  const byTopic = [...subscribersByTopic(deployment.platform.notifications)];
  return {
    ...Object.fromEntries(
      byTopic.map(([topic]) => [
        logicalId(topic),
        {
          Type: 'AWS::SNS::Topic',
          Properties: { TopicName: `${deployment.service}-${topic}`, KmsMasterKeyId: keyArn(deployment.region) },
        },
      ]),
    ),
    TopicPolicy: topicPolicy(
      deployment,
      byTopic.map(([topic]) => topic),
    ),
    ...Object.fromEntries(byTopic.flatMap(([topic, subscribers]) => subscriptions(topic, subscribers))),
  };
};

const topicPolicy = (deployment: Deployment, names: string[]) => ({
  Type: 'AWS::SNS::TopicPolicy',
  Properties: {
    Topics: names.map(topicArn),
    PolicyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'AlarmsAndRulesOfThisAccount',
          Effect: 'Allow',
          Principal: { Service: ['cloudwatch.amazonaws.com', 'events.amazonaws.com'] },
          Action: 'sns:Publish',
          Resource: sub(`arn:\${AWS::Partition}:sns:${deployment.region}:\${AWS::AccountId}:${deployment.service}-*`),
          Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
        },
      ],
    },
  },
});

const PROTOCOLS = ['email', 'sms', 'https'] as const;

const subscriptions = (topic: string, subscribers: Subscriber[]): [string, object][] => [
  ...subscribers.flatMap((subscriber, index): [string, object][] =>
    PROTOCOLS.flatMap((protocol) => {
      const endpoint = (subscriber as Partial<Record<(typeof PROTOCOLS)[number], string>>)[protocol];
      return endpoint ? [[`${pascal(topic)}Subscription${index}`, subscription(topic, protocol, endpoint)]] : [];
    }),
  ),
  ...(subscribers.some(isWebhook) ? forwarding(topic) : []),
];

const subscription = (topic: string, Protocol: string, Endpoint: unknown) => ({
  Type: 'AWS::SNS::Subscription',
  Properties: { TopicArn: topicArn(topic), Protocol, Endpoint },
});

/** Slack cannot confirm a subscription, and PagerDuty's Events API takes its own form only: one function posts to both. */
const forwarding = (topic: string): [string, object][] => {
  const forward = arnOf(functionLogicalId('notificationForward'));
  return [
    [`${pascal(topic)}Forwarding`, subscription(topic, 'lambda', forward)],
    [
      `${pascal(topic)}ForwardingPermission`,
      {
        Type: 'AWS::Lambda::Permission',
        Properties: {
          Action: 'lambda:InvokeFunction',
          FunctionName: forward,
          Principal: 'sns.amazonaws.com',
          SourceArn: topicArn(topic),
        },
      },
    ],
  ];
};
