// Restores that no call of a function ends: cut off by the time of a call, killed between any two of its steps, twice at once. What is
// in the target afterwards is what the archive holds, in its order, each record once.
import { Producer } from '@platformatic/kafka';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { planRestore, RestoreRequest } from '../../../functions/kafka/restore-plans.ts';
import { restoreShare } from '../../../functions/kafka/restoring.ts';
import { ConnectionCut } from '../../../local/faults.ts';
import { batchesIn } from '../../../shared/kafka/batches.ts';
import { openCluster } from '../../../shared/kafka/cluster.ts';
import { codecOf, recordsIn } from '../../../shared/kafka/records.ts';
import {
  digestOf,
  RestoredPart,
  RestoreProgress,
  restoredKey,
  restorePlanKey,
  restoreProgressKey,
} from '../../../shared/kafka/restore.ts';
import platform from '../../support/kafka.config.ts';
import { createTopic, describeKafka, kafkaTool } from '../../support/kafka.ts';
import { archiveAll } from '../../support/kafka-machines.ts';
import { type KafkaPlatform, openKafkaPlatform } from '../../support/kafka-platform.ts';

vi.mock('#platform', () => import('../../support/kafka.config.ts'));
vi.setConfig({ testTimeout: 120_000 });

const SOURCE = 'shop-events';
const GZIP = 1;
let test: KafkaPlatform;
let topic: string;
let topics = 0;
let minute = 0;

const create = (partitions = 1) => createTopic(test.kafka.bootstrap, topic, partitions);
const producer = (options: object = {}) =>
  new Producer<Buffer, Buffer, Buffer, Buffer>({
    ...{ clientId: 'test', bootstrapBrokers: test.kafka.bootstrap.split(',') },
    ...options,
  });
const message = (value: string, partition = 0) => ({ topic, partition, value: Buffer.from(value) });
/** In batches of a hundred. */
const send = async (records: number, partition = 0): Promise<string[]> => {
  const sending = producer();
  const values = Array.from({ length: records }, (_, number) => `value ${number} of ${partition}`);
  for (let at = 0; at < records; at += 100)
    await sending.send({ messages: values.slice(at, at + 100).map((value) => message(value, partition)) });
  await sending.close();
  return values;
};
const archive = async (): Promise<string> =>
  (await archiveAll(new Date(Date.UTC(2026, 10, 20, 3, minute++)).toISOString())).recoveryPoint;
