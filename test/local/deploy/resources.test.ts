import { describe, expect, it } from 'vitest';
import { deploy } from '../../../local/deploy/deploy.ts';
import { fakeRegion, packaged } from './fake-region.ts';

const answers = {
  CreateKey: () => ({ KeyMetadata: { KeyId: 'mrk-1', Arn: 'arn:aws:kms:us-east-1:111122223333:key/mrk-1' } }),
  ReplicateKey: () => ({ ReplicaKeyMetadata: { KeyId: 'mrk-1', Arn: 'arn:aws:kms:us-east-1:111122223333:key/mrk-1' } }),
  CreateFunction: ({ FunctionName }: Record<string, string>) => ({
    FunctionArn: `arn:aws:lambda:us-east-1:111122223333:function:${FunctionName}`,
  }),
  CreateStateMachine: ({ name }: Record<string, string>) => ({
    stateMachineArn: `arn:aws:states:us-east-1:111122223333:stateMachine:${name}`,
  }),
};

/** Deploys one resource, named `It`, and gives back the calls that were made for it. */
const callsFor = async (Type: string, Properties: object, archives: Record<string, string> = {}) => {
  const { region, calls, iam } = fakeRegion(answers);
  const packageDirectory = await packaged({ Resources: { It: { Type, Properties } } }, archives);
  const stack = await deploy(region, { packageDirectory, stackName: 'shop' });
  const inputs = Object.fromEntries(calls.map(({ operation, input }) => [operation, input]));
  return { calls, inputs, operations: calls.map(({ operation }) => operation), it: stack.resources.get('It'), iam };
};
const document = (...Statement: object[]) => ({ Version: '2012-10-17', Statement });
const trust = document({ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' });

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
      NotificationConfiguration: { EventBridgeConfiguration: {} },
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
      PutBucketNotificationConfiguration: { NotificationConfiguration: { EventBridgeConfiguration: {} } },
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

describe('a role', () => {
  it('may do what its policies allow, inline and managed', async () => {
    const { it, iam } = await callsFor('AWS::IAM::Role', {
      RoleName: 'snapshot',
      AssumeRolePolicyDocument: trust,
      Policies: [
        { PolicyName: 'p', PolicyDocument: document({ Effect: 'Allow', Action: 'sns:Publish', Resource: '*' }) },
      ],
      ManagedPolicyArns: ['arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole'],
    });
    const caller = iam.assume(it?.arn ?? '', 'lambda.amazonaws.com', { actor: 'f' });
    expect(() => iam.authorize(caller, { action: 'sns:Publish', resource: 'arn:aws:sns:x' })).not.toThrow();
    expect(() => iam.authorize(caller, { action: 'logs:PutLogEvents', resource: 'arn:aws:logs:x' })).not.toThrow();
    expect(() => iam.authorize(caller, { action: 'sns:Subscribe', resource: 'arn:aws:sns:x' })).toThrow(
      'not authorized',
    );
  });

  it('is refused with a managed policy that is not modelled, or an element IAM does not understand', async () => {
    const role = { AssumeRolePolicyDocument: trust };
    const ManagedPolicyArns = ['arn:aws:iam::aws:policy/AdministratorAccess'];
    await expect(callsFor('AWS::IAM::Role', { ...role, ManagedPolicyArns })).rejects.toThrow('AdministratorAccess');
    const PolicyDocument = document({ Effect: 'Allow', Action: 's3:*', NotResource: 'x' });
    await expect(
      callsFor('AWS::IAM::Role', { ...role, Policies: [{ PolicyName: 'p', PolicyDocument }] }),
    ).rejects.toThrow('NotResource');
  });

  it('gets a policy of its own resource added, and its name is taken once for all regions', async () => {
    const { region, iam } = fakeRegion(answers);
    const Role = { Type: 'AWS::IAM::Role', Properties: { RoleName: 'r', AssumeRolePolicyDocument: trust } };
    const PolicyDocument = document({ Effect: 'Allow', Action: 'sns:Publish', Resource: '*' });
    const Policy = {
      Type: 'AWS::IAM::Policy',
      Properties: { PolicyName: 'p', PolicyDocument, Roles: [{ Ref: 'Role' }] },
    };
    await deploy(region, { packageDirectory: await packaged({ Resources: { Policy, Role } }), stackName: 'shop' });
    const caller = iam.assume('arn:aws:iam::111122223333:role/r', 'lambda.amazonaws.com', { actor: 'f' });
    expect(() => iam.authorize(caller, { action: 'sns:Publish', resource: '*' })).not.toThrow();
    const packageDirectory = await packaged({ Resources: { Role } });
    const elsewhere = region.world.region('us-west-2');
    await expect(deploy(elsewhere, { packageDirectory, stackName: 'shop' })).rejects.toThrow(
      'the role r exists already',
    );
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
      'AWS::Lambda::EventInvokeConfig',
      { FunctionName: 'f', Qualifier: '$LATEST', MaximumRetryAttempts: '1' },
      'PutFunctionEventInvokeConfig',
      { MaximumRetryAttempts: 1 },
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
      { StateMachineName: 'm', RoleArn: 'r', Definition: { StartAt: 'A' } },
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
      'AWS::CloudWatch::Dashboard',
      { DashboardName: 'd', DashboardBody: '{}' },
      'PutDashboard',
      { DashboardName: 'd', DashboardBody: '{}' },
    ],
    [
      'AWS::SNS::TopicPolicy',
      { Topics: ['t'], PolicyDocument: document() },
      'SetTopicAttributes',
      { TopicArn: 't', AttributeName: 'Policy' },
    ],
    [
      'AWS::SNS::Subscription',
      { TopicArn: 't', Protocol: 'email', Endpoint: 'a@b.example', FilterPolicy: { kind: ['x'] } },
      'Subscribe',
      { Attributes: { FilterPolicy: '{"kind":["x"]}' } },
    ],
    [
      'AWS::SSM::Parameter',
      { Name: '/p', Type: 'String', Value: 'v', Tags: { a: 'b' } },
      'PutParameter',
      { Name: '/p', Value: 'v', Tags: [{ Key: 'a', Value: 'b' }] },
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

  it.each(['AWS::Logs::LogGroup', 'AWS::Lambda::Version'])(
    '%s is kept with the stack and asks no service',
    async (type) => {
      const { calls, it } = await callsFor(
        type,
        type.endsWith('Version') ? { FunctionName: 'f' } : { LogGroupName: 'f' },
      );
      expect(calls).toEqual([]);
      expect(it?.type).toBe(type);
    },
  );
});
