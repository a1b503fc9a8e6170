// Topics of every shape: compacted, trimmed, with tombstones, with empty partitions, with a thousand of them; archived and restored.
import { Producer } from '@platformatic/kafka';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { handler as archiveShare } from '../../../functions/kafka/archive-share.ts';
import { handler as commit } from '../../../functions/kafka/commit-archive.ts';
import { handler as open } from '../../../functions/kafka/open-archive.ts';
import { handler as planHandler } from '../../../functions/kafka/plan-restore.ts';
import { handler as shareHandler } from '../../../functions/kafka/restore-share.ts';
import { mapAtOnce } from '../../../shared/at-once.ts';
import { KafkaNotReady } from '../../../shared/kafka/errors.ts';
import { RestoredPart, restoredKey } from '../../../shared/kafka/restore.ts';
import { ACCOUNT, PRIMARY } from '../../support/environment.ts';
import platform from '../../support/kafka.config.ts';
import { createTopic, describeKafka, kafkaTool } from '../../support/kafka.ts';
import { type KafkaPlatform, openKafkaPlatform } from '../../support/kafka-platform.ts';
import { invoke } from '../../support/platform.ts';

vi.mock('#platform', () => import('../../support/kafka.config.ts'));
vi.setConfig({ testTimeout: 180_000 });

const SOURCE = 'shop-events';
const EXECUTION = `arn:aws:states:${PRIMARY}:${ACCOUNT}:execution:lifeboat-shop-test-archive-kafka:1`;
let test: KafkaPlatform;
let producer: Producer<Buffer, Buffer, Buffer, Buffer>;
let topic: string;
let topics = 0;

const admin = (tool: string, ...args: string[]): Promise<string> =>
  kafkaTool(`org.apache.kafka.tools.${tool}`, ['--bootstrap-server', test.kafka.bootstrap, ...args]);
const create = (partitions: number, ...settings: string[]): Promise<void> =>
  createTopic(test.kafka.bootstrap, topic, partitions, settings);
const send = (key: string, value: string | null, partition = 0, timestamp = BigInt(Date.now())) =>
  producer.send({
    messages: [
      {
        ...{ topic, partition, timestamp, key: Buffer.from(key) },
        ...(value === null ? {} : { value: Buffer.from(value) }),
      },
    ],
  });
