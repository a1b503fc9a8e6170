import { alarm, dashboard } from './cloudwatch.ts';
import { rule, schedule, scheduleGroup } from './events.ts';
import { policy, role } from './iam.ts';
import { alias, key, replicaKey } from './kms.ts';
import { eventInvokeConfig, lambdaFunction, logGroup, permission, version } from './lambda.ts';
import type { ResourceType } from './resource-type.ts';
import { healthCheck, recordSet, recordSetGroup } from './route53.ts';
import { bucket, bucketPolicy } from './s3.ts';
import { subscription, topic, topicPolicy } from './sns.ts';
import { parameter } from './ssm.ts';
import { stateMachine } from './step-functions.ts';

const TYPES: Record<string, ResourceType> = {
  'AWS::CloudWatch::Alarm': alarm,
  'AWS::CloudWatch::Dashboard': dashboard,
  'AWS::Events::Rule': rule,
  'AWS::IAM::Policy': policy,
  'AWS::IAM::Role': role,
  'AWS::KMS::Alias': alias,
  'AWS::KMS::Key': key,
  'AWS::KMS::ReplicaKey': replicaKey,
  'AWS::Lambda::EventInvokeConfig': eventInvokeConfig,
  'AWS::Lambda::Function': lambdaFunction,
  'AWS::Lambda::Permission': permission,
  'AWS::Lambda::Version': version,
  'AWS::Logs::LogGroup': logGroup,
  'AWS::Route53::HealthCheck': healthCheck,
  'AWS::Route53::RecordSet': recordSet,
  'AWS::Route53::RecordSetGroup': recordSetGroup,
  'AWS::S3::Bucket': bucket,
  'AWS::S3::BucketPolicy': bucketPolicy,
  'AWS::SNS::Subscription': subscription,
  'AWS::SNS::Topic': topic,
  'AWS::SNS::TopicPolicy': topicPolicy,
  'AWS::SSM::Parameter': parameter,
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
