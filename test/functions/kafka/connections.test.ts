// Connections to brokers that are reset at any byte, or on which nothing comes: a proxy stands between them and the functions.
import { Producer } from '@platformatic/kafka';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { archiveShare } from '../../../functions/kafka/archiving.ts';
import { openArchive } from '../../../functions/kafka/opening.ts';
import { planRestore, RestoreRequest } from '../../../functions/kafka/restore-plans.ts';
import { freePort } from '../../../local/engines/ports.ts';
import type { KafkaSource } from '../../../shared/config/schema.ts';
import { ArchiveIndex, indexKey } from '../../../shared/kafka/archive.ts';
import { readArchive } from '../../../shared/kafka/reading.ts';
import { PRIMARY } from '../../support/environment.ts';
import platform from '../../support/kafka.config.ts';
import { createTopic, describeKafka, kafkaTool } from '../../support/kafka.ts';
import { listeningAlso } from '../../support/kafka-listeners.ts';
import { archiveAll, restoreAll, restoreOnce } from '../../support/kafka-machines.ts';
import { type KafkaPlatform, openKafkaPlatform } from '../../support/kafka-platform.ts';
import { type Fate, openProxy, randomFrom, type TcpProxy } from '../../support/tcp-proxy.ts';

vi.mock('#platform', () => import('../../support/kafka.config.ts'));

const SOURCE = 'shop-events';
const work = { remainingMs: () => 600_000 };
const RECORDS = 600;
const SEGMENT_BYTES = 60_000;
/** The suite resets at some bytes, the long form at many more. */
const EVERYWHERE = process.env.LIFEBOAT_INTERRUPTIONS === 'all';
const POINTS = EVERYWHERE ? 100 : 8;
const ROUNDS = EVERYWHERE ? Array.from({ length: 20 }, (_, round) => round) : [1, 2];
vi.setConfig({ testTimeout: EVERYWHERE ? 3_600_000 : 180_000, hookTimeout: 180_000 });
let test: KafkaPlatform;
let proxy: TcpProxy;
let topic: string;
let topics = 0;
let minute = 0;

const at = (): string => new Date(Date.UTC(2026, 10, 20, 3, minute++)).toISOString();
const admin = (name: string, ...args: string[]): Promise<string> =>
  kafkaTool(`org.apache.kafka.tools.${name}`, ['--bootstrap-server', test.kafka.bootstrap, ...args]);
const contentOf = (number: number): string => `${number} `.padEnd(400, `${number * 7919} `);
const sent = Array.from({ length: RECORDS }, (_, number) => contentOf(number));
/** Even ones in the first partition, in batches of fifty: one of two partitions would be sent again with both where one fails. */
const fill = async (): Promise<void> => {
  await createTopic(test.kafka.bootstrap, topic, 2);
  const producer = new Producer({ clientId: 'test', bootstrapBrokers: test.kafka.bootstrap.split(',') });
  for (const [partition, values] of partitionsOf(sent).entries())
    for (let from = 0; from < values.length; from += 50)
      await producer.send({
        messages: values.slice(from, from + 50).map((value) => ({ topic, partition, value: Buffer.from(value) })),
      });
  await producer.close();
};
const partitionsOf = (values: string[]): string[][] =>
  [0, 1].map((partition) => values.filter((value) => Number.parseInt(value, 10) % 2 === partition));
const archived = async (point: string): Promise<string[][]> => {
  const vault = { bucket: process.env.VAULT_BUCKET ?? '', region: PRIMARY };
  const records = await Array.fromAsync(readArchive(vault, point, { topic }));
  return [0, 1].map((number) => records.filter(({ partition }) => partition === number).map(({ value }) => `${value}`));
};
/** What Kafka's own consumer reads, of everything there is. */
const consumed = async (name: string): Promise<string[][]> => {
  const ends = (await admin('GetOffsetShell', '--topic', name)).trim().split('\n');
  const records = ends.reduce((sum, line) => sum + Number(line.split(':').at(-1)), 0);
  const text = await admin(
    'consumer.ConsoleConsumer',
    ...['--topic', name, '--from-beginning', '--max-messages', `${records}`, '--timeout-ms', '60000'],
  );
  return partitionsOf(text.split('\n').filter(Boolean));
};
/** Spread over all magnitudes: logins and short answers are cut as often as long ones. */
const spread = (points: number, most: number): number[] => [
  ...new Set(Array.from({ length: points }, (_, n) => Math.floor(most ** (n / (points - 1))) - 1)),
];
/** What the archive does not have of access. */
const missing = async (point: string): Promise<string[] | undefined> =>
  ArchiveIndex.parse(JSON.parse(`${await test.read(indexKey(point))}`)).access?.missing;
