// A real Kafka for tests, and the command line programs that come with it as somebody else's eye on what is there.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Admin } from '@platformatic/kafka';
import { describe, vi } from 'vitest';
import { type KafkaBroker, type KafkaOptions, startKafka } from '../../local/engines/kafka.ts';
import { kafkaCommand } from '../../local/engines/kafka-binaries.ts';
import { EngineFailed } from '../../local/engines/processes.ts';
import { EngineMissing } from '../../local/engines/programs.ts';

const execute = promisify(execFile);

export interface TestKafka extends AsyncDisposable {
  /** `host:port`, one or several with commas. */
  bootstrap: string;
  /** None where the broker is LIFEBOAT_KAFKA: it is not ours to stop. */
  brokers: KafkaBroker[];
}

/**
 * A Kafka that ends with the test file. Without options it may be the one of LIFEBOAT_KAFKA, which others may use, too:
 * names of topics and groups are best made up. With options it is always one of its own.
 */
export const openKafka = async (options?: Omit<KafkaOptions, 'directory'>): Promise<TestKafka> => {
  const there = process.env.LIFEBOAT_KAFKA;
  if (there && !options) return { bootstrap: there, brokers: [], [Symbol.asyncDispose]: async () => undefined };
  const directory = await mkdtemp(join(tmpdir(), 'lifeboat-kafka-'));
  const remove = () => rm(directory, { recursive: true, force: true });
  try {
    const { bootstrap, brokers } = await startKafka({ ...options, directory });
    return {
      bootstrap,
      brokers,
      [Symbol.asyncDispose]: async () => {
        await Promise.all(brokers.map((broker) => broker.kill()));
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
};

/**
 * Runs one of Kafka's own programs to its end and returns what it wrote:
 * `kafkaTool('org.apache.kafka.tools.TopicCommand', ['--bootstrap-server', bootstrap, '--list'])`.
 * @throws {EngineFailed} with its complaint. @throws {EngineMissing} without jars, also where LIFEBOAT_KAFKA is set.
 */
export const kafkaTool = async (mainClass: string, args: string[], input = ''): Promise<string> => {
  const [java, all] = kafkaCommand(mainClass, args);
  const running = execute(java, all, { timeout: 120_000, maxBuffer: 64 << 20 });
  running.child.stdin?.end(input);
  try {
    return (await running).stdout;
  } catch (error) {
    const { stdout, stderr, message } = error as Error & { stdout?: string; stderr?: string };
    // Some of them complain where others answer.
    const said = [stderr, stdout].map((text) => text?.trim()).filter(Boolean);
    throw new EngineFailed(`${mainClass} failed: ${said.join('\n') || message}`, { cause: error });
  }
};

const asAdmin = async <T>(bootstrap: string, what: (admin: Admin) => Promise<T>): Promise<T> => {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: bootstrap.split(',') });
  try {
    return await what(admin);
  } finally {
    await admin.close();
  }
};

/** Makes a topic and waits until every partition can be written: Kafka's own program takes seconds for it. @param settings `name=value` */
export const createTopic = (
  bootstrap: string,
  name: string,
  partitions = 1,
  settings: readonly string[] = [],
  replicas = 1,
): Promise<void> =>
  asAdmin(bootstrap, async (admin) => {
    const configs = settings.map((each) => ({
      name: each.slice(0, each.indexOf('=')),
      value: each.slice(each.indexOf('=') + 1),
    }));
    await admin.createTopics({ topics: [name], partitions, replicas, configs });
    await vi.waitFor(
      async () => {
        const { topics } = await admin.metadata({ topics: [name], forceUpdate: true });
        const led = topics.get(name)?.partitions.filter(({ leader }) => leader >= 0) ?? [];
        if (led.length < partitions)
          throw new Error(`${led.length} of ${partitions} partitions of ${name} have a leader.`);
        // A broker names leaders before their logs are there: a producer that is not idempotent, refused by one partition of several, would
        // send to all of them again.
        const all = Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, timestamp: -1n }));
        await admin.listOffsets({ topics: [{ name, partitions: all }] });
      },
      { timeout: 60_000, interval: 50 },
    );
  });

export const topicsOf = (bootstrap: string): Promise<string[]> => asAdmin(bootstrap, (admin) => admin.listTopics());

export const deleteTopic = (bootstrap: string, name: string): Promise<void> =>
  asAdmin(bootstrap, (admin) => admin.deleteTopics({ topics: [name] }));

let told = false;

/**
 * `describe`, or the same skipped with a line that says why where there is no Kafka. `'broker'` is any, `'own'` is one that
 * tests start and look at with Kafka's programs. Where engines are required, nothing is skipped: the tests fail.
 */
export const describeKafka = (needs: 'broker' | 'own'): typeof describe | typeof describe.skip => {
  if (process.env.LIFEBOAT_REQUIRE_ENGINES === '1') return describe;
  if (needs === 'broker' && process.env.LIFEBOAT_KAFKA) return describe;
  try {
    kafkaCommand('kafka.Kafka', []);
    return describe;
  } catch (error) {
    if (!(error instanceof EngineMissing)) throw error;
    if (!told) process.stderr.write(`skipped: ${error.message}\n`);
    told = true;
    return describe.skip;
  }
};
