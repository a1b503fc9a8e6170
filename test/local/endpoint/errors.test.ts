import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import {
  DescribeKeyCommand,
  EncryptCommand,
  KMSClient,
  ListAliasesCommand,
  ListGrantsCommand,
  NotFoundException,
} from '@aws-sdk/client-kms';
import { GetFunctionCommand, LambdaClient, ListLayersCommand, ResourceNotFoundException } from '@aws-sdk/client-lambda';
import {
  DBSnapshotNotFoundFault,
  DescribeDBClustersCommand,
  DescribeDBSnapshotsCommand,
  RDSClient,
} from '@aws-sdk/client-rds';
import {
  ListBucketMetricsConfigurationsCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  NoSuchBucket,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { as, createTestWorld, type TestWorld } from './regions.ts';
import { authorization, raw } from './wire.ts';

let test: TestWorld;
beforeAll(async () => {
  test = await createTestWorld();
});
afterAll(() => test[Symbol.asyncDispose]());

/** A client made, used once, and closed. */
const send = async (
  // biome-ignore lint/suspicious/noExplicitAny: clients and commands of all services.
  Client: new (options: any) => { send(command: any): Promise<any>; destroy(): void },
  command: object,
  options = as(test.east),
): Promise<unknown> => {
  const client = new Client(options);
  return client.send(command).finally(() => client.destroy());
};

describe('an error', () => {
  it('that the SDK models is its class, in each protocol', async () => {
    const query = send(RDSClient, new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: 'none' }));
    await expect(query).rejects.toBeInstanceOf(DBSnapshotNotFoundFault);
    await expect(query).rejects.toMatchObject({
      Code: 'DBSnapshotNotFound',
      Type: 'Sender',
      $metadata: { httpStatusCode: 404 },
    });
    const json = send(KMSClient, new DescribeKeyCommand({ KeyId: 'none' }));
    await expect(json).rejects.toBeInstanceOf(NotFoundException);
    // JSON services say 400 also where the model has another status for awsQuery.
    const parameter = send(SSMClient, new GetParameterCommand({ Name: 'none' }));
    await expect(parameter).rejects.toMatchObject({ name: 'ParameterNotFound', $metadata: { httpStatusCode: 400 } });
    const restJson = send(LambdaClient, new GetFunctionCommand({ FunctionName: 'none' }));
    await expect(restJson).rejects.toBeInstanceOf(ResourceNotFoundException);
    await expect(restJson).rejects.toMatchObject({ $metadata: { httpStatusCode: 404 } });
    const restXml = send(S3Client, new ListObjectsV2Command({ Bucket: 'no-such-bucket' }));
    await expect(restXml).rejects.toBeInstanceOf(NoSuchBucket);
  });

  it('that it does not model has the code as its name', async () => {
    const Plaintext = Buffer.alloc(5000);
    const { KeyMetadata } = await test.east.call<{ KeyMetadata: { KeyId: string } }>(
      'kms',
      'CreateKey',
      {},
      test.world.iam.operator,
    );
    await expect(send(KMSClient, new EncryptCommand({ KeyId: KeyMetadata.KeyId, Plaintext }))).rejects.toMatchObject({
      name: 'ValidationException',
      $metadata: { httpStatusCode: 400 },
    });
  });

  it('nobody foresaw is a failure of ours, with its text', async () => {
    const service = test.west.services.get('kms');
    if (!service) throw new Error('no kms');
    service.operations.ListAliases = () => Promise.reject(new TypeError('x is not a function <&>'));
    const answer = await raw(test.west, 'POST', '/', {
      headers: { authorization: authorization('kms', 'us-west-2'), 'x-amz-target': 'TrentService.ListAliases' },
    });
    expect(answer.status).toBe(500);
    expect(JSON.parse(answer.body)).toMatchObject({
      __type: 'InternalFailure',
      message: 'TypeError: x is not a function <&>',
    });
  });
});

