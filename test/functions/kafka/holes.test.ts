// Topics with offsets that have no record: deleted by people, compacted away at the end of a batch, or all of a batch, or never written.
// Archived, verified, restored, and read by Kafka's own consumer before and after.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { conclude } from '../../../functions/kafka-verification/conclusions.ts';
import { chooseArchives } from '../../../functions/kafka-verification/plans.ts';
import { readGroup } from '../../../functions/kafka-verification/readings.ts';
import { ArchiveIndex, indexKey } from '../../../shared/kafka/archive.ts';
import { openCluster } from '../../../shared/kafka/cluster.ts';
import { batchesOf, readArchive } from '../../../shared/kafka/reading.ts';
import { ACCOUNT, PRIMARY } from '../../support/environment.ts';
import platform from '../../support/kafka.config.ts';
import { describeKafka, kafkaTool } from '../../support/kafka.ts';
import { makeBatch, type TestRecord } from '../../support/kafka-batches.ts';
import { archiveAll, restoreAll } from '../../support/kafka-machines.ts';
import { type KafkaPlatform, openKafkaPlatform } from '../../support/kafka-platform.ts';
import { openWriting, type Writing } from '../../support/kafka-writing.ts';

vi.mock('#platform', () => import('../../support/kafka.config.ts'));
vi.setConfig({ testTimeout: 180_000 });

