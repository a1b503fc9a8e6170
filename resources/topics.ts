import { TOPICS } from '../shared/notify/message.ts';
import { type Deployment, keyArn, sub } from './names.ts';

const logicalId = (topic: string): string => `${topic.charAt(0).toUpperCase()}${topic.slice(1)}Topic`;
export const topicArn = (topic: (typeof TOPICS)[number]) => ({ Ref: logicalId(topic) });

/** One topic per severity and purpose, encrypted; alarms and rules of this account may publish. */
export const topics = (deployment: Deployment) => {
  const resources: Record<string, object> = {};
  for (const topic of TOPICS) {
    resources[logicalId(topic)] = {
      Type: 'AWS::SNS::Topic',
      Properties: { TopicName: `${deployment.service}-${topic}`, KmsMasterKeyId: keyArn(deployment.region) },
    };
  }
  resources.TopicPolicy = {
    Type: 'AWS::SNS::TopicPolicy',
    Properties: {
      Topics: TOPICS.map((topic) => topicArn(topic)),
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
  };
  deployment.platform.notifications.emails.forEach(({ topic, address }, index) => {
    resources[`EmailSubscription${index}`] = {
      Type: 'AWS::SNS::Subscription',
      Properties: { TopicArn: topicArn(topic), Protocol: 'email', Endpoint: address },
    };
  });
  return resources;
};
