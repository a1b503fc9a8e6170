// Kafka brokers of one cluster: started, stopped, killed, started again. Each is a controller, too, so a cluster of three or
// more goes on without one of them. What topics and records are for is the caller's affair.
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { kafkaCommand } from './kafka-binaries.ts';
import { type Node, serverProperties } from './kafka-config.ts';
import { freePort } from './ports.ts';
import { EngineFailed, runProgram, spawnServer } from './processes.ts';

/** On two busy cores one broker took 3 s, three 9 s. One that was killed waits for its session to end, 3 s more at most. */
const PATIENCE_MS = 120_000;
const POLL_MS = 50;

export interface KafkaOptions {
  /** Configuration, data and log of every broker. What is there from an earlier run goes on, on other ports. */
  directory: string;
  /** 1 unless said otherwise. */
  brokers?: number;
  /** Of the first broker's clients; one that is free where left out. */
  port?: number;
  /** Of every broker; they win over ours: `{ 'log.segment.bytes': '16384' }`. */
  properties?: Record<string, string> | ((node: Node) => Record<string, string>);
  /** Where the jars are, unless where setup fetches them. */
  jars?: string;
}

export interface KafkaBroker {
  id: number;
  /** Stays the same when it is started again. */
  port: number;
  /** Its configuration, its data and `broker.log`. */
  directory: string;
  /** 0 while it does not run. */
  pid(): number;
  /** Hands over what it leads, closes its files. Without a majority of controllers it cannot and is killed after ten seconds. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** With the data it has. Nothing happens while it runs. @throws {EngineFailed} with what its log complains of. */
  start(): Promise<void>;
}

export interface KafkaCluster {
  /** Addresses of all brokers, as clients take them: `127.0.0.1:1234,127.0.0.1:1235`. */
  bootstrap: string;
  brokers: KafkaBroker[];
  /** All of them: those of a single one as `stop`, those of a larger cluster at once, for the last could not hand over. */
  stop(): Promise<void>;
}

/** Starts a cluster and waits until every broker serves. @throws {EngineMissing} without java or jars. @throws {EngineFailed} */
export const startKafka = async (options: KafkaOptions): Promise<KafkaCluster> => {
  const nodes = await nodesOf(options.brokers ?? 1, options.port);
  const clusterId = await clusterIdOf(options.directory);
  const brokers = nodes.map((node) => brokerOf(node, nodes, clusterId, options));
  const stop = async () => {
    await Promise.all(brokers.map((broker) => (brokers.length === 1 ? broker.stop() : broker.kill())));
  };
  const started = await Promise.allSettled(brokers.map((broker) => broker.start()));
  const failed = started.find((each) => each.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  return { bootstrap: nodes.map(({ port }) => `127.0.0.1:${port}`).join(','), brokers, stop };
};

const nodesOf = async (count: number, port: number | undefined): Promise<Node[]> => {
  const ports = new Set<number>(port === undefined ? [] : [port]);
  while (ports.size < 2 * count) ports.add(await freePort());
  const [...all] = ports;
  return Array.from({ length: count }, (_, i) => ({
    id: i + 1,
    port: all[2 * i] ?? 0,
    controllerPort: all[2 * i + 1] ?? 0,
  }));
};

/** Written once: brokers of another id would not talk to each other. */
const clusterIdOf = async (directory: string): Promise<string> => {
  const file = join(directory, 'cluster.id');
  await mkdir(directory, { recursive: true });
  if (!existsSync(file)) {
    // Sixteen bytes in base64url, as Kafka makes them; the first is fixed, for an id that begins with a dash reads as an option.
    await writeFile(file, Buffer.concat([Buffer.from('L'), randomBytes(15)]).toString('base64url'));
  }
  return readFile(file, 'utf8');
};

const brokerOf = (node: Node, nodes: readonly Node[], clusterId: string, options: KafkaOptions): KafkaBroker => {
  const directory = join(options.directory, `broker-${node.id}`);
  const configuration = join(directory, 'server.properties');
  const logFile = join(directory, 'broker.log');
  const temporary = join(directory, 'tmp');
  const command = (mainClass: string, ...args: string[]) =>
    kafkaCommand(mainClass, args, { jars: options.jars, temporary });
  let child: ChildProcess | undefined;

  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    const ending = child;
    if (!ending || !isRunning(ending)) return;
    const exited = once(ending, 'exit');
    ending.kill(signal);
    const impatience = setTimeout(() => ending.kill('SIGKILL'), 10_000);
    await exited.finally(() => clearTimeout(impatience));
  };

  const prepare = async () => {
    await mkdir(temporary, { recursive: true });
    const own = typeof options.properties === 'function' ? options.properties(node) : (options.properties ?? {});
    await writeFile(configuration, serverProperties(node, nodes, directory, own));
    if (existsSync(join(directory, 'data', 'meta.properties'))) return;
    const [java, args] = command('kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', configuration);
    await runProgram(java, args, { user: undefined }).catch((error: Error) => {
      throw new EngineFailed(`Kafka did not format its storage: ${complaintsOf(error.message)}`, { cause: error });
    });
  };

  return {
    id: node.id,
    port: node.port,
    directory,
    pid: () => (child && isRunning(child) ? (child.pid ?? 0) : 0),
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    start: async () => {
      if (child && isRunning(child)) return;
      await prepare();
      await writeFile(logFile, '');
      const [java, args] = command('kafka.Kafka', configuration);
      // As this process's user, who can read the jars wherever the checkout is. SIGQUIT would only have Java list its threads.
      child = spawnServer(java, args, logFile, { user: undefined, endedBy: 'SIGKILL' });
      await writeFile(join(directory, 'kafka.pid'), `${child.pid}\n`);
      try {
        await untilServing(child, logFile);
      } catch (error) {
        await end('SIGKILL');
        throw error;
      }
    },
  };
};

const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;

/** By the broker's own word in its own log: its port answers earlier, and could be another server's. */
const untilServing = async (child: ChildProcess, logFile: string): Promise<void> => {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const log = await readFile(logFile, 'utf8');
    if (log.includes('Kafka Server started')) return;
    if (!isRunning(child)) throw new EngineFailed(`Kafka did not start: ${complaintsOf(log)}`);
    if (Date.now() > deadline)
      throw new EngineFailed(`Kafka did not start within ${PATIENCE_MS / 1000} s: ${complaintsOf(log)}`);
    await delay(POLL_MS);
  }
};

/** A log without its stack traces, which push the cause out of sight. */
const complaintsOf = (log: string): string =>
  log
    .split('\n')
    .filter((line) => line && !/^\s+(at|\.\.\.) /.test(line))
    .join('\n')
    .slice(0, 1500);
