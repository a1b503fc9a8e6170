// What is sent is what is read from the archive: records of every shape through a real broker, the vault, and back.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Message, Producer } from '@platformatic/kafka';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { handler as archiveShare } from '../../../functions/kafka/archive-share.ts';
import { handler as commit } from '../../../functions/kafka/commit-archive.ts';
import { handler as open } from '../../../functions/kafka/open-archive.ts';
import { type ArchivedRecord, readArchive, type Selection } from '../../../shared/kafka/reading.ts';
import { ACCOUNT, PRIMARY } from '../../support/environment.ts';
import platform from '../../support/kafka.config.ts';
import { createTopic, describeKafka } from '../../support/kafka.ts';
import { type KafkaPlatform, openKafkaPlatform } from '../../support/kafka-platform.ts';
import { invoke } from '../../support/platform.ts';

vi.mock('#platform', () => import('../../support/kafka.config.ts'));
vi.setConfig({ testTimeout: 180_000 });

const SOURCE = 'shop-events';
const EXECUTION = `arn:aws:states:${PRIMARY}:${ACCOUNT}:execution:lifeboat-shop-test-archive-kafka:1`;
const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
let test: KafkaPlatform;
let topic: string;
let topics = 0;
let minute = 0;

const create = async (...settings: string[]): Promise<void> => {
  topic = `audit.round-${++topics}`;
  vi.spyOn(platform.sources[SOURCE], 'bootstrap', 'get').mockReturnValue(test.kafka.bootstrap.split(','));
  vi.spyOn(platform.sources[SOURCE].topics, 'include', 'get').mockReturnValue([topic]);
  await createTopic(test.kafka.bootstrap, topic, 1, [
    'message.timestamp.after.max.ms=9223372036854775807',
    ...settings,
  ]);
};
const producer = (options: object = {}) =>
  new Producer<Buffer, Buffer, Buffer, Buffer>({
    ...{ clientId: 'test', bootstrapBrokers: test.kafka.bootstrap.split(',') },
    ...options,
  });
/** Archives what is there; the id of the recovery point. */
const archive = async (): Promise<string> => {
  const scheduledAt = new Date(Date.UTC(2026, 10, 20, 3, minute++)).toISOString();
  const { recoveryPoint, shares } = await invoke(
    open,
    { source: SOURCE, scheduledAt, purpose: 'scheduled', execution: EXECUTION },
    120_000,
  );
  for (const share of shares) while (!(await invoke(archiveShare, { recoveryPoint, share }, 600_000)).done);
  await invoke(commit, { recoveryPoint }, 120_000);
  return recoveryPoint;
};
const read = (point: string, selection: Partial<Selection> = {}): Promise<ArchivedRecord[]> =>
  Array.fromAsync(
    readArchive({ bucket: process.env.VAULT_BUCKET ?? '', region: PRIMARY }, point, { topic, ...selection }),
  );
const text = ({ offset, value }: ArchivedRecord) => `${offset} ${value}`;

