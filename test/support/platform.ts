// The shop in one region as a function sees it, without a region behind it: vault, RDS, secret, messages, the clock.
import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PublishCommand, type PublishInput, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { vi } from 'vitest';
import { Notice } from '../../shared/notify/message.ts';
import { stubEnvironment } from './environment.ts';
import { contextFor } from './lambda-context.ts';
import { type RdsApi, rdsApi } from './rds-api.ts';
import { type Schedules, schedules } from './schedules.ts';
import { type StepFunctions, stepFunctions } from './step-functions.ts';
import { type Telemetry, watchTelemetry } from './telemetry.ts';
import { memoryVault, type Vault } from './vault.ts';

export interface Message {
  topic: string;
  subject: string;
  /** What e-mail subscribers read. */
  text: string;
  sms: string;
  /** What machines get. */
  notice: Notice;
}

export const messageOf = ({ TopicArn = '', Subject = '', Message = '' }: PublishInput): Message => {
  const texts = JSON.parse(Message);
  return {
    topic: TopicArn.slice(TopicArn.lastIndexOf(':') + 1).replace('lifeboat-shop-test-', ''),
    subject: Subject,
    text: texts.default,
    sms: texts.sms,
    notice: Notice.parse(JSON.parse(texts.lambda)),
  };
};

export interface ShopPlatform {
  vault: Vault;
  rds: RdsApi;
  machines: StepFunctions;
  /** Made when the platform is: nothing was due before, unless a test says so. */
  schedules: Schedules;
  telemetry: Telemetry;
  messages: Message[];
  /** Throws, to have SNS refuse. */
  publishing: () => void;
  /** Throws, to have Secrets Manager refuse. */
  readingSecret: () => void;
  /** Versions of every secret with their labels. */
  secretVersions: Record<string, string[]>;
  replicaLag: { Timestamp: Date; Maximum: number }[];
  setTime(time: string | Date): void;
}

/** Call it in beforeEach; afterEach: `vi.useRealTimers()`. */
export const shopPlatform = (time: string): ShopPlatform => {
  stubEnvironment();
  vi.useFakeTimers({ toFake: ['Date'], now: new Date(time) });
  const platform: ShopPlatform = {
    vault: memoryVault(),
    rds: rdsApi(),
    machines: stepFunctions(() => new Date()),
    schedules: schedules(new Date(time)),
    telemetry: watchTelemetry(),
    messages: [],
    publishing: () => undefined,
    readingSecret: () => undefined,
    secretVersions: { old: ['AWSPREVIOUS'], current: ['AWSCURRENT'] },
    replicaLag: [],
    setTime: (to) => void vi.setSystemTime(to),
  };
  platform.rds.primary.instances.set('shop-db', { DBInstanceIdentifier: 'shop-db', DBInstanceStatus: 'available' });
  mockClient(SNSClient)
    .on(PublishCommand)
    .callsFake((input: PublishInput) => {
      platform.publishing();
      platform.messages.push(messageOf(input));
      return { MessageId: 'm' };
    });
  mockClient(SecretsManagerClient)
    .on(DescribeSecretCommand)
    .callsFake(() => {
      platform.readingSecret();
      return { VersionIdsToStages: platform.secretVersions };
    });
  mockClient(CloudWatchClient)
    .on(GetMetricStatisticsCommand)
    .callsFake(() => ({ Datapoints: platform.replicaLag }));
  return platform;
};

/** Runs a handler as Lambda would, with a minute to spend unless said otherwise. */
export const invoke = <R>(
  handler: (event: never, context: never) => Promise<R>,
  event: unknown,
  remainingMs = 60_000,
): Promise<R> => handler(event as never, contextFor('function', remainingMs) as never);
