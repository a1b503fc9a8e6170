// Connectors of a real worker of Kafka Connect, archived with the topics of a real cluster and brought back. Those of MirrorMaker 2,
// which come with the worker, stand for any others.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { archiveShare } from '../../../functions/kafka/archiving.ts';
import { handler as commitHandler } from '../../../functions/kafka/commit-archive.ts';
import { type ConnectorsRequest, type Moved, moveConnectors } from '../../../functions/kafka/connector-recoveries.ts';
import { handler as moveHandler } from '../../../functions/kafka/move-connectors.ts';
import { handler as openHandler } from '../../../functions/kafka/open-archive.ts';
import { readManifest } from '../../../shared/artifacts/manifest.ts';
import { ArchiveIndex, besideKey, indexKey } from '../../../shared/kafka/archive.ts';
import { type Connect, openConnect } from '../../../shared/kafka/connect.ts';
import { ConnectorArchive, ConnectorPlan, connectorPlanKey } from '../../../shared/kafka/connectors.ts';
import { restoredKey, restorePlanKey } from '../../../shared/kafka/restore.ts';
import { ACCOUNT, PRIMARY } from '../../support/environment.ts';
import { type Between, type Fault, openBetween } from '../../support/http-between.ts';
import platform from '../../support/kafka.config.ts';
import { createTopic, deleteTopic, describeKafka, kafkaTool } from '../../support/kafka.ts';
import { openConnectWorker, type TestConnect } from '../../support/kafka-connect.ts';
import { restoreAll } from '../../support/kafka-machines.ts';
import { type KafkaPlatform, openKafkaPlatform } from '../../support/kafka-platform.ts';
import { invoke } from '../../support/platform.ts';

vi.mock('#platform', () => import('../../support/kafka.config.ts'));
vi.setConfig({ testTimeout: 180_000, hookTimeout: 300_000 });

const SOURCE = 'shop-events';
const EXECUTION = `arn:aws:states:${PRIMARY}:${ACCOUNT}:execution:lifeboat-shop-test-archive-kafka:1`;
const LOGIN = 'org.apache.kafka.common.security.plain.PlainLoginModule required username="m" password="kept-nowhere";';
let test: KafkaPlatform;
let worker: TestConnect;
let between: Between;
let connect: Connect;
let orders: string;
/** Of the connector of this test: what one leaves behind is taken up by the next of its name. */
let name: string;
let number = 0;
const source = platform.sources[SOURCE];

const at = (minute: number): string => `2026-11-20T03:${String(minute).padStart(2, '0')}:00Z`;
/** As the machine does it. */
const archive = async (minute: number): Promise<ArchiveIndex> => {
  const request = { source: SOURCE, scheduledAt: at(minute), purpose: 'scheduled', execution: EXECUTION };
  const { recoveryPoint, shares } = await invoke(openHandler, request, 120_000);
  for (const share of shares) await archiveShare({ recoveryPoint, share }, { remainingMs: () => 600_000 });
  await invoke(commitHandler, { recoveryPoint }, 120_000);
  return ArchiveIndex.parse(JSON.parse((await test.read(indexKey(recoveryPoint))).toString()));
};
const archived = async (id: string): Promise<ConnectorArchive> =>
  ConnectorArchive.parse(JSON.parse((await test.read(besideKey(id, 'connect'))).toString()));
const move = (request: ConnectorsRequest): Promise<Moved> => invoke(moveHandler, request, 120_000);
/** As a person does it, or a machine: again until it is done, and whatever passes is tried again. */
const taken = async (restoreId: string, step: Exclude<ConnectorsRequest['step'], 'plan'>): Promise<Moved> => {
  let last: Moved | undefined;
  await vi.waitFor(
    async () => {
      last = await moveConnectors({ restoreId, step });
      expect(last.done).toBe(true);
    },
    { timeout: 60_000, interval: 250 },
  );
  return last as Moved;
};
const mirror = (more: Record<string, string> = {}): Record<string, string> => ({
  'connector.class': 'org.apache.kafka.connect.mirror.MirrorSourceConnector',
  ...{ 'source.cluster.alias': 'there', 'target.cluster.alias': 'here', topics: orders, 'tasks.max': '1' },
  ...{
    'source.cluster.bootstrap.servers': test.kafka.bootstrap,
    'target.cluster.bootstrap.servers': test.kafka.bootstrap,
  },
  ...{ 'replication.factor': '1', 'offset-syncs.topic.replication.factor': '1', 'sync.topic.acls.enabled': 'false' },
  ...{ 'sync.topic.configs.enabled': 'false', 'emit.heartbeats.enabled': 'false' },
  ...more,
});
const offset = (of: number) => ({
  partition: { cluster: 'there', partition: 0, topic: orders },
  offset: { offset: of },
});
/** A partition that is in no archive. */
const since = () => ({ partition: { cluster: 'there', partition: 1, topic: orders }, offset: { offset: 3 } });
const running = (connector: string): Promise<void> =>
  vi.waitFor(
    async () => {
      const status = await connect.status(connector);
      expect(status?.tasks.map(({ state }) => state)).toEqual(['RUNNING']);
    },
    { timeout: 60_000, interval: 100 },
  );
