// A real Kafka, and a vault in a local region: functions are run here, what they ask of S3 is carried out. Messages are caught.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { PublishCommand, type PublishInput, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { vi } from 'vitest';
import type { KafkaOptions } from '../../local/engines/kafka.ts';
import { createWorld, type LocalRegion, type LocalWorld } from '../../local/world.ts';
import { catalogKey } from '../../shared/catalog/ids.ts';
import { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { PRIMARY, RECOVERY, stubEnvironment, VAULT } from './environment.ts';
import { openKafka, type TestKafka } from './kafka.ts';
import { type Message, messageOf } from './platform.ts';

export interface KafkaPlatform extends AsyncDisposable {
  world: LocalWorld;
  region: LocalRegion;
  kafka: TestKafka;
  messages: Message[];
  /** Call it in beforeEach, with the names of buckets that nobody has used: a vault without archives. */
  begin(): Promise<void>;
  ask<T = Record<string, unknown>>(service: string, operation: string, input: object): Promise<T>;
  keys(prefix?: string): Promise<string[]>;
  read(key: string): Promise<Buffer>;
  write(key: string, body: string | Buffer): Promise<void>;
  point(id: string): Promise<RecoveryPoint>;
}

/** Brokers keep what tests send, however old they say it is, unless `properties` say otherwise. */
export const openKafkaPlatform = async (
  properties: KafkaOptions['properties'] = { 'log.retention.ms': '-1' },
  brokers = 1,
): Promise<KafkaPlatform> => {
  const directory = await mkdtemp(join(tmpdir(), 'lifeboat-archives-'));
  const [kafka, world] = await Promise.all([
    openKafka({ properties, brokers }),
    createWorld({ directory, regions: [PRIMARY, RECOVERY] }),
  ]);
  const region = world.region(PRIMARY);
  const { operator, operatorCredentials } = world.iam;
  const ask = <T>(service: string, operation: string, input: object): Promise<T> =>
    region.call<T>(service, operation, input, operator);
  const { KeyMetadata } = await ask<{ KeyMetadata: { Arn: string } }>('kms', 'CreateKey', {});
  const messages: Message[] = [];
  let bucket = VAULT;
  const platform: KafkaPlatform = {
    ...{ world, region, kafka, messages, ask },
    begin: async () => {
      messages.length = 0;
      bucket = `vault-${randomUUID()}`;
      await ask('s3', 'CreateBucket', { Bucket: bucket });
      await ask('s3', 'PutBucketVersioning', { Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } });
      stubEnvironment({
        ...{ VAULT_BUCKET: bucket, VAULT_KEY_ARN: KeyMetadata.Arn, AWS_ENDPOINT_URL: region.endpoint },
        AWS_ACCESS_KEY_ID: operatorCredentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: operatorCredentials.secretAccessKey,
      });
      mockClient(SNSClient)
        .on(PublishCommand)
        .callsFake((input: PublishInput) => {
          messages.push(messageOf(input));
          return { MessageId: 'm' };
        });
    },
    keys: async (prefix = '') => {
      const listing = { Bucket: bucket, Prefix: prefix };
      const { Contents = [] } = await ask<{ Contents?: { Key: string }[] }>('s3', 'ListObjectsV2', listing);
      return Contents.map(({ Key }) => Key);
    },
    read: async (Key) => buffer((await ask<{ Body: Readable }>('s3', 'GetObject', { Bucket: bucket, Key })).Body),
    write: async (Key, Body) => {
      const encryption = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: KeyMetadata.Arn };
      await ask('s3', 'PutObject', { Bucket: bucket, Key, Body, ...encryption });
    },
    point: async (id) => RecoveryPoint.parse(JSON.parse((await platform.read(catalogKey(id))).toString())),
    [Symbol.asyncDispose]: async () => {
      await world.close();
      await kafka[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
      vi.unstubAllEnvs();
    },
  };
  return platform;
};
