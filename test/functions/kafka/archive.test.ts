// Archives of a real cluster, through their handlers, into the vault of a local region; read back by this service and by Kafka's
// own program.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Producer, type ProducerOptions, stringSerializers } from '@platformatic/kafka';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { handler as archiveShareHandler } from '../../../functions/kafka/archive-share.ts';
import { archiveShare } from '../../../functions/kafka/archiving.ts';
import { handler as commitHandler } from '../../../functions/kafka/commit-archive.ts';
import { handler as openHandler } from '../../../functions/kafka/open-archive.ts';
import { ApiError } from '../../../local/service.ts';
import { ArchiveIndex, ArchivePlan, indexKey, type Part, planKey } from '../../../shared/kafka/archive.ts';
import { batchesIn } from '../../../shared/kafka/batches.ts';
import { ACCOUNT, PRIMARY } from '../../support/environment.ts';
import platform from '../../support/kafka.config.ts';
import { createTopic, deleteTopic, describeKafka, kafkaTool } from '../../support/kafka.ts';
import { type KafkaPlatform, openKafkaPlatform } from '../../support/kafka-platform.ts';
import { invoke } from '../../support/platform.ts';

vi.mock('#platform', () => import('../../support/kafka.config.ts'));
vi.setConfig({ testTimeout: 120_000 });

const SOURCE = 'shop-events';
const EXECUTION = `arn:aws:states:${PRIMARY}:${ACCOUNT}:execution:lifeboat-shop-test-archive-kafka:1`;
let test: KafkaPlatform;
let files: string;
/** Topics of this test: names that nobody had before. */
let orders: string;
let number = 0;

const admin = (tool: string, ...args: string[]): Promise<string> =>
  kafkaTool(`org.apache.kafka.tools.${tool}`, ['--bootstrap-server', test.kafka.bootstrap, ...args]);
const create = (topic: string, partitions = 1, ...settings: string[]): Promise<void> =>
  createTopic(test.kafka.bootstrap, topic, partitions, settings);

type Sent = {
  topic: string;
  partition: number;
  key?: string;
  value: string;
  headers?: Record<string, string>;
  timestamp?: bigint;
};
const send = async (
  messages: Sent[],
  options: Partial<ProducerOptions<string, string, string, string>> = {},
): Promise<void> => {
  const producer = new Producer({
    clientId: 'test',
    bootstrapBrokers: test.kafka.bootstrap.split(','),
    serializers: stringSerializers,
    ...options,
  });
  await producer.send({ messages });
  await producer.close();
};

const at = (minute: number): string => `2026-11-20T03:${String(minute).padStart(2, '0')}:00Z`;
const open = (minute: number) =>
  invoke(openHandler, { source: SOURCE, scheduledAt: at(minute), purpose: 'scheduled', execution: EXECUTION }, 120_000);
const shares = async ({ recoveryPoint, shares: all }: { recoveryPoint: string; shares: number[] }): Promise<void> => {
  for (const share of all) while (!(await invoke(archiveShareHandler, { recoveryPoint, share }, 600_000)).done);
};
/** As the machine does it. */
const archive = async (minute: number): Promise<ArchiveIndex> => {
  const opened = await open(minute);
  await shares(opened);
  await invoke(commitHandler, { recoveryPoint: opened.recoveryPoint }, 120_000);
  return indexOf(opened.recoveryPoint);
};
const indexOf = async (id: string): Promise<ArchiveIndex> =>
  ArchiveIndex.parse(JSON.parse((await test.read(indexKey(id))).toString()));
const partsOf = ({ segments }: ArchiveIndex, topic = orders): Part[] =>
  segments
    .flatMap(({ parts }) => parts.filter((part) => part.topic === topic))
    .toSorted((a, b) => a.partition - b.partition || a.from - b.from);
