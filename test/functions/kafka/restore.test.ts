// Topics restored from their archives into a real cluster, through the handlers, and read by Kafka's own consumer.
import { Consumer, Producer } from '@platformatic/kafka';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { handler as archiveShare } from '../../../functions/kafka/archive-share.ts';
import { handler as commit } from '../../../functions/kafka/commit-archive.ts';
import { handler as concludeHandler } from '../../../functions/kafka/conclude-restore.ts';
import { handler as open } from '../../../functions/kafka/open-archive.ts';
import { handler as planHandler } from '../../../functions/kafka/plan-restore.ts';
import { handler as groupsHandler } from '../../../functions/kafka/restore-groups.ts';
import { handler as shareHandler } from '../../../functions/kafka/restore-share.ts';
import { ConnectionCut } from '../../../local/faults.ts';
import { openCluster } from '../../../shared/kafka/cluster.ts';
import { RestoredPart, restoredKey } from '../../../shared/kafka/restore.ts';
import { ACCOUNT, PRIMARY } from '../../support/environment.ts';
import platform from '../../support/kafka.config.ts';
import { createTopic, deleteTopic, describeKafka, kafkaTool } from '../../support/kafka.ts';
import { type KafkaPlatform, openKafkaPlatform } from '../../support/kafka-platform.ts';
import { invoke } from '../../support/platform.ts';

vi.mock('#platform', () => import('../../support/kafka.config.ts'));
vi.setConfig({ testTimeout: 180_000 });

const SOURCE = 'shop-events';
const EXECUTION = `arn:aws:states:${PRIMARY}:${ACCOUNT}:execution:lifeboat-shop-test-archive-kafka:1`;
let test: KafkaPlatform;
let topic: string;
let topics = 0;
let minute = 0;

const admin = (tool: string, ...args: string[]): Promise<string> =>
  kafkaTool(`org.apache.kafka.tools.${tool}`, ['--bootstrap-server', test.kafka.bootstrap, ...args]);
/** What is archived, or merged into, is not dropped; restored topics are made by the restore. */
const create = (name: string, partitions: number, ...settings: string[]): Promise<void> =>
  createTopic(test.kafka.bootstrap, name, partitions, ['retention.ms=100000000000000', ...settings]);
const remove = (name: string): Promise<void> => deleteTopic(test.kafka.bootstrap, name);
/** What Kafka's own consumer reads from the beginning: timestamp, headers, key and value of so many records, of which there are no more. */
const consume = async (name: string, partition: number, records: number): Promise<string[]> => {
  expect(await admin('GetOffsetShell', '--topic', name)).toContain(`${name}:${partition}:${records}`);
  const printed = ['timestamp', 'headers', 'key'].flatMap((each) => ['--property', `print.${each}=true`]);
  const most = ['--max-messages', `${records}`, '--timeout-ms', '60000'];
  const place = ['--topic', name, '--partition', `${partition}`, '--offset', 'earliest'];
  const text = await admin('consumer.ConsoleConsumer', ...place, ...most, ...printed);
  return text.split('\n').filter((line) => line.includes('Time:'));
};
const send = async (
  values: string[],
  { partition = 0, compression = 'none' as 'none' | 'zstd' | 'gzip', to = topic } = {},
) => {
  const producer = new Producer({ clientId: 'test', bootstrapBrokers: test.kafka.bootstrap.split(','), compression });
  await producer.send({
    messages: values.map((value, number) => ({
      ...{ topic: to, partition, key: Buffer.from(`k${number}`), value: Buffer.from(value) },
      headers: new Map([[Buffer.from('h'), Buffer.from(`${number}`)]]),
      timestamp: 1_700_000_000_000n + BigInt(number),
    })),
  });
  await producer.close();
};
const archive = async (): Promise<string> => {
  const scheduledAt = new Date(Date.UTC(2026, 10, 20, 3, minute++)).toISOString();
  const request = { source: SOURCE, scheduledAt, purpose: 'scheduled', execution: EXECUTION };
  const { recoveryPoint, shares } = await invoke(open, request, 120_000);
  for (const share of shares) while (!(await invoke(archiveShare, { recoveryPoint, share }, 600_000)).done);
  await invoke(commit, { recoveryPoint }, 120_000);
  return recoveryPoint;
};
/** As the machine does it; a call that fails is made again. */
const restore = async (request: object, tries = 1): Promise<{ records: number }> => {
  const again = async <T>(ask: () => Promise<T>): Promise<T> => {
    for (let left = tries; ; left--)
      try {
        return await ask();
      } catch (error) {
        if (left <= 1) throw error;
      }
  };
  const { restoreId, shares } = await again(() => invoke(planHandler, request, 120_000));
  for (const share of shares as number[])
    await vi.waitFor(
      () =>
        again(async () => {
          while (!(await invoke(shareHandler, { restoreId, share }, 600_000)).done);
        }),
      { timeout: 20_000, interval: 300 },
    );
  return again(() => invoke(concludeHandler, { restoreId }, 60_000));
};
const partOf = async (id: string, part: number) =>
  RestoredPart.parse(JSON.parse((await test.read(restoredKey(id, part))).toString()));

