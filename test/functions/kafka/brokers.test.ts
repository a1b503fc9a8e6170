// Clusters that are not well: quotas, leaders that move, brokers that are down. An archive and a restore end, or say by name why not.
import { createHash } from 'node:crypto';
import { Admin, Producer } from '@platformatic/kafka';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { openArchive } from '../../../functions/kafka/opening.ts';
import { planRestore, RestoreRequest } from '../../../functions/kafka/restore-plans.ts';
import { openCluster } from '../../../shared/kafka/cluster.ts';
import { readArchive } from '../../../shared/kafka/reading.ts';
import { PRIMARY } from '../../support/environment.ts';
import platform from '../../support/kafka.config.ts';
import { describeKafka, kafkaTool } from '../../support/kafka.ts';
import { archiveAll, restoreAll } from '../../support/kafka-machines.ts';
import { type KafkaPlatform, openKafkaPlatform } from '../../support/kafka-platform.ts';

vi.mock('#platform', () => import('../../support/kafka.config.ts'));
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const SOURCE = 'shop-events';
let test: KafkaPlatform;
let admin: Admin;
let topic: string;
let topics = 0;

const at = (minute: number): string => new Date(Date.UTC(2026, 10, 20, 3, minute)).toISOString();
const bootstrapBrokers = () => test.kafka.bootstrap.split(',');
/** Values that do not repeat, in batches of a hundred. */
const contentOf = (number: number): string => createHash('sha512').update(`${number}`).digest('hex').repeat(8);
const send = async (records: number, partitions: number): Promise<void> => {
  const producer = new Producer({
    clientId: 'test',
    bootstrapBrokers: bootstrapBrokers(),
    retries: 20,
    idempotent: true,
  });
  for (let sent = 0; sent < records; sent += 100)
    await producer.send({
      messages: Array.from({ length: Math.min(100, records - sent) }, (_, number) => ({
        ...{ topic, partition: (sent / 100) % partitions, value: Buffer.from(contentOf(sent + number)) },
      })),
    });
  await producer.close();
  // What followers do not have yet is not shown, and left to the next archive.
  await vi.waitFor(
    async () => {
      await using cluster = await openCluster(SOURCE, platform.sources[SOURCE]);
      const [found] = await cluster.topics((each) => each === topic);
      const ranges = found ? [...(await cluster.ranges(found)).values()] : [];
      expect(ranges.reduce((sum, { to }) => sum + to, 0)).toBe(records);
    },
    { timeout: 20_000, interval: 100 },
  );
};
const read = async (point: string): Promise<string[]> => {
  const vault = { bucket: process.env.VAULT_BUCKET ?? '', region: PRIMARY };
  const records = await Array.fromAsync(readArchive(vault, point, { topic }));
  return records.map(({ value }) => `${value}`).toSorted();
};
const expected = (records: number): string[] =>
  Array.from({ length: records }, (_, number) => contentOf(number)).toSorted();
/** Once, when the function asks the vault for so many of these. */
const at3rd = (operation: string, happen: () => Promise<void>): void => {
  const { around } = test.world.faults;
  let calls = 0;
  test.world.faults.around = async (call, run) => {
    if (call.operation === operation && ++calls === 3) await happen();
    return around(call, run);
  };
};
const leaderOf = async (name: string, partition: number) => {
  await using cluster = await openCluster(SOURCE, platform.sources[SOURCE]);
  const [found] = await cluster.topics((each) => each === name);
  const leader = found?.partitions[partition]?.leader;
  return test.kafka.brokers.find(({ id }) => id === leader) ?? expect.fail(`${name}-${partition} has no leader`);
};

