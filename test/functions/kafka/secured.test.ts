// A cluster that is spoken to over TLS, with a login by SCRAM and no more rights than docs/kafka.md names.
import { inspect } from 'node:util';
import { Producer } from '@platformatic/kafka';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { archiveShare } from '../../../functions/kafka/archiving.ts';
import { GroupsRequest, moveGroups } from '../../../functions/kafka/group-restores.ts';
import { openArchive } from '../../../functions/kafka/opening.ts';
import { certificatesOf } from '../../../local/engines/certificates.ts';
import { freePort } from '../../../local/engines/ports.ts';
import type { KafkaSource } from '../../../shared/config/schema.ts';
import { readArchive } from '../../../shared/kafka/reading.ts';
import { PRIMARY } from '../../support/environment.ts';
import platform from '../../support/kafka.config.ts';
import { describeKafka, kafkaTool } from '../../support/kafka.ts';
import { listeningAlso } from '../../support/kafka-listeners.ts';
import { archiveAll, restoreAll } from '../../support/kafka-machines.ts';
import { type KafkaPlatform, openKafkaPlatform } from '../../support/kafka-platform.ts';

vi.mock('#platform', () => import('../../support/kafka.config.ts'));
vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

const SOURCE = 'shop-events';
const PASSWORD = 'kept-in-the-secret-alone';
const SESSION_MS = 1000;
let test: KafkaPlatform;
let ca: string;
let secured: number;
let topic: string;
let topics = 0;

const at = (minute: number): string => new Date(Date.UTC(2026, 10, 20, 3, minute)).toISOString();
const tool = (main: string, ...args: string[]): Promise<string> =>
  kafkaTool(main, ['--bootstrap-server', test.kafka.bootstrap, ...args]);
const admin = (name: string, ...args: string[]): Promise<string> => tool(`org.apache.kafka.tools.${name}`, ...args);
const addUser = (name: string): Promise<string> =>
  tool(
    'kafka.admin.ConfigCommand',
    ...['--alter', '--entity-type', 'users', '--entity-name', name],
    ...['--add-config', `SCRAM-SHA-512=[password=${PASSWORD}]`],
  );
const allow = (user: string, operations: string[], ...resource: string[]): Promise<string> =>
  admin(
    'AclCommand',
    ...['--add', '--allow-principal', `User:${user}`, ...resource],
    ...operations.flatMap((each) => ['--operation', each]),
  );
const login = (username: string, password = PASSWORD) =>
  test.ask('secretsmanager', 'PutSecretValue', {
    ...{ SecretId: 'shop/kafka', SecretString: JSON.stringify({ username, password }) },
  });
const configure = (change: Partial<KafkaSource> = {}): void => {
  const configured: Partial<KafkaSource> = {
    ...{ bootstrap: [`127.0.0.1:${secured}`], auth: { mode: 'scram', secret: 'shop/kafka' }, tls: { ca } },
    ...change,
  };
  const source: KafkaSource = platform.sources[SOURCE];
  for (const name of ['bootstrap', 'auth', 'tls'] as const)
    if (configured[name] !== undefined) vi.spyOn(source, name, 'get').mockReturnValue(configured[name]);
  vi.spyOn(source.topics, 'include', 'get').mockReturnValue([topic]);
};
/** One after the other in each partition in turn. */
const create = async (values: string[], partitions = 1): Promise<void> => {
  await admin('TopicCommand', '--create', '--topic', topic, '--partitions', `${partitions}`);
  const producer = new Producer({ clientId: 'test', bootstrapBrokers: test.kafka.bootstrap.split(',') });
  for (const [number, value] of values.entries())
    await producer.send({ messages: [{ topic, partition: number % partitions, value: Buffer.from(value) }] });
  await producer.close();
};
const open = () =>
  openArchive({ source: SOURCE, scheduledAt: at(topics), purpose: 'scheduled', execution: 'arn:none' });