describe('what is not offered', () => {
  it.each([
    ['awsQuery', RDSClient, new DescribeDBClustersCommand({}), 'rds:DescribeDBClusters'],
    ['awsJson', KMSClient, new ListGrantsCommand({ KeyId: 'k' }), 'kms:ListGrants'],
    ['restJson', LambdaClient, new ListLayersCommand({}), 'lambda:ListLayers'],
    [
      'restXml',
      S3Client,
      new ListBucketMetricsConfigurationsCommand({ Bucket: 'bucket' }),
      's3:ListBucketMetricsConfigurations',
    ],
  ])('is answered 501, naming the operation, in %s', async (_, Client, command, named) => {
    await expect(send(Client as never, command)).rejects.toMatchObject({
      name: 'NotImplemented',
      message: expect.stringContaining(named),
      $metadata: { httpStatusCode: 501 },
    });
  });

  it('as a service is answered 501, naming the service', async () => {
    const answer = await raw(test.east, 'POST', '/', { headers: { authorization: authorization('sqs') } });
    expect(answer).toMatchObject({ status: 501, body: expect.stringContaining('the service sqs') });
  });

  it('as an operation that nobody knows is refused', async () => {
    const json = { authorization: authorization('kms'), 'x-amz-target': 'TrentService.Unlock' };
    expect(await raw(test.east, 'POST', '/', { headers: json })).toMatchObject({
      status: 400,
      body: expect.stringContaining('Unlock'),
    });
    const query = { headers: { authorization: authorization('rds') }, body: 'Action=Unlock&Version=2014-10-31' };
    expect(await raw(test.east, 'POST', '/', query)).toMatchObject({
      status: 400,
      body: expect.stringContaining('<Code>InvalidAction</Code>'),
    });
    const rest = { headers: { authorization: authorization('lambda') } };
    expect(await raw(test.east, 'GET', '/unlock', rest)).toMatchObject({
      status: 404,
      body: expect.stringContaining('/unlock'),
    });
  });

  it('as JSON is refused where it is none', async () => {
    const headers = { authorization: authorization('kms'), 'x-amz-target': 'TrentService.ListAliases' };
    expect(await raw(test.east, 'POST', '/', { headers, body: '{"KeyId":' })).toMatchObject({
      status: 400,
      body: expect.stringContaining('SerializationException'),
    });
  });
});

describe('a caller', () => {
  it('with an access key nobody issued is refused', async () => {
    const stranger = as(test.east, 'AKIASTRANGER');
    await expect(send(S3Client, new ListBucketsCommand({}), stranger)).rejects.toMatchObject({
      name: 'InvalidAccessKeyId',
    });
    await expect(send(RDSClient, new DescribeDBSnapshotsCommand({}), stranger)).rejects.toMatchObject({
      name: 'InvalidClientTokenId',
    });
  });

  it('that signs nothing is refused', async () => {
    expect(await raw(test.east, 'GET', '/', { headers: { authorization: '' } })).toMatchObject({ status: 403 });
  });

  it.each([
    ['awsQuery', RDSClient, new DescribeDBSnapshotsCommand({}), 'rds:DescribeDBSnapshots', 'AccessDenied', 403],
    ['awsJson', KMSClient, new ListAliasesCommand({}), 'kms:ListAliases', 'AccessDeniedException', 400],
    [
      'JSON that was query',
      CloudWatchClient,
      new DescribeAlarmsCommand({}),
      'cloudwatch:DescribeAlarms',
      'AccessDenied',
      403,
    ],
    [
      'restJson',
      SchedulerClient,
      new GetScheduleCommand({ Name: 's' }),
      'scheduler:GetSchedule',
      'AccessDeniedException',
      403,
    ],
    ['restXml', S3Client, new ListBucketsCommand({}), 's3:ListAllMyBuckets', 'AccessDenied', 403],
  ])(
    'without the permission is told which one is missing, in %s',
    async (_, Client, command, action, name, httpStatusCode) => {
      const arn = 'arn:aws:iam::111122223333:role/nothing';
      test.world.iam.putRole({ arn, trust: [], statements: [] });
      const { accessKeyId } = test.world.iam.issue(arn, { actor: 'nothing' });
      await expect(send(Client as never, command, as(test.east, accessKeyId))).rejects.toMatchObject({
        name,
        message: expect.stringContaining(action),
        $metadata: { httpStatusCode },
      });
    },
  );
});
