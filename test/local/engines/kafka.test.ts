import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startKafka } from '../../../local/engines/kafka.ts';
import { freePort } from '../../../local/engines/ports.ts';
import { sweepServers } from '../../../local/engines/processes.ts';
import { createTopic, describeKafka, kafkaTool, openKafka, type TestKafka, topicsOf } from '../../support/kafka.ts';
import { gone } from '../../support/processes.ts';

const ENGINE = join(import.meta.dirname, '../../../local/engines/kafka.ts');

/** Kafka's own goes on for two minutes where a leader has died; the client's gives up before the others have noticed. */
const produce = (bootstrap: string, topic: string, lines: string[]) =>
  kafkaTool(
    'org.apache.kafka.tools.ConsoleProducer',
    ['--bootstrap-server', bootstrap, '--topic', topic, '--sync'],
    `${lines.join('\n')}\n`,
  );
const consume = async (bootstrap: string, topic: string, count: number) => {
  const output = await kafkaTool('org.apache.kafka.tools.consumer.ConsoleConsumer', [
    ...['--bootstrap-server', bootstrap, '--topic', topic, '--from-beginning'],
    ...['--max-messages', `${count}`, '--timeout-ms', '60000'],
  ]);
  return output.trim().split('\n');
};

describeKafka('own')('a Kafka broker', { timeout: 180_000 }, () => {
  let directory: string;
  let kafka: TestKafka;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'lifeboat-test-'));
    kafka = await openKafka({ properties: { 'log.segment.bytes': '1048576' } });
  });
  afterAll(async () => {
    await kafka?.[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });
  const only = () => {
    const [broker] = kafka.brokers;
    if (!broker) throw new Error('There is no broker.');
    return broker;
  };

  it('keeps what it acknowledged when it is killed and started again, on the same port', async () => {
    await createTopic(kafka.bootstrap, 'orders');
    await produce(kafka.bootstrap, 'orders', ['one', 'two', 'three']);
    expect(await consume(kafka.bootstrap, 'orders', 3)).toEqual(['one', 'two', 'three']);

    await only().kill();
    expect(only().pid()).toBe(0);
    await only().start();
    expect(await consume(kafka.bootstrap, 'orders', 3)).toEqual(['one', 'two', 'three']);
  });

  it('is stopped and started in order, and started twice is started once', async () => {
    await only().stop();
    await only().start();
    const pid = only().pid();
    await only().start();
    expect(only().pid()).toBe(pid);
    expect(await readFile(join(only().directory, 'server.properties'), 'utf8')).toContain(
      'log.segment.bytes=1048576\n',
    );
  });

  it('knows nothing of another beside it, and says so of a topic nobody made', async () => {
    await using other = await openKafka({});
    await createTopic(other.bootstrap, 'elsewhere');
    expect(await topicsOf(other.bootstrap)).toEqual(['elsewhere']);
    expect(await topicsOf(kafka.bootstrap)).not.toContain('elsewhere');
    const missing = kafkaTool('org.apache.kafka.tools.TopicCommand', [
      ...['--bootstrap-server', kafka.bootstrap, '--describe', '--topic', 'elsewhere'],
    ]);
    await expect(missing).rejects.toThrow(/TopicCommand failed: .*elsewhere/s);
  });

  it('goes on from a directory of an earlier run, on other ports', async () => {
    const place = { directory: join(directory, 'again') };
    const first = await startKafka(place);
    await createTopic(first.bootstrap, 'kept');
    await produce(first.bootstrap, 'kept', ['still here']);
    await first.stop();
    const second = await startKafka(place);
    try {
      expect(await consume(second.bootstrap, 'kept', 1)).toEqual(['still here']);
    } finally {
      await second.stop();
    }
  });

  it('says without stack traces why it does not start', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const { port } = squatter.address() as AddressInfo;
    const controller = await freePort();
    const refusal = (properties: Record<string, string>) =>
      startKafka({ directory: join(directory, 'refused'), properties }).then(() => '', String);
    const misspelt = await refusal({ 'log.segment.bytes': 'many' });
    const taken = await refusal({
      listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
      'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    });
    squatter.close();
    expect(misspelt).toMatch(/^EngineFailed: Kafka did not format its storage: .*log\.segment\.bytes/s);
    expect(taken).toMatch(/^EngineFailed: Kafka did not start: .*Address already in use/s);
    expect(misspelt + taken).not.toContain('.java:');
  });

  it('ends when the process that started it is killed; what is left is swept', async () => {
    const script = `
      const { startKafka } = await import(${JSON.stringify(ENGINE)});
      const { brokers } = await startKafka({ directory: ${JSON.stringify(join(directory, 'orphan'))} });
      console.log(brokers[0].pid());
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [output] = await once(parent.stdout, 'data');
    parent.kill('SIGKILL');
    await gone(Number(output));

    const pid = only().pid();
    sweepServers(join(only().directory, '..'));
    await gone(pid);
    await only().start();
  });
});

describeKafka('own')('three Kafka brokers', { timeout: 240_000 }, () => {
  it('go on without one of them, which comes back', async () => {
    await using kafka = await openKafka({ brokers: 3 });
    const [first, second, third] = kafka.brokers;
    await createTopic(kafka.bootstrap, 'orders', 3, ['min.insync.replicas=2'], 3);
    await produce(kafka.bootstrap, 'orders', ['before']);
    await first?.kill();
    const others = `127.0.0.1:${second?.port},127.0.0.1:${third?.port}`;
    await produce(others, 'orders', ['meanwhile']);
    expect((await consume(others, 'orders', 2)).sort()).toEqual(['before', 'meanwhile']);
    await first?.start();
    expect((await consume(`127.0.0.1:${first?.port}`, 'orders', 2)).sort()).toEqual(['before', 'meanwhile']);
  });
});

it('names the setup where jars are missing or were fetched by half', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'lifeboat-test-'));
  try {
    await writeFile(join(directory, 'kafka-clients.jar'), '');
    const starting = startKafka({ directory: join(directory, 'kafka'), jars: directory });
    await expect(starting).rejects.toMatchObject({
      name: 'EngineMissing',
      message: expect.stringMatching(/jars were not found in .*Run `node scripts\/setup.mjs`/),
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