const opened = async () => {
  const answer = await open();
  return 'underWay' in answer ? expect.fail(answer.underWay) : answer;
};
const work = { remainingMs: () => 600_000 };
/** What is thrown, with all that stands in it and in its causes. */
const thrown = async (asked: Promise<unknown>): Promise<{ name: string; message: string; all: string }> => {
  const error = await asked.then(
    () => expect.fail('nothing was thrown'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) throw error;
  return { name: error.name, message: error.message, all: inspect(error, { depth: 20, showHidden: true }) };
};

describeKafka('own')('a cluster with TLS and logins', () => {
  beforeAll(async () => {
    const certificates = await certificatesOf({});
    ca = certificates.ca;
    secured = await freePort();
    const settings = {
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.certificate.chain': certificates.certificate,
      'ssl.keystore.key': certificates.key,
      'sasl.enabled.mechanisms': 'SCRAM-SHA-512',
      // As with tokens of IAM, a login is good for a while and is renewed on the connection.
      'scram-sha-512.connections.max.reauth.ms': `${SESSION_MS}`,
      'scram-sha-512.sasl.jaas.config': 'org.apache.kafka.common.security.scram.ScramLoginModule required;',
    };
    test = await openKafkaPlatform(
      listeningAlso(
        { name: 'SECURED', protocol: 'SASL_SSL', port: secured, settings },
        {
          'log.retention.ms': '-1',
          'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
          // Tests themselves, and the broker, over the plain listener.
          'super.users': 'User:ANONYMOUS',
        },
      ),
    );
    await Promise.all([addUser('lifeboat'), addUser('onlooker')]);
    await Promise.all([
      allow('lifeboat', ['Describe', 'Read', 'DescribeConfigs', 'Create', 'Write'], '--topic', '*'),
      allow('lifeboat', ['Describe', 'Read'], '--group', '*'),
      allow('lifeboat', ['IdempotentWrite'], '--cluster'),
      allow('onlooker', ['Describe', 'DescribeConfigs'], '--topic', '*'),
    ]);
    await test.ask('secretsmanager', 'CreateSecret', { Name: 'shop/kafka', SecretString: '{}' });
  });
  afterAll(() => test[Symbol.asyncDispose]());
  beforeEach(async () => {
    await test.begin();
    topic = `audit.secured-${++topics}`;
    configure();
  });
  afterEach(() => vi.restoreAllMocks());

  it('is archived and restored, and its groups are set, with the login of the secret and the rights that are documented', async () => {
    await create(['a', 'b', 'c']);
    await login('lifeboat');
    const group = `group-${topics}`;
    const read = (name: string, ...more: string[]): Promise<string> =>
      admin('consumer.ConsoleConsumer', '--topic', name, '--group', group, '--timeout-ms', '15000', ...more);
    expect(await read(topic, '--from-beginning', '--max-messages', '2')).toBe('a\nb\n');
    const { recoveryPoint, records, gaps } = await archiveAll(at(topics));
    expect({ records, gaps }).toEqual({ records: 3, gaps: 0 });
    const vault = { bucket: process.env.VAULT_BUCKET ?? '', region: PRIMARY };
    const archived = await Array.fromAsync(readArchive(vault, recoveryPoint, { topic }));
    expect(archived.map(({ value }) => `${value}`)).toEqual(['a', 'b', 'c']);
    const as = `${topic}-back`;
    const restoreId = `secured-${topics}`;
    expect(await restoreAll({ restoreId, recoveryPoint, topics: [{ topic, as }] })).toMatchObject({ records: 3 });
    expect(await moveGroups(GroupsRequest.parse({ restoreId, step: 'plan' }))).toMatchObject({ groups: [{ group }] });
    expect(await moveGroups(GroupsRequest.parse({ restoreId, step: 'apply' }))).toMatchObject({ state: 'applied' });
    expect(await read(as, '--max-messages', '1')).toBe('c\n');
  });

  it('of which logins end before the work does is archived without a break', async () => {
    // Each partition is asked for by itself, and becomes a segment.
    const values = ['a', 'b', 'c', 'd', 'e', 'f'];
    await create(values, values.length);
    await login('lifeboat');
    vi.spyOn(platform.sources[SOURCE], 'concurrency', 'get').mockReturnValue(1);
    const { recoveryPoint, shares } = await opened();
    const { around } = test.world.faults;
    let waits = 0;
    // Longer than a login is good for, between what is asked of the brokers, which end connections that it is not renewed on.
    test.world.faults.around = async (call, run) => {
      if (['PutObject', 'GetObject'].includes(call.operation) && waits++ < 10)
        await new Promise((resolve) => setTimeout(resolve, SESSION_MS));
      return around(call, run);
    };
    for (const share of shares) await archiveShare({ recoveryPoint, share }, work, 1);
    expect(waits).toBeGreaterThan(10);
    test.world.faults.around = around;
    expect(await archiveAll(at(topics))).toMatchObject({ records: values.length, failures: [] });
  });

  it('that refuses a password or a user is named, the password is not', async () => {
    await create(['a']);
    for (const [user, password] of [
      ['lifeboat', 'not-the-password'],
      ['nobody', PASSWORD],
    ] as const) {
      await login(user, password);
      const { name, message, all } = await thrown(open());
      expect(name).toBe('KafkaAccessDenied');
      expect(message).toMatch(
        /^shop-events: the brokers do not accept the login\. .*127\.0\.0\.1:\d+.* Compare the secret/,
      );
      expect(all).not.toContain(password);
    }
  });

  it('whose certificate nobody vouches for is refused by name, before a login is sent', async () => {
    await create(['a']);
    await login('lifeboat');
    for (const tls of [true, { ca: (await certificatesOf({ another: 'authority' })).ca }]) {
      configure({ tls });
      const { name, message } = await thrown(open());
      expect(name).toBe('KafkaRefused');
      expect(message).toMatch(/^shop-events: the certificate of the broker is not trusted\. .*certificate.*`tls\.ca`/s);
    }
  });

  it('of which a port speaks TLS and the configuration does not, or the other way round, is named', async () => {
    await create(['a']);
    await login('lifeboat');
    for (const auth of [{ mode: 'none' }, { mode: 'scram', secret: 'shop/kafka' }] as const) {
      configure({ tls: false, auth });
      const { name, message } = await thrown(open());
      // In the middle of a login the client does not say what it was that it did not understand.
      expect({ mode: auth.mode, name, message }).toEqual({
        ...{ mode: auth.mode, name: auth.mode === 'none' ? 'KafkaRefused' : 'BrokersUnreachable' },
        message: expect.stringMatching(/^shop-events: .*TLS.*127\.0\.0\.1:\d+|^shop-events: .*127\.0\.0\.1:\d+.* TLS /),
      });
      configure({ auth, bootstrap: test.kafka.bootstrap.split(',') });
      expect(await thrown(open())).toMatchObject({
        ...{ name: 'BrokersUnreachable', message: expect.stringMatching(/^shop-events: .*TLS/) },
      });
    }
  });

  it('of which the user may not read a topic is named with the topic, and goes on once it may', async () => {
    await create(['a']);
    await login('onlooker');
    const { recoveryPoint, shares } = await opened();
    const share = shares[0] ?? expect.fail('no share');
    const { name, message } = await thrown(archiveShare({ recoveryPoint, share }, work));
    expect({ name, message }).toEqual({
      name: 'KafkaAccessDenied',
      message: expect.stringMatching(new RegExp(`^shop-events: .*${topic}-0.*TOPIC_AUTHORIZATION_FAILED.* right to`)),
    });
    await allow('onlooker', ['Read'], '--topic', topic);
    expect(await vi.waitFor(() => archiveAll(at(topics)), { timeout: 20_000, interval: 300 })).toMatchObject({
      ...{ recoveryPoint, records: 1, gaps: 0 },
    });
  });

  it('of which the user may not write is named by a restore', async () => {
    await create(['a']);
    await login('lifeboat');
    const { recoveryPoint } = await archiveAll(at(topics));
    await login('onlooker');
    const as = `${topic}-back`;
    const request = { restoreId: `denied-${topics}`, recoveryPoint, topics: [{ topic, as }] };
    expect(await thrown(restoreAll(request))).toMatchObject({
      ...{ name: 'KafkaAccessDenied', message: expect.stringMatching(/^shop-events: .*AUTHORIZATION_FAILED/) },
    });
    expect(await admin('TopicCommand', '--list')).not.toContain(as);
  });
});
