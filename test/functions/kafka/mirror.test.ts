// MirrorMaker 2 for real: two clusters, and a worker of Kafka Connect that belongs to the second. Made by the service, measured, left by
// a failover, and the way back.
import { Producer, stringSerializers } from '@platformatic/kafka';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { archiveShare } from '../../../functions/kafka/archiving.ts';
import { handler as commitHandler } from '../../../functions/kafka/commit-archive.ts';
import { handler as concludeHandler } from '../../../functions/kafka/conclude-restore.ts';
import { handler as measureHandler } from '../../../functions/kafka/measure-mirrors.ts';
import { handler as mirrorHandler } from '../../../functions/kafka/mirror.ts';
import { failOverToMirror } from '../../../functions/kafka/mirror-failovers.ts';
import { mirror } from '../../../functions/kafka/mirroring.ts';
import { handler as openHandler } from '../../../functions/kafka/open-archive.ts';
import { planRestore, RestoreRequest } from '../../../functions/kafka/restore-plans.ts';
import { restoreShare } from '../../../functions/kafka/restoring.ts';
import type { PhaseContext } from '../../../functions/recovery/phases.ts';
import { switchStreams } from '../../../functions/recovery/streams.ts';
import { Recovery } from '../../../shared/config/recovery.ts';
import { openCluster } from '../../../shared/kafka/cluster.ts';
import { type Connect, openConnect } from '../../../shared/kafka/connect.ts';
import { mirrorMeasureKey } from '../../../shared/kafka/mirror.ts';
import { ACCOUNT, PRIMARY, RECOVERY } from '../../support/environment.ts';
import { type Between, openBetween } from '../../support/http-between.ts';
import { createTopic, deleteTopic, describeKafka, kafkaTool, openKafka, type TestKafka } from '../../support/kafka.ts';
import { openConnectWorker, type TestConnect } from '../../support/kafka-connect.ts';
import { type KafkaPlatform, openKafkaPlatform } from '../../support/kafka-platform.ts';
import platform from '../../support/mirror.config.ts';
import { invoke } from '../../support/platform.ts';

vi.mock('#platform', () => import('../../support/mirror.config.ts'));
vi.setConfig({ testTimeout: 240_000, hookTimeout: 300_000 });

const [SOURCE, TARGET] = ['shop-events', 'shop-mirror'] as const;
const NAMES = ['source', 'checkpoint', 'heartbeat'].map((kind) => `lifeboat-${SOURCE}-${kind}`);
const { [SOURCE]: source, [TARGET]: target } = platform.sources;
let test: KafkaPlatform;
let other: TestKafka;
let worker: TestConnect;
let between: Between;
let connect: Connect;
let orders: string;
let number = 0;

const send = async (count: number): Promise<void> => {
  const bootstrapBrokers = test.kafka.bootstrap.split(',');
  const producer = new Producer({ clientId: 'test', bootstrapBrokers, serializers: stringSerializers });
  const messages = Array.from({ length: count }, (_, at) => ({
    topic: orders,
    partition: at % 2,
    key: 'k',
    value: `v${at}`,
  }));
  await producer.send({ messages });
  await producer.close();
};
const until = (what: () => Promise<void>): Promise<void> => vi.waitFor(what, { timeout: 90_000, interval: 250 });
/** Records of the mirrored topic in the target. */
const mirrored = async (): Promise<number> => {
  await using cluster = await openCluster(TARGET, target);
  const [topic] = await cluster.topics((name) => name === `${SOURCE}.${orders}`);
  if (!topic) return 0;
  return [...(await cluster.ranges(topic)).values()].reduce((sum, { from, to }) => sum + to - from, 0);
};
const look = () => mirror({ source: SOURCE, step: 'look' });
const runs = (lag = 0): Promise<void> => until(async () => expect(await look()).toMatchObject({ done: true, lag }));
const apply = (): Promise<void> =>
  until(async () => {
    await mirror({ source: SOURCE, step: 'apply' });
  });
