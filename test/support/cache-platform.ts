// A cache on real servers in a local region, with vault and exchange bucket as they are deployed, and functions that are run
// here: what they ask of ElastiCache and S3 is carried out. Messages are caught.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type * as sdk from '@aws-sdk/client-elasticache';
import { PublishCommand, type PublishInput, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { vi } from 'vitest';
import { createWorld, type LocalRegion, type LocalWorld } from '../../local/world.ts';
import { catalogKey } from '../../shared/catalog/ids.ts';
import { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { EXCHANGE, PRIMARY, RECOVERY, stubEnvironment, VAULT } from './environment.ts';
import { type Message, messageOf } from './platform.ts';
import { withRedis } from './redis-client.ts';

export const TOKEN = 'correct-horse-battery';
export const GROUP = 'shop-cache';

export interface CachePlatform extends AsyncDisposable {
  world: LocalWorld;
  region: LocalRegion;
  messages: Message[];
  /** Call it in beforeEach: functions see the deployment's environment; messages of before are forgotten. */
  begin(): void;
  ask<T = Record<string, unknown>>(service: string, operation: string, input: object): Promise<T>;
  /** Commands on the primary of a group, one after the other; the last answer. */
  redis(group: string, ...commands: string[][]): Promise<unknown>;
  keys(bucket: string, prefix?: string): Promise<string[]>;
  read(bucket: string, key: string): Promise<Buffer>;
  write(bucket: string, key: string, body: string | Buffer): Promise<void>;
  point(id: string): Promise<RecoveryPoint>;
  addPoint(point: RecoveryPoint): Promise<RecoveryPoint>;
  snapshots(): Promise<sdk.Snapshot[]>;
}

export const openCachePlatform = async ({ replicas = 2 } = {}): Promise<CachePlatform> => {
  const directory = await mkdtemp(join(tmpdir(), 'lifeboat-cache-'));
  const world = await createWorld({ directory, regions: [PRIMARY, RECOVERY] });
  const region = world.region(PRIMARY);
  const { operator } = world.iam;
  const ask = <T>(service: string, operation: string, input: object): Promise<T> =>
    region.call<T>(service, operation, input, operator);
  const { KeyMetadata } = await ask<{ KeyMetadata: { Arn: string } }>('kms', 'CreateKey', {});
  await createBuckets(ask);
  await ask('secretsmanager', 'CreateSecret', {
    Name: 'shop/cache',
    SecretString: JSON.stringify({ password: TOKEN }),
  });
  await ask('elasticache', 'CreateReplicationGroup', {
    ReplicationGroupId: GROUP,
    ReplicationGroupDescription: 'baskets and sessions',
    CacheNodeType: 'cache.t4g.small',
    NumCacheClusters: replicas + 1,
    AuthToken: TOKEN,
    TransitEncryptionEnabled: true,
    AtRestEncryptionEnabled: true,
  });
  await world.clock.settled();
  const messages: Message[] = [];
  const { accessKeyId, secretAccessKey } = world.iam.operatorCredentials;
  const put = (Bucket: string, Key: string, Body: string | Buffer) =>
    ask<void>('s3', 'PutObject', {
      Bucket,
      Key,
      Body,
      ...(Bucket === VAULT ? { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: KeyMetadata.Arn } : {}),
    });
  const platform: CachePlatform = {
    world,
    region,
    messages,
    ask,
    begin: () => {
      messages.length = 0;
      stubEnvironment({
        VAULT_KEY_ARN: KeyMetadata.Arn,
        AWS_ENDPOINT_URL: region.endpoint,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
      });
      mockClient(SNSClient)
        .on(PublishCommand)
        .callsFake((input: PublishInput) => {
          messages.push(messageOf(input));
          return { MessageId: 'm' };
        });
    },
    redis: (group, ...commands) => {
      const { host, port, auth, ca } = region.elasticache.server(group);
      return withRedis({ host, port, password: auth, ca }, async (send) => {
        let answer: unknown;
        for (const command of commands) answer = await send(...command);
        return answer;
      });
    },
    keys: async (bucket, prefix = '') => {
      const { Contents = [] } = await ask<{ Contents?: { Key: string }[] }>('s3', 'ListObjectsV2', {
        Bucket: bucket,
        Prefix: prefix,
      });
      return Contents.map(({ Key }) => Key);
    },
    read: async (Bucket, Key) => buffer((await ask<{ Body: Readable }>('s3', 'GetObject', { Bucket, Key })).Body),
    write: put,
    point: async (id) => RecoveryPoint.parse(JSON.parse((await platform.read(VAULT, catalogKey(id))).toString())),
    addPoint: async (point) => {
      await put(VAULT, catalogKey(point.id), JSON.stringify(RecoveryPoint.parse(point)));
      return point;
    },
    snapshots: async () =>
      (await ask<sdk.DescribeSnapshotsListMessage>('elasticache', 'DescribeSnapshots', {})).Snapshots ?? [],
    [Symbol.asyncDispose]: async () => {
      await world.close();
      await rm(directory, { recursive: true, force: true });
      vi.unstubAllEnvs();
    },
  };
  return platform;
};

const createBuckets = async (
  ask: (service: string, operation: string, input: object) => Promise<unknown>,
): Promise<void> => {
  for (const Bucket of [VAULT, EXCHANGE]) await ask('s3', 'CreateBucket', { Bucket });
  await ask('s3', 'PutBucketVersioning', { Bucket: VAULT, VersioningConfiguration: { Status: 'Enabled' } });
  const statement = {
    Effect: 'Allow',
    Principal: { Service: `${PRIMARY}.elasticache-snapshot.amazonaws.com` },
    Action: ['s3:PutObject', 's3:GetObject', 's3:ListBucket', 's3:GetBucketAcl', 's3:ListBucketMultipartUploads'],
    Resource: [`arn:aws:s3:::${EXCHANGE}`, `arn:aws:s3:::${EXCHANGE}/*`],
  };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  await ask('s3', 'PutBucketPolicy', { Bucket: EXCHANGE, Policy });
};
