// One Redis server: started, saved to a file, made a replica, stopped. What servers and files are for is the caller's affair.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from '@redis/client';
import { giveToEngine, makeEngineDirectory } from './engine-user.ts';
import { EngineFailed, spawnServer } from './processes.ts';
import { redisProgram } from './redis-binaries.ts';
import { ADMIN, configure, RDB, type RedisSettings } from './redis-config.ts';

/** One password for the administrator of all servers of this process: replicas log in with it, too. */
export const ADMIN_PASSWORD = randomBytes(18).toString('hex');

const POLL_MS = 20;

export interface RedisServer {
  port: number;
  /** The data directory. */
  directory: string;
  /** PEM of the authority behind its certificate; undefined where it does not speak TLS. */
  ca: string | undefined;
  pid: number;
  running(): boolean;
  /** `graceful` lets replicas catch up; `immediate` is a power cut. */
  stop(mode: 'graceful' | 'immediate'): Promise<void>;
}

/** Sends one command and returns the answer, text or lists of it. */
export type Send = (...command: string[]) => Promise<unknown>;

/** Starts a server on a directory, with what an RDB file holds if one is given, and waits until it has loaded it. @throws {EngineFailed} with the end of its log. */
export const startRedis = async (
  data: string,
  settings: RedisSettings,
  signal: AbortSignal,
  seed?: string,
): Promise<RedisServer> => {
  await makeEngineDirectory(data);
  if (seed !== undefined) {
    await copyFile(seed, join(data, RDB));
    await giveToEngine(join(data, RDB));
  }
  const logFile = `${data}.log`;
  await writeFile(logFile, '');
  const child = spawnServer(redisProgram(), [await configure(data, settings, ADMIN_PASSWORD)], logFile);
  const exited = once(child, 'exit');
  const running = () => child.exitCode === null && child.signalCode === null;
  const server: RedisServer = {
    port: settings.port,
    directory: data,
    ca: settings.certificates?.ca,
    pid: child.pid ?? 0,
    running,
    async stop(mode) {
      if (!running()) return;
      child.kill(mode === 'graceful' ? 'SIGTERM' : 'SIGKILL');
      const impatience = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await exited.finally(() => clearTimeout(impatience));
    },
  };
  try {
    while (!(await isReady(server))) {
      if (!running()) throw new EngineFailed(`Redis did not start: ${await endOf(logFile)}`);
      await delay(POLL_MS, undefined, { signal });
    }
  } catch (error) {
    await server.stop('immediate');
    throw error;
  }
  return server;
};

/** Runs commands as the administrator over one connection. */
export const asRedisAdmin = async <T>(
  { port, ca }: Pick<RedisServer, 'port' | 'ca'>,
  run: (send: Send) => Promise<T>,
): Promise<T> => {
  const address = { host: '127.0.0.1', port, reconnectStrategy: false } as const;
  const client = createClient({
    socket: ca === undefined ? address : { ...address, tls: true, ca },
    username: ADMIN,
    password: ADMIN_PASSWORD,
  });
  client.on('error', () => undefined); // The server went away; the command in flight rejects with it.
  try {
    await client.connect();
    return await run((...command) => client.sendCommand(command));
  } finally {
    if (client.isOpen) client.destroy();
  }
};

/** Has a running server write what it holds at this moment into a file, while commands go on. @throws {EngineFailed} */
export const saveTo = async (server: RedisServer, file: string, signal: AbortSignal): Promise<void> => {
  const written = join(server.directory, RDB);
  await rm(written, { force: true });
  await asRedisAdmin(server, async (send) => {
    await send('BGSAVE', 'SCHEDULE');
    for (;;) {
      const { rdb_bgsave_in_progress: saving, rdb_last_bgsave_status: last } = await info(send, 'persistence');
      if (saving === '0' && existsSync(written)) break;
      if (saving === '0' && last !== 'ok')
        throw new EngineFailed(`BGSAVE failed: ${await endOf(`${server.directory}.log`)}`);
      await delay(POLL_MS, undefined, { signal });
    }
  });
  await rename(written, file);
};

/** Waits until a replica is connected to its primary and has its data. */
export const untilLinked = async (server: RedisServer, signal: AbortSignal): Promise<void> => {
  while (!(await isLinked(server))) {
    if (!server.running()) throw new EngineFailed(`Redis ended: ${await endOf(`${server.directory}.log`)}`);
    await delay(POLL_MS, undefined, { signal });
  }
};

/** A section of what the server says about itself. */
export const info = async (send: Send, section: string): Promise<Record<string, string>> => {
  const text = String(await send('INFO', section));
  return Object.fromEntries(
    text
      .split('\r\n')
      .filter((line) => line.includes(':'))
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );
};

const isLinked = (server: RedisServer): Promise<boolean> =>
  asRedisAdmin(server, async (send) => (await info(send, 'replication')).master_link_status === 'up').catch(
    () => false,
  );

/** Whether this very server answers and has loaded its data: another one may have taken the port. */
const isReady = (server: RedisServer): Promise<boolean> =>
  asRedisAdmin(server, async (send) => {
    const { process_id: pid } = await info(send, 'server');
    return Number(pid) === server.pid && (await send('PING')) === 'PONG';
  }).catch(() => false);

const endOf = async (logFile: string): Promise<string> => (await readFile(logFile, 'utf8')).trim().slice(-1500);
