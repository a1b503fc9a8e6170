// Functions of Kafka bundled as they are deployed, in a process that is killed (SIGKILL) at a time when it would write to a connection:
// to the vault, or to a broker. Whoever is called after it ends the work: every record once, one recovery point, no upload left open.
// LIFEBOAT_INTERRUPTIONS=all kills at every such time; the suite at a spread of them.
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Admin, Producer, stringSerializers } from '@platformatic/kafka';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { ArchiveIndex, indexKey } from '../../../shared/kafka/archive.ts';
import { readArchive } from '../../../shared/kafka/reading.ts';
import { PRIMARY } from '../../support/environment.ts';
import { createTopic, describeKafka } from '../../support/kafka.ts';
import { recordsOfLog } from '../../support/kafka-batches.ts';
import { bundleKafkaFunctions } from '../../support/kafka-bundle.ts';
import { type KafkaPlatform, openKafkaPlatform } from '../../support/kafka-platform.ts';

vi.setConfig({ testTimeout: 3_600_000, hookTimeout: 120_000 });

const ALL = process.env.LIFEBOAT_INTERRUPTIONS === 'all';
const SAMPLES = 6;
const PARTITIONS = [0, 1];
const topic = 'audit.kills';
let test: KafkaPlatform;
let folder: string;
let functions: string;

interface Said {
  recoveryPoint: string;
  records: number;
  writes: number;
}

/** @returns undefined where it was killed. @throws with its complaint where it failed */
const run = async (job: string, request: object, killAt?: number): Promise<Said | undefined> => {
  const cluster = { source: 'shop-events', bootstrap: test.kafka.bootstrap.split(','), topics: [topic], shares: 2 };
  const env = { ...process.env, ...(killAt === undefined ? {} : { LIFEBOAT_KILL_AT: `${killAt}` }) };
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [functions, job, JSON.stringify({ ...cluster, ...request })],
      { env },
    );
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Said;
  } catch (error) {
    if ((error as { signal?: string }).signal === 'SIGKILL') return undefined;
    throw error;
  }
};
const archive = (killAt?: number) =>
  // Small, so that there are several segments, of more than one part of an upload.
  run('archive', { scheduledAt: '2026-11-20T03:00:00Z', segmentBytes: 9_000_000 }, killAt);
const restore = (as: string, recoveryPoint: string, killAt?: number) => {
  const request = { restoreId: as.replaceAll('.', '-'), recoveryPoint, topics: [{ topic, as }] };
  return run('restore', { request, conclude: true }, killAt);
};
/** Keys of a partition in the order of the broker's disk. */
const keysOnDisk = async (name: string, partition: number): Promise<string[]> => {
  const place = join(test.kafka.brokers[0]?.directory ?? '', 'data', `${name}-${partition}`);
  const files = (await readdir(place)).filter((file) => file.endsWith('.log')).toSorted();
  const logs = await Promise.all(files.map((file) => readFile(join(place, file))));
  return logs.flatMap((log) => [...recordsOfLog(log)].map(({ key }) => `${key}`));
};
const keysOf = (partition: number): string[] => Array.from({ length: 12 }, (_, nth) => `${partition + 2 * nth}`);
const uploads = async (): Promise<object[]> => {
  const Bucket = process.env.VAULT_BUCKET;
  return (await test.ask<{ Uploads?: object[] }>('s3', 'ListMultipartUploads', { Bucket })).Uploads ?? [];
};
/** What it would be killed at: every time, or some of them that are not the same in every run. */
const times = (writes: number): number[] => {
  const every = Array.from({ length: writes }, (_, at) => at + 1);
  const begin = Math.floor(Math.random() * (writes / SAMPLES));
  return ALL ? every : every.filter((at) => (at + begin) % Math.ceil(writes / SAMPLES) === 0);
};

describeKafka('own')('a process that is killed', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lifeboat-kills-'));
    [functions, test] = await Promise.all([bundleKafkaFunctions(folder), openKafkaPlatform()]);
    await createTopic(test.kafka.bootstrap, topic, 2);
    const producer = new Producer({
      ...{ clientId: 'test', bootstrapBrokers: test.kafka.bootstrap.split(',') },
      serializers: stringSerializers,
    });
    // What a restore ends with is told to people.
    await test.ask('sns', 'CreateTopic', { Name: 'lifeboat-shop-test-info' });
    const value = 'x'.repeat(900_000);
    for (let sent = 0; sent < 24; sent++)
      await producer.send({ messages: [{ topic, partition: sent % 2, key: `${sent}`, value: `${sent} ${value}` }] });
    await producer.close();
  });
  afterAll(async () => {
    await test?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(() => test.begin());

  it('while it archives leaves what the next one ends', async () => {
    const { writes = 0 } = (await archive()) ?? {};
    expect(writes).toBeGreaterThan(40);
    let killed = 0;
    for (const at of times(writes)) {
      await test.begin();
      if ((await archive(at)) === undefined) killed += 1;
      const said = await archive();
      expect(said, `killed at ${at}`).toMatchObject({ records: 24, gaps: 0 });
      const { recoveryPoint = '' } = said ?? {};
      expect(await uploads(), `killed at ${at}`).toEqual([]);
      expect(await test.point(recoveryPoint)).toMatchObject({ status: 'stored' });
      const { segments } = ArchiveIndex.parse(JSON.parse((await test.read(indexKey(recoveryPoint))).toString()));
      for (const partition of PARTITIONS) {
        let next = 0;
        for (const part of segments.flatMap(({ parts }) => parts.filter((each) => each.partition === partition))) {
          expect(part.from, `killed at ${at}`).toBe(next);
          next = part.to;
        }
        expect(next, `killed at ${at}`).toBe(12);
      }
      const vault = { bucket: process.env.VAULT_BUCKET ?? '', region: PRIMARY };
      const keys = (await Array.fromAsync(readArchive(vault, recoveryPoint, { topic }))).map(({ key }) => `${key}`);
      expect(keys, `killed at ${at}`).toEqual(PARTITIONS.flatMap(keysOf));
    }
    expect(killed).toBeGreaterThan(ALL ? writes - 5 : SAMPLES - 3);
  });

  it('while it restores leaves what the next one goes on with: every record once, in its order', async () => {
    const { recoveryPoint = '' } = (await archive()) ?? {};
    const { writes = 0 } = (await restore(`${topic}-whole`, recoveryPoint)) ?? {};
    expect(writes).toBeGreaterThan(40);
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: test.kafka.bootstrap.split(',') });
    let killed = 0;
    for (const at of times(writes)) {
      const as = `${topic}-${at}`;
      if ((await restore(as, recoveryPoint, at)) === undefined) killed += 1;
      expect(await restore(as, recoveryPoint), `killed at ${at}`).toMatchObject({ records: 24 });
      for (const partition of PARTITIONS)
        expect(await keysOnDisk(as, partition), `killed at ${at}`).toEqual(keysOf(partition));
      await admin.deleteTopics({ topics: [as] });
    }
    await admin.close();
    // How often a cluster is asked that is not ready yet differs from run to run.
    expect(killed).toBeGreaterThan(ALL ? writes * 0.8 : SAMPLES - 3);
  });
});