const commit = async (group: string, offset: number): Promise<void> => {
  await using cluster = await openCluster(SOURCE, source);
  await cluster.topics(() => true);
  await cluster.commit({ group, offsets: [{ topic: orders, partition: 0, offset, metadata: '' }] });
};
const committedThere = async (group: string): Promise<number | undefined> => {
  await using cluster = await openCluster(TARGET, target);
  await cluster.topics(() => true);
  return (await cluster.committed(group)).offsets.find(
    ({ topic, partition }) => topic === `${SOURCE}.${orders}` && partition === 0,
  )?.offset;
};
const leave = async (failoverId: string) => {
  let last = await failOverToMirror({ failoverId, source: SOURCE });
  await until(async () => {
    last = await failOverToMirror({ failoverId, source: SOURCE });
    expect(last.done).toBe(true);
  });
  return last;
};

const phaseContext = (failoverId: string, rehearsal: boolean): PhaseContext => ({
  ...{ failoverId, kind: 'failover', from: PRIMARY, to: RECOVERY, rehearsal, noted: {} },
  ...{ declaredAt: new Date(), startedAt: new Date(), factsOf: () => undefined },
  plan: Recovery.parse({ ...MINIMAL, streams: { source: SOURCE, by: 'mirror' } }),
  note: async () => undefined,
  stillHeld: async () => undefined,
});
const MINIMAL = {
  objectives: { rto: '1 hour', rpo: '15 minutes' },
  approval: {},
  assessment: { schedule: 'rate(1 minute)', probes: [{ name: 'orders', url: 'https://orders.shop.example/health' }] },
  canary: { schedule: 'rate(1 minute)' },
  database: { source: 'shop-db', fence: { roles: ['shop_app'] } },
  endpoints: [{ name: 'orders', url: 'https://orders.shop.example/health' }],
};