describeKafka('own')('a cluster of three', () => {
  beforeAll(async () => {
    test = await openKafkaPlatform({ 'log.retention.ms': '-1', 'replica.lag.time.max.ms': '2000' }, 3);
    admin = new Admin({ clientId: 'test', bootstrapBrokers: bootstrapBrokers() });
  });
  afterAll(async () => {
    await admin.close();
    await test[Symbol.asyncDispose]();
  });
  let around: KafkaPlatform['world']['faults']['around'];
  beforeEach(async () => {
    await test.begin();
    around = test.world.faults.around;
    topic = `audit.brokers-${++topics}`;
    vi.spyOn(platform.sources[SOURCE], 'bootstrap', 'get').mockReturnValue(bootstrapBrokers());
    vi.spyOn(platform.sources[SOURCE].topics, 'include', 'get').mockReturnValue([topic]);
  });
  afterEach(async () => {
    test.world.faults.around = around;
    await Promise.all(test.kafka.brokers.map((broker) => broker.start()));
    vi.restoreAllMocks();
  });

  it('that throttles is archived to the last record, and each is restored once', async () => {
    await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 });
    await send(1500, 1);
    const quota = ['--entity-type', 'clients', '--entity-name', 'lifeboat'];
    const alter = (...change: string[]) =>
      kafkaTool('kafka.admin.ConfigCommand', [
        '--bootstrap-server',
        test.kafka.bootstrap,
        '--alter',
        ...change,
        ...quota,
      ]);
    await alter('--add-config', 'consumer_byte_rate=200000,producer_byte_rate=200000');
    try {
      const { recoveryPoint, records, gaps } = await archiveAll(at(0));
      expect({ records, gaps }).toEqual({ records: 1500, gaps: 0 });
      expect(await read(recoveryPoint)).toEqual(expected(1500));
      const as = `${topic}-back`;
      expect(await restoreAll({ restoreId: `slow-${topics}`, recoveryPoint, topics: [{ topic, as }] })).toMatchObject({
        records: 1500,
      });
      await using cluster = await openCluster(SOURCE, platform.sources[SOURCE]);
      const [back] = await cluster.topics((each) => each === as);
      expect(back && (await cluster.ranges(back))).toEqual(new Map([[0, { from: 0, to: 1500 }]]));
    } finally {
      await alter('--delete-config', 'consumer_byte_rate,producer_byte_rate');
    }
  });

  it('of which a leader dies while its topic is archived loses nothing, and neither while it is restored', async () => {
    await admin.createTopics({ topics: [topic], partitions: 2, replicas: 3 });
    await send(4000, 2);
    const leader = await leaderOf(topic, 0);
    at3rd('PutObject', () => leader.kill());
    const { recoveryPoint, records, gaps, failures } = await archiveAll(at(0), 400_000);
    test.world.faults.around = around;
    expect({ records, gaps, failures }).toMatchObject({ records: 4000, gaps: 0 });
    expect(await read(recoveryPoint)).toEqual(expected(4000));
    await leader.start();
    const as = `${topic}-back`;
    const request = { restoreId: `leader-${topics}`, recoveryPoint, topics: [{ topic, as }] };
    await planRestore(RestoreRequest.parse(request));
    const target = await vi.waitFor(() => leaderOf(as, 0), { timeout: 20_000, interval: 200 });
    at3rd('GetObject', () => target.kill());
    // Read back with the archive's digest by the restore itself.
    expect(await restoreAll(request)).toMatchObject({
      records: 4000,
    });
    expect(target.pid()).toBe(0);
  });

  it('of which a broker is down is archived where others have its records, and named where none has', async () => {
    await admin.createTopics({ topics: [topic], partitions: 3, replicas: 1 });
    await send(300, 3);
    const down = await leaderOf(topic, 1);
    await down.kill();
    const request = { source: SOURCE, scheduledAt: at(0), purpose: 'scheduled', execution: 'arn:none' } as const;
    const named = { name: expect.stringMatching(/^(KafkaNotReady|BrokersUnreachable)$/) };
    await expect(openArchive(request)).rejects.toMatchObject(named);
    // Whoever asks for other topics is not held up.
    const missing = topic;
    topic = `audit.brokers-${++topics}`;
    await admin.createTopics({ topics: [topic], partitions: 1, replicas: 2 });
    await send(100, 1);
    vi.spyOn(platform.sources[SOURCE].topics, 'include', 'get').mockReturnValue([topic]);
    expect(await archiveAll(at(0))).toMatchObject({ records: 100, gaps: 0 });
    topic = missing;
    vi.spyOn(platform.sources[SOURCE].topics, 'include', 'get').mockReturnValue([topic]);
    await down.start();
    const { recoveryPoint, records } = await archiveAll(at(15));
    expect(records).toBe(300);
    expect(await read(recoveryPoint)).toEqual(expected(300));
  });
});
