// The assessment through its handler: a real primary with its standby, AWS's answers and the customers' probes as the test
// wants them.
import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { BatchGetProjectsCommand, CodeBuildClient } from '@aws-sdk/client-codebuild';
import { DescribeClusterCommand, EKSClient } from '@aws-sdk/client-eks';
import {
  DescribeReplicationGroupsCommand,
  ElastiCacheClient,
  ReplicationGroupNotFoundFault,
} from '@aws-sdk/client-elasticache';
import { DescribeEventsCommand, HealthClient, HealthServiceException } from '@aws-sdk/client-health';
import { DescribeDBInstancesCommand, RDSClient } from '@aws-sdk/client-rds';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ExecutionAlreadyExists, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { type AwsClientStub, mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { handler } from '../../../functions/recovery/assess.ts';
import { handler as canary } from '../../../functions/recovery/write-canary.ts';
import platform from '../../../lifeboat.config.ts';
import type { Signal } from '../../../shared/recovery/assessment.ts';
import { epochKey } from '../../../shared/recovery/documents.ts';
import { ACCOUNT, PRIMARY, RECOVERY, stubEnvironment, VAULT } from '../../support/environment.ts';
import { invoke } from '../../support/platform.ts';
import { type Laboratory, openLaboratory, PASSWORD, type TestServer, USER } from '../../support/postgres.ts';
import { memoryVault, type Vault } from '../../support/vault.ts';

let lab: Laboratory;
let live: TestServer;
let standby: TestServer;
let vault: Vault;
let rds: AwsClientStub<RDSClient>;
let describingCluster: () => Promise<object>;
let askedHealth: { region: string; filter: unknown }[];
let toldByHealth: (region: string) => object[];
let started: { name: string; input: string }[];
let messages: { topic: string; subject: string; text: string }[];
let probed: (url: string) => Response | Promise<Response>;

const plan = platform.recovery;
const gone = () => Promise.reject(Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNREFUSED' } }));
const refused = () => Promise.reject(Object.assign(new Error('connect'), { code: 'ECONNREFUSED', name: 'Error' }));

beforeAll(async () => {
  lab = await openLaboratory();
  live = await lab.cluster();
  await live.sql(`GRANT pg_monitor TO ${USER}; GRANT CREATE ON DATABASE shop TO ${USER}`);
  standby = await lab.standby(live);
}, 120_000);
afterAll(() => lab[Symbol.asyncDispose]());

const here = (role: 'primary' | 'recovery'): void =>
  role === 'primary'
    ? stubEnvironment()
    : stubEnvironment({
        AWS_REGION: RECOVERY,
        LIFEBOAT_ROLE: 'recovery',
        PEER_REGION: PRIMARY,
        PEER_VAULT_BUCKET: `${VAULT}-peer`,
        TOPIC_ARN_PREFIX: `arn:aws:sns:${RECOVERY}:${ACCOUNT}:lifeboat-shop-test-`,
      });

beforeEach(() => {
  here('recovery');
  vault = memoryVault();
  started = [];
  messages = [];
  probed = () => new Response('fine');
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (url) => probed(String(url)));
  rds = mockClient(RDSClient);
  rds.on(DescribeDBInstancesCommand).callsFake(({ DBInstanceIdentifier }) => ({
    DBInstances: [
      {
        DBInstanceIdentifier,
        DBInstanceStatus: 'available',
        Endpoint: { Address: '127.0.0.1', Port: DBInstanceIdentifier === 'shop-db' ? live.port : standby.port },
      },
    ],
  }));
  mockClient(SecretsManagerClient)
    .on(GetSecretValueCommand)
    .resolves({ SecretString: JSON.stringify({ username: USER, password: PASSWORD }) });
  mockClient(CloudWatchClient)
    .on(GetMetricStatisticsCommand)
    .callsFake(() => ({ Datapoints: [{ Timestamp: new Date(), Maximum: 60 }] }));
  mockClient(CodeBuildClient)
    .on(BatchGetProjectsCommand)
    .callsFake(({ names }) => ({ projects: [{ name: names[0] }] }));
  mockClient(ElastiCacheClient)
    .on(DescribeReplicationGroupsCommand)
    .rejects(new ReplicationGroupNotFoundFault({ message: 'none', $metadata: {} }));
  describingCluster = async () => ({ cluster: { status: 'ACTIVE' } });
  mockClient(EKSClient)
    .on(DescribeClusterCommand)
    .callsFake(() => describingCluster());
  askedHealth = [];
  toldByHealth = () => [];
  mockClient(HealthClient)
    .on(DescribeEventsCommand)
    .callsFake(async ({ filter }, client) => {
      const region = await client().config.region();
      askedHealth.push({ region, filter });
      return { events: toldByHealth(region) };
    });
  mockClient(SFNClient)
    .on(StartExecutionCommand)
    .callsFake((input) => {
      if (started.some(({ name }) => name === input.name))
        throw new ExecutionAlreadyExists({ message: 'exists', $metadata: {} });
      started.push(input);
      return {};
    });
  mockClient(SNSClient)
    .on(PublishCommand)
    .callsFake((input) => {
      messages.push({ topic: input.TopicArn, subject: input.Subject, text: input.Message });
      return {};
    });
});
afterEach(() => vi.restoreAllMocks());

const minute = (number: number): string => `2026-11-20T12:${String(number).padStart(2, '0')}:00Z`;
const assess = (number: number) => invoke(handler, { scheduledAt: minute(number) });
const loseRegion = (): void => {
  probed = gone;
  rds.on(DescribeDBInstancesCommand, { DBInstanceIdentifier: 'shop-db' }).callsFake(refused);
  mockClient(CloudWatchClient).on(GetMetricStatisticsCommand).callsFake(refused);
};

describe('an assessment', () => {
  it('is healthy while customers are served and the replica hears from its source', async () => {
    const { verdict, confidence, signals } = await assess(0);
    expect(signals.map(({ name, says }: Signal) => [name, says])).toEqual([
      ['probe orders', 'up'],
      ['probe products', 'up'],
      ['probe customers', 'up'],
      ['RDS API', 'up'],
      ['metrics', 'up'],
      ['AWS Health', 'up'],
      ['replica', 'up'],
    ]);
    expect({ verdict, confidence }).toEqual({ verdict: 'healthy', confidence: 1 });
    expect(messages).toEqual([]);
  });

  it('says down, and asks for a person only when it said so twice in a row', async () => {
    loseRegion();
    expect(await assess(0)).toMatchObject({ verdict: 'down', confirmed: false });
    expect(messages).toEqual([]);
    expect(await assess(1)).toMatchObject({ verdict: 'down', confirmed: true, since: '2026-11-20T12:00:00.000Z' });
    expect(messages).toHaveLength(1);
    expect(messages[0]?.text).toContain('--name auto-20261120t120000z');
    await assess(2);
    expect(messages).toHaveLength(1);
    expect(started).toEqual([]);
  });

  it('starts the failover by itself where that was authorised beforehand, once for one trouble', async () => {
    if (!plan) throw new Error('no recovery is configured');
    vi.spyOn(plan.approval, 'mode', 'get').mockReturnValue('pre-authorised');
    loseRegion();
    for (const number of [0, 1, 2, 3]) await assess(number);
    expect(started.map(({ name }) => name)).toEqual(['auto-20261120t120000z']);
    expect(messages.map(({ text }) => text.includes('was started, as authorised'))).toEqual([true]);
  });

  it('hears of an open issue from AWS itself, asked of what the platform stands on, first where the lost region is not', async () => {
    toldByHealth = () => [
      { eventTypeCode: 'AWS_RDS_OPERATIONAL_ISSUE', startTime: new Date('2026-11-20T11:58:00Z'), service: 'RDS' },
    ];
    const { signals, verdict } = await assess(0);
    expect(signals.find(({ name }: Signal) => name === 'AWS Health')).toMatchObject({
      ...{ says: 'down', evidence: 'AWS_RDS_OPERATIONAL_ISSUE, since 2026-11-20T11:58:00.000Z' },
    });
    // One witness alone proves nothing.
    expect(verdict).toBe('degraded');
    expect(askedHealth).toEqual([
      {
        region: 'us-east-2',
        filter: {
          regions: [PRIMARY],
          services: ['EC2', 'RDS', 'ELASTICACHE', 'EKS', 'ELASTICLOADBALANCING'],
          eventStatusCodes: ['open'],
          eventTypeCategories: ['issue'],
        },
      },
    ]);
  });

  it('is less sure without AWS Health, and says why: no support plan, or no answer from either place', async () => {
    toldByHealth = () => {
      throw new HealthServiceException({
        ...{ name: 'SubscriptionRequiredException', message: 'no', $fault: 'client', $metadata: {} },
      });
    };
    const refused = await assess(0);
    expect(refused).toMatchObject({ verdict: 'healthy', reasons: [expect.stringContaining('SubscriptionRequired')] });
    expect(refused.confidence).toBeCloseTo(0.9);
    toldByHealth = () => {
      throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    };
    expect((await assess(1)).reasons).toEqual([
      'AWS Health could not be asked: no answer from us-east-1 and us-east-2',
    ]);
    expect(askedHealth.map(({ region }) => region)).toEqual(['us-east-2', 'us-east-2', 'us-east-1']);
  });

  it('does not ask AWS Health where the configuration says so', async () => {
    if (!plan) throw new Error('no recovery is configured');
    vi.spyOn(plan.assessment, 'awsHealth', 'get').mockReturnValue(false);
    expect(await assess(0)).toMatchObject({ confidence: 1, signals: { length: 6 } });
    expect(askedHealth).toEqual([]);
  });

  it('announces that the region answers again, when no failover was begun', async () => {
    loseRegion();
    await assess(0);
    await assess(1);
    probed = () => new Response('fine');
    rds
      .on(DescribeDBInstancesCommand, { DBInstanceIdentifier: 'shop-db' })
      .resolves({ DBInstances: [{ DBInstanceStatus: 'available' }] });
    mockClient(CloudWatchClient)
      .on(GetMetricStatisticsCommand)
      .callsFake(() => ({ Datapoints: [{ Timestamp: new Date() }] }));
    expect(await assess(2)).toMatchObject({ verdict: 'healthy' });
    expect(messages.at(-1)?.subject).toContain('answers again');
  });

  it('takes a refusal for what it is: nothing known, less confidence', async () => {
    const denied = Object.assign(new Error('no'), { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });
    rds.on(DescribeDBInstancesCommand, { DBInstanceIdentifier: 'shop-db' }).rejects(denied);
    const { signals, verdict, confidence } = await assess(0);
    expect(signals.find(({ name }: Signal) => name === 'RDS API')).toMatchObject({
      says: 'unknown',
      evidence: 'AccessDenied',
    });
    expect(verdict).toBe('healthy');
    expect(confidence).toBeLessThan(1);
  });

  it('goes on without the replica, and says that it is not ready', async () => {
    rds.on(DescribeDBInstancesCommand, { DBInstanceIdentifier: 'shop-db-replica' }).resolves({ DBInstances: [] });
    const { signals, readiness } = await assess(0);
    expect(signals.find(({ name }: Signal) => name === 'replica')?.says).toBe('unknown');
    expect(readiness[0]).toMatchObject({ step: 'promote the replica of shop-db', ready: false });
  });

  it('says of every step whether what it needs is there', async () => {
    const { readiness } = await assess(0);
    expect(readiness).toEqual([
      { step: 'promote the replica of shop-db', ready: true, found: 'a standby that answers' },
      { step: 'an archive of shop-cache', ready: false, found: 'none that was read whole' },
      { step: 'a free name for the cache of shop-cache', ready: true, found: 'shop-cache is free' },
      { step: 'the build of shop-infrastructure', ready: true, found: 'a project of CodeBuild' },
      { step: 'the cluster shop', ready: true, found: 'ACTIVE' },
    ]);
    describingCluster = refused;
    expect((await assess(1)).readiness.at(-1)).toMatchObject({
      ...{
        step: 'what could not be asked',
        ready: false,
        found: expect.stringContaining('the cluster shop: no answer'),
      },
    });
  });

  it('is not kept waiting by a step that is not known in time, nor lost by one that fails in a way of our own', async () => {
    if (!plan) throw new Error('no recovery is configured');
    vi.spyOn(plan.assessment, 'timeout', 'get').mockReturnValue(1);
    describingCluster = () => new Promise(() => undefined);
    const late = await assess(0);
    expect(late.verdict).toBe('healthy');
    expect(late.readiness.slice(1)).toEqual([
      { step: 'what the other phases need', ready: false, found: 'not known within 1 s' },
    ]);
    describingCluster = () => Promise.reject(new TypeError('ours'));
    expect((await assess(1)).readiness.slice(1)).toMatchObject([{ ready: false, found: 'TypeError: ours' }]);
  });

  it('assesses a scheduled minute once, however often it is asked', async () => {
    const [first, second] = await Promise.all([assess(0), assess(0)]);
    expect(second).toEqual(first);
    expect(vault.keys('recovery/assessments/')).toHaveLength(1);
  });

  it('is no reason to move the platform again once it lives here', async () => {
    await vault.place(
      epochKey(RECOVERY),
      JSON.stringify({
        ...{
          epoch: 1,
          failoverId: 'moved',
          kind: 'failover',
          from: PRIMARY,
          to: RECOVERY,
          execution: 'arn',
          reason: 'r',
        },
        ...{ status: 'done', declaredAt: '2026-11-20T11:00:00Z' },
      }),
    );
    loseRegion();
    await assess(0);
    await assess(1);
    expect({ messages, started }).toEqual({ messages: [], started: [] });
  });

  it('measures what would be lost by the newest beat of the canary that the replica holds', async () => {
    here('primary');
    expect(await invoke(canary, {})).toMatchObject({ beats: 1 });
    const { writtenAt } = await invoke(canary, {});
    here('recovery');
    await vi.waitFor(
      async () => {
        const rows = await standby.sql(`SELECT beats FROM lifeboat.canary`);
        expect(rows).toEqual([{ beats: '2' }]);
      },
      { timeout: 20_000 },
    );
    const at = new Date(Date.parse(writtenAt) + 40_000).toISOString();
    const { dataLossSeconds } = await invoke(handler, { scheduledAt: at });
    expect(dataLossSeconds['shop-db']).toBeCloseTo(40, 0);
  });
});
