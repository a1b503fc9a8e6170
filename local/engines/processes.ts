// Starts engine programs as the engine's user and sees to it that none outlives this process, however that ends.
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, globSync, openSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type EngineUser, engineUser } from './engine-user.ts';

const execute = promisify(execFile);

/** Runs a program to its end, as the engine's user unless told otherwise. @throws {EngineFailed} with what it wrote to stderr. */
export const runProgram = async (
  file: string,
  args: string[],
  options: { env?: Record<string, string>; signal?: AbortSignal; user?: EngineUser | undefined } = {},
): Promise<string> => {
  try {
    const { stdout } = await execute(file, args, {
      ...('user' in options ? options.user : engineUser()),
      cwd: '/',
      env: { ...process.env, ...options.env },
      maxBuffer: 16 << 20,
      ...(options.signal ? { signal: options.signal } : {}),
    });
    return stdout;
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new EngineFailed(`${file.split('/').at(-1)} failed: ${(stderr || message).trim()}`, { cause: error });
  }
};

/** An engine program ended with an error or did not come up. */
export class EngineFailed extends Error {
  override readonly name = 'EngineFailed';
}

/** What ends a server at once. For a JVM, SIGQUIT is a request to list its threads. */
type EndSignal = 'SIGQUIT' | 'SIGKILL';

const running = new Map<ChildProcess, EndSignal>();

/**
 * Starts a server that ends with this process: by signal from the kernel where there is one, else by the exit handlers. It
 * runs as the engine's user unless told otherwise.
 */
export const spawnServer = (
  file: string,
  args: string[],
  logFile: string,
  options: { user?: EngineUser | undefined; endedBy?: EndSignal } = {},
): ChildProcess => {
  installExitHandlers();
  const log = openSync(logFile, 'a', 0o644);
  const user = 'user' in options ? options.user : engineUser();
  const { endedBy = 'SIGQUIT' } = options;
  const [command, commandArgs, identity] = canBindToParent()
    ? ['setpriv', [...setprivUser(user), '--pdeathsig', endedBy.replace('SIG', ''), '--', file, ...args], {}]
    : [file, args, { ...user }];
  const child = spawn(command, commandArgs, { ...identity, cwd: '/', stdio: ['ignore', log, log] });
  running.set(child, endedBy);
  child.once('exit', () => running.delete(child));
  return child;
};

const setprivUser = (user: { uid: number; gid: number } | undefined): string[] =>
  user ? ['--reuid', `${user.uid}`, '--regid', `${user.gid}`, '--clear-groups'] : [];

let parentBound: boolean | undefined;
const canBindToParent = (): boolean => {
  if (parentBound === undefined) {
    try {
      execFileSync('setpriv', ['--pdeathsig', 'QUIT', '--', 'true'], { stdio: 'ignore' });
      parentBound = true;
    } catch {
      parentBound = false;
    }
  }
  return parentBound;
};

const killAll = (): void => {
  for (const [child, signal] of running) child.kill(signal);
  running.clear();
};

let installed = false;
const installExitHandlers = (): void => {
  if (installed) return;
  installed = true;
  process.on('exit', killAll);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    const end = () => {
      killAll();
      process.off(signal, end);
      // With no other handler this signal was meant to end the process: it still does.
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    };
    process.on(signal, end);
  }
};

/** Ends servers that a killed run left behind below this directory. Their pid files lie in their data directories. */
export const sweepServers = (directory: string): void => {
  if (!existsSync(directory)) return;
  for (const file of globSync('**/{postmaster,redis,kafka}.pid', { cwd: directory })) {
    const path = resolve(directory, file);
    const [pid = ''] = readFileSync(path, 'utf8').split('\n');
    const signal = path.endsWith('kafka.pid') ? 'SIGKILL' : 'SIGQUIT';
    if (commandOf(pid).includes(dirname(path))) process.kill(Number(pid), signal);
  }
};

/** What a process id runs now: ids are used again, so a pid file alone proves nothing. */
const commandOf = (pid: string): string => {
  try {
    return execFileSync('ps', ['-o', 'args=', '-p', pid], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
};
