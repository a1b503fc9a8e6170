// What is lost of topics, on a real broker: records deleted, topics deleted and made again, retention, compaction, a mirror.
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Producer } from '@platformatic/kafka';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { handler as archiveShare } from '../../../functions/kafka/archive-share.ts';
import { handler as commit } from '../../../functions/kafka/commit-archive.ts';
import { findExtent } from '../../../functions/kafka/extents.ts';
import { handler as findHandler } from '../../../functions/kafka/find-extent.ts';
import { handler as open } from '../../../functions/kafka/open-archive.ts';
import { ACCOUNT, PRIMARY } from '../../support/environment.ts';
import platform from '../../support/kafka.config.ts';
import { createTopic, deleteTopic, describeKafka, kafkaTool } from '../../support/kafka.ts';
import { type KafkaPlatform, openKafkaPlatform } from '../../support/kafka-platform.ts';
import { invoke } from '../../support/platform.ts';

vi.mock('#platform', () => import('../../support/kafka.config.ts'));
vi.setConfig({ testTimeout: 180_000 });

const SOURCE = 'shop-events';
const MIRROR = 'shop-mirror';
const EXECUTION = `arn:aws:states:${PRIMARY}:${ACCOUNT}:execution:lifeboat-shop-test-archive-kafka:1`;
const BEGIN = Date.UTC(2026, 10, 20);
let test: KafkaPlatform;
let files: string;
let topic: string;
let topics = 0;
let minute = 0;
let sent = 0;

const admin = (tool: string, args: string[]): Promise<string> =>
  kafkaTool(`org.apache.kafka.tools.${tool}`, ['--bootstrap-server', test.kafka.bootstrap, ...args]);
const create = (name = topic, ...settings: string[]): Promise<void> =>
  createTopic(test.kafka.bootstrap, name, 1, settings);
const keep = (policy: 'compact' | 'delete'): Promise<string> =>
  kafkaTool('kafka.admin.ConfigCommand', [
    ...['--bootstrap-server', test.kafka.bootstrap, '--alter', '--entity-type', 'topics', '--entity-name', topic],
    ...['--add-config', `cleanup.policy=${policy}`],
  ]);
/** One batch each, a second apart. */
const send = async (values: string[], { to = topic, keys = values } = {}): Promise<void> => {
  const producer = new Producer({ clientId: 'test', bootstrapBrokers: test.kafka.bootstrap.split(',') });
  for (const [number, value] of values.entries())
    await producer.send({
      messages: [
        {
          ...{ topic: to, partition: 0, key: Buffer.from(keys[number] ?? ''), value: Buffer.from(value) },
          timestamp: BigInt(BEGIN + 1000 * sent++),
        },
      ],
    });
  await producer.close();
};
const at = (number: number): string => new Date(BEGIN + 1000 * number).toISOString();
const archive = async (): Promise<string> => {
  const scheduledAt = new Date(Date.UTC(2026, 10, 20, 3, minute++)).toISOString();
  const request = { source: SOURCE, scheduledAt, purpose: 'scheduled', execution: EXECUTION };
  const { recoveryPoint, shares } = await invoke(open, request, 120_000);
  for (const share of shares) while (!(await invoke(archiveShare, { recoveryPoint, share }, 600_000)).done);
  await invoke(commit, { recoveryPoint }, 120_000);
  return recoveryPoint;
};
const deleteRecords = async (offset: number): Promise<void> => {
  const partitions = [{ topic, partition: 0, offset }];
  const file = join(files, 'delete.json');
  await writeFile(file, JSON.stringify({ version: 1, partitions }));
  await admin('DeleteRecordsCommand', ['--offset-json-file', file]);
};
const find = async (request: object = {}) => {
  const found = await invoke(findHandler, { extentId: 'loss', source: SOURCE, ...request }, 900_000);
  const { partitions } = JSON.parse(
    (await test.read(found.document.slice(found.document.indexOf('/', 5) + 1))).toString(),
  );
  return { ...found, partitions };
};