const bytes = fc.uint8Array({ maxLength: 300 }).map((each) => Buffer.from(each));
const nullable = fc.option(bytes, { nil: null });
const message = fc.record({
  key: nullable,
  value: nullable,
  headers: fc.array(fc.tuple(fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' }), bytes), { maxLength: 4 }),
  // Not further apart than this client can write (docs/kafka.md); test/shared/kafka/records.test.ts has all 64 bits.
  timestamp: fc.bigInt({ min: 1_700_000_000_000n, max: 1_701_000_000_000n }),
});

describeKafka('own')('an archive that is read back', () => {
  beforeAll(async () => {
    test = await openKafkaPlatform();
  });
  afterAll(() => test[Symbol.asyncDispose]());
  beforeEach(() => test.begin());

  it('has every key, value, header and timestamp, in every compression and any batches', async () => {
    const sent = fc.sample(
      fc.record({ codec: fc.constantFrom(...CODECS), messages: fc.array(message, { minLength: 1, maxLength: 40 }) }),
      { numRuns: 40, seed: 7 },
    );
    await create();
    const expected: object[] = [];
    for (const codec of CODECS) {
      const sending = producer({ compression: codec });
      for (const { messages } of sent.filter((each) => each.codec === codec)) {
        await sending.send({
          messages: messages.map(({ key, value, headers, timestamp }) => ({
            ...{
              topic,
              partition: 0,
              timestamp,
              headers: new Map(headers.map(([name, of]) => [Buffer.from(name), of])),
            },
            ...{ key: key as Buffer, value: value as Buffer },
          })) as Message<Buffer, Buffer, Buffer, Buffer>[],
        });
        for (const { timestamp, ...each } of messages) expected.push({ ...each, timestamp: Number(timestamp) });
      }
      await sending.close();
    }
    const found = await read(await archive());
    expect(found.map(({ offset }) => offset)).toEqual(expected.map((_, offset) => offset));
    expect(found.map(({ key, value, headers, timestamp }) => ({ key, value, headers, timestamp }))).toEqual(expected);
  });

  it('has the time of the broker where the topic keeps that', async () => {
    await create('message.timestamp.type=LogAppendTime');
    const began = Date.now();
    const sending = producer();
    await sending.send({ messages: [{ topic, partition: 0, value: Buffer.from('a'), timestamp: 5n }] });
    await sending.close();
    const [record] = await read(await archive());
    expect(record).toMatchObject({ timestampType: 'LogAppendTime' });
    expect(record?.timestamp).toBeGreaterThanOrEqual(began);
  });

  it('leaves out what was aborted, unless it is asked for, and goes through every archive once', async () => {
    await create();
    // A transaction that is not ended within this time is aborted by the broker.
    const timeout = 120_000;
    const sending = producer({ idempotent: true, transactionalId: `t-${topic}`, producerId: undefined, timeout });
    const transact = async (value: string, end: 'commit' | 'abort'): Promise<void> => {
      const transaction = await sending.beginTransaction();
      await transaction.send({ messages: [{ topic, partition: 0, value: Buffer.from(value) }] });
      await transaction[end]();
    };
    await transact('kept', 'commit');
    await transact('dropped', 'abort');
    const first = await archive();
    await transact('later', 'commit');
    const open = await sending.beginTransaction();
    await open.send({ messages: [{ topic, partition: 0, value: Buffer.from('open') }] });
    const second = await archive();
    await open.commit();
    const third = await archive();
    await sending.close();
    const values = async (point: string, selection = {}) =>
      (await read(point, selection)).map(({ value }) => `${value}`);
    expect(await values(first)).toEqual(['kept']);
    expect(await values(second)).toEqual(['kept', 'later']);
    expect(await values(second, { undecided: true })).toEqual(['kept', 'dropped', 'later', 'open']);
    expect(await values(third)).toEqual(['kept', 'later', 'open']);
  });

  it('is a range of offsets or of times, to the millisecond', async () => {
    await create();
    const sending = producer();
    for (const at of [1000n, 2000n, 3000n, 4000n])
      await sending.send({ messages: [{ topic, partition: 0, value: Buffer.from(`${at}`), timestamp: at }] });
    await sending.close();
    const point = await archive();
    expect((await read(point, { offsets: { from: 1, to: 3 } })).map(text)).toEqual(['1 2000', '2 3000']);
    expect((await read(point, { times: { from: 2000, to: 2001 } })).map(text)).toEqual(['1 2000']);
  });

  it('with a byte changed, or another segment in its place, is refused before a record is handed on', async () => {
    await create();
    const sending = producer();
    await sending.send({ messages: [{ topic, partition: 0, value: Buffer.from('first') }] });
    await archive();
    await sending.send({ messages: [{ topic, partition: 0, value: Buffer.from('other') }] });
    const second = await archive();
    await sending.close();
    const keys = await test.keys();
    const segments = keys.filter((key) => key.endsWith('.batches'));
    expect(segments).toHaveLength(2);
    const [one = '', two = ''] = segments;
    const whole = await test.read(one);
    for (const [number, content] of [flipped(whole), await test.read(two), whole.subarray(0, -1)].entries()) {
      // A copy of the vault, which has no versions of the original.
      const bucket = `copy-${number}-${process.env.VAULT_BUCKET}`;
      await test.ask('s3', 'CreateBucket', { Bucket: bucket });
      for (const Key of keys)
        await test.ask('s3', 'PutObject', { Bucket: bucket, Key, Body: Key === one ? content : await test.read(Key) });
      const reading = Array.fromAsync(readArchive({ bucket, region: PRIMARY }, second, { topic }));
      await expect(reading, `${number}`).rejects.toMatchObject({ name: 'ArtifactDamaged' });
    }
    expect((await read(second)).map(text)).toEqual(['0 first', '1 other']);
  });

  it('is printed as lines of JSON by the command, which says what it cannot do', async () => {
    await create();
    const sending = producer();
    await sending.send({
      messages: [
        { topic, partition: 0, key: Buffer.from('k'), value: Buffer.from('v'), timestamp: 1_700_000_000_000n },
      ],
    });
    await sending.close();
    const point = await archive();
    const run = (...args: string[]) =>
      promisify(execFile)(process.execPath, ['scripts/read-archive.ts', ...args], { env: { ...process.env } });
    const place = ['--vault', process.env.VAULT_BUCKET ?? '', '--region', PRIMARY, '--point', point];
    const { stdout } = await run(...place, '--topic', topic, '--text');
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ topic, partition: 0, offset: 0, key: 'k', value: 'v', time: '2023-11-14T22:13:20.000Z', headers: [] },
    });
    await expect(run(...place)).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('topic') });
    await expect(
      run(...place.slice(0, 4), '--point', 'none-20261120t030000z-x', '--topic', topic),
    ).rejects.toMatchObject({
      ...{ code: 1, stderr: expect.stringContaining('no index') },
    });
  });
});

const flipped = (bytes: Buffer): Buffer => {
  const changed = Buffer.from(bytes);
  changed.writeUInt8(changed.readUInt8(70) ^ 1, 70);
  return changed;
};