/** Offsets of a topic's partitions, as Kafka's own program has them: at their beginning (-2) or end (-1). */
const offsets = async (name: string, time: '-2' | '-1'): Promise<Map<number, number>> => {
  const lines = (await admin('GetOffsetShell', '--topic', name, '--time', time)).trim().split('\n');
  return new Map(lines.map((line) => line.split(':').slice(1).map(Number) as [number, number]));
};
/** What Kafka's own consumer reads of a partition: timestamp, key, value; ends at the first second without a record. */
const consume = async (name: string): Promise<string[]> => {
  const printed = ['timestamp', 'key'].flatMap((each) => ['--property', `print.${each}=true`]);
  const place = ['--topic', name, '--partition', '0', '--offset', 'earliest', '--timeout-ms', '3000'];
  const text = await admin('consumer.ConsoleConsumer', ...place, ...printed);
  return text.split('\n').filter((line) => line.includes('Time:'));
};
const archive = async (): Promise<string> => {
  const scheduledAt = new Date(Date.UTC(2026, 10, 20, 3, topics)).toISOString();
  const request = { source: SOURCE, scheduledAt, purpose: 'scheduled', execution: EXECUTION };
  const { recoveryPoint, shares } = await invoke(open, request, 120_000);
  for (const share of shares) while (!(await invoke(archiveShare, { recoveryPoint, share }, 600_000)).done);
  await invoke(commit, { recoveryPoint }, 120_000);
  return recoveryPoint;
};
/** As the machine does it, some shares at once; what it wrote of each partition. */
const restore = async (as: string, partitions: number): Promise<RestoredPart[]> => {
  const restoreId = `shapes-${topics}`;
  const recoveryPoint = await archive();
  const request = { restoreId, recoveryPoint, topics: [{ topic, as }] };
  const { shares }: { shares: number[] } = await invoke(planHandler, request, 300_000);
  await mapAtOnce(shares, (share) => untilDone({ restoreId, share }), 4);
  const numbers = Array.from({ length: partitions }, (_, part) => part);
  return mapAtOnce(numbers, async (part) =>
    RestoredPart.parse(JSON.parse(`${await test.read(restoredKey(restoreId, part))}`)),
  );
};
/** Called again while it is not done, and up to eight times more while the cluster is not ready, as the machine does it. */
const untilDone = async (request: object): Promise<void> => {
  for (let tries = 0; ; tries++)
    try {
      if ((await invoke<{ done: boolean }>(shareHandler, request, 600_000)).done) return;
    } catch (error) {
      if (!(error instanceof KafkaNotReady) || tries >= 8) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
};

describeKafka('own')('an archive and its restore', () => {
  beforeAll(async () => {
    test = await openKafkaPlatform({
      ...{ 'log.retention.ms': '-1', 'log.retention.check.interval.ms': '200', 'log.initial.task.delay.ms': '500' },
      ...{ 'log.cleaner.backoff.ms': '100', 'log.segment.delete.delay.ms': '100' },
    });
    producer = new Producer({ clientId: 'test', bootstrapBrokers: test.kafka.bootstrap.split(',') });
  });
  afterAll(async () => {
    await producer?.close();
    await test[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await test.begin();
    topic = `audit.shapes-${++topics}`;
    vi.spyOn(platform.sources[SOURCE], 'bootstrap', 'get').mockReturnValue(test.kafka.bootstrap.split(','));
    vi.spyOn(platform.sources[SOURCE].topics, 'include', 'get').mockReturnValue([topic]);
  });
  afterEach(() => vi.restoreAllMocks());

  it('have what compaction left, tombstones, and partitions without a record', async () => {
    await create(2, 'cleanup.policy=compact', 'segment.ms=100', 'min.cleanable.dirty.ratio=0.01');
    await send('once', 'stays');
    for (let round = 0; round < 5; round++) await send('often', `round ${round}`);
    await send('gone', 'dropped');
    await send('gone', null);
    await new Promise((resolve) => setTimeout(resolve, 300));
    // Closes the segment of those before it: only closed ones are compacted.
    await send('last', 'open');
    const left = await vi.waitFor(
      async () => {
        const lines = await consume(topic);
        expect(lines).toHaveLength(4);
        return lines;
      },
      { timeout: 60_000, interval: 500 },
    );
    expect(left.map((line) => line.split('\t').slice(1).join(' '))).toEqual([
      'once stays',
      'often round 4',
      'gone null',
      'last open',
    ]);
    const as = `${topic}-restored`;
    const [compacted, empty] = await restore(as, 2);
    expect(await consume(as)).toEqual(left);
    expect(compacted?.offsets).toEqual([
      { from: 0, to: 1, at: 0 },
      { from: 5, to: 6, at: 1 },
      { from: 7, to: 9, at: 2 },
    ]);
    expect(empty).toMatchObject({ records: 0, offsets: [] });
    expect(await offsets(as, '-1')).toEqual(new Map([[0, 4], [1, 0]])); // biome-ignore format: pairs
  });

  it('begin where retention has trimmed a topic to, and have a partition that it emptied', async () => {
    await create(2, 'retention.ms=60000', 'segment.ms=100');
    await send('k', 'too old', 0, 1_700_000_000_000n);
    await send('k', 'too old, too', 0, 1_700_000_000_001n);
    await send('k', 'all of it too old', 1, 1_700_000_000_000n);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await send('k', 'kept');
    await vi.waitFor(async () => expect(await offsets(topic, '-2')).toEqual(new Map([[0, 2], [1, 1]])), {
      ...{ timeout: 60_000, interval: 500 },
    }); // biome-ignore format: pairs
    const as = `${topic}-restored`;
    const [trimmed, emptied] = await restore(as, 2);
    expect(trimmed).toMatchObject({ records: 1, offsets: [{ from: 2, to: 3, at: 0 }] });
    expect(emptied).toMatchObject({ records: 0, offsets: [] });
    expect(await consume(as)).toEqual(await consume(topic));
    expect(await offsets(as, '-1')).toEqual(new Map([[0, 1], [1, 0]])); // biome-ignore format: pairs
  });

  it('have each of a thousand partitions', async () => {
    const partitions = 1000;
    await create(partitions, 'segment.index.bytes=4096');
    const numbers = Array.from({ length: partitions }, (_, partition) => partition);
    await vi.waitFor(
      () =>
        producer.send({
          messages: numbers.map((partition) => ({
            ...{ topic, partition, key: Buffer.from(`${partition}`), value: Buffer.from(`value ${partition}`) },
          })),
        }),
      { timeout: 30_000, interval: 500 },
    );
    // Those that had no leader at first were sent again, all of them.
    const sent = await offsets(topic, '-1');
    const as = `${topic}-restored`;
    const restored = await restore(as, partitions);
    expect(restored.map(({ records }, partition) => [partition, records])).toEqual(
      [...sent].toSorted(([a], [b]) => a - b),
    );
    expect(await offsets(as, '-1')).toEqual(sent);
  });
});
