// Archives of a real cluster verified through the handlers, in the order of the machine: read through, and replayed into a test cluster, which here
// is the same one under another name.
import { Producer } from '@platformatic/kafka';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { handler as archiveShare } from '../../../functions/kafka/archive-share.ts';
import { handler as commit } from '../../../functions/kafka/commit-archive.ts';
import { handler as open } from '../../../functions/kafka/open-archive.ts';
import { handler as restoreShare } from '../../../functions/kafka/restore-share.ts';
import { handler as choose } from '../../../functions/kafka-verification/choose-point.ts';
import { handler as concludeHandler } from '../../../functions/kafka-verification/conclude.ts';
import { handler as readGroup } from '../../../functions/kafka-verification/read-group.ts';
import { handler as removeTopics } from '../../../functions/kafka-verification/remove-topics.ts';
import { ArchiveIndex, indexKey } from '../../../shared/kafka/archive.ts';
import { ACCOUNT, PRIMARY } from '../../support/environment.ts';
import platform from '../../support/kafka.config.ts';
import { createTopic, describeKafka, kafkaTool } from '../../support/kafka.ts';
import { type KafkaPlatform, openKafkaPlatform } from '../../support/kafka-platform.ts';
import { invoke } from '../../support/platform.ts';

vi.mock('#platform', () => import('../../support/kafka.config.ts'));
vi.setConfig({ testTimeout: 120_000 });

const SOURCE = 'shop-events';
const INTO = 'test-events';
const ARCHIVE = `arn:aws:states:${PRIMARY}:${ACCOUNT}:execution:lifeboat-shop-test-archive-kafka:1`;
let test: KafkaPlatform;
let topic: string;
let topics = 0;
let minute = 0;
let executions = 0;

const admin = (...args: string[]): Promise<string> =>
  kafkaTool('org.apache.kafka.tools.TopicCommand', ['--bootstrap-server', test.kafka.bootstrap, ...args]);
const listed = async (): Promise<string[]> => (await admin('--list')).trim().split('\n');
const send = async (...values: string[]): Promise<void> => {
  const producer = new Producer({ clientId: 'test', bootstrapBrokers: test.kafka.bootstrap.split(',') });
  for (const [at, value] of values.entries())
    await producer.send({ messages: [{ topic, partition: at % 2, value: Buffer.from(value) }] });
  await producer.close();
};
const archive = async (): Promise<string> => {
  const scheduledAt = new Date(Date.UTC(2026, 10, 20, 3, minute++)).toISOString();
  const request = { source: SOURCE, scheduledAt, purpose: 'scheduled', execution: ARCHIVE };
  const { recoveryPoint, shares } = await invoke(open, request, 120_000);
  for (const share of shares) while (!(await invoke(archiveShare, { recoveryPoint, share }, 600_000)).done);
  await invoke(commit, { recoveryPoint }, 120_000);
  return recoveryPoint;
};
const caught = (step: string) => (error: Error & { name: string }) => [
  { step, error: error.name, cause: error.message },
];
/** As the machine does it. @param between what happens after the archives were read */
const verify = async (between?: () => Promise<unknown>) => {
  const execution = `arn:aws:states:${PRIMARY}:${ACCOUNT}:execution:lifeboat-shop-test-verify-kafka:run-${++executions}`;
  const scheduledAt = new Date(Date.UTC(2026, 10, 21)).toISOString();
  const { recoveryPoint, groups, replay } = await invoke(choose, { source: SOURCE, scheduledAt, execution }, 120_000);
  const step = { source: SOURCE, recoveryPoint, execution };
  const troubles: object[] = [];
  for (const group of groups as number[])
    troubles.push(
      ...(await (async () => {
        while (!(await invoke(readGroup, { ...step, group }, 600_000)).done);
        return [];
      })().catch(caught('reading the archives'))),
    );
  await between?.();
  const during = await listed();
  for (const share of (replay?.shares ?? []) as number[])
    troubles.push(
      ...(await vi
        .waitFor(
          async () => {
            while (!(await invoke(restoreShare, { restoreId: replay?.restoreId, share }, 600_000)).done);
            return [];
          },
          { timeout: 5_000, interval: 300 },
        )
        .catch(caught('replaying into the test cluster'))),
    );
  await invoke(removeTopics, step, 60_000);
  const startedAt = new Date().toISOString();
  const verdict = await invoke(concludeHandler, { ...step, startedAt, attempt: 1, troubles }, 60_000);
  return { verdict, recoveryPoint, during, groups, replay, step };
};
const indexOf = async (id: string): Promise<ArchiveIndex> =>
  ArchiveIndex.parse(JSON.parse((await test.read(indexKey(id))).toString()));
