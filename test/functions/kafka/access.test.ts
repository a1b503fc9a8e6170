// ACLs, quotas and settings of brokers: archived with the topics, and set again, on a real broker with Kafka's own authorizer.
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { handler as archiveShare } from '../../../functions/kafka/archive-share.ts';
import { handler as commit } from '../../../functions/kafka/commit-archive.ts';
import { handler as open } from '../../../functions/kafka/open-archive.ts';
import { handler as plan } from '../../../functions/kafka/plan-restore.ts';
import { handler as accessHandler } from '../../../functions/kafka/restore-access.ts';
import { kafkaSourceNamed } from '../../../shared/config/platform.ts';
import { ArchiveIndex, indexKey } from '../../../shared/kafka/archive.ts';
import { openCluster } from '../../../shared/kafka/cluster.ts';
import { ACCOUNT, PRIMARY } from '../../support/environment.ts';
import platform from '../../support/kafka.config.ts';
import { describeKafka, kafkaTool, openKafka, type TestKafka } from '../../support/kafka.ts';
import { type KafkaPlatform, openKafkaPlatform } from '../../support/kafka-platform.ts';
import { invoke } from '../../support/platform.ts';

vi.mock('#platform', () => import('../../support/kafka.config.ts'));
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const SOURCE = 'shop-events';
const EXECUTION = `arn:aws:states:${PRIMARY}:${ACCOUNT}:execution:lifeboat-shop-test-archive-kafka:1`;
const AUTHORIZED = {
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': 'User:ANONYMOUS',
};
let test: KafkaPlatform;
let plain: TestKafka;
let topic: string;
let topics = 0;
let minute = 0;

const tool = (main: string, ...args: string[]): Promise<string> =>
  kafkaTool(main, ['--bootstrap-server', test.kafka.bootstrap, ...args]);
const acls = (...args: string[]): Promise<string> => tool('org.apache.kafka.tools.AclCommand', ...args);
const quotas = (...args: string[]): Promise<string> =>
  tool('kafka.admin.ConfigCommand', '--entity-type', 'users', '--entity-name', 'shop', ...args);
const create = async (): Promise<void> => {
  await using cluster = await openCluster(SOURCE, kafkaSourceNamed(SOURCE));
  await cluster.create({ name: topic, partitions: 1, replicas: 1, settings: {} });
};
const archive = async (): Promise<ArchiveIndex> => {
  const scheduledAt = new Date(Date.UTC(2026, 10, 20, 3, minute++)).toISOString();
  const request = { source: SOURCE, scheduledAt, purpose: 'scheduled', execution: EXECUTION };
  const { recoveryPoint, shares } = await invoke(open, request, 120_000);
  for (const share of shares) while (!(await invoke(archiveShare, { recoveryPoint, share }, 600_000)).done);
  await invoke(commit, { recoveryPoint }, 120_000);
  return ArchiveIndex.parse(JSON.parse((await test.read(indexKey(recoveryPoint))).toString()));
};

describeKafka('own')('access', () => {
  beforeAll(async () => {
    [test, plain] = await Promise.all([
      openKafkaPlatform({ 'log.retention.ms': '-1', ...AUTHORIZED }),
      openKafka({ properties: { 'log.retention.ms': '-1', 'ssl.keystore.password': 'kept-nowhere' } }),
    ]);
  });
  afterAll(async () => {
    await plain[Symbol.asyncDispose]();
    await test[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await test.begin();
    topic = `audit.access-${++topics}`;
    vi.spyOn(platform.sources[SOURCE], 'bootstrap', 'get').mockReturnValue(test.kafka.bootstrap.split(','));
    vi.spyOn(platform.sources[SOURCE].topics, 'include', 'get').mockReturnValue([topic]);
  });
  afterEach(() => vi.restoreAllMocks());

  it('is archived, and what of it is gone is planned, set, and read back; what is of other topics stays away', async () => {
    await create();
    await acls('--add', '--allow-principal', 'User:shop', '--operation', 'Read', '--topic', topic);
    await acls(
      '--add',
      '--deny-principal',
      'User:bad',
      '--operation',
      'Write',
      '--topic',
      'audit.',
      '--resource-pattern-type',
      'prefixed',
    );
    await acls('--add', '--allow-principal', 'User:other', '--operation', 'Read', '--topic', 'elsewhere');
    await quotas('--alter', '--add-config', 'producer_byte_rate=1024,consumer_byte_rate=2048');
    const { recoveryPoint, access } = await archive();
    expect(access).toMatchObject({
      missing: [],
      quotas: [{ values: { producer_byte_rate: 1024, consumer_byte_rate: 2048 } }],
    });
    expect(access?.acls).toHaveLength(3);
    expect(access?.brokers).toMatchObject({ 1: { 'log.retention.ms': '-1' } });

    await acls('--remove', '--force', '--topic', topic);
    await quotas('--alter', '--add-config', 'producer_byte_rate=1');
    const restoreId = `access-${topics}`;
    await invoke(plan, { restoreId, recoveryPoint, topics: [{ topic, as: `${topic}-back` }] }, 120_000);
    await expect(invoke(accessHandler, { restoreId, step: 'apply' }, 60_000)).rejects.toMatchObject({
      name: 'RestoreRefused',
    });
    const planned = await invoke(accessHandler, { restoreId, step: 'plan', quotas: true }, 60_000);
    expect(planned).toMatchObject({
      state: 'planned',
      acls: [{ resourceName: `${topic}-back`, principal: 'User:shop' }],
      quotas: [{ before: { producer_byte_rate: 1, consumer_byte_rate: 2048 } }],
    });
    expect(await acls('--list')).not.toContain(`${topic}-back`);
    const apply = () => invoke(accessHandler, { restoreId, step: 'apply' }, 60_000);
    expect((await vi.waitFor(apply, { timeout: 20_000, interval: 300 })).state).toBe('applied');
    expect(await acls('--list', '--topic', `${topic}-back`)).toMatch(/User:shop.*operation=READ.*ALLOW/s);
    expect(await quotas('--describe')).toContain('producer_byte_rate=1024');
    expect((await apply()).state).toBe('applied');
  });

  it('is recorded as missing where the cluster has no authorizer, which is no error, and holds no secret', async () => {
    vi.spyOn(platform.sources[SOURCE], 'bootstrap', 'get').mockReturnValue(plain.bootstrap.split(','));
    await create();
    const { access, recoveryPoint } = await archive();
    expect(access).toMatchObject({ acls: null, quotas: [], missing: ['ACLs: the cluster has no authorizer'] });
    expect(access?.brokers?.[1]).toMatchObject({ 'log.retention.ms': '-1' });
    expect(JSON.stringify(access)).not.toContain('kept-nowhere');
    const restoreId = `access-${topics}`;
    await invoke(plan, { restoreId, recoveryPoint, topics: [{ topic, as: `${topic}-back` }] }, 120_000);
    await expect(invoke(accessHandler, { restoreId }, 60_000)).rejects.toMatchObject({
      ...{ name: 'RestoreRefused', message: expect.stringContaining('no authorizer') },
    });
  });
});
