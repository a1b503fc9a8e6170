// Whatever is in a topic comes back: any records in any batches, with transactions and archives between them, written as bytes and by
// Kafka's own programs, archived, printed as lines of JSON, restored, and compared with what was written.
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { openCluster } from '../../../shared/kafka/cluster.ts';
import { PRIMARY } from '../../support/environment.ts';
import platform from '../../support/kafka.config.ts';
import { describeKafka, kafkaTool } from '../../support/kafka.ts';
import { CODECS, makeBatch, recordsOfLog, type TestRecord } from '../../support/kafka-batches.ts';
import { archiveAll, restoreAll } from '../../support/kafka-machines.ts';
import { type KafkaPlatform, openKafkaPlatform } from '../../support/kafka-platform.ts';
import { openWriting, type Writing } from '../../support/kafka-writing.ts';

vi.mock('#platform', () => import('../../support/kafka.config.ts'));
vi.setConfig({ testTimeout: 600_000 });

const SOURCE = 'shop-events';
/** `LIFEBOAT_SEED=<number> LIFEBOAT_RUNS=<number>` looks elsewhere, and for longer. */
const SEED = Number(process.env.LIFEBOAT_SEED ?? 20261126);
const RUNS = Number(process.env.LIFEBOAT_RUNS ?? 8);
const MOST = 2n ** 63n - 1n;
let test: KafkaPlatform;
let writing: Writing;
let topic: string;
let topics = 0;

const bytes = fc.uint8Array({ maxLength: 60 }).map((each) => Buffer.from(each));
const nullable = fc.option(bytes, { nil: null, freq: 3 });
const names = fc.oneof(fc.constantFrom('', 'trace', 'Ünïcode ☂', '🛟'), fc.string({ maxLength: 8, unit: 'grapheme' }));
const timestamp = fc.oneof(
  fc.constantFrom(-1n, 0n, 1n, 1_700_000_000_000n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 1_700_000_000_123_456_789n, MOST),
  fc.bigInt({ min: 0n, max: 2n ** 45n }),
);
const record: fc.Arbitrary<TestRecord> = fc.record({
  ...{ timestamp, key: nullable, value: nullable },
  headers: fc.array(fc.tuple(names, nullable), { maxLength: 4 }),
});
const batch = fc.record({
  codec: fc.nat({ max: 4 }),
  records: fc.array(record, { minLength: 1, maxLength: 6 }),
  /** All of them, so often in one batch. */
  times: fc.constantFrom(1, 1, 1, 1, 700),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('plain' as const, 'idempotent' as const), batch }) },
  // Two producers: their transactions come between each other's, go on over archives, and may never end.
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('transaction' as const), producer: fc.nat({ max: 1 }), batch }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      ...{ kind: fc.constant('end' as const), producer: fc.nat({ max: 1 }) },
      commit: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('archive' as const) }) },
);
type Packed = { codec: number; records: TestRecord[]; times: number };
type Step =
  | { kind: 'plain' | 'idempotent'; batch: Packed }
  | { kind: 'transaction'; producer: number; batch: Packed }
  | { kind: 'end'; producer: number; commit: boolean }
  | { kind: 'archive' };
const story = fc.record({
  appendTime: fc.boolean(),
  undecided: fc.boolean(),
  steps: fc.array(step, { minLength: 1, maxLength: 14, size: 'max' }),
});

type Written = TestRecord & { offset: number };
/** A record that stays, whatever else: undefined while its transaction is open. */
type Told = Written & { transaction?: { committed?: boolean } };

const create = async (settings: Record<string, string> = {}): Promise<void> => {
  topic = `audit.any-${++topics}`;
  vi.spyOn(platform.sources[SOURCE], 'bootstrap', 'get').mockReturnValue(test.kafka.bootstrap.split(','));
  vi.spyOn(platform.sources[SOURCE].topics, 'include', 'get').mockReturnValue([topic]);
  await using cluster = await openCluster(SOURCE, platform.sources[SOURCE]);
  const limits = { 'message.timestamp.after.max.ms': `${MOST}`, 'message.timestamp.before.max.ms': `${MOST}` };
  await cluster.create({ name: topic, partitions: 1, replicas: 1, settings: { ...limits, ...settings } });
};