const segmentsOf = async (id: string): Promise<string[]> =>
  (await indexOf(id)).segments.map(({ artifact }) => new URL(artifact.uri).pathname.slice(1));
/** What reads by version finds it, too: the damage is in the bytes that stand there. */
const damage = async (id: string, key: string, bytes: Buffer): Promise<void> => {
  await test.write(key, bytes);
  const index = await indexOf(id);
  for (const { artifact } of index.segments) delete artifact.versionId;
  await test.write(indexKey(id), JSON.stringify(index));
};

describeKafka('own')('a verification of archives', () => {
  beforeAll(async () => {
    test = await openKafkaPlatform();
  });
  afterAll(() => test[Symbol.asyncDispose]());
  beforeEach(async () => {
    await test.begin();
    topic = `audit.verify-${++topics}`;
    const brokers = test.kafka.bootstrap.split(',');
    vi.spyOn(platform.sources[SOURCE], 'bootstrap', 'get').mockReturnValue(brokers);
    vi.spyOn(platform.sources[SOURCE].topics, 'include', 'get').mockReturnValue([topic]);
    await createTopic(test.kafka.bootstrap, topic, 2);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    delete (platform.sources as Record<string, unknown>)[INTO];
  });
  const withTestCluster = (): void => {
    const source = platform.sources[SOURCE];
    Object.assign(platform.sources, { [INTO]: { ...source, bootstrap: test.kafka.bootstrap.split(',') } });
    vi.spyOn(source, 'verify', 'get').mockReturnValue({ into: INTO });
  };

  it('reads them through without a test cluster: INTACT, with what it read, and begins behind them the next time', async () => {
    await send('a', 'b', 'c');
    await archive();
    await send('d');
    await archive();
    const { verdict, recoveryPoint, groups } = await verify();
    expect(verdict).toMatchObject({
      verdict: 'INTACT',
      reason: expect.stringContaining('4 records in 3 parts of 2 archives'),
    });
    expect(groups).toHaveLength(2);
    expect(await test.point(recoveryPoint)).toMatchObject({ status: 'stored', verifications: [{ verdict: 'INTACT' }] });
    await send('e');
    await archive();
    expect((await verify()).verdict.reason).toContain('1 records in 1 parts of 1 archives');
  });

  it('replays them into a test cluster, reads back, removes its topics: PROVEN; then what came since', async () => {
    withTestCluster();
    await send('a', 'b', 'c');
    await archive();
    const first = await verify();
    expect(first.verdict).toMatchObject({
      verdict: 'PROVEN',
      reason: expect.stringContaining('3 records replayed into test-events'),
    });
    expect(first.during.filter((name) => name.startsWith('lifeboat-verify.'))).toHaveLength(1);
    expect(await listed()).not.toContainEqual(expect.stringContaining('lifeboat-verify.'));
    expect(await listed()).toContain(topic);
    expect((await test.point(first.recoveryPoint)).status).toBe('verified');
    await send('d');
    await archive();
    expect((await verify()).verdict).toMatchObject({
      verdict: 'PROVEN',
      reason: expect.stringMatching(/1 records in 1 parts of 1 archives read through; 1 records replayed/),
    });
  });

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['a flipped bit', (bytes) => Buffer.from(bytes.map((byte, at) => (at === bytes.length - 3 ? byte ^ 1 : byte)))],
    ['a missing end', (bytes) => bytes.subarray(0, bytes.length - 1)],
  ])('names the segment, topic, partition and offsets of %s: FAILED', async (_, change) => {
    await send('a', 'b', 'c');
    const id = await archive();
    const [key = ''] = await segmentsOf(id);
    await damage(id, key, change(await test.read(key)));
    const { verdict, recoveryPoint } = await verify();
    expect(verdict.verdict).toBe('FAILED');
    expect(verdict.reason).toContain(key);
    expect(verdict.reason).toMatch(new RegExp(`${topic}-\\d, offsets 0 to \\d`));
    expect((await test.point(recoveryPoint)).status).toBe('failed');
    expect(test.messages.at(-1)).toMatchObject({ subject: expect.stringContaining('FAILED') });
  });

  it('names a segment that is another valid one, two that are swapped, and one that is gone', async () => {
    await send('a', 'b');
    const one = await archive();
    await send('c', 'd');
    const two = await archive();
    const [[first = ''], [second = '']] = [await segmentsOf(one), await segmentsOf(two)];
    const [was, other] = [await test.read(first), await test.read(second)];
    await damage(one, first, other);
    await damage(two, second, was);
    const swapped = await verify();
    expect(swapped.verdict.verdict).toBe('FAILED');
    for (const key of [first, second]) expect(swapped.verdict.reason).toContain(key);
  });

  it('names an index that is not the one that was written, though everything in it is there', async () => {
    await send('a', 'b');
    const id = await archive();
    await send('c');
    await archive();
    const index = await indexOf(id);
    await test.write(indexKey(id), JSON.stringify({ ...index, groups: [] }, null, 1));
    const { verdict } = await verify();
    expect(verdict).toMatchObject({
      verdict: 'FAILED',
      reason: expect.stringMatching(
        new RegExp(`${id}: its index has the SHA-256 [0-9a-f]{64}, where [0-9a-f]{64} was written`),
      ),
    });
  });

  it('names offsets that are in no segment of the index', async () => {
    await send('a', 'b');
    await archive();
    await send('c', 'd');
    const id = await archive();
    const index = await indexOf(id);
    await test.write(indexKey(id), JSON.stringify({ ...index, segments: index.segments.slice(1) }));
    const { verdict } = await verify();
    expect(verdict.verdict).toBe('FAILED');
    expect(verdict.reason).toContain('are in no segment');
  });

  it('proves nothing where the test cluster is disturbed, and removes its topics all the same', async () => {
    withTestCluster();
    await send('a', 'b', 'c');
    await archive();
    const outcome = await verify(async () => {
      const [name = ''] = (await listed()).filter((each) => each.startsWith('lifeboat-verify.'));
      const mine = topic;
      topic = name;
      await send('of somebody else');
      topic = mine;
    });
    expect(outcome.verdict.verdict).toBe('INCONCLUSIVE');
    expect(outcome.verdict.reason).toContain('RestoreDisturbed');
    expect((await test.point(outcome.recoveryPoint)).status).toBe('stored');
    expect(await listed()).not.toContainEqual(expect.stringContaining('lifeboat-verify.'));
  });

  it('sweeps topics of a verification that died, and says so where there is nothing to verify', async () => {
    withTestCluster();
    await createTopic(test.kafka.bootstrap, 'lifeboat-verify.dead-run.0');
    await expect(verify()).rejects.toMatchObject({ name: 'RecoveryPointMissing' });
    await send('a');
    await archive();
    await verify();
    expect(await listed()).not.toContainEqual(expect.stringContaining('lifeboat-verify.'));
    const execution = 'arn:aws:states:us-east-1:111122223333:execution:x:nothing';
    const troubles = [{ step: 'choosing the archives', error: 'RecoveryPointMissing', cause: 'none' }];
    const startedAt = new Date().toISOString();
    expect(await invoke(concludeHandler, { source: SOURCE, execution, startedAt, troubles }, 60_000)).toMatchObject({
      verdict: 'INCONCLUSIVE',
    });
  });
});