describeKafka('own')('a mirror', () => {
  beforeAll(async () => {
    test = await openKafkaPlatform();
    other = await openKafka({});
    worker = await openConnectWorker({ bootstrap: other.bootstrap, properties: { 'offset.flush.interval.ms': '500' } });
    between = await openBetween(worker.url);
  });
  afterAll(async () => {
    await between[Symbol.asyncDispose]();
    await worker[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
    await test[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await test.begin();
    orders = `orders-${++number}`;
    vi.spyOn(source, 'bootstrap', 'get').mockReturnValue(test.kafka.bootstrap.split(','));
    vi.spyOn(target, 'bootstrap', 'get').mockReturnValue(other.bootstrap.split(','));
    vi.spyOn(source.topics, 'include', 'get').mockReturnValue([orders]);
    Object.assign(target, { connect: { url: between.url } });
    connect = await openConnect(TARGET, { url: worker.url });
    for (const broker of test.kafka.brokers) await broker.start();
    await createTopic(test.kafka.bootstrap, orders, 2);
  });
  afterEach(async () => {
    between.fault = () => undefined;
    for (const each of await connect.names()) await fetch(`${worker.url}/connectors/${each}`, { method: 'DELETE' });
    await until(async () => expect(await connect.names()).toEqual([]));
    vi.restoreAllMocks();
  });

  it('is planned, made with the answer to every change lost once, and copies: the lag falls to nothing and is measured', async () => {
    await send(10);
    const planned = await invoke(mirrorHandler, { source: SOURCE, step: 'plan' }, 60_000);
    expect(planned).toMatchObject({ connectors: NAMES.map((name) => ({ name, action: 'make' })) });
    expect(await look()).toMatchObject({ done: false, lag: 10 });
    const lost = new Set<string>();
    between.fault = (asked) => (asked.startsWith('GET') || lost.has(asked) || !lost.add(asked) ? undefined : 'lost');
    await apply();
    await runs();
    expect(lost.size).toBeGreaterThan(0);
    expect(await mirrored()).toBe(10);
    expect(await mirror({ source: SOURCE, step: 'plan' })).toMatchObject({
      connectors: NAMES.map((name) => ({ name, action: 'nothing', settings: [] })),
    });
    await connect.move(`lifeboat-${SOURCE}-source`, 'pause');
    await until(async () =>
      expect((await connect.status(`lifeboat-${SOURCE}-source`))?.tasks[0]?.state).toBe('PAUSED'),
    );
    await send(7);
    expect(await invoke(measureHandler, {}, 60_000)).toEqual([{ source: SOURCE, lag: 7 }]);
    expect(JSON.parse((await test.read(mirrorMeasureKey(SOURCE))).toString())).toMatchObject({
      partitions: [
        { topic: orders, partition: 0, highWatermark: 9, mirrored: 5, lag: 4 },
        { topic: orders, partition: 1, highWatermark: 8, mirrored: 5, lag: 3 },
      ],
    });
    // What was paused by hand runs again.
    await apply();
    await runs();
  });

  it('is not made by workers of another cluster: they would write there', async () => {
    vi.spyOn(target, 'bootstrap', 'get').mockReturnValue(test.kafka.bootstrap.split(','));
    await expect(mirror({ source: SOURCE, step: 'apply' })).rejects.toThrow(/workers of the cluster of shop-mirror/);
    expect(await connect.names()).toEqual([]);
  });

  it('is refused where a login stands in the configuration in the clear', async () => {
    vi.spyOn(source.mirror as { settings: object }, 'settings' as never, 'get').mockReturnValue({
      'source.cluster.sasl.jaas.config': 'PlainLoginModule required password="kept-nowhere";',
    } as never);
    const asked = mirror({ source: SOURCE, step: 'plan' });
    await expect(asked).rejects.toThrow(/in the clear: source.cluster.sasl.jaas.config/);
    await expect(asked).rejects.not.toThrow(/kept-nowhere/);
  });

  it('is left while its source answers: stopped, the loss of every partition noted, groups where they were', async () => {
    await send(10);
    // The coordinator of a cluster that nobody asked yet comes a moment later.
    await until(() => commit('readers', 3));
    await apply();
    await runs();
    await until(async () => expect(await committedThere('readers')).toBe(3));
    await connect.move(`lifeboat-${SOURCE}-source`, 'stop');
    await until(async () => expect((await connect.status(`lifeboat-${SOURCE}-source`))?.tasks).toEqual([]));
    await send(4);
    const left = await leave('planned-move');
    expect(left.loss).toMatchObject({ known: 'now', messages: 4, partitions: [{ lag: 2 }, { lag: 2 }] });
    expect(left.groups?.standing).toContainEqual({
      ...{ group: 'readers', topic: `${SOURCE}.${orders}`, partition: 0, offset: 3, ahead: 2 },
    });
    expect(left.groups?.missing).toEqual([]);
    for (const name of NAMES) expect((await connect.status(name))?.connector.state).toBe('STOPPED');
    await send(1);
    // Noted once: what comes into the lost cluster afterwards is not what the failover lost.
    expect((await leave('planned-move')).loss?.messages).toBe(4);
    // As the phase of a failover does it, and a drill does not.
    const phase = (rehearsal: boolean) => switchStreams(phaseContext('planned-move', rehearsal));
    expect(await phase(false)).toMatchObject({
      done: true,
      facts: { target: TARGET, bootstrap: other.bootstrap, lostMessages: 4, lossKnown: 'now', groups: ['readers'] },
    });
    expect(await phase(true)).toMatchObject({ done: true, facts: { rehearsal: true, bootstrap: other.bootstrap } });
  });

  it('is left where its source is lost: by what was measured last, and it is said so', async () => {
    await send(10);
    await apply();
    await runs();
    await connect.move(`lifeboat-${SOURCE}-source`, 'stop');
    await until(async () => expect((await connect.status(`lifeboat-${SOURCE}-source`))?.tasks).toEqual([]));
    await send(6);
    await invoke(measureHandler, {}, 60_000);
    for (const broker of test.kafka.brokers) await broker.kill();
    await expect(invoke(measureHandler, {}, 60_000)).rejects.toThrow(/could not be measured/);
    const left = await leave('lost-region');
    expect(left.loss).toMatchObject({ known: 'last measured', messages: 6 });
    expect(left.groups?.missing).toBeNull();
  });

  it('is left without a number where nobody ever measured', async () => {
    for (const broker of test.kafka.brokers) await broker.kill();
    expect((await leave('never-measured')).loss).toEqual({ known: 'unknown', at: null, partitions: [], messages: 0 });
  });

  it('leads back by the archive of the mirror, under the names that topics had', async () => {
    await send(10);
    await apply();
    await runs();
    await leave('and-back');
    vi.spyOn(target.topics, 'include', 'get').mockReturnValue([`${SOURCE}.${orders}`]);
    await expect(mirror({ source: SOURCE, step: 'return', restoreId: 'back-home' })).rejects.toThrow(
      /an archive of shop-mirror/,
    );
    const execution = `arn:aws:states:${PRIMARY}:${ACCOUNT}:execution:lifeboat-shop-test-archive-kafka:1`;
    const request = { source: TARGET, scheduledAt: '2026-11-20T03:00:00Z', purpose: 'scheduled', execution };
    const { recoveryPoint, shares } = await invoke(openHandler, request, 120_000);
    for (const share of shares) await archiveShare({ recoveryPoint, share }, { remainingMs: () => 600_000 });
    await invoke(commitHandler, { recoveryPoint }, 120_000);
    const back = await mirror({ source: SOURCE, step: 'return', restoreId: 'back-home' });
    expect(back).toMatchObject({ into: SOURCE, recoveryPoint, topics: [{ topic: `${SOURCE}.${orders}`, as: orders }] });
    // The lost cluster comes back empty.
    await deleteTopic(test.kafka.bootstrap, orders);
    const { restoreId, shares: restored } = await planRestore(RestoreRequest.parse(back));
    for (const share of restored)
      await until(async () => {
        expect(await restoreShare({ restoreId, share }, { remainingMs: () => 600_000 })).toMatchObject({ done: true });
      });
    expect(await invoke(concludeHandler, { restoreId }, 60_000)).toMatchObject({ records: 10 });
  });

  it('under the names that topics have, exactly once: what was committed arrives once, what was aborted does not', async () => {
    const standing = source.mirror ?? {};
    vi.spyOn(source, 'mirror', 'get').mockReturnValue({
      ...standing,
      ...{ policy: 'identity', exactlyOnce: true },
    } as typeof source.mirror);
    await using exact = await openConnectWorker({
      ...{ bootstrap: other.bootstrap, group: 'exactly-once' },
      properties: { 'exactly.once.source.support': 'enabled', 'offset.flush.interval.ms': '500' },
    });
    Object.assign(target, { connect: { url: exact.url } });
    const sending = new Producer({
      ...{ clientId: 'test', bootstrapBrokers: test.kafka.bootstrap.split(','), serializers: stringSerializers },
      ...{ idempotent: true, timeout: 120_000, transactionalId: `t-${orders}` },
    });
    const transact = async (value: string, end: 'commit' | 'abort'): Promise<void> => {
      const transaction = await sending.beginTransaction();
      await transaction.send({ messages: [{ topic: orders, partition: 0, key: 'k', value }] });
      await transaction[end]();
    };
    await transact('paid', 'commit');
    await transact('cancelled', 'abort');
    await apply();
    await until(async () => expect(await look()).toMatchObject({ done: true }));
    await exact.kill();
    await transact('paid again', 'commit');
    await sending.close();
    await exact.start();
    const read = () =>
      kafkaTool('org.apache.kafka.tools.consumer.ConsoleConsumer', [
        ...['--bootstrap-server', other.bootstrap, '--topic', orders, '--from-beginning'],
        ...['--isolation-level', 'read_committed', '--max-messages', '3', '--timeout-ms', '10000'],
      ]).catch((error: unknown) => String(error));
    await until(async () => expect((await read()).match(/paid.*/g)).toEqual(['paid', 'paid again']));
    // Of the marker behind the last record nothing can be mirrored: it counts as behind until a record follows.
    expect(await look()).toMatchObject({ lag: 1 });
  });
});
