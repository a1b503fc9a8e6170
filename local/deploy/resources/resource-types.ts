import { alarm } from './cloudwatch.ts';
import { rule, schedule, scheduleGroup } from './events.ts';
import { role } from './iam.ts';
import { alias, key, replicaKey } from './kms.ts';
import { lambdaFunction, logGroup, permission } from './lambda.ts';
import type { ResourceType } from './resource-type.ts';
import { healthCheck, recordSetGroup } from './route53.ts';
import { bucket, bucketPolicy } from './s3.ts';
import { subscription, topic, topicPolicy } from './sns.ts';
import { stateMachine } from './step-functions.ts';

const TYPES: Record<string, ResourceType> = {
  'AWS::CloudWatch::Alarm': alarm,
  'AWS::Events::Rule': rule,
  'AWS::IAM::Role': role,
  'AWS::KMS::Alias': alias,
  'AWS::KMS::Key': key,
  'AWS::KMS::ReplicaKey': replicaKey,
  'AWS::Lambda::Function': lambdaFunction,
  'AWS::Lambda::Permission': permission,
  'AWS::Logs::LogGroup': logGroup,
  'AWS::Route53::HealthCheck': healthCheck,
  'AWS::Route53::RecordSetGroup': recordSetGroup,
  'AWS::S3::Bucket': bucket,
  'AWS::S3::BucketPolicy': bucketPolicy,
  'AWS::SNS::Subscription': subscription,
  'AWS::SNS::Topic': topic,
  'AWS::SNS::TopicPolicy': topicPolicy,
  'AWS::Scheduler::Schedule': schedule,
  'AWS::Scheduler::ScheduleGroup': scheduleGroup,
  'AWS::StepFunctions::StateMachine': stateMachine,
};

/** @throws Error naming the type when the local region cannot make such a resource. */
export const resourceTypeNamed = (name: string): ResourceType => {
  const type = TYPES[name];
  if (type) return type;
  throw new Error(`the resource type ${name} is not offered. Offered: ${Object.keys(TYPES).join(', ')}`);
};