/** A producer with what it has sent and not ended. */
class Producing {
  readonly #id: string | undefined;
  #producer: { producerId: bigint; epoch: number } | undefined;
  #sequence = 0;
  open: { committed?: boolean } | undefined;

  constructor(id?: string) {
    this.#id = id;
  }

  async send({ codec, records, times }: Packed): Promise<Told[]> {
    this.#producer ??= await writing.producer(this.#id);
    if (this.#id !== undefined && !this.open) {
      await writing.begin(topic, this.#id, this.#producer);
      this.open = {};
    }
    const all = Array.from({ length: times }, () => records).flat();
    const of = { codec, transactional: this.#id !== undefined, ...this.#producer, sequence: this.#sequence };
    const first = await writing.produce(topic, makeBatch(all, of), this.#id);
    this.#sequence += all.length;
    const transaction = this.open;
    return all.map((each, number) => ({ ...each, offset: first + number, ...(transaction ? { transaction } : {}) }));
  }

  async end(committed: boolean): Promise<void> {
    if (!this.open || !this.#producer || this.#id === undefined) return;
    await writing.end(this.#id, this.#producer, committed);
    this.open.committed = committed;
    this.open = undefined;
  }
}

let minute = 0;
const at = (): string => new Date(Date.UTC(2026, 10, 20, 3, minute++)).toISOString();
const NOBODY = { transactional: false, producerId: -1n, epoch: -1, sequence: -1 };
/** Writes a story into a topic, archives in between and at the end. */
const tell = async (steps: readonly Step[]): Promise<{ told: Told[]; point: string }> => {
  const told: Told[] = [];
  const idempotent = new Producing();
  const transacting = [new Producing(`${topic}-a`), new Producing(`${topic}-b`)];
  for (const each of steps)
    if (each.kind === 'archive') await archiveAll(at());
    else if (each.kind === 'idempotent') told.push(...(await idempotent.send(each.batch)));
    else if (each.kind === 'plain') {
      const { codec, records, times } = each.batch;
      const all = Array.from({ length: times }, () => records).flat();
      const first = await writing.produce(topic, makeBatch(all, { codec, ...NOBODY }));
      told.push(...all.map((one, number) => ({ ...one, offset: first + number })));
    } else if (each.kind === 'transaction') told.push(...((await transacting[each.producer]?.send(each.batch)) ?? []));
    else if (each.kind === 'end') await transacting[each.producer]?.end(each.commit);
  return { told, point: (await archiveAll(at())).recoveryPoint };
};

/** What the command prints. */
const printed = async (point: string, undecided: boolean): Promise<Written[]> => {
  const place = ['--vault', process.env.VAULT_BUCKET ?? '', '--region', PRIMARY, '--point', point, '--topic', topic];
  const args = ['scripts/read-archive.ts', ...place, ...(undecided ? ['--undecided'] : [])];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: process.env, maxBuffer: 256 << 20 });
  const buffer = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text, 'base64'));
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const { offset, milliseconds, key, value, headers } = JSON.parse(line);
      const named = (headers as [string, string | null][]).map(([name, of]): [string, Buffer | null] => [
        name,
        buffer(of),
      ]);
      return { offset, timestamp: BigInt(milliseconds), key: buffer(key), value: buffer(value), headers: named };
    });
};
/** On the broker's disk. */
const logOf = async (name: string): Promise<Written[]> => {
  const [broker] = test.kafka.brokers;
  const folder = path.join(broker?.directory ?? '', 'data', `${name}-0`);
  // One after the other: times that are far apart close a file.
  const files = (await readdir(folder)).filter((file) => file.endsWith('.log')).toSorted();
  const logs = await Promise.all(files.map((file) => readFile(path.join(folder, file))));
  return logs.flatMap((log) => [...recordsOfLog(log)]);
};
const plain = ({ offset, timestamp: time, key, value, headers }: Written): Written => ({
  ...{ offset, timestamp: time, key, value, headers },
});

