import { describe, expect, it } from 'vitest';
import { callsFor, document } from './resource-calls.ts';

describe('a bucket', () => {
  it('gets each setting by the call that sets it, versioning before replication', async () => {
    const { operations, inputs, it } = await callsFor('AWS::S3::Bucket', {
      BucketName: 'vault',
      VersioningConfiguration: { Status: 'Enabled' },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          { BucketKeyEnabled: true, ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: 'k' } },
        ],
      },
      LoggingConfiguration: { DestinationBucketName: 'logs' },
      ObjectLockEnabled: 'true',
      ObjectLockConfiguration: {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: '30' } },
      },
      LifecycleConfiguration: {
        Rules: [
          {
            Id: 'cold',
            Status: 'Enabled',
            Prefix: 'rds/',
            Transitions: [{ StorageClass: 'GLACIER', TransitionInDays: 90 }],
            ExpirationInDays: 365,
            NoncurrentVersionExpiration: { NoncurrentDays: 90 },
          },
        ],
      },
      ReplicationConfiguration: {
        Role: 'r',
        Rules: [{ Id: 'all', Status: 'Enabled', Destination: { Bucket: 'arn:aws:s3:::other' } }],
      },
    });
    expect(it).toEqual({ physicalId: 'vault', arn: 'arn:aws:s3:::vault', type: 'AWS::S3::Bucket' });
    expect(operations.indexOf('PutBucketVersioning')).toBeLessThan(operations.indexOf('PutBucketReplication'));
    expect(inputs).toMatchObject({
      CreateBucket: { Bucket: 'vault', ObjectLockEnabledForBucket: true },
      PutBucketEncryption: {
        ServerSideEncryptionConfiguration: {
          Rules: [
            {
              BucketKeyEnabled: true,
              ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: 'k' },
            },
          ],
        },
      },
      PutObjectLockConfiguration: {
        ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 30 } } },
      },
      PutBucketLifecycleConfiguration: {
        LifecycleConfiguration: {
          Rules: [
            {
              ID: 'cold',
              Status: 'Enabled',
              Filter: { Prefix: 'rds/' },
              Transitions: [{ StorageClass: 'GLACIER', Days: 90 }],
              Expiration: { Days: 365 },
              NoncurrentVersionExpiration: { NoncurrentDays: 90 },
            },
          ],
        },
      },
      PutBucketReplication: { ReplicationConfiguration: { Role: 'r', Rules: [{ ID: 'all' }] } },
      PutBucketLogging: { BucketLoggingStatus: { LoggingEnabled: { TargetBucket: 'logs', TargetPrefix: '' } } },
    });
  });

  it('refuses a setting that is misspelt deep inside', async () => {
    const rule = { Status: 'Enabled', ExpirationDays: 3 };
    await expect(callsFor('AWS::S3::Bucket', { LifecycleConfiguration: { Rules: [rule] } })).rejects.toThrow(
      'ExpirationDays',
    );
  });
});

describe('a key', () => {
  it('is made with its policy and rotated', async () => {
    const KeyPolicy = document({ Effect: 'Allow', Principal: '*', Action: 'kms:*', Resource: '*' });
    const { inputs, it } = await callsFor('AWS::KMS::Key', { MultiRegion: true, EnableKeyRotation: true, KeyPolicy });
    expect(inputs).toEqual({
      CreateKey: { MultiRegion: true, Policy: JSON.stringify(KeyPolicy) },
      EnableKeyRotation: { KeyId: 'mrk-1' },
    });
    expect(it?.physicalId).toBe('mrk-1');
  });

  it('is replicated by asking the region of its primary', async () => {
    const PrimaryKeyArn = 'arn:aws:kms:us-west-2:111122223333:key/mrk-1';
    const { calls } = await callsFor('AWS::KMS::ReplicaKey', { PrimaryKeyArn, KeyPolicy: document() });
    expect(calls).toEqual([
      {
        region: 'us-west-2',
        service: 'kms',
        operation: 'ReplicateKey',
        input: { KeyId: PrimaryKeyArn, ReplicaRegion: 'us-east-1', Policy: JSON.stringify(document()) },
      },
    ]);
  });
});

