// Vaults whose segments are not what was written: nothing of them may reach a cluster, and the segment has to be named.
import { Producer } from '@platformatic/kafka';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { handler as archiveShare } from '../../../functions/kafka/archive-share.ts';
import { handler as commit } from '../../../functions/kafka/commit-archive.ts';
import { handler as open } from '../../../functions/kafka/open-archive.ts';
import { handler as planHandler } from '../../../functions/kafka/plan-restore.ts';
import { readArchive } from '../../../shared/kafka/reading.ts';
import { ACCOUNT, PRIMARY } from '../../support/environment.ts';
import platform from '../../support/kafka.config.ts';
import { createTopic, describeKafka, kafkaTool } from '../../support/kafka.ts';
import { type KafkaPlatform, openKafkaPlatform } from '../../support/kafka-platform.ts';
import { invoke } from '../../support/platform.ts';

vi.mock('#platform', () => import('../../support/kafka.config.ts'));
vi.setConfig({ testTimeout: 120_000 });

const SOURCE = 'shop-events';
const EXECUTION = `arn:aws:states:${PRIMARY}:${ACCOUNT}:execution:lifeboat-shop-test-archive-kafka:1`;
let test: KafkaPlatform;
let topic: string;
let number = 0;
let recoveryPoint: string;
/** Two segments of equal length, of two archives that follow each other. */
let first: string;
let second: string;
const contents = new Map<string, Buffer>();

const admin = (tool: string, ...args: string[]): Promise<string> =>
  kafkaTool(`org.apache.kafka.tools.${tool}`, ['--bootstrap-server', test.kafka.bootstrap, ...args]);
const archive = async (minute: number): Promise<string> => {
  const scheduledAt = new Date(Date.UTC(2026, 10, 20, 3, minute)).toISOString();
  const opened = await invoke(
    open,
    { source: SOURCE, scheduledAt, purpose: 'scheduled', execution: EXECUTION },
    120_000,
  );
  for (const share of opened.shares)
    while (!(await invoke(archiveShare, { recoveryPoint: opened.recoveryPoint, share }, 600_000)).done);
  await invoke(commit, { recoveryPoint: opened.recoveryPoint }, 120_000);
  return opened.recoveryPoint;
};
/** A copy of the vault, which has no versions of the original, with some of its objects changed or left out. */
const copyWith = async (name: string, changes: Map<string, Buffer | undefined>): Promise<string> => {
  const bucket = `${name}-${process.env.VAULT_BUCKET}`;
  await test.ask('s3', 'CreateBucket', { Bucket: bucket });
  for (const [Key, whole] of contents) {
    const Body = changes.has(Key) ? changes.get(Key) : whole;
    if (Body) await test.ask('s3', 'PutObject', { Bucket: bucket, Key, Body, ChecksumAlgorithm: 'CRC64NVME' });
  }
  return bucket;
};
const content = (key: string): Buffer => contents.get(key) ?? Buffer.alloc(0);
const flipped = (bytes: Buffer, at: number): Buffer => {
  const changed = Buffer.from(bytes);
  changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
  return changed;
};

describeKafka('own')('a vault of which a segment is not what was written', () => {
  beforeAll(async () => {
    test = await openKafkaPlatform();
  });
  afterAll(() => test[Symbol.asyncDispose]());
  beforeEach(async () => {
    topic = `audit.damage-${++number}`;
    vi.spyOn(platform.sources[SOURCE], 'bootstrap', 'get').mockReturnValue(test.kafka.bootstrap.split(','));
    vi.spyOn(platform.sources[SOURCE].topics, 'include', 'get').mockReturnValue([topic]);
    await test.begin();
    contents.clear();
    await createTopic(test.kafka.bootstrap, topic);
    const producer = new Producer({ clientId: 'test', bootstrapBrokers: test.kafka.bootstrap.split(',') });
    const send = (value: string) => producer.send({ messages: [{ topic, partition: 0, value: Buffer.from(value) }] });
    await send('first');
    await archive(1);
    await send('other');
    recoveryPoint = await archive(2);
    await producer.close();
    for (const key of await test.keys()) contents.set(key, await test.read(key));
    [first = '', second = ''] = [...contents.keys()].filter((key) => key.endsWith('.batches'));
    expect([content(first), content(second)].map(({ length }) => length > 60)).toEqual([true, true]);
  });
  afterEach(() => vi.restoreAllMocks());

  const ways: [string, () => [string, Buffer | undefined][]][] = [
    [
      'swapped',
      () => [
        [first, content(second)],
        [second, content(first)],
      ],
    ],
    ['replaced', () => [[second, content(first)]]],
    ['dropped', () => [[second, undefined]]],
    ['truncated', () => [[second, content(second).subarray(0, -1)]]],
    ['emptied', () => [[second, Buffer.alloc(0)]]],
    ['extended', () => [[second, Buffer.concat([content(second), content(second)])]]],
    ['flipped', () => [[second, flipped(content(second), content(second).length - 3)]]],
  ];
  it.each(ways)(
    '(%s) is refused by a restore before anything is made, and by who reads it, by name',
    async (way, of) => {
      const changes = of();
      const bucket = await copyWith(way, new Map(changes));
      const refused = {
        name: 'ArtifactDamaged',
        message: expect.stringMatching(new RegExp(changes.map(([key]) => key).join('|'))),
      };
      const reading = Array.fromAsync(readArchive({ bucket, region: PRIMARY }, recoveryPoint, { topic }));
      // What follows the archive whole, with its first bytes where they were, is none of it.
      if (way === 'extended') expect(await reading).toHaveLength(2);
      else await expect(reading).rejects.toMatchObject(refused);
      vi.stubEnv('VAULT_BUCKET', bucket);
      const as = `${topic}-${way}`;
      const request = { restoreId: `damage-${way}`, recoveryPoint, topics: [{ topic, as }] };
      await expect(invoke(planHandler, request, 120_000)).rejects.toMatchObject(refused);
      const { Contents = [] } = await test.ask<{ Contents?: object[] }>('s3', 'ListObjectsV2', {
        ...{ Bucket: bucket, Prefix: 'kafka/restores/' },
      });
      expect(Contents).toEqual([]);
      expect(await admin('TopicCommand', '--list')).not.toContain(as);
    },
  );

  it('but is untouched is restored from a copy, too', async () => {
    const bucket = await copyWith('whole', new Map());
    vi.stubEnv('VAULT_BUCKET', bucket);
    const request = { restoreId: 'damage-whole', recoveryPoint, topics: [{ topic, as: `${topic}-whole` }] };
    expect(await invoke(planHandler, request, 120_000)).toMatchObject({ shares: [0] });
  });
});