describeKafka('own')('any topic', () => {
  beforeAll(async () => {
    test = await openKafkaPlatform();
    writing = await openWriting(test.kafka.bootstrap);
  });
  afterAll(async () => {
    await writing[Symbol.asyncDispose]();
    await test[Symbol.asyncDispose]();
  });
  beforeEach(() => test.begin());

  it('is printed and restored as it was written', async () => {
    await fc.assert(
      fc.asyncProperty(story, async ({ appendTime, undecided, steps }) => {
        await test.begin();
        await create(appendTime ? { 'message.timestamp.type': 'LogAppendTime' } : {});
        const { told, point } = await tell(steps);
        const log = new Map((await logOf(topic)).map((each) => [each.offset, each]));
        const expected = told
          .filter(({ transaction }) => undecided || !transaction || transaction.committed)
          // What time the broker gave it, the broker knows.
          .map((each) => ({ ...plain(each), ...(appendTime ? { timestamp: log.get(each.offset)?.timestamp } : {}) }));
        expect(await printed(point, undecided)).toEqual(expected);
        const as = `${topic}-back`;
        const restoreId = `any-${topics}`;
        await restoreAll({ restoreId, recoveryPoint: point, topics: [{ topic, as }], undecided });
        expect((await logOf(as)).map(plain)).toEqual(expected.map((each, offset) => ({ ...each, offset })));
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });

  it('that Kafka’s own programs wrote is read by Kafka’s own consumer as before, once it is restored', async () => {
    await create();
    const tool = (name: string, args: string[], input = ''): Promise<string> =>
      kafkaTool(`org.apache.kafka.tools.${name}`, ['--bootstrap-server', test.kafka.bootstrap, ...args], input);
    const parsed = ['parse.headers=true', 'parse.key=true', 'null.marker=NULL'].flatMap((each) => [
      ...['--reader-property', each],
    ]);
    for (const codec of CODECS)
      await tool(
        'ConsoleProducer',
        ['--topic', topic, '--compression-codec', codec, '--max-memory-bytes', '1048576', ...parsed],
        Array.from(
          { length: 50 },
          (_, number) => `of:${codec},of:NULL\tkey ${number % 7}\t${number % 5 ? `Wert ${number} ☂` : 'NULL'}`,
        ).join('\n'),
      );
    await kafkaTool('org.apache.kafka.tools.ProducerPerformance', [
      ...['--topic', topic, '--num-records', '3000', '--record-size', '100', '--throughput', '-1'],
      ...['--bootstrap-server', test.kafka.bootstrap, '--transactional-id', `perf-${topic}`],
      ...['--transaction-duration-ms', '50', '--command-property', 'compression.type=lz4'],
    ]);
    const consume = (name: string): Promise<string> =>
      tool('consumer.ConsoleConsumer', [
        ...['--topic', name, '--from-beginning', '--max-messages', '3250', '--timeout-ms', '60000'],
        ...['timestamp', 'key', 'headers', 'partition'].flatMap((each) => [
          '--formatter-property',
          `print.${each}=true`,
        ]),
      ]);
    const before = await consume(topic);
    expect(before).toContain('of:zstd,of:null');
    expect(before.split('\n').filter(Boolean)).toHaveLength(3250);
    const { recoveryPoint } = await archiveAll(at());
    const as = `${topic}-back`;
    await restoreAll({ restoreId: `any-${topics}`, recoveryPoint, topics: [{ topic, as }] });
    expect(await consume(as)).toBe(before);
    expect(await logOf(as)).toHaveLength(3250);
  });
});