const calm = (): Fate => ({ bytes: Number.POSITIVE_INFINITY, end: 'reset' });
const resetAfter = (bytes: number): Fate => ({ bytes, end: 'reset' });
/** Time goes by until it has ended; seldom more than two requests wait, half a minute each. */
const soon = async (asked: Promise<unknown>): Promise<unknown> => {
  let ended = false;
  const error = asked
    .then(
      () => expect.fail('answered'),
      (reason: unknown) => reason,
    )
    .finally(() => {
      ended = true;
    });
  for (let seconds = 0; !ended && seconds < 120; seconds++) await vi.advanceTimersByTimeAsync(1000);
  return error;
};
const unreachable = (text: RegExp) => ({ name: 'BrokersUnreachable', message: expect.stringMatching(text) });

describeKafka('own')('a cluster behind a bad network', () => {
  beforeAll(async () => {
    const behind = await freePort();
    proxy = await openProxy(behind);
    const listener = { name: 'BEHIND', protocol: 'PLAINTEXT', port: behind, advertised: proxy.port } as const;
    test = await openKafkaPlatform(listeningAlso(listener, { 'log.retention.ms': '-1' }));
  });
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await test.begin();
    proxy.behave(calm);
    topic = `audit.connections-${++topics}`;
    const source: KafkaSource = platform.sources[SOURCE];
    vi.spyOn(source, 'bootstrap', 'get').mockReturnValue([`127.0.0.1:${proxy.port}`]);
    vi.spyOn(source.topics, 'include', 'get').mockReturnValue([topic]);
    vi.spyOn(source, 'concurrency', 'get').mockReturnValue(1);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it('is archived whole, and each record once, wherever the first of its connections is reset', async () => {
    await fill();
    await archiveAll(at(), SEGMENT_BYTES);
    const all = proxy.seen.bytes;
    expect(all).toBeGreaterThan(RECORDS * 400);
    let resets = 0;
    // The opening has a connection, and so has the share.
    for (const bytes of spread(POINTS, all))
      for (const nth of [0, 1]) {
        await test.begin();
        proxy.behave((connection) => (connection === nth ? resetAfter(bytes) : calm()));
        const { recoveryPoint, records } = await archiveAll(at(), SEGMENT_BYTES);
        expect({ bytes, records }).toEqual({ bytes, records: RECORDS });
        // Access may be missing and the archive goes on: a connection that is cut off is no reason.
        expect(await missing(recoveryPoint)).toEqual(['ACLs: the cluster has no authorizer']);
        expect(await archived(recoveryPoint), `${bytes} bytes`).toEqual(partitionsOf(sent));
        resets += proxy.seen.resets;
      }
    expect(resets).toBeGreaterThan(POINTS);
  });

  it('is restored to whole, and with each record once, wherever the first of its connections is reset', async () => {
    await fill();
    const { recoveryPoint } = await archiveAll(at());
    const restore = async (name: string) =>
      restoreAll({ restoreId: name.replaceAll('.', '-'), recoveryPoint, topics: [{ topic, as: name }] });
    // The plan has a connection, and so has each of both partitions.
    proxy.behave(calm);
    await restore(`${topic}-calm`);
    const most = proxy.seen.bytes / 2;
    const names: string[] = [];
    for (const [number, bytes] of spread(POINTS, most).entries())
      for (const nth of [0, 1]) {
        const as = `${topic}-${number}-${nth}`;
        proxy.behave((connection) => (connection === nth ? resetAfter(bytes) : calm()));
        expect(await restore(as), `${bytes} bytes`).toMatchObject({ records: RECORDS });
        if (proxy.seen.resets > 0) names.push(as);
      }
    expect(names.length).toBeGreaterThan(POINTS);
    // Read back with the archive's digest by each restore itself; some of them here by Kafka's own consumer.
    const ends = await admin('GetOffsetShell');
    for (const name of names)
      for (const partition of [0, 1]) expect(ends).toContain(`${name}:${partition}:${RECORDS / 2}\n`);
    for (const name of [names[0], names.at(-1)]) expect(await consumed(name ?? '')).toEqual(partitionsOf(sent));
  });

  it('of which every connection is reset at random is archived and restored by calls that go on, and loses and doubles nothing', async () => {
    await fill();
    const random = randomFrom(20261126);
    const often = () => resetAfter(Math.floor(2 ** (9 + random() * 10)));
    proxy.behave(often);
    const { recoveryPoint, failures } = await archiveAll(at(), SEGMENT_BYTES);
    expect(failures.length).toBeGreaterThan(3);
    proxy.behave(calm);
    expect(await archived(recoveryPoint)).toEqual(partitionsOf(sent));
    for (const round of ROUNDS) {
      const as = `${topic}-random-${round}`;
      proxy.behave(often);
      await restoreAll({ restoreId: `random-${topics}-${round}`, recoveryPoint, topics: [{ topic, as }] });
      expect(proxy.seen.resets, `round ${round}`).toBeGreaterThan(1);
      proxy.behave(calm);
      expect(await consumed(as)).toEqual(partitionsOf(sent));
    }
  });

  it('that takes connections and never answers is named after half a minute, a handshake after five seconds', async () => {
    await fill();
    const request = { source: SOURCE, scheduledAt: at(), purpose: 'scheduled', execution: 'arn:none' } as const;
    for (const [tls, milliseconds] of [
      [false, 30_000],
      [true, 5_000],
    ] as const) {
      vi.spyOn(platform.sources[SOURCE] as KafkaSource, 'tls', 'get').mockReturnValue(tls);
      proxy.behave(() => ({ bytes: 0, end: 'silent' }));
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      const asked = openArchive(request).then(
        () => expect.fail('answered'),
        (error: unknown) => error,
      );
      await proxy.swallowed();
      await vi.advanceTimersByTimeAsync(milliseconds);
      expect(await asked).toMatchObject(unreachable(/^shop-events: .*127\.0\.0\.1:\d+.*timed out/));
      vi.useRealTimers();
    }
    proxy.behave(calm);
    vi.spyOn(platform.sources[SOURCE] as KafkaSource, 'tls', 'get').mockReturnValue(false);
    expect(await archiveAll(request.scheduledAt)).toMatchObject({ records: RECORDS, failures: [] });
  });

  it('that falls silent in the middle of an answer or of what is written to it is named, and the next call goes on', async () => {
    await fill();
    const scheduledAt = at();
    const silent = async (bytes: number, ask: () => Promise<unknown>): Promise<void> => {
      proxy.behave(() => ({ bytes, end: 'silent' }));
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      const asked = ask();
      await Promise.race([proxy.swallowed(), asked]);
      expect(await soon(asked)).toMatchObject(unreachable(/^shop-events: .*timed out/));
      vi.useRealTimers();
      proxy.behave(calm);
    };
    const opened = await openArchive({ source: SOURCE, scheduledAt, purpose: 'scheduled', execution: 'arn:none' });
    if ('underWay' in opened) throw new Error(opened.underWay);
    const { recoveryPoint } = opened;
    await silent(100_000, () => archiveShare({ recoveryPoint, share: 0 }, work, SEGMENT_BYTES));
    expect(await archiveAll(scheduledAt, SEGMENT_BYTES)).toMatchObject({
      recoveryPoint,
      records: RECORDS,
      failures: [],
    });
    expect(await archived(recoveryPoint)).toEqual(partitionsOf(sent));
    // Ids of producers are given out from here on.
    await restoreAll({ restoreId: `first-${topics}`, recoveryPoint, topics: [{ topic, as: `${topic}-first` }] });
    const as = `${topic}-back`;
    const request = { restoreId: `silent-${topics}`, recoveryPoint, topics: [{ topic, as }] };
    await planRestore(RestoreRequest.parse(request));
    await vi.waitFor(async () => expect(await admin('TopicCommand', '--describe', '--topic', as)).not.toMatch(/none/), {
      ...{ timeout: 20_000, interval: 200 },
    });
    await silent(100_000, () => restoreOnce(request));
    expect(await restoreAll(request)).toMatchObject({ records: RECORDS });
    expect(await consumed(as)).toEqual(partitionsOf(sent));
  });
});