const SOURCE = 'shop-events';
const COMPACTED = { 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.01', 'segment.ms': '100' };
let test: KafkaPlatform;
let writing: Writing;
let folder: string;
let topic: string;
let topics = 0;

const at = (): string => new Date(Date.UTC(2026, 10, 20, 3, topics)).toISOString();
const admin = (tool: string, ...args: string[]): Promise<string> =>
  kafkaTool(`org.apache.kafka.tools.${tool}`, ['--bootstrap-server', test.kafka.bootstrap, ...args]);
const create = async (partitions: number, settings: Record<string, string> = {}): Promise<void> => {
  await using cluster = await openCluster(SOURCE, platform.sources[SOURCE]);
  await cluster.create({ name: topic, partitions, replicas: 1, settings });
};
const record = (key: string, value: string | null): TestRecord => ({
  ...{ timestamp: BigInt(Date.now()), key: Buffer.from(key), headers: [] },
  value: value === null ? null : Buffer.from(value),
});
let sequence = 0;
/** One batch of an idempotent producer, of which brokers keep the last one, even without records. */
const send = (producer: { producerId: bigint; epoch: number }, ...records: TestRecord[]): Promise<number> => {
  const batch = makeBatch(records, { codec: 1, transactional: false, ...producer, sequence });
  sequence += records.length;
  return writing.produce(topic, batch);
};
/** What Kafka's own consumer reads of the first partition: key and value. */
const consume = async (name: string, records: number): Promise<string[]> => {
  const place = ['--topic', name, '--partition', '0', '--offset', 'earliest', '--formatter-property', 'print.key=true'];
  const text = await admin(
    'consumer.ConsoleConsumer',
    ...place,
    '--max-messages',
    `${records}`,
    '--timeout-ms',
    '15000',
  );
  return text.split('\n').filter(Boolean);
};
/** Offsets, keys and values as the archive has them. */
const archived = async (point: string): Promise<string[]> => {
  const vault = { bucket: process.env.VAULT_BUCKET ?? '', region: PRIMARY };
  const records = await Array.fromAsync(readArchive(vault, point, { topic, partition: 0 }));
  return records.map(({ offset, key, value }) => `${offset} ${key} ${value}`);
};
const indexOf = async (id: string): Promise<ArchiveIndex> =>
  ArchiveIndex.parse(JSON.parse(`${await test.read(indexKey(id))}`));
/** Of the newest archive. */
const verdict = async (): Promise<string> => {
  const execution = `arn:aws:states:${PRIMARY}:${ACCOUNT}:execution:lifeboat-shop-test-verify-kafka:holes-${topics}`;
  const scheduledAt = '2026-11-21T00:00:00.000Z';
  const { recoveryPoint, groups } = await chooseArchives({ source: SOURCE, scheduledAt, execution });
  const step = { source: SOURCE, recoveryPoint: recoveryPoint ?? expect.fail('nothing to verify'), execution };
  for (const group of groups) while (!(await readGroup({ ...step, group }, work)).done);
  return (await conclude({ ...step, startedAt: scheduledAt, attempt: 1, troubles: [] })).verdict;
};
const work = { remainingMs: () => 600_000 };
/** Ends of all partitions, as Kafka's own program has them. */
const ends = async (name: string): Promise<string[]> =>
  (await admin('GetOffsetShell', '--topic', name)).trim().split('\n');
const deleteRecords = async (...before: number[]): Promise<void> => {
  const file = join(folder, `${topic}.json`);
  const partitions = before.map((offset, partition) => ({ topic, partition, offset }));
  await writeFile(file, JSON.stringify({ version: 1, partitions }));
  await admin('DeleteRecordsCommand', '--offset-json-file', file);
};

describeKafka('own')('a topic', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lifeboat-holes-'));
    test = await openKafkaPlatform({
      ...{ 'log.retention.ms': '-1', 'log.retention.check.interval.ms': '100', 'log.initial.task.delay.ms': '100' },
      ...{ 'log.cleaner.backoff.ms': '50', 'log.segment.delete.delay.ms': '100' },
    });
    writing = await openWriting(test.kafka.bootstrap);
  });
  afterAll(async () => {
    await writing[Symbol.asyncDispose]();
    await test[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    await test.begin();
    topic = `audit.holes-${++topics}`;
    sequence = 0;
    vi.spyOn(platform.sources[SOURCE], 'bootstrap', 'get').mockReturnValue(test.kafka.bootstrap.split(','));
    vi.spyOn(platform.sources[SOURCE].topics, 'include', 'get').mockReturnValue([topic]);
  });
  afterEach(() => vi.restoreAllMocks());

  it('of which people deleted what is before the middle of a batch has what is behind it, and nothing of a partition that they emptied', async () => {
    await create(2);
    const producer = await writing.producer();
    await send(producer, ...['a', 'b', 'c', 'd'].map((value) => record('k', value)));
    await send(producer, record('k', 'e'));
    await deleteRecords(2, 0);
    const left = await consume(topic, 3);
    expect(left).toEqual(['k\tc', 'k\td', 'k\te']);
    const { recoveryPoint } = await archiveAll(at());
    expect(await archived(recoveryPoint)).toEqual(['2 k c', '3 k d', '4 k e']);
    expect(await verdict()).toBe('INTACT');
    const as = `${topic}-back`;
    const request = { restoreId: `holes-${topics}`, recoveryPoint, topics: [{ topic, as }] };
    expect(await restoreAll(request)).toMatchObject({ records: 3 });
    expect(await consume(as, 3)).toEqual(left);
    expect(await ends(as)).toEqual([`${as}:0:3`, `${as}:1:0`]);
    // All of it, after it was archived, and before the next one: nothing of it is new.
    await deleteRecords(5, 0);
    topics += 1;
    const next = await archiveAll(at());
    expect(await indexOf(next.recoveryPoint)).toMatchObject({ segments: [], gaps: [] });
    expect(await archived(next.recoveryPoint)).toEqual(['2 k c', '3 k d', '4 k e']);
  });

  it('of which every record was deleted, or that never had one, is made again empty', async () => {
    await create(3, { 'max.message.bytes': '2000000' });
    await send(await writing.producer(), record('k', 'a'), record('k', 'b'));
    await deleteRecords(2);
    const { recoveryPoint, records } = await archiveAll(at());
    expect(records).toBe(0);
    expect(await indexOf(recoveryPoint)).toMatchObject({ segments: [], topics: [{ name: topic, partitions: 3 }] });
    const as = `${topic}-back`;
    const request = { restoreId: `holes-${topics}`, recoveryPoint, topics: [{ topic, as }] };
    expect(await restoreAll(request)).toMatchObject({ records: 0 });
    expect(await ends(as)).toEqual([0, 1, 2].map((partition) => `${as}:${partition}:0`));
    expect(await admin('TopicCommand', '--describe', '--topic', as)).toContain('max.message.bytes=2000000');
  });

  it('of which compaction took the last records of a batch, and all of another, has the rest with its offsets', async () => {
    await create(1, { ...COMPACTED, 'delete.retention.ms': '0' });
    const [one, other] = [await writing.producer(), await writing.producer()];
    // 0 to 2: of these the first stays. 3 to 4: stays. 5 to 6: nothing stays, and the batch itself does, as the last of its producer.
    await send(one, record('stays', '1'), record('b', 'old'), record('c', 'old'));
    await send(one, record('b', 'new'), record('c', 'new'));
    sequence = 0;
    await send(other, record('gone', 'value'), record('gone', null));
    // Each closes the file of those before it, which alone are compacted; what is deleted goes by the second time.
    const left = ['0 stays 1', '3 b new', '4 c new'];
    const last = await vi.waitFor(
      async () => {
        sequence = 0;
        const closing = await send(await writing.producer(), record('last', 'open'));
        const lines = await consume(topic, 4);
        expect(lines.slice(0, 4)).toEqual(['stays\t1', 'b\tnew', 'c\tnew', 'last\topen']);
        return closing;
      },
      { timeout: 90_000, interval: 300 },
    );
    const { recoveryPoint } = await archiveAll(at());
    const all = await archived(recoveryPoint);
    expect(all.slice(0, 3)).toEqual(left);
    expect(all.at(-1)).toBe(`${last} last open`);
    const { segments } = await indexOf(recoveryPoint);
    const [segment] = segments;
    const part = segment?.parts[0];
    if (!segment || !part) return expect.fail('nothing was archived');
    expect(part).toMatchObject({ from: 0, to: last + 1, records: all.length });
    const vault = { bucket: process.env.VAULT_BUCKET ?? '', region: PRIMARY };
    const batches = await batchesOf(vault, { artifact: segment.artifact, part });
    const counts = batches.map(({ baseOffset, lastOffset, records }) => [baseOffset, lastOffset, records]);
    expect(counts.slice(0, 3)).toEqual([
      [0, 2, 1],
      [3, 4, 2],
      [5, 6, 0],
    ]);
    expect(await verdict()).toBe('INTACT');
    const as = `${topic}-back`;
    const request = { restoreId: `holes-${topics}`, recoveryPoint, topics: [{ topic, as }] };
    expect(await restoreAll(request)).toMatchObject({ records: all.length });
    expect(await consume(as, all.length)).toEqual(all.map((line) => line.split(' ').slice(1).join('\t')));
  });
});
