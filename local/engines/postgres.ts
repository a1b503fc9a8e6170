// One PostgreSQL server: made, copied, started and stopped. What the copies and servers are for is the caller's affair.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { giveToEngine, makeEngineDirectory } from './engine-user.ts';
import { postgresPrograms } from './postgres-binaries.ts';
import { ADMIN, configure, type ServerSettings } from './postgres-config.ts';
import { EngineFailed, runProgram, spawnServer } from './processes.ts';

/** One password for the superuser of all servers of this process: a physical copy carries it along. */
export const ADMIN_PASSWORD = randomBytes(18).toString('hex');

export interface Server {
  port: number;
  /** The data directory. */
  directory: string;
  pid: number;
  running(): boolean;
  /** `fast` ends sessions and writes a checkpoint; `immediate` is a power cut. */
  stop(mode: 'fast' | 'immediate'): Promise<void>;
}

/** A new, empty cluster with data checksums. WAL segments of 1 MB, so that a busy archive stays small. */
export const createCluster = async (data: string, signal: AbortSignal): Promise<void> => {
  await makeEngineDirectory(data);
  const passwordFile = `${data}.password`;
  await writeFile(passwordFile, ADMIN_PASSWORD, { mode: 0o600 });
  await giveToEngine(passwordFile);
  try {
    const options = ['--auth=scram-sha-256', '--data-checksums', '--wal-segsize=1', '--encoding=UTF8', '--locale=C'];
    const args = ['-D', data, '-U', ADMIN, `--pwfile=${passwordFile}`, ...options, '--no-sync', '--no-instructions'];
    await runProgram(postgresPrograms().initdb, args, { signal });
  } finally {
    await rm(passwordFile, { force: true });
  }
};

/** A physical copy of a running server, consistent by itself, taken while writes go on. */
export const takeBaseBackup = async (port: number, data: string, signal: AbortSignal): Promise<void> => {
  await makeEngineDirectory(data);
  const source = ['-h', '127.0.0.1', '-p', `${port}`, '-U', ADMIN, '--no-password'];
  // Storage snapshots do not read what they copy, so a damaged page is copied as it is.
  const unread = ['--no-sync', '--no-manifest', '--no-verify-checksums'];
  const args = [...source, '-D', data, '-X', 'stream', '-c', 'fast', ...unread];
  await runProgram(postgresPrograms().pg_basebackup, args, { env: { PGPASSWORD: ADMIN_PASSWORD }, signal });
};

/** A second copy of a data directory that no server runs on: blocks are shared where the file system can. */
export const copyCluster = async (from: string, to: string, signal: AbortSignal): Promise<void> => {
  const program = process.platform === 'linux' ? ['--reflink=auto'] : [];
  // As this process's user: that one may write beside both, and `-a` keeps the owner.
  await runProgram('cp', ['-a', ...program, from, to], { signal, user: undefined });
};

/** What a copied data directory must not bring along into its new life. */
export const forgetOrigin = async (data: string): Promise<void> => {
  const leftovers = ['standby.signal', 'recovery.signal', 'postmaster.pid', 'postmaster.opts', 'postgresql.auto.conf'];
  for (const name of leftovers) await rm(join(data, name), { force: true });
};

/** Starts a server and waits until it answers. @throws {EngineFailed} with the end of its log. */
export const startServer = async (data: string, settings: ServerSettings, signal: AbortSignal): Promise<Server> => {
  await configure(data, settings);
  const logFile = `${data}.log`;
  await writeFile(logFile, '');
  const child = spawnServer(postgresPrograms().postgres, ['-D', data], logFile);
  const exited = once(child, 'exit');
  const running = () => child.exitCode === null && child.signalCode === null;
  const stop = async (mode: 'fast' | 'immediate') => {
    if (!running()) return;
    child.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
    const impatience = setTimeout(() => child.kill('SIGQUIT'), 10_000);
    await exited.finally(() => clearTimeout(impatience));
  };
  try {
    while (!(await answers(settings.port, data))) {
      if (!running()) throw new EngineFailed(`PostgreSQL did not start: ${await endOf(logFile)}`);
      await delay(30, undefined, { signal });
    }
  } catch (error) {
    await stop('immediate');
    throw error;
  }
  return { port: settings.port, directory: data, pid: child.pid ?? 0, running, stop };
};

/** Runs statements as the superuser over one connection. */
export const asAdmin = async <T>(
  port: number,
  database: string,
  run: (client: pg.Client) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> => {
  const client = new pg.Client({ host: '127.0.0.1', port, user: ADMIN, password: ADMIN_PASSWORD, database });
  client.on('error', () => undefined); // The server went away; the query in flight rejects with it.
  const abort = () => void client.end().catch(() => undefined);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    await client.connect();
    return await run(client);
  } finally {
    signal?.removeEventListener('abort', abort);
    await client.end().catch(() => undefined);
  }
};

/** Whether the server of this data directory answers: another one may have taken the port. */
const answers = async (port: number, data: string): Promise<boolean> => {
  try {
    const { rows } = await asAdmin(port, 'postgres', (client) => client.query('show data_directory'));
    return rows[0].data_directory === data;
  } catch {
    return false;
  }
};

const endOf = async (logFile: string): Promise<string> => (await readFile(logFile, 'utf8')).trim().slice(-1500);

/** The installed version as RDS writes it: `15.14`. */
export const installedVersion = async (): Promise<string> => {
  const text = await runProgram(postgresPrograms().postgres, ['--version']);
  return /\d+(\.\d+)?/.exec(text)?.[0] ?? 'unknown';
};