/** The bytes of a part, with every digest compared. */
const bytesOf = async (index: ArchiveIndex, part: Part): Promise<Buffer> => {
  const segment = index.segments.find(({ parts }) => parts.includes(part));
  const { uri = '', sha256 = '' } = segment?.artifact ?? {};
  const whole = await test.read(uri.replace(/^s3:\/\/[^/]+\//, ''));
  expect(createHash('sha256').update(whole).digest('hex')).toBe(sha256);
  const bytes = whole.subarray(part.at, part.at + part.bytes);
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(part.sha256);
  return bytes;
};
/** What Kafka's own program reads in it: offsets, keys and payloads, checksums compared. */
const dump = async (bytes: Buffer): Promise<string> => {
  const file = path.join(files, '00000000000000000000.log');
  await writeFile(file, bytes);
  return kafkaTool('org.apache.kafka.tools.DumpLogSegments', ['--files', file, '--print-data-log', '--deep-iteration']);
};

describeKafka('own')('an archive', () => {
  beforeAll(async () => {
    files = await mkdtemp(path.join(tmpdir(), 'lifeboat-segments-'));
    test = await openKafkaPlatform();
  });
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
    await rm(files, { recursive: true, force: true });
  });
  beforeEach(async () => {
    await test.begin();
    orders = `audit.orders-${++number}`;
    const source = platform.sources[SOURCE];
    vi.spyOn(source, 'bootstrap', 'get').mockReturnValue(test.kafka.bootstrap.split(','));
    vi.spyOn(source.topics, 'include', 'get').mockReturnValue([orders]);
  });
  afterEach(() => {
    test.world.faults.clear();
    vi.restoreAllMocks();
  });

  it('holds every batch of every partition as the brokers have it, which Kafka’s own program reads', async () => {
    await create(orders, 3, 'message.timestamp.after.max.ms=9223372036854775807');
    await send([
      { topic: orders, partition: 0, key: 'a', value: 'first', headers: { trace: '1' }, timestamp: 1_000n },
      { topic: orders, partition: 2, key: 'b', value: 'second', timestamp: 4_102_444_800_000n },
    ]);
    await send([{ topic: orders, partition: 0, key: 'c', value: 'third' }], { compression: 'zstd' });
    const index = await archive(0);
    expect(index).toMatchObject({ base: null, gaps: [], topics: [{ name: orders, partitions: 3, replicas: 1 }] });
    const parts = partsOf(index);
    expect(parts).toMatchObject([
      { partition: 0, from: 0, to: 2, batches: 2, records: 2 },
      { partition: 2, from: 0, to: 1, batches: 1, records: 1, maxTimestamp: 4_102_444_800_000 },
    ]);
    const read = await dump(await bytesOf(index, parts[0] as Part));
    expect(read).toMatch(/offset: 0 CreateTime: 1000 .*headerKeys: \[trace\].*key: a payload: first/);
    expect(read).toMatch(/compresscodec: zstd/);
    expect(read).toMatch(/offset: 1 .*key: c payload: third/);
    expect(await test.point(index.recoveryPoint)).toMatchObject({
      ...{ status: 'stored', method: 'archive', kind: 'kafka', pointInTime: index.takenAt },
      artifacts: [{}, { lists: index.segments.length }],
    });
  });

  it('is cut into parts that whoever reads one can hold, one behind the other', async () => {
    await create(orders, 3, 'max.message.bytes=4194304');
    const value = randomBytes(1_350_000).toString('base64');
    for (let sent = 0; sent < 30; sent++) await send([{ topic: orders, partition: 0, value: `${sent} ${value}` }]);
    for (const partition of [1, 2]) await send([{ topic: orders, partition, value: 'a small one' }]);
    const index = await archive(0);
    for (const [partition, ends] of [
      [0, [10, 20, 30]],
      [1, [1]],
      [2, [1]],
    ] as const) {
      const parts = partsOf(index).filter((part) => part.partition === partition);
      expect(parts.map(({ to }) => to)).toEqual(ends);
      expect(parts.map(({ from }) => from)).toEqual([0, ...ends.slice(0, -1)]);
      for (const part of parts) {
        expect(part.bytes).toBeLessThan(20 * 1024 * 1024);
        expect([...batchesIn(await bytesOf(index, part), 'test')].at(-1)?.lastOffset).toBe(part.to - 1);
      }
    }
  });

  it('goes on where the one before ended, and holds nothing where nothing came', async () => {
    await create(orders, 2);
    await send([{ topic: orders, partition: 1, value: 'one' }]);
    const first = await archive(0);
    const second = await archive(15);
    expect(second).toMatchObject({ base: first.recoveryPoint, segments: [], gaps: [] });
    await send([{ topic: orders, partition: 1, value: 'two' }]);
    const third = await archive(30);
    expect(third.base).toBe(second.recoveryPoint);
    expect(partsOf(third)).toMatchObject([{ partition: 1, from: 1, to: 2 }]);
    expect(third.next[third.topics[0]?.id ?? '']?.next).toEqual({ 0: 0, 1: 2 });
  });

  it('is the same whoever asks again for its time, one after the other or at once', async () => {
    await create(orders);
    await send([{ topic: orders, partition: 0, value: 'one' }]);
    const [a, b] = await Promise.all([open(0), open(0)]);
    expect(a).toEqual(b);
    await Promise.all([shares(a), shares(b)]);
    const commit = () => invoke(commitHandler, { recoveryPoint: a.recoveryPoint }, 120_000);
    const [first, second] = await Promise.all([commit(), commit()]);
    expect([first, second]).toEqual([
      { records: 1, gaps: 0 },
      { records: 1, gaps: 0 },
    ]);
    const index = await indexOf(a.recoveryPoint);
    expect(await archive(0)).toEqual(index);
    expect(partsOf(index)).toHaveLength(1);
  });

  it('records what the brokers dropped before it came, tells people, and goes on behind it', async () => {
    await create(orders);
    for (const value of ['1', '2', '3', '4']) await send([{ topic: orders, partition: 0, value }]);
    await archive(0);
    for (const value of ['5', '6', '7', '8']) await send([{ topic: orders, partition: 0, value }]);
    const file = path.join(files, 'delete.json');
    await writeFile(file, JSON.stringify({ version: 1, partitions: [{ topic: orders, partition: 0, offset: 6 }] }));
    await admin('DeleteRecordsCommand', '--offset-json-file', file);
    const index = await archive(15);
    expect(index.gaps).toMatchObject([{ topic: orders, partition: 0, from: 4, to: 6, why: 'trimmed' }]);
    expect(partsOf(index)).toMatchObject([{ from: 6, to: 8, records: 2 }]);
    expect(test.messages.map(({ topic, text }) => [topic, text.includes('offsets 4 to 6')])).toEqual([
      ['critical', true],
    ]);
  });

  it('knows a topic that was made again under its name, and archives it apart', async () => {
    await create(orders);
    await send([{ topic: orders, partition: 0, value: 'former' }]);
    const first = await archive(0);
    await deleteTopic(test.kafka.bootstrap, orders);
    await vi.waitFor(() => create(orders), { timeout: 20_000, interval: 500 });
    await send([{ topic: orders, partition: 0, value: 'later' }]);
    const second = await archive(15);
    expect(second.topics[0]?.id).not.toBe(first.topics[0]?.id);
    expect(second.gaps).toMatchObject([{ topicId: first.topics[0]?.id, why: 'recreated' }]);
    expect(partsOf(second)).toMatchObject([{ topicId: second.topics[0]?.id, from: 0, to: 1 }]);
    expect(test.messages).toHaveLength(1);
  });

  it('is one of two that were planned from the same: the other is refused, and lost nothing', async () => {
    await create(orders);
    await send([{ topic: orders, partition: 0, value: 'one' }]);
    // Nobody looks for what is to come.
    const [late, early] = [await open(15), await open(0)];
    await shares(early);
    await shares(late);
    await invoke(commitHandler, { recoveryPoint: late.recoveryPoint }, 120_000);
    await expect(invoke(commitHandler, { recoveryPoint: early.recoveryPoint }, 120_000)).rejects.toMatchObject({
      name: 'ArchiveSuperseded',
    });
    expect(await test.point(early.recoveryPoint)).toMatchObject({ status: 'failed' });
    expect(await archive(30)).toMatchObject({ base: late.recoveryPoint, segments: [] });
  });

  it('is left to an earlier one whose execution works, which is given up once that has ended', async () => {
    await create(orders);
    await send([{ topic: orders, partition: 0, value: 'one' }]);
    const definition = {
      QueryLanguage: 'JSONata',
      StartAt: 'Wait',
      States: { Wait: { Type: 'Wait', Seconds: 60, End: true } },
    };
    test.world.iam.putRole({
      arn: `arn:aws:iam::${ACCOUNT}:role/machine`,
      trust: [{ Effect: 'Allow', Principal: { Service: 'states.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      statements: [],
    });
    const { stateMachineArn } = await test.ask<{ stateMachineArn: string }>('states', 'CreateStateMachine', {
      ...{ name: 'lifeboat-shop-test-archive-kafka', roleArn: `arn:aws:iam::${ACCOUNT}:role/machine` },
      definition: JSON.stringify(definition),
    });
    const { executionArn } = await test.ask<{ executionArn: string }>('states', 'StartExecution', { stateMachineArn });
    const request = { source: SOURCE, scheduledAt: at(0), purpose: 'scheduled', execution: executionArn } as const;
    const working = await invoke(openHandler, request, 120_000);
    expect(await invoke(openHandler, { ...request, scheduledAt: at(15), execution: EXECUTION })).toEqual({
      underWay: working.recoveryPoint,
    });
    await test.ask('states', 'StopExecution', { executionArn });
    const index = await archive(30);
    expect(partsOf(index)).toMatchObject([{ from: 0, to: 1 }]);
    expect(await test.point(working.recoveryPoint)).toMatchObject({ status: 'failed' });
    await expect(invoke(commitHandler, { recoveryPoint: working.recoveryPoint })).rejects.toThrow(
      /its execution ended/,
    );
  });

  it('is not committed before every share is archived', async () => {
    await create(orders);
    await send([{ topic: orders, partition: 0, value: 'one' }]);
    const { recoveryPoint } = await open(0);
    await expect(invoke(commitHandler, { recoveryPoint })).rejects.toThrow(/share 0 of 1 not begun/);
  });

  it('is complete, once, and leaves no upload open, whichever call to the vault takes effect without an answer', async () => {
    await create(orders, 2, 'max.message.bytes=4194304');
    for (let sent = 0; sent < 6; sent++)
      await send([{ topic: orders, partition: sent % 2, value: randomBytes(1_350_000).toString('base64') }]);
    const { around } = test.world.faults;
    for (let nth = 0; ; nth++) {
      await test.begin();
      let calls = 0;
      test.world.faults.around = async (call, run) => {
        const answer = await around(call, run);
        if (call.service === 's3' && calls++ === nth) throw new ApiError('AccessDenied', 403, 'the answer was lost');
        return answer;
      };
      // Segments of ten megabytes: the first is an upload of two parts.
      const steps = async (): Promise<ArchiveIndex> => {
        const { recoveryPoint, shares: all } = await open(0);
        for (const share of all)
          while (!(await archiveShare({ recoveryPoint, share }, { remainingMs: () => 600_000 }, 10_000_000)).done);
        await invoke(commitHandler, { recoveryPoint }, 120_000);
        return indexOf(recoveryPoint);
      };
      const index = await steps().catch(steps);
      test.world.faults.around = around;
      const parts = partsOf(index);
      for (const partition of [0, 1]) {
        let offset = 0;
        for (const part of parts.filter((each) => each.partition === partition))
          for (const batch of batchesIn(await bytesOf(index, part), 'test')) {
            expect(batch.baseOffset, `call ${nth}`).toBe(offset);
            offset = batch.lastOffset + 1;
          }
        expect(offset, `call ${nth}`).toBe(3);
      }
      const Bucket = process.env.VAULT_BUCKET;
      const { Uploads = [] } = await test.ask<{ Uploads?: object[] }>('s3', 'ListMultipartUploads', { Bucket });
      expect(Uploads, `call ${nth}`).toEqual([]);
      if (calls <= nth) {
        expect(nth).toBeGreaterThan(20);
        return;
      }
    }
  });

  it('names brokers that do not answer, and goes on with the same plan once they do', async () => {
    await create(orders);
    await send([{ topic: orders, partition: 0, value: 'one' }]);
    const opened = await open(0);
    const plan = ArchivePlan.parse(JSON.parse((await test.read(planKey(opened.recoveryPoint))).toString()));
    await test.kafka.brokers[0]?.kill();
    await expect(shares(opened)).rejects.toMatchObject({ name: 'BrokersUnreachable' });
    await test.kafka.brokers[0]?.start();
    await vi.waitFor(() => shares(opened), { timeout: 60_000, interval: 500 });
    await invoke(commitHandler, { recoveryPoint: opened.recoveryPoint }, 120_000);
    expect(await indexOf(opened.recoveryPoint)).toMatchObject({
      takenAt: plan.takenAt,
      segments: [{ parts: [{ records: 1 }] }],
    });
  });

  it('of a cluster without any topic that is asked for is none', async () => {
    vi.spyOn(platform.sources[SOURCE].topics, 'include', 'get').mockReturnValue(['nobody-has-this']);
    await expect(open(0)).rejects.toMatchObject({ name: 'NoTopics' });
  });
});