describe('a function', () => {
  it('is made from its zip in the package', async () => {
    const { inputs } = await callsFor(
      'AWS::Lambda::Function',
      {
        FunctionName: 'shop-snapshot',
        Code: { S3Bucket: 'deployment', S3Key: 'serverless/shop/dev/1700000000/snapshot.zip' },
        Handler: 'snapshot.handler',
        Runtime: 'nodejs24.x',
        Role: 'arn',
        Timeout: 30,
        ReservedConcurrentExecutions: 1,
        Tags: [{ Key: 'stage', Value: 'dev' }],
      },
      { 'snapshot.zip': 'the zip' },
    );
    const Code = { ZipFile: Buffer.from('the zip') };
    expect(inputs.CreateFunction).toMatchObject({ Code, Timeout: 30, Tags: { stage: 'dev' } });
    expect(inputs.PutFunctionConcurrency).toEqual({ FunctionName: 'shop-snapshot', ReservedConcurrentExecutions: 1 });
  });
});

describe('others', () => {
  it.each<[string, object, string, object]>([
    [
      'AWS::Lambda::Permission',
      { FunctionName: 'f', Action: 'lambda:InvokeFunction', Principal: 'events.amazonaws.com', SourceArn: 'a' },
      'AddPermission',
      { FunctionName: 'f', SourceArn: 'a' },
    ],
    [
      'AWS::Events::Rule',
      { Name: 'r', EventPattern: { source: ['aws.rds'] }, Targets: [{ Id: 't', Arn: 'a' }] },
      'PutRule',
      { EventPattern: '{"source":["aws.rds"]}' },
    ],
    [
      'AWS::Events::Rule',
      { Name: 'r', EventPattern: { source: ['aws.rds'] }, Targets: [{ Id: 't', Arn: 'a' }] },
      'PutTargets',
      { Rule: 'r', Targets: [{ Id: 't', Arn: 'a' }] },
    ],
    [
      'AWS::Scheduler::Schedule',
      {
        Name: 's',
        ScheduleExpression: 'rate(5 minutes)',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: { Arn: 'a', RoleArn: 'r', Input: '{}' },
      },
      'CreateSchedule',
      { Name: 's', Target: { Arn: 'a', RoleArn: 'r', Input: '{}' } },
    ],
    ['AWS::Scheduler::ScheduleGroup', { Name: 'g' }, 'CreateScheduleGroup', { Name: 'g' }],
    [
      'AWS::StepFunctions::StateMachine',
      { StateMachineName: 'm', RoleArn: 'r', DefinitionString: '{"StartAt":"A"}' },
      'CreateStateMachine',
      { name: 'm', roleArn: 'r', definition: '{"StartAt":"A"}' },
    ],
    [
      'AWS::CloudWatch::Alarm',
      {
        AlarmName: 'a',
        MetricName: 'M',
        EvaluationPeriods: 2,
        Threshold: '5',
        ComparisonOperator: 'GreaterThanThreshold',
      },
      'PutMetricAlarm',
      { AlarmName: 'a', Threshold: 5 },
    ],
    [
      'AWS::SNS::TopicPolicy',
      { Topics: ['t'], PolicyDocument: document() },
      'SetTopicAttributes',
      { TopicArn: 't', AttributeName: 'Policy' },
    ],
    [
      'AWS::SNS::Subscription',
      { TopicArn: 't', Protocol: 'email', Endpoint: 'a@b.example' },
      'Subscribe',
      { TopicArn: 't', Protocol: 'email', Endpoint: 'a@b.example' },
    ],
    [
      'AWS::S3::BucketPolicy',
      { Bucket: 'vault', PolicyDocument: document() },
      'PutBucketPolicy',
      { Bucket: 'vault', Policy: JSON.stringify(document()) },
    ],
    [
      'AWS::KMS::Alias',
      { AliasName: 'alias/x', TargetKeyId: 'mrk-1' },
      'CreateAlias',
      { AliasName: 'alias/x', TargetKeyId: 'mrk-1' },
    ],
  ])('%s becomes the service call it stands for', async (type, properties, operation, input) => {
    const { inputs } = await callsFor(type, properties);
    expect(inputs[operation]).toMatchObject(input);
  });

  it('AWS::Logs::LogGroup is kept with the stack and asks no service', async () => {
    const { calls, it } = await callsFor('AWS::Logs::LogGroup', { LogGroupName: 'f' });
    expect(calls).toEqual([]);
    expect(it?.type).toBe('AWS::Logs::LogGroup');
  });
});