/** What stands in a partition: values and how they are packed, in the order of their offsets, which have no gaps. */
const standing = async (as: string, partition = 0): Promise<{ values: string[]; codecs: number[] }> => {
  await using cluster = await openCluster(SOURCE, platform.sources[SOURCE]);
  const [found] = await cluster.topics((name) => name === as);
  const target = found?.partitions[partition];
  if (!found || !target) return { values: [], codecs: [] };
  const end = (await cluster.ranges(found)).get(partition)?.to ?? 0;
  const values: string[] = [];
  const codecs = new Set<number>();
  while (values.length < end) {
    const answer = await cluster.fetch(found, target, values.length);
    if (answer.outOfRange) throw new Error('out of range');
    for (const batch of batchesIn(answer.records, as)) {
      codecs.add(codecOf(batch));
      for (const record of recordsIn(batch, as)) if (record.offset === values.length) values.push(`${record.value}`);
    }
  }
  return { values, codecs: [...codecs] };
};
const planned = async (request: object): Promise<{ restoreId: string; as: string; shares: number[] }> => {
  const as = `${topic}-back`;
  const restoreId = `long-${topics}`;
  const whole = { restoreId, topics: [{ topic, as }], ...request };
  const { shares } = await planRestore(RestoreRequest.parse(whole));
  return { restoreId, as, shares };
};
/** Time is up when it was asked about so often. */
const timeFor = (questions: number) => {
  let asked = 0;
  return { remainingMs: () => (asked++ < questions ? 600_000 : 0) };
};
const enough = { remainingMs: () => 600_000 };
/** As the machine tries again. */
const patiently = async <T>(ask: () => Promise<T>): Promise<T> => {
  for (let tries = 0; ; tries++)
    try {
      return await ask();
    } catch (error) {
      const passes = error instanceof Error && ['KafkaNotReady', 'ConnectionCut'].includes(error.name);
      if (!passes || tries > 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
};
const untilDone = async (
  restoreId: string,
  call: () => { remainingMs(): number },
  stretchBytes?: number,
  share = 0,
) => {
  for (let calls = 1; calls < 300; calls++) {
    const { done } = await patiently(() => restoreShare({ restoreId, share }, call(), stretchBytes));
    if (done) return calls;
  }
  return expect.unreachable('it was never done');
};
const restored = async (restoreId: string, part = 0): Promise<RestoredPart> =>
  RestoredPart.parse(JSON.parse(`${await test.read(restoredKey(restoreId, part))}`));
const progress = async (restoreId: string, part = 0): Promise<RestoreProgress> =>
  RestoreProgress.parse(JSON.parse(`${await test.read(restoreProgressKey(restoreId, part))}`));
/** Stretches follow each other, and hold what the part holds. */
const expectWhole = ({ records, sha256, stretches, offsets }: RestoredPart): void => {
  expect(stretches.reduce((sum, each) => sum + each.records, 0)).toBe(records);
  for (const [at, { from }] of stretches.entries()) expect(from).toBeGreaterThanOrEqual(stretches[at - 1]?.to ?? 0);
  expect(sha256).toBe(digestOf(stretches));
  expect(offsets.reduce((sum, { from, to }) => sum + to - from, 0)).toBe(records);
};

describeKafka('own')('a restore that takes longer than a call', () => {
  let around: KafkaPlatform['world']['faults']['around'];
  beforeAll(async () => {
    test = await openKafkaPlatform();
  });
  afterAll(() => test[Symbol.asyncDispose]());
  beforeEach(async () => {
    await test.begin();
    around = test.world.faults.around;
    topic = `audit.long-${++topics}`;
    vi.spyOn(platform.sources[SOURCE], 'bootstrap', 'get').mockReturnValue(test.kafka.bootstrap.split(','));
    vi.spyOn(platform.sources[SOURCE].topics, 'include', 'get').mockReturnValue([topic]);
  });
  afterEach(() => {
    test.world.faults.around = around;
    vi.restoreAllMocks();
  });

  it('goes on behind the stretches that were noted, and reads each back', async () => {
    await create();
    const sent = await send(5000);
    const { restoreId, as } = await planned({ recoveryPoint: await archive() });
    const calls = await untilDone(restoreId, () => timeFor(12));
    expect(calls).toBeGreaterThan(4);
    expect((await standing(as)).values).toEqual(sent);
    const part = await restored(restoreId);
    expectWhole(part);
    expect(part).toMatchObject({ records: 5000, offsets: [{ from: 0, to: 5000, at: 0 }] });
    expect(part.stretches.length).toBeGreaterThan(3);
    // Whoever asks again finds it done, and writes nothing.
    expect(await restoreShare({ restoreId, share: 0 }, enough)).toEqual({ done: true, records: 5000 });
    expect((await standing(as)).values).toHaveLength(5000);
  });

  it('has the digest of one stretch where it is one, whatever was cut, and that of digests where they are several', async () => {
    await create();
    await send(1000);
    const recoveryPoint = await archive();
    const whole = await planned({ recoveryPoint });
    expect(await untilDone(whole.restoreId, () => enough)).toBe(1);
    const one = await restored(whole.restoreId);
    expect(one.stretches).toEqual([{ from: 0, to: 1000, records: 1000, sha256: one.sha256 }]);
    const request = { restoreId: `pieces-${topics}`, recoveryPoint, topics: [{ topic, as: `${topic}-pieces` }] };
    await planRestore(RestoreRequest.parse(request));
    expect(await untilDone(request.restoreId, () => enough, 10_000)).toBe(1);
    const several = await restored(request.restoreId);
    expectWhole(several);
    expect(several.stretches.length).toBeGreaterThan(2);
    expect(several.sha256).not.toBe(one.sha256);
  });

  it('reads a stretch back in a later call where there is no time left for it', async () => {
    await create();
    const sent = await send(300);
    const { restoreId, as } = await planned({ recoveryPoint: await archive() });
    // One question before each batch is taken and one before the stretch is read back.
    expect(await patiently(() => restoreShare({ restoreId, share: 0 }, timeFor(3)))).toEqual({
      ...{ done: false, records: 0 },
    });
    const begun = await progress(restoreId);
    expect(begun.stretches).toMatchObject([{ from: 0, readBack: false }]);
    await untilDone(restoreId, () => timeFor(4));
    expect((await standing(as)).values).toEqual(sent);
    expectWhole(await restored(restoreId));
  });

  it('says by a name that a whole call brought it no further', async () => {
    await create();
    await send(300);
    const { restoreId } = await planned({ recoveryPoint: await archive() });
    await expect(patiently(() => restoreShare({ restoreId, share: 0 }, timeFor(0)))).rejects.toMatchObject({
      name: 'OutOfTime',
      message: expect.stringContaining(`${topic}-back-0`),
    });
  });

  it('is stopped by a name where the target lost what was restored, noted and read back', async () => {
    await create();
    await send(1000);
    const { restoreId, as } = await planned({ recoveryPoint: await archive() });
    expect(await patiently(() => restoreShare({ restoreId, share: 0 }, timeFor(5)))).toMatchObject({ done: false });
    const begun = await progress(restoreId);
    const [stretch] = begun.stretches;
    expect(begun).toMatchObject({ whole: false, stretches: [{ readBack: false }] });
    await using cluster = await openCluster(SOURCE, platform.sources[SOURCE]);
    await cluster.remove([as]);
    const made = { name: as, partitions: 1, replicas: 1, settings: {} };
    await vi.waitFor(async () => expect(await cluster.create(made)).toBe(true), { timeout: 20_000, interval: 200 });
    const stopped = (found: RegExp) =>
      vi.waitFor(
        () =>
          expect(restoreShare({ restoreId, share: 0 }, enough)).rejects.toMatchObject({
            ...{ name: 'KafkaNotReady', message: expect.stringMatching(found) },
          }),
        { timeout: 10_000, interval: 200 },
      );
    await stopped(new RegExp(`offsets up to ${stretch?.records}. Found 0`));
    const readBack = { ...begun, stretches: [{ ...stretch, readBack: true }] };
    await test.write(restoreProgressKey(restoreId, 0), JSON.stringify(readBack));
    await stopped(new RegExp(`${stretch?.records} records behind the base.*the topic were deleted`, 's'));
  });

  it('passes what is not asked for, and does not read it again', async () => {
    await create();
    const sent = await send(1000);
    const recoveryPoint = await archive();
    const as = `${topic}-back`;
    const times = { from: new Date(Date.now() + 3_600_000).toISOString() };
    const { restoreId } = await planned({ recoveryPoint, topics: [{ topic, as, times }] });
    expect(await patiently(() => restoreShare({ restoreId, share: 0 }, timeFor(4)))).toMatchObject({ done: false });
    const begun = await progress(restoreId);
    expect(begun).toMatchObject({ whole: false, stretches: [] });
    expect(begun.next).toBeGreaterThan(0);
    expect(begun.next).toBeLessThan(sent.length);
    await untilDone(restoreId, () => timeFor(4));
    expect(await restored(restoreId)).toMatchObject({ records: 0, stretches: [], offsets: [] });
  });

  it('writes each record once, wherever a call to the vault fails, before it takes effect or behind', async () => {
    await create();
    const sent = await send(600);
    const recoveryPoint = await archive();
    for (const when of ['before', 'behind'])
      for (let nth = 0, calls = Number.POSITIVE_INFINITY; nth < calls; nth++) {
        const as = `${topic}-${when}-${nth}`;
        const restoreId = `${when}-${nth}-${topics}`;
        await planRestore(RestoreRequest.parse({ restoreId, recoveryPoint, topics: [{ topic, as }] }));
        calls = 0;
        test.world.faults.around = async (call, run) => {
          const isHit = call.service === 's3' && calls++ === nth;
          if (isHit && when === 'before') throw new ConnectionCut('it never came');
          const answer = await around(call, run);
          if (isHit) throw new ConnectionCut('the answer was lost');
          return answer;
        };
        await untilDone(restoreId, () => enough, 9_000);
        test.world.faults.around = around;
        const part = await restored(restoreId);
        expectWhole(part);
        expect(part.stretches.length).toBeGreaterThan(1);
        expect((await standing(as)).values, `${when} ${nth}`).toEqual(sent);
        expect(calls).toBeGreaterThan(8);
      }
  });

  it('writes each record once where two calls are made at the same time', async () => {
    await create();
    const sent = await send(3000);
    const { restoreId, as } = await planned({ recoveryPoint: await archive() });
    await vi.waitFor(async () => expect((await standing(as)).values).toEqual([]), { timeout: 20_000 });
    const both = await Promise.allSettled([1, 2].map(() => restoreShare({ restoreId, share: 0 }, enough, 20_000)));
    for (const each of both.filter(({ status }) => status === 'rejected'))
      expect(each).toMatchObject({ reason: { name: 'KafkaNotReady' } });
    await untilDone(restoreId, () => enough, 20_000);
    expect((await standing(as)).values).toEqual(sent);
    expectWhole(await restored(restoreId));
  });

  it('has the transactions that were committed, also those that a cut goes through, packed as they were', async () => {
    await create();
    // A transaction that is not ended within this time is aborted by the broker.
    const transactional = { idempotent: true, compression: 'gzip', timeout: 120_000 };
    const long = producer({ ...transactional, transactionalId: `long-${topic}` });
    const short = producer({ ...transactional, transactionalId: `short-${topic}` });
    const begun = await long.beginTransaction();
    const expected: string[] = [];
    for (let round = 0; round < 30; round++) {
      await begun.send({ messages: [message(`long ${round}`)] });
      const transaction = await short.beginTransaction();
      await transaction.send({ messages: [message(`short ${round}`), message(`short ${round}, too`)] });
      await transaction[round % 3 === 0 ? 'abort' : 'commit']();
      expected.push(`long ${round}`, ...(round % 3 === 0 ? [] : [`short ${round}`, `short ${round}, too`]));
      if (round % 10 === 5) await archive();
    }
    await begun.commit();
    await long.close();
    await short.close();
    const { restoreId, as } = await planned({ recoveryPoint: await archive() });
    const calls = await untilDone(restoreId, () => timeFor(14), 400);
    expect(calls).toBeGreaterThan(3);
    const { values, codecs } = await standing(as);
    expect(values).toEqual(expected);
    expect(codecs).toEqual([GZIP]);
    const part = await restored(restoreId);
    expectWhole(part);
    expect(part.offsets.length).toBeGreaterThan(10);
    // The same in one piece has the same map of offsets.
    const again = { restoreId: `once-${topics}`, topics: [{ topic, as: `${topic}-once` }] };
    await planned({
      ...again,
      recoveryPoint: JSON.parse(`${await test.read(restorePlanKey(restoreId))}`).recoveryPoint,
    });
    await untilDone(again.restoreId, () => enough);
    expect((await restored(again.restoreId)).offsets).toEqual(part.offsets);
  });

  it('brings back the partitions that can be, where the cluster does not know one of them', async () => {
    await create(2);
    await send(200);
    await send(200, 1);
    const other = `${topic}-other`;
    const there = `${topic}-there`;
    const { restoreId } = await planned({
      recoveryPoint: await archive(),
      topics: [
        { topic, as: other, partitions: [0] },
        { topic, as: there, partitions: [1] },
      ],
    });
    const plan = JSON.parse(`${await test.read(restorePlanKey(restoreId))}`);
    await test.write(restorePlanKey(restoreId), JSON.stringify({ ...plan, shares: [{ parts: [0, 1], indexes: 1 }] }));
    await vi.waitFor(async () => expect((await standing(there, 1)).values).toEqual([]), { timeout: 20_000 });
    await kafkaTool('org.apache.kafka.tools.TopicCommand', [
      ...['--bootstrap-server', test.kafka.bootstrap, '--delete', '--topic', other],
    ]);
    await vi.waitFor(
      () =>
        expect(restoreShare({ restoreId, share: 0 }, enough)).rejects.toMatchObject({
          name: 'KafkaNotReady',
          message: expect.stringContaining(`${other}-0 with a leader`),
        }),
      { timeout: 10_000, interval: 200 },
    );
    expect(await restored(restoreId, 1)).toMatchObject({ records: 200 });
    await expect(restored(restoreId, 0)).rejects.toThrow();
  });

  it('that an earlier version began is refused by what it left, and so is a share that there is not', async () => {
    await create();
    await send(1);
    const recoveryPoint = await archive();
    const { restoreId } = await planned({ recoveryPoint });
    await expect(restoreShare({ restoreId, share: 7 }, enough)).rejects.toThrow(/no share 7/);
    const { shares: _, ...before } = JSON.parse(`${await test.read(restorePlanKey(restoreId))}`);
    await test.write(restorePlanKey(restoreId), JSON.stringify(before));
    const refused = { name: 'DocumentUnreadable', message: expect.stringMatching(/plan\.json.*shares/s) };
    await expect(restoreShare({ restoreId, share: 0 }, enough)).rejects.toMatchObject(refused);
    await expect(planned({ recoveryPoint })).rejects.toMatchObject(refused);
  });
});
