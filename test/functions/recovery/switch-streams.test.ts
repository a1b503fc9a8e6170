// The streams phase against a real cluster: archived as the primary region does, restored as the region that takes over. Executions of
// restore-kafka are stood in for by its own functions, called in its order; the machine itself runs in test/e2e.
import { DescribeExecutionCommand, ExecutionDoesNotExist, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { Consumer, Producer } from '@platformatic/kafka';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import sample from '../../../events/samples/recovery/switch-streams.json' with { type: 'json' };
import { handler as archiveShare } from '../../../functions/kafka/archive-share.ts';
import { handler as commit } from '../../../functions/kafka/commit-archive.ts';
import { handler as conclude } from '../../../functions/kafka/conclude-restore.ts';
import { handler as open } from '../../../functions/kafka/open-archive.ts';
import { handler as planRestore } from '../../../functions/kafka/plan-restore.ts';
import { handler as restoreShare } from '../../../functions/kafka/restore-share.ts';
import type { Step } from '../../../functions/recovery/phases.ts';
import { handler } from '../../../functions/recovery/switch-streams.ts';
import { indexKey } from '../../../shared/kafka/archive.ts';
import { Epoch, epochKey, PhaseRecord, phaseKey } from '../../../shared/recovery/documents.ts';
import { ACCOUNT, PRIMARY } from '../../support/environment.ts';
import { createTopic, deleteTopic, describeKafka, kafkaTool } from '../../support/kafka.ts';
import { type KafkaPlatform, openKafkaPlatform } from '../../support/kafka-platform.ts';
import { invoke } from '../../support/platform.ts';
import platform from '../../support/streams.config.ts';

vi.mock('#platform', () => import('../../support/streams.config.ts'));
vi.setConfig({ testTimeout: 180_000 });

const SOURCE = 'shop-events';
const ID = sample.failoverId;
const EXECUTION = `arn:aws:states:${PRIMARY}:${ACCOUNT}:execution:lifeboat-shop-test-archive-kafka:1`;
const RESTORES = `arn:aws:states:${PRIMARY}:${ACCOUNT}:execution:lifeboat-shop-test-restore-kafka:`;
let test: KafkaPlatform;
let topic: string;
let topics = 0;
let minute: number;
/** Executions of restore-kafka, by their names: what became of them, once they were begun. */
let executions: Map<string, { status: string; input: string; output?: string; error?: string; cause?: string }>;
/** Whether executions that begin from now on succeed. */
let broken: { error: string; cause: string } | undefined;

const admin = (tool: string, ...args: string[]): Promise<string> =>
  kafkaTool(`org.apache.kafka.tools.${tool}`, ['--bootstrap-server', test.kafka.bootstrap, ...args]);
const create = (): Promise<void> => createTopic(test.kafka.bootstrap, topic, 2, ['retention.ms=-1']);
const lose = async (): Promise<void> => {
  await deleteTopic(test.kafka.bootstrap, topic);
  await admin('consumer.group.ConsumerGroupCommand', '--delete', '--group', `readers-of-${topic}`).catch(() => '');
};
const client = () => ({ clientId: 'test', bootstrapBrokers: test.kafka.bootstrap.split(',') });
const send = async (...values: string[]): Promise<void> => {
  const producer = new Producer(client());
  const messages = values.map((value) => ({ topic, partition: 0, value: Buffer.from(value) }));
  await producer.send({ messages });
  await producer.close();
};
/** What the group of the topic reads next, and commits. */
const read = async (records: number): Promise<string[]> => {
  const consumer = new Consumer({ ...client(), groupId: `readers-of-${topic}`, autocommit: false });
  const values: string[] = [];
  const stream = await consumer.consume({ topics: [topic], mode: 'committed', fallbackMode: 'earliest' });
  for await (const message of stream) {
    values.push(`${message.value}`);
    if (values.length < records) continue;
    await message.commit();
    break;
  }
  await stream.close();
  await consumer.close();
  return values;
};
const archive = async (): Promise<string> => {
  const scheduledAt = new Date(Date.now() - 600_000 + 60_000 * minute++).toISOString();
  const request = { source: SOURCE, scheduledAt, purpose: 'scheduled', execution: EXECUTION };
  const { recoveryPoint, shares } = await invoke(open, request, 120_000);
  for (const share of shares) while (!(await invoke(archiveShare, { recoveryPoint, share }, 600_000)).done);
  await invoke(commit, { recoveryPoint }, 120_000);
  return recoveryPoint;
};

const place = (key: string, value: object) => test.write(key, JSON.stringify(value));
const takeOver = async (change: Partial<Epoch> = {}): Promise<void> => {
  const epoch = {
    ...{ epoch: 1, failoverId: ID, kind: 'failover', from: 'us-east-1', to: PRIMARY, execution: 'execution-1' },
    ...{ status: 'running', declaredAt: new Date().toISOString(), reason: 'it does not answer', ...change },
  };
  await place(epochKey(PRIMARY), Epoch.parse(epoch));
};
const call = () => invoke(handler, sample, 300_000) as Promise<Step>;
const untilDone = async (): Promise<Record<string, unknown>> => {
  for (let calls = 0; calls < 10; calls++) {
    const answer = await call();
    if (answer.done) return answer.facts;
  }
  throw new Error('it was never done');
};
const record = async (): Promise<PhaseRecord> =>
  PhaseRecord.parse(JSON.parse((await test.read(phaseKey(ID, 'streams'))).toString()));

/** What the machine does, by its functions. */
const run = async (input: string): Promise<string> => {
  const { restoreId, shares } = await invoke(planRestore, JSON.parse(input), 120_000);
  for (const share of shares as number[])
    await vi.waitFor(
      async () => {
        while (!(await invoke(restoreShare, { restoreId, share }, 600_000)).done);
      },
      { timeout: 20_000, interval: 300 },
    );
  return JSON.stringify(await invoke(conclude, { restoreId }, 60_000));
};

describeKafka('own')('the streams of the region that takes over', () => {
  beforeAll(async () => {
    test = await openKafkaPlatform();
  });
  afterAll(() => test[Symbol.asyncDispose]());
  beforeEach(async () => {
    await test.begin();
    minute = 0;
    broken = undefined;
    executions = new Map();
    topic = `orders-${++topics}`;
    const brokers = test.kafka.bootstrap.split(',');
    vi.spyOn(platform.sources[SOURCE], 'bootstrap', 'get').mockReturnValue({ primary: brokers, recovery: brokers });
    vi.spyOn(platform.sources[SOURCE].topics, 'include', 'get').mockReturnValue([topic]);
    mockClient(SFNClient)
      .on(StartExecutionCommand)
      .callsFake(async ({ name, input }) => {
        executions.set(name, { status: 'RUNNING', input });
        return { executionArn: `${RESTORES}${name}` };
      })
      .on(DescribeExecutionCommand)
      .callsFake(async ({ executionArn }: { executionArn: string }) => {
        const name = executionArn.split(':').at(-1) ?? '';
        const execution = executions.get(name);
        if (!execution) throw new ExecutionDoesNotExist({ message: name, $metadata: {} });
        const answer = { ...execution, name, startDate: new Date() };
        // Whoever asks for the first time finds it running; by the second time it has ended.
        if (execution.status === 'RUNNING')
          executions.set(
            name,
            broken
              ? { ...execution, status: 'FAILED', ...broken }
              : { ...execution, status: 'SUCCEEDED', output: await run(execution.input) },
          );
        return answer;
      });
    await create();
  });
  afterEach(() => vi.restoreAllMocks());

  it('come from the newest archive, and their readers go on with exactly the next record', async () => {
    await send('first', 'second', 'third');
    expect(await read(2)).toEqual(['first', 'second']);
    await archive();
    await send('fourth');
    const recoveryPoint = await archive();
    await lose();
    await takeOver();
    const facts = await untilDone();
    expect(facts).toMatchObject({
      ...{ source: SOURCE, recoveryPoint, bootstrap: test.kafka.bootstrap, topics: 1, records: 4, partitions: 2 },
      ...{ groups: [`readers-of-${topic}`], attempt: 1, passedOver: [] },
    });
    expect(facts.lossSeconds).toBeGreaterThanOrEqual(0);
    expect(await read(2)).toEqual(['third', 'fourth']);
    expect(executions.size).toBe(1);
    // Asked again, it answers what stands.
    expect(await call()).toMatchObject({ done: true, facts });
  });

  it('come from an older archive where segments of the newest have not replicated', async () => {
    await send('first');
    const older = await archive();
    await send('second');
    const newest = await archive();
    const [segment] = (await test.keys()).filter((key) => key.includes(newest) && key.endsWith('.batches'));
    const { VersionId } = await test.ask<{ VersionId: string }>('s3', 'HeadObject', bucketOf(segment));
    await test.ask('s3', 'DeleteObject', { ...bucketOf(segment), VersionId });
    await lose();
    await takeOver();
    expect(await untilDone()).toMatchObject({ recoveryPoint: older, passedOver: [newest], records: 1 });
  });

  it('are said to be missing where no archive is here', async () => {
    await send('first');
    const only = await archive();
    const { VersionId } = await test.ask<{ VersionId: string }>('s3', 'HeadObject', bucketOf(indexKey(only)));
    await test.ask('s3', 'DeleteObject', { ...bucketOf(indexKey(only)), VersionId });
    await takeOver();
    await expect(call()).rejects.toMatchObject({ name: 'RecoveryPointMissing' });
  });

  it('are begun once, although the answer of the start is lost', async () => {
    await send('first');
    await archive();
    await lose();
    await takeOver();
    await call();
    mockClient(SFNClient)
      .on(DescribeExecutionCommand)
      .callsFake(async () => {
        throw new ExecutionDoesNotExist({ message: 'not yet', $metadata: {} });
      })
      .on(StartExecutionCommand)
      .rejects(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET', $metadata: {} }));
    await expect(call()).rejects.toThrow('socket hang up');
    const name = `${ID}-streams-1`;
    mockClient(SFNClient)
      .on(DescribeExecutionCommand)
      .callsFake(async () => ({ name, status: 'RUNNING', startDate: new Date() }))
      .on(StartExecutionCommand)
      .rejects(new Error('begun twice'));
    expect(await call()).toMatchObject({ done: false, found: `the execution ${name} of restore-kafka is RUNNING` });
  });

  it('stop with what the restore complains of, and are restored by another one once that is mended', async () => {
    await send('first');
    await archive();
    await takeOver();
    const errorMessage = 'the restore was not begun. found one of this name.';
    broken = { error: 'RestoreRefused', cause: JSON.stringify({ errorType: 'RestoreRefused', errorMessage }) };
    await expect(untilDone()).rejects.toMatchObject({
      name: 'StreamsNotRestored',
      facts: { found: `FAILED: RestoreRefused: ${errorMessage}` },
    });
    expect((await record()).facts).toMatchObject({ attempt: 2 });
    broken = undefined;
    await lose();
    expect(await untilDone()).toMatchObject({ attempt: 2, records: 1 });
    expect([...executions.keys()]).toEqual([`${ID}-streams-1`, `${ID}-streams-2`]);
    const ids = [...executions.values()].map(({ input }) => JSON.parse(input).restoreId);
    expect(new Set(ids).size).toBe(1);
  });

  it('are only looked at in a drill, and what is in the way is named', async () => {
    await send('first');
    await archive();
    const drill = { failoverId: 'drill-partial-1' };
    await takeOver({ status: 'done' });
    await place(epochKey(PRIMARY).replace('epoch/', 'epoch/drill-'), {
      ...{ epoch: 1, ...drill, kind: 'drill', from: 'us-east-1', to: PRIMARY, execution: 'execution-1' },
      ...{ status: 'running', declaredAt: new Date().toISOString(), reason: 'a rehearsal' },
    });
    const look = () => invoke(handler, drill, 300_000) as Promise<Step>;
    expect(await look()).toMatchObject({ done: false });
    await expect(look()).rejects.toMatchObject({ name: 'StreamsNotRestored', facts: { found: topic } });
    await lose();
    expect(await look()).toMatchObject({ done: true, facts: { rehearsal: true, topics: 1 } });
    expect(executions.size).toBe(0);
  });

  it('are left to people on the way back', async () => {
    await takeOver({ kind: 'failback' });
    expect(await untilDone()).toMatchObject({ skipped: 'going back, streams are moved by people' });
  });
});

const bucketOf = (Key = '') => ({ Bucket: process.env.VAULT_BUCKET ?? '', Key });
