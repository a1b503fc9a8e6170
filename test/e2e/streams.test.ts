// Streams, end to end: the packaged service archives a real cluster by its schedule, one region is lost, and the failover makes the topics in the
// cluster of the other one, under the roles that are deployed.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Consumer, Producer, stringDeserializers, stringSerializers } from '@platformatic/kafka';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Step } from '../../functions/recovery/phases.ts';
import { createStreams, type Streams } from '../../local/events.ts';
import { type LocalPlatform, startPlatform } from '../../local/platform.ts';
import { catalogOf, executionsOf, invoke, keysIn, readObject } from '../../local/story/observations.ts';
import { packageService } from '../../scripts/package.ts';
import { RestorePlan, restorePlanKey } from '../../shared/kafka/restore.ts';
import { Epoch, epochKey } from '../../shared/recovery/documents.ts';
import { describeKafka } from '../support/kafka.ts';

vi.mock('#platform', () => import('../../examples/shop-events.config.ts'));

const ID = 'lost-with-streams';
const GROUP = 'fulfilment';
const START = new Date('2026-11-23T09:58:00Z');
let shop: LocalPlatform;
let streams: Streams;
let directory: string;

const client = (broker: string) => ({ clientId: 'test', bootstrapBrokers: [broker] });
const send = async (...values: string[]): Promise<void> => {
  const producer = new Producer({ ...client(streams.primary), serializers: stringSerializers });
  await producer.send({ messages: values.map((value) => ({ topic: streams.topic, partition: 0, key: value, value })) });
  await producer.close();
};
const read = async (broker: string, most: number): Promise<string[]> => {
  const consumer = new Consumer({
    ...{ ...client(broker), groupId: GROUP, autocommit: false },
    deserializers: stringDeserializers,
  });
  const stream = await consumer.consume({ topics: [streams.topic], mode: 'committed', fallbackMode: 'earliest' });
  const values: string[] = [];
  for await (const message of stream) {
    values.push(message.value);
    await message.commit();
    if (values.length === most) break;
  }
  await stream.close();
  await consumer.close();
  return values;
};
const pass = (minutes: number): Promise<void> =>
  shop.world.clock.advanceTo(new Date(shop.world.clock.now().getTime() + minutes * 60_000));

describeKafka('own')('streams of a region that is lost', { timeout: 600_000 }, () => {
  beforeAll(async () => {
    vi.stubEnv('LIFEBOAT_CONFIG', path.resolve('examples/shop-events.config.ts'));
    packageService(() => undefined);
    directory = mkdtempSync(path.join(os.tmpdir(), 'lifeboat-streams-'));
    shop = await startPlatform({ directory, start: START });
    streams = (await createStreams(shop)) as Streams;
  }, 600_000);
  afterAll(async () => {
    await streams?.[Symbol.asyncDispose]();
    await shop?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('are archived by their schedule, one archive going on from the other, in both vaults', async () => {
    await send('first', 'second', 'third');
    expect(await read(streams.primary, 2)).toEqual(['first', 'second']);
    await shop.wakeStreams();
    await pass(20);
    await send('fourth');
    await pass(15);
    const executions = await executionsOf(shop, 'archive-kafka');
    expect(executions.map(({ status }) => status)).toEqual(executions.map(() => 'SUCCEEDED'));
    expect(executions.length).toBeGreaterThanOrEqual(2);
    const points = (await catalogOf(shop, shop.recovery)).filter(({ source }) => source === streams.source);
    expect(points.length).toBe(executions.length);
    expect(new Set(points.map(({ status }) => status))).toEqual(new Set(['stored']));
    const [measured] = await invoke<{ achievableRpo: number }[]>(shop, 'kafkaMeasure', {});
    expect(measured?.achievableRpo).toBeLessThan(16 * 60);
  });

  it('are brought up in the other region, where the group goes on with the next record', async () => {
    await shop.world.cutPower(shop.primary.name);
    await streams.cutPower();
    const bucket = shop.stacks.recovery.outputs.VaultBucketName as string;
    const epoch = Epoch.parse({
      ...{ epoch: 1, failoverId: ID, kind: 'failover', from: shop.primary.name, to: shop.recovery.name },
      ...{ execution: 'execution-1', status: 'running', declaredAt: shop.world.clock.now().toISOString() },
      reason: 'it does not answer',
    });
    const encryption = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: shop.stacks.recovery.outputs.VaultKeyArn };
    const Body = JSON.stringify(epoch);
    await shop.ask(shop.recovery, 's3', 'PutObject', {
      Bucket: bucket,
      Key: epochKey(shop.recovery.name),
      Body,
      ...encryption,
    });
    // The machine tries again, too: a cluster makes what keeps its groups when it is first asked of one.
    const call = (): Promise<Step> =>
      invoke<Step>(shop, 'recoverySwitchStreams', { failoverId: ID }, shop.recovery).catch((error: Error) => {
        if (!error.message.includes('KafkaNotReady')) throw error;
        return { done: false, waitSeconds: 1, found: error.message };
      });
    let step: Step;
    for (let calls = 0; ; calls++) {
      step = await call();
      if (step.done || calls > 30) break;
      await pass(step.waitSeconds / 60);
      await shop.world.clock.settled();
    }
    expect(step).toMatchObject({ done: true, facts: { records: 4, groups: [GROUP], topics: 1 } });
    expect(await read(streams.recovery, 2)).toEqual(['third', 'fourth']);
    const plan = await readObject(shop, shop.recovery, bucket, restorePlanKey(`${ID}-streams`));
    expect(RestorePlan.parse(JSON.parse(plan)).topics[0]?.name).toBe(streams.topic);
    expect((await executionsOf(shop, 'restore-kafka', shop.recovery)).map(({ status }) => status)).toEqual([
      'SUCCEEDED',
    ]);
  });

  it('are archived there from then on, in a chain of their own', async () => {
    const producer = new Producer({ ...client(streams.recovery), serializers: stringSerializers });
    await producer.send({ messages: [{ topic: streams.topic, partition: 0, key: 'fifth', value: 'fifth' }] });
    await producer.close();
    const schedule = { GroupName: shop.service, Name: `${streams.source}-archive` };
    const standing = await shop.ask<object>(shop.recovery, 'scheduler', 'GetSchedule', schedule);
    await shop.ask(shop.recovery, 'scheduler', 'UpdateSchedule', { ...standing, ...schedule, State: 'ENABLED' });
    await pass(20);
    const [execution] = await executionsOf(shop, 'archive-kafka', shop.recovery);
    expect(execution?.status).toBe('SUCCEEDED');
    const bucket = shop.stacks.recovery.outputs.VaultBucketName as string;
    expect(await keysIn(shop, shop.recovery, bucket, 'kafka/heads/')).toEqual([
      `kafka/heads/${shop.primary.name}/${streams.source}.json`,
      `kafka/heads/${shop.recovery.name}/${streams.source}.json`,
    ]);
    const head = await readObject(
      shop,
      shop.recovery,
      bucket,
      `kafka/heads/${shop.recovery.name}/${streams.source}.json`,
    );
    expect(head).toContain(streams.topic);
  });
});