describeKafka('own')('the extent of a loss', () => {
  beforeAll(async () => {
    files = await mkdtemp(join(tmpdir(), 'lifeboat-extent-'));
    test = await openKafkaPlatform({
      ...{ 'log.retention.ms': '-1', 'log.retention.check.interval.ms': '200', 'log.initial.task.delay.ms': '200' },
      ...{ 'log.cleaner.backoff.ms': '200' },
    });
  });
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
    await rm(files, { recursive: true, force: true });
  });
  beforeEach(async () => {
    await test.begin();
    topic = `audit.extent-${++topics}`;
    sent = 0;
    vi.spyOn(platform.sources[SOURCE], 'bootstrap', 'get').mockReturnValue(test.kafka.bootstrap.split(','));
    vi.spyOn(platform.sources[SOURCE].topics, 'include', 'get').mockReturnValue([topic]);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    delete (platform.sources as Record<string, unknown>)[MIRROR];
  });

  it('is nothing where both have the same, byte for byte', async () => {
    await create();
    await send(['a', 'b']);
    const recoveryPoint = await archive();
    const { topics: summary, complete, partitions, ...found } = await find();
    expect(found.recoveryPoint).toBe(recoveryPoint);
    expect([complete, summary]).toEqual([
      true,
      [
        {
          ...{ topic, topicId: expect.any(String), state: 'here' },
          ...{ archiveOnly: 0, topicOnly: 0, neither: 0, differing: 0, mirrorOnly: 0 },
        },
      ],
    ]);
    expect(partitions[0].both).toMatchObject({ same: 2, offsets: 2, notCompared: 0 });
  });

  it('is what was deleted, which the archive has, and what was not archived yet, with counts and times', async () => {
    await create();
    await send(['a', 'b', 'c', 'd']);
    await archive();
    await deleteRecords(3);
    await send(['e', 'f']);
    const { partitions } = await find();
    expect(partitions).toMatchObject([
      {
        standing: { from: 3, to: 6 },
        archiveOnly: [{ from: 0, to: 3, records: 3, firstAt: at(0), lastAt: at(2) }],
        topicOnly: [{ from: 4, to: 6, records: 2, firstAt: at(4), lastAt: at(5) }],
        ...{ neither: [], lostBehind: null, both: { same: 1, missing: 0, foreign: 0, changed: 0, offsets: 1 } },
      },
    ]);
  });

  it('is what retention dropped before it was archived: nobody has it', async () => {
    await create();
    await send(['a']);
    await archive();
    await send(['b', 'c']);
    const change = ['--entity-type', 'topics', '--entity-name', topic, '--alter'];
    // All of it is older than that.
    await kafkaTool('kafka.admin.ConfigCommand', [
      '--bootstrap-server',
      test.kafka.bootstrap,
      ...change,
      '--add-config',
      'retention.ms=1',
    ]);
    await vi.waitFor(
      async () =>
        expect(await admin('GetOffsetShell', ['--topic', topic, '--time', 'earliest'])).toContain(`${topic}:0:3`),
      { timeout: 60_000, interval: 500 },
    );
    await archive();
    const { partitions, topics: summary } = await find();
    expect(partitions).toMatchObject([
      { archiveOnly: [{ from: 0, to: 1, records: 1 }], topicOnly: [], neither: [{ from: 1, to: 3, why: 'trimmed' }] },
    ]);
    expect(summary).toMatchObject([{ archiveOnly: 1, neither: 2 }]);
  });

  it('is all of a topic that is gone, and what came behind its last archive', async () => {
    await create();
    await send(['a', 'b']);
    await archive();
    await send(['never archived']);
    await deleteTopic(test.kafka.bootstrap, topic);
    const { partitions } = await find({ topics: [topic] });
    expect(partitions).toMatchObject([
      { state: 'gone', standing: null, archiveOnly: [{ from: 0, to: 2, records: 2 }], lostBehind: 2 },
    ]);
  });

  it('tells a topic that was made again from the one that is archived', async () => {
    await create();
    await send(['a', 'b']);
    await archive();
    await deleteTopic(test.kafka.bootstrap, topic);
    await vi.waitFor(() => create(), { timeout: 20_000, interval: 500 });
    await send(['new']);
    const { partitions } = await find();
    expect(partitions).toMatchObject([
      { state: 'made again', archiveOnly: [{ from: 0, to: 2 }], topicOnly: [], lostBehind: 2 },
      { state: 'never archived', archiveOnly: [], topicOnly: [{ from: 0, to: 1, records: 1 }], lostBehind: null },
    ]);
    expect(partitions[0].topicId).not.toBe(partitions[1].topicId);
  });

  it('counts what compaction took, record by record', async () => {
    await create(topic, 'segment.ms=100', 'min.cleanable.dirty.ratio=0.01');
    await send(['a1', 'b1', 'a2', 'b2'], { keys: ['a', 'b', 'a', 'b'] });
    await archive();
    // Not before: what compaction takes while records are still sent is not in the archive either.
    await keep('compact');
    await send(['c1'], { keys: ['c'] });
    const { partitions } = await vi.waitFor(
      async () => {
        const found = await find();
        expect(found.partitions[0].both.missing).toBe(2);
        return found;
      },
      { timeout: 90_000, interval: 1000 },
    );
    expect(partitions[0]).toMatchObject({
      archiveOnly: [],
      both: { same: 2, missing: 2, foreign: 0, changed: 0, differsAt: 0, offsets: 4 },
    });
  });

  it('finds other records at offsets that are archived: a broker came back with an older disk, and went on from there', async () => {
    const [broker] = test.kafka.brokers;
    if (!broker) throw new Error('There is no broker to stop.');
    await create(topic, 'segment.ms=100', 'min.cleanable.dirty.ratio=0.01');
    await send(['a1', 'b1', 'a2'], { keys: ['a', 'b', 'a'] });
    await broker.stop();
    const [found = ''] = (await readdir(broker.directory, { recursive: true })).filter((each) =>
      each.endsWith(`${topic}-0`),
    );
    const disk = join(broker.directory, found);
    const kept = join(files, topic);
    await cp(disk, kept, { recursive: true });
    await broker.start();
    await keep('compact');
    await send(['c1', 'd1', 'e1'], { keys: ['c', 'd', 'e'] });
    // Once `a1` is gone, the archive never had it.
    await vi.waitFor(
      async () => {
        await test.begin();
        const { both } = (await archive().then(() => find())).partitions[0];
        expect(both).toMatchObject({ same: 5, missing: 0, offsets: 6 });
      },
      { timeout: 90_000, interval: 1000 },
    );
    await keep('delete');
    await broker.stop();
    await rm(disk, { recursive: true });
    await cp(kept, disk, { recursive: true });
    await broker.start();
    await send(['another', 'c1'], { keys: ['x', 'c'] });
    const { partitions, topics: summary } = await find();
    expect(partitions[0]).toMatchObject({
      standing: { from: 0, to: 5 },
      archiveOnly: [{ from: 5, to: 6, records: 1, firstAt: at(5), lastAt: at(5) }],
      // `b1` and `a2` are what they were; `a1` is only here, and at 3 and 4 stand others, of other times.
      both: { same: 2, missing: 0, foreign: 1, changed: 2, offsets: 5, notCompared: 0 },
    });
    expect(summary[0]).toMatchObject({ state: 'here', archiveOnly: 1, differing: 3 });
  });

  it('finds what a mirror has behind the last archived record, at offsets of its own', async () => {
    const source = platform.sources[SOURCE];
    Object.assign(platform.sources, { [MIRROR]: { ...source, bootstrap: test.kafka.bootstrap.split(',') } });
    const copy = `mirror.${topic}`;
    await create();
    await create(copy);
    await send(['earlier'], { to: copy });
    sent = 0;
    await send(['a', 'b']);
    await archive();
    sent = 0;
    await send(['a', 'b', 'c', 'd'], { to: copy });
    await deleteTopic(test.kafka.bootstrap, topic);
    const { partitions, topics: summary } = await find({ mirror: MIRROR, mirrorPrefix: 'mirror.' });
    expect(partitions).toMatchObject([
      {
        state: 'gone',
        mirror: {
          standing: { from: 0, to: 5 },
          behindArchive: { from: 3, to: 5, records: 2, firstAt: at(2), lastAt: at(3) },
        },
      },
    ]);
    expect(summary).toMatchObject([{ archiveOnly: 2, mirrorOnly: 2 }]);
  });

  it('has its ranges whole where time or the limit is short, and says that the rest was not read', async () => {
    await create();
    await send(['a', 'b']);
    await archive();
    await deleteRecords(1);
    expect((await find({ compareBytes: 0 })).partitions).toMatchObject([
      { both: { offsets: 1, notCompared: 1, same: 0 } },
    ]);
    const request = { extentId: 'loss', source: SOURCE, mirrorPrefix: '', compareBytes: 1_000_000 };
    const { complete, topics: summary } = await findExtent(request, { remainingMs: () => 0 });
    expect([complete, summary]).toMatchObject([false, [{ archiveOnly: 1 }]]);
  });

  it('says so where there is no archive', async () => {
    await create();
    await expect(find()).rejects.toMatchObject({ name: 'RecoveryPointMissing' });
  });
});