describeKafka('own')('a restore', () => {
  beforeAll(async () => {
    // Brokers that look for old records all the time: what is restored is years old, and has to stay.
    test = await openKafkaPlatform({
      ...{ 'log.retention.hours': '168', 'log.retention.check.interval.ms': '100' },
      'log.initial.task.delay.ms': '500',
    });
  });
  afterAll(() => test[Symbol.asyncDispose]());
  beforeEach(async () => {
    await test.begin();
    topic = `audit.restore-${++topics}`;
    vi.spyOn(platform.sources[SOURCE], 'bootstrap', 'get').mockReturnValue(test.kafka.bootstrap.split(','));
    vi.spyOn(platform.sources[SOURCE].topics, 'include', 'get').mockReturnValue([topic]);
  });
  afterEach(() => vi.restoreAllMocks());

  it('brings a deleted topic back, of all its archives: partitions, keys, values, headers, times, settings', async () => {
    await create(topic, 2, 'max.message.bytes=2000000');
    await send(['a', 'b'], { compression: 'zstd' });
    await send(['c'], { partition: 1 });
    await archive();
    await send(['d'], { compression: 'gzip' });
    const recoveryPoint = await archive();
    const before = [await consume(topic, 0, 3), await consume(topic, 1, 1)];
    expect(before[0]).toHaveLength(3);
    await remove(topic);
    const id = `back-${topics}`;
    expect(await restore({ restoreId: id, recoveryPoint, topics: [{ topic }] })).toMatchObject({
      records: 4,
      partitions: 2,
    });
    expect([await consume(topic, 0, 3), await consume(topic, 1, 1)]).toEqual(before);
    const described = await admin('TopicCommand', '--describe', '--topic', topic);
    expect(described).toMatch(/PartitionCount: 2.*max.message.bytes=2000000/);
    expect(described).toContain('retention.ms=-1');
    const [message] = test.messages;
    expect(message?.text).toContain(
      "--add-config 'retention.ms=[100000000000000]' --delete-config retention.bytes,cleanup.policy",
    );
    expect((await partOf(id, 0)).offsets).toEqual([{ from: 0, to: 3, at: 0 }]);
  });

  it('brings back all that the archive has where no topic is named, and tells of a few what is left to do', async () => {
    const others = Array.from({ length: 21 }, (_, number) => `${topic}-${number}`);
    vi.spyOn(platform.sources[SOURCE].topics, 'include', 'get').mockReturnValue([topic, `${topic}-*`]);
    await using cluster = await openCluster(SOURCE, platform.sources[SOURCE]);
    const made = { partitions: 1, replicas: 1, settings: { 'retention.ms': '100000000000000' } };
    for (const name of [topic, ...others]) await cluster.create({ name, ...made });
    await vi.waitFor(() => send(['a', 'b']), { timeout: 20_000, interval: 300 });
    const recoveryPoint = await archive();
    await cluster.remove([topic, ...others]);
    const restoreId = `all-${topics}`;
    expect(await restore({ restoreId, recoveryPoint })).toMatchObject({ records: 2, partitions: 22 });
    expect(await consume(topic, 0, 2)).toHaveLength(2);
    expect(test.messages[0]?.text).toContain(
      `So for 2 more topics: kafka/restores/${restoreId}/summary.json has what was set aside of each.`,
    );
  });

  it('goes to another name, of a range of times, one partition', async () => {
    await create(topic, 2);
    await send(['a', 'b', 'c', 'd']);
    await send(['z'], { partition: 1 });
    const recoveryPoint = await archive();
    const as = `${topic}-copy`;
    const times = { from: '2023-11-14T22:13:20.001Z', to: '2023-11-14T22:13:20.003Z' };
    const id = `range-${topics}`;
    await restore({ restoreId: id, recoveryPoint, topics: [{ topic, as, partitions: [0], times }] });
    expect((await consume(as, 0, 2)).map((line) => line.split('\t').at(-1))).toEqual(['b', 'c']);
    expect((await partOf(id, 0)).offsets).toEqual([{ from: 1, to: 3, at: 0 }]);
    expect(await consume(topic, 0, 4)).toHaveLength(4);
  });

  it('is refused before anything is made or written where the target is not what it should be', async () => {
    await create(topic, 1);
    await send(['a']);
    const recoveryPoint = await archive();
    const as = `${topic}-new`;
    const attempt = (change: object) =>
      invoke(planHandler, { restoreId: 'refused', recoveryPoint, topics: [{ topic }], ...change });
    const refused = (text: RegExp) => ({ name: 'RestoreRefused', message: expect.stringMatching(text) });
    await expect(attempt({})).rejects.toMatchObject(refused(/no topic audit.*one of this name/s));
    await expect(attempt({ target: 'empty' })).rejects.toMatchObject(refused(/without records.*offsets 0 to 1/s));
    await expect(attempt({ target: 'merge', topics: [{ topic, as }] })).rejects.toMatchObject(
      refused(/in the cluster.*none/s),
    );
    await expect(attempt({ topics: [{ topic: 'nobody' }] })).rejects.toMatchObject(refused(/an archived topic nobody/));
    await expect(attempt({ topics: [{ topic, as, partitions: [3] }] })).rejects.toMatchObject(refused(/partition 3/));
    await expect(
      attempt({
        topics: [
          { topic, as },
          { topic, as },
        ],
      }),
    ).rejects.toMatchObject(refused(/two for/));
    expect(await admin('TopicCommand', '--list')).not.toContain(as);
    expect(await test.keys('kafka/restores/')).toEqual([]);
    expect(await consume(topic, 0, 1)).toHaveLength(1);
  });

  it('is appended to what is there where that is asked for, with the map of offsets', async () => {
    await create(topic, 1);
    await send(['a', 'b']);
    const recoveryPoint = await archive();
    const as = `${topic}-merged`;
    await create(as, 1);
    await send(['there'], { to: as });
    const id = `merge-${topics}`;
    await restore({ restoreId: id, recoveryPoint, topics: [{ topic, as }], target: 'merge' });
    expect((await consume(as, 0, 3)).map((line) => line.split('\t').at(-1))).toEqual(['there', 'a', 'b']);
    expect((await partOf(id, 0)).offsets).toEqual([{ from: 0, to: 2, at: 1 }]);
  });

  it('writes each record once, whichever call to vault or cluster takes effect without an answer', async () => {
    await create(topic, 1);
    await send(Array.from({ length: 2500 }, (_, number) => `value ${number}`));
    const recoveryPoint = await archive();
    const { around } = test.world.faults;
    for (let nth = 0; ; nth += 1) {
      const as = `${topic}-n${nth}`;
      let calls = 0;
      test.world.faults.around = async (call, run) => {
        const answer = await around(call, run);
        if (call.service === 's3' && calls++ === nth) throw new ConnectionCut('the answer was lost');
        return answer;
      };
      await restore({ restoreId: `nth-${nth}-${topics}`, recoveryPoint, topics: [{ topic, as }] }, 3);
      test.world.faults.around = around;
      // Read back with the archive's digest by the restore itself; here only how many there are.
      await using cluster = await openCluster(SOURCE, platform.sources[SOURCE]);
      const [restored] = await cluster.topics((name) => name === as);
      const ranges = restored && (await cluster.ranges(restored));
      expect(ranges, `call ${nth}`).toEqual(new Map([[0, { from: 0, to: 2500 }]]));
      if (calls <= nth) {
        expect(nth).toBeGreaterThan(8);
        return;
      }
    }
  });

  it('lets groups go on with exactly the record they would have read next, planned, set, and taken back', async () => {
    await create(topic, 1);
    await send(['a', 'b', 'c', 'd', 'e']);
    const group = `group-${topics}`;
    const readAs = async (name: string, most: number): Promise<string[]> => {
      const place = ['--topic', name, '--group', group, '--max-messages', `${most}`, '--timeout-ms', '15000'];
      const text = await admin('consumer.ConsoleConsumer', ...place, '--from-beginning');
      return text.split('\n').filter(Boolean);
    };
    expect(await readAs(topic, 3)).toEqual(['a', 'b', 'c']);
    const recoveryPoint = await archive();
    const as = `${topic}-moved`;
    await create(as, 1);
    await send(['before'], { to: as });
    // What was restored begins in the middle, behind something else: offsets have nothing to do with those of before.
    const offsets = { from: 1 };
    const restoreId = `groups-${topics}`;
    const move = (step: string, more = {}) => invoke(groupsHandler, { restoreId, step, ...more }, 120_000);
    await expect(move('plan')).rejects.toMatchObject({
      name: 'RestoreRefused',
      message: expect.stringContaining('a restore of this id'),
    });
    await restore({ restoreId, recoveryPoint, topics: [{ topic, as, offsets }], target: 'merge' });
    await expect(move('apply')).rejects.toMatchObject({ name: 'RestoreRefused' });
    await expect(move('plan', { groups: ['nobody'] })).rejects.toThrow(/archived offsets of the group nobody/);
    const expected = { topic: as, partition: 0, archived: 3, offset: 3, before: null };
    expect(await move('plan')).toMatchObject({ state: 'planned', groups: [{ group, offsets: [expected] }] });
    expect(await move('apply')).toMatchObject({ state: 'applied' });
    expect(await readAs(as, 1)).toEqual(['d']);
    const consumer = new Consumer({
      clientId: 'test',
      groupId: group,
      bootstrapBrokers: test.kafka.bootstrap.split(','),
    });
    await consumer.joinGroup({});
    await expect(move('apply')).rejects.toMatchObject({
      name: 'KafkaRefused',
      message: expect.stringContaining('Stop its consumers'),
    });
    await consumer.leaveGroup();
    await consumer.close();
    // A second restore of the same: now the group has offsets there, and can be taken back to them.
    const second = `again-${topics}`;
    await restore({ restoreId: second, recoveryPoint, topics: [{ topic, as }], target: 'merge' });
    const again = { restoreId: second };
    expect(await move('plan', again)).toMatchObject({ groups: [{ offsets: [{ offset: 8, before: { offset: 4 } }] }] });
    await move('apply', again);
    expect(await readAs(as, 1)).toEqual(['d']);
    expect(await move('roll-back', again)).toMatchObject({ state: 'rolled back' });
    expect(await readAs(as, 1)).toEqual(['e']);
  });

  it('is stopped by a name where somebody else writes to the target', async () => {
    await create(topic, 2);
    await send(['a']);
    const recoveryPoint = await archive();
    const as = `${topic}-busy`;
    const { restoreId } = await invoke(
      planHandler,
      { restoreId: `busy-${topics}`, recoveryPoint, topics: [{ topic, as }] },
      120_000,
    );
    for (const partition of [0, 1])
      await vi.waitFor(() => send(['foreign'], { to: as, partition }), { timeout: 20_000, interval: 300 });
    // Of the second partition there is nothing to restore.
    for (const share of [0, 1])
      await expect(invoke(shareHandler, { restoreId, share }, 600_000)).rejects.toMatchObject({
        ...{ name: 'RestoreDisturbed', message: expect.stringContaining(`${as}-${share}`) },
      });
    // What is not whole is neither said to be, nor are groups moved to it.
    await expect(invoke(concludeHandler, { restoreId }, 60_000)).rejects.toMatchObject({
      ...{ name: 'ArchiveUnfinished', message: expect.stringContaining(`${as}-0 is not`) },
    });
    await expect(invoke(groupsHandler, { restoreId }, 60_000)).rejects.toMatchObject({
      ...{ name: 'RestoreRefused', message: expect.stringMatching(/every partition restored.*is not/s) },
    });
  });
});
