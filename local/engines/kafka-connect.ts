// A worker of Kafka Connect in distributed mode, beside a broker of ours: the real program, with the connectors of MirrorMaker 2,
// which come with it. Its REST interface is on 127.0.0.1.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { kafkaCommand } from './kafka-binaries.ts';
import { freePort } from './ports.ts';
import { EngineFailed, spawnServer } from './processes.ts';

/** On two busy cores it took 12 s. */
const PATIENCE_MS = 180_000;
const POLL_MS = 100;

export interface ConnectOptions {
  /** Configuration and log. */
  directory: string;
  /** Of the cluster that keeps its configurations, offsets and states. */
  bootstrap: string;
  /** Workers of one name are one group. */
  group?: string;
  /** They win over ours. */
  properties?: Record<string, string>;
}

export interface ConnectWorker {
  /** `http://127.0.0.1:1234`. */
  url: string;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** On the same port, with what the cluster keeps. @throws {EngineFailed} with what its log complains of. */
  start(): Promise<void>;
}

/** Starts a worker and waits until it answers. @throws {EngineMissing} without java or jars. @throws {EngineFailed} */
export const startConnect = async (options: ConnectOptions): Promise<ConnectWorker> => {
  const { directory } = options;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const configuration = join(directory, 'connect.properties');
  const logFile = join(directory, 'connect.log');
  const temporary = join(directory, 'tmp');
  await mkdir(temporary, { recursive: true });
  await writeFile(configuration, workerProperties(options, port));
  let child: ChildProcess | undefined;

  const kill = async () => {
    const ending = child;
    if (!ending || !isRunning(ending)) return;
    const exited = once(ending, 'exit');
    ending.kill('SIGKILL');
    await exited;
  };
  const start = async () => {
    if (child && isRunning(child)) return;
    await writeFile(logFile, '');
    const [java, args] = kafkaCommand('org.apache.kafka.connect.cli.ConnectDistributed', [configuration], {
      temporary,
    });
    child = spawnServer(java, args, logFile, { user: undefined, endedBy: 'SIGKILL' });
    try {
      await untilServing(child, url, logFile);
    } catch (error) {
      await kill();
      throw error;
    }
  };
  await start();
  return { url, kill, start };
};

const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;

const workerProperties = ({ bootstrap, group = 'connect', properties = {} }: ConnectOptions, port: number): string => {
  const converter = 'org.apache.kafka.connect.json.JsonConverter';
  const all: Record<string, string> = {
    'bootstrap.servers': bootstrap,
    'group.id': group,
    'key.converter': converter,
    'value.converter': converter,
    listeners: `HTTP://127.0.0.1:${port}`,
    'rest.advertised.host.name': '127.0.0.1',
    // With the jars of everything else in one class path: looking through all of them would take a minute.
    'plugin.discovery': 'service_load',
    'offset.flush.interval.ms': '1000',
    'scheduled.rebalance.max.delay.ms': '0',
    ...Object.fromEntries(
      ['config', 'offset', 'status'].flatMap((what) => [
        [`${what}.storage.topic`, `${group}-${what}`],
        [`${what}.storage.replication.factor`, '1'],
        ...(what === 'config' ? [] : [[`${what}.storage.partitions`, '1']]),
      ]),
    ),
    ...properties,
  };
  return Object.entries(all)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
};

const untilServing = async (child: ChildProcess, url: string, logFile: string): Promise<void> => {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    // Its port answers before it has joined its group; then it says so.
    const answer = await fetch(`${url}/connectors`).catch(() => undefined);
    if (answer?.ok) return;
    if (!isRunning(child) || Date.now() > deadline) {
      const log = await readFile(logFile, 'utf8');
      throw new EngineFailed(
        `Kafka Connect did not start: ${log
          .split('\n')
          .filter((line) => /ERROR|Exception/.test(line))
          .join('\n')
          .slice(0, 1500)}`,
      );
    }
    await delay(POLL_MS);
  }
};