const stopped = (connector: string): Promise<void> =>
  vi.waitFor(
    async () => {
      const status = await connect.status(connector);
      expect([status?.connector.state, status?.tasks]).toEqual(['STOPPED', []]);
    },
    { timeout: 60_000, interval: 100 },
  );
const remove = (connector: string): Promise<Response> =>
  fetch(`${worker.url}/connectors/${connector}`, { method: 'DELETE' });

describeKafka('own')('connectors', () => {
  beforeAll(async () => {
    test = await openKafkaPlatform();
    worker = await openConnectWorker({
      bootstrap: test.kafka.bootstrap,
      properties: { 'offset.flush.interval.ms': '500' },
    });
    between = await openBetween(worker.url);
  });
  afterAll(async () => {
    await between[Symbol.asyncDispose]();
    await worker[Symbol.asyncDispose]();
    await test[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await test.begin();
    orders = `audit.orders-${++number}`;
    name = `mirror-${number}`;
    await createTopic(test.kafka.bootstrap, orders);
    vi.spyOn(source, 'bootstrap', 'get').mockReturnValue(test.kafka.bootstrap.split(','));
    vi.spyOn(source.topics, 'include', 'get').mockReturnValue([orders]);
    Object.assign(source, { connect: { url: between.url } });
    connect = await openConnect(SOURCE, { url: worker.url });
    between.seen.length = 0;
    between.logins.length = 0;
  });
  afterEach(async () => {
    between.fault = () => undefined;
    delete source.connect;
    for (const each of await connect.names()) await remove(each);
    vi.restoreAllMocks();
  });

  it('are archived with their configuration, state, tasks and offsets, and with the digests of everything else', async () => {
    await connect.create(name, mirror());
    await connect.setOffsets(name, [offset(41)]);
    await connect.create(`running-${number}`, mirror({ topics: 'nothing-of-this-name' }));
    await connect.move(`running-${number}`, 'resume');
    const { recoveryPoint, beside } = await archive(0);
    const { connectors, version } = await archived(recoveryPoint);
    expect(version).toMatch(/^4\./);
    expect(connectors).toMatchObject([
      { name, type: 'source', state: 'STOPPED', tasks: [], offsets: [offset(41)], masked: [] },
      { name: `running-${number}`, state: 'RUNNING', offsets: [] },
    ]);
    expect(connectors[0]?.config).toEqual({ ...mirror(), name });
    const manifest = (await test.point(recoveryPoint)).artifacts.find(({ lists }) => lists !== undefined);
    expect(await readManifest(manifest as never)).toContainEqual((beside.connect as { artifact: object }).artifact);
  });

  it('are archived without secrets that stand there in the clear', async () => {
    await connect.create(
      name,
      mirror({ 'source.cluster.sasl.jaas.config': LOGIN, 'ssl.key.password': 'kept-nowhere' }),
    );
    const { recoveryPoint } = await archive(0);
    const [mirrored] = (await archived(recoveryPoint)).connectors;
    expect(mirrored?.masked).toEqual(['source.cluster.sasl.jaas.config', 'ssl.key.password']);
    for (const key of await test.keys()) expect((await test.read(key)).includes('kept-nowhere')).toBe(false);
  });

  it.each<[string, Fault, RegExp]>([
    ['is down', 'never', /does not answer/],
    ['answers with an error', { status: 500, body: { message: 'no leader' } }, /500 no leader/],
    ['is something else', { status: 200, body: { hello: 'you' } }, /not what Kafka Connect says/],
    ['does not know the login', { status: 401 }, /login is not accepted/],
  ])('do not hold up the topics where Kafka Connect %s, and people are told', async (_, fault, why) => {
    between.fault = () => fault;
    const { recoveryPoint, beside } = await archive(0);
    expect((beside.connect as { missing: string }).missing).toMatch(why);
    expect(await test.point(recoveryPoint)).toMatchObject({ status: 'stored' });
    expect(test.messages.map(({ subject }) => subject)).toEqual([
      expect.stringMatching(/Kafka Connect of shop-events was not archived/),
    ]);
    between.fault = () => undefined;
    await archive(15);
    expect(test.messages.at(-1)?.subject).toMatch(/over|again|recovered|ended/i);
  });

  it('are asked with the login of the secret, which no error names', async () => {
    const secrets = mockClient(SecretsManagerClient);
    secrets.on(GetSecretValueCommand).resolves({ SecretString: '{"username":"lifeboat","password":"kept-nowhere"}' });
    between.fault = () => ({ status: 403, body: { message: 'not you' } });
    Object.assign(source, { connect: { url: between.url, secret: 'shop/connect' } });
    const { beside } = await archive(0);
    expect(between.logins[0]).toBe(`Basic ${Buffer.from('lifeboat:kept-nowhere').toString('base64')}`);
    expect(JSON.stringify(beside)).toMatch(/403 not you/);
    expect(JSON.stringify([beside, test.messages])).not.toContain('kept-nowhere');
    secrets.restore();
  });

  it('that are gone are made again, stopped, set to where they were, and run; each step twice, each answer lost once', async () => {
    await connect.create(name, mirror());
    await connect.setOffsets(name, [offset(0)]);
    await connect.move(name, 'resume');
    await running(name);
    const { recoveryPoint } = await archive(0);
    await connect.move(name, 'stop');
    await stopped(name);
    await connect.setOffsets(name, [offset(5), since()]);
    await remove(name);
    await vi.waitFor(async () => expect(await connect.names()).toEqual([]), { timeout: 20_000 });
    const lost = new Set<string>();
    between.fault = (asked) => {
      if (asked.startsWith('GET') || lost.has(asked)) return undefined;
      lost.add(asked);
      return 'lost';
    };
    await move({ restoreId: 'all-of-them', step: 'plan', recoveryPoint, offsets: 'archived' });
    for (const step of ['stop', 'recreate', 'set-offsets'] as const) {
      await taken('all-of-them', step);
      await taken('all-of-them', step);
    }
    expect(await connect.status(name)).toMatchObject({ connector: { state: 'STOPPED' }, tasks: [] });
    expect(await connect.offsets(name)).toEqual([offset(0)]);
    expect(await connect.config(name)).toEqual({ ...mirror(), name });
    await taken('all-of-them', 'resume');
    const { connectors } = await taken('all-of-them', 'verify');
    expect(connectors).toEqual([{ name, state: 'RUNNING' }]);
    expect([...lost]).toEqual([
      'POST /connectors',
      `PATCH /connectors/${name}/offsets`,
      `PUT /connectors/${name}/resume`,
    ]);
  });

  it('that run are stopped before anything of them is set, go back where they were, and what came since is given up', async () => {
    await connect.create(name, mirror());
    await connect.setOffsets(name, [offset(7)]);
    const { recoveryPoint } = await archive(0);
    await connect.setOffsets(name, [offset(99), since()]);
    await connect.configure(name, mirror({ 'tasks.max': '2', topics: 'nothing-of-this-name' }));
    await connect.move(name, 'resume');
    await vi.waitFor(async () => expect((await connect.status(name))?.connector.state).toBe('RUNNING'), {
      timeout: 20_000,
    });
    await move({ restoreId: 'back', step: 'plan', recoveryPoint, offsets: 'archived' });
    for (const step of ['stop', 'recreate', 'set-offsets', 'resume', 'verify'] as const) await taken('back', step);
    expect(await connect.offsets(name)).toEqual([offset(7)]);
    expect((await connect.config(name))?.['tasks.max']).toBe('1');
    // It was archived as stopped: nobody starts what people had stopped.
    expect((await connect.status(name))?.connector.state).toBe('STOPPED');
  });

  it('are planned once, and not without a value for every setting that was not archived', async () => {
    await connect.create(name, mirror({ 'ssl.key.password': 'kept-nowhere' }));
    const { recoveryPoint } = await archive(0);
    await remove(name);
    await vi.waitFor(async () => expect(await connect.names()).toEqual([]), { timeout: 20_000 });
    const plan = { restoreId: 'with-values', step: 'plan', recoveryPoint, offsets: 'archived' } as const;
    await expect(move(plan)).rejects.toThrow(/mirror-\d+: ssl.key.password/);
    const secrets = mockClient(SecretsManagerClient);
    const SecretString = JSON.stringify({ [name]: { 'ssl.key.password': 'kept-nowhere' } });
    secrets.on(GetSecretValueCommand).resolves({ SecretString });
    Object.assign(source, { connect: { url: between.url, values: 'shop/connectors' } });
    await move(plan);
    await taken('with-values', 'recreate');
    expect((await connect.config(name))?.['ssl.key.password']).toBe('kept-nowhere');
    expect(
      JSON.stringify(await Promise.all((await test.keys()).map(async (key) => (await test.read(key)).toString()))),
    ).not.toContain('kept-nowhere');
    secrets.on(GetSecretValueCommand).resolves({ SecretString: JSON.stringify({ [name]: 'kept-nowhere' }) });
    await expect(move(plan)).rejects.toThrow(/another content/);
    await expect(move(plan)).rejects.not.toThrow(/kept-nowhere/);
    secrets.restore();
  });

  it('are tried again while workers share them out, and a failed task is told by its number', async () => {
    await connect.create(name, mirror());
    await connect.move(name, 'resume');
    await running(name);
    const { recoveryPoint } = await archive(0);
    await move({ restoreId: 'rebalance', step: 'plan', recoveryPoint, offsets: 'left' });
    between.fault = (asked) =>
      asked.startsWith('PUT') ? { status: 409, body: { error_code: 409, message: 'rebalance' } } : undefined;
    await expect(move({ restoreId: 'rebalance', step: 'stop' })).rejects.toThrow(/ready.*409 rebalance/s);
    between.fault = () => undefined;
    await taken('rebalance', 'stop');
    await stopped(name);
    between.fault = (asked) =>
      asked.endsWith('/status')
        ? {
            status: 200,
            body: {
              name,
              type: 'source',
              connector: { state: 'RUNNING' },
              tasks: [{ id: 0, state: 'FAILED', trace: 'kept-nowhere' }],
            },
          }
        : undefined;
    const verified = move({ restoreId: 'rebalance', step: 'verify' });
    await expect(verified).rejects.toThrow(/task 0 FAILED/);
    await expect(verified).rejects.not.toThrow(/kept-nowhere/);
  });

  it('that are sinks go on with the very records they would have read next, where topics were restored under the same name', async () => {
    // Two partitions of another name, as a sink would answer; a real one follows below.
    const of = (partition: number) => ({ kafka_topic: orders, kafka_partition: partition });
    const offsets = [0, 1].map((partition) => ({ partition: of(partition), offset: { kafka_offset: 12 } }));
    const answers: Record<string, object> = {
      '/connectors': [name],
      [`/connectors/${name}/config`]: { name, 'connector.class': 'sink', topics: orders },
      [`/connectors/${name}/status`]: { type: 'sink', connector: { state: 'RUNNING' }, tasks: [] },
      [`/connectors/${name}/offsets`]: { offsets },
    };
    between.fault = (asked) => {
      const body = answers[asked.split(' ')[1] as string];
      return body && { status: 200, body };
    };
    const { recoveryPoint } = await archive(0);
    const part = { topic: orders, topicId: 'id', partition: 0, as: 'orders-again', base: 100 };
    const restored = {
      records: 5,
      sha256: 'a'.repeat(64),
      stretches: [],
      offsets: [{ from: 10, to: 15, at: 100 }],
      verifiedAt: at(0),
    };
    const plan = {
      restoreId: 'sinks',
      source: SOURCE,
      recoveryPoint,
      into: SOURCE,
      plannedAt: at(0),
      undecided: false,
    };
    const shares = [{ parts: [0], indexes: 1 }];
    await test.write(restorePlanKey('sinks'), JSON.stringify({ ...plan, topics: [], parts: [part], shares }));
    const request = { restoreId: 'sinks', step: 'plan', recoveryPoint, offsets: 'archived' } as const;
    await expect(move(request)).rejects.toThrow(/orders-again-0 is not/);
    await test.write(restoredKey('sinks', 0), JSON.stringify(restored));
    await move(request);
    const planned = ConnectorPlan.parse(JSON.parse((await test.read(connectorPlanKey('sinks'))).toString()));
    expect(planned.connectors[0]?.offsets).toEqual([
      { partition: { kafka_topic: 'orders-again', kafka_partition: 0 }, offset: { kafka_offset: 102 } },
    ]);
    await move({ ...request, restoreId: 'no-topics' });
    const asTheyWere = ConnectorPlan.parse(JSON.parse((await test.read(connectorPlanKey('no-topics'))).toString()));
    expect(asTheyWere.connectors[0]?.offsets).toEqual(offsets);
  });

  it('that are sinks write every record once, around a topic that was lost and restored: a real one', async () => {
    const file = join(test.region.directory, `${name}.txt`);
    const sink = {
      ...{ 'connector.class': 'org.apache.kafka.connect.file.FileStreamSinkConnector', file, topics: orders },
      ...{ 'tasks.max': '1', 'value.converter': 'org.apache.kafka.connect.storage.StringConverter' },
    };
    const wrote = (): string[] => readFileSync(file, 'utf8').trim().split('\n');
    const has = (lines: string[]): Promise<void> =>
      vi.waitFor(() => expect(wrote()).toEqual(lines), { timeout: 60_000, interval: 200 });
    const stands = (of: number): Promise<void> =>
      vi.waitFor(async () => expect((await connect.offsets(name))[0]?.offset).toEqual({ kafka_offset: of }), {
        timeout: 60_000,
        interval: 200,
      });
    const tool = (mainClass: string, args: string[], input = ''): Promise<string> =>
      kafkaTool(`org.apache.kafka.tools.${mainClass}`, ['--bootstrap-server', test.kafka.bootstrap, ...args], input);
    const send = (...values: string[]): Promise<string> =>
      tool('ConsoleProducer', ['--topic', orders], values.join('\n'));
    await send('one', 'two', 'three');
    await connect.create(name, sink);
    await connect.move(name, 'resume');
    await has(['one', 'two', 'three']);
    await stands(3);
    await connect.move(name, 'stop');
    await stopped(name);
    // What was dropped before it was archived makes every offset of the restored topic another one.
    const dropped = join(test.region.directory, 'dropped.json');
    writeFileSync(dropped, JSON.stringify({ version: 1, partitions: [{ topic: orders, partition: 0, offset: 2 }] }));
    await tool('DeleteRecordsCommand', ['--offset-json-file', dropped]);
    await send('four', 'five');
    const { recoveryPoint } = await archive(0);
    await remove(name);
    await deleteTopic(test.kafka.bootstrap, orders);
    await restoreAll({ restoreId: `sink-${number}`, recoveryPoint, topics: [{ topic: orders }] });
    await move({ restoreId: `sink-${number}`, step: 'plan', recoveryPoint, offsets: 'archived' });
    for (const step of ['stop', 'recreate', 'set-offsets'] as const) await taken(`sink-${number}`, step);
    expect(await connect.offsets(name)).toMatchObject([{ offset: { kafka_offset: 1 } }]);
    // It was stopped when it was archived, and is left so.
    await taken(`sink-${number}`, 'resume');
    await connect.move(name, 'resume');
    await has(['one', 'two', 'three', 'four', 'five']);
    await send('six');
    await has(['one', 'two', 'three', 'four', 'five', 'six']);
  });

  it('refuse a step before there is a plan, and a source without Kafka Connect', async () => {
    await expect(move({ restoreId: 'unplanned', step: 'stop' })).rejects.toThrow(/call it with "step": "plan" first/);
    const { recoveryPoint } = await archive(0);
    delete source.connect;
    const plan = { restoreId: 'without', step: 'plan', recoveryPoint, offsets: 'archived' } as const;
    await expect(move(plan)).rejects.toThrow(/Kafka Connect of shop-events in the configuration/);
  });
});
