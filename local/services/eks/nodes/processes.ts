// One real process for the container of a pod.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const INIT = fileURLToPath(new URL('./init.ts', import.meta.url));
/** Lines of output kept of each pod. */
const LINES = 200;

export interface Exit {
  code: number;
  signal?: number;
}

export interface ContainerProcess {
  readonly exited: Promise<Exit>;
  signal(name: 'SIGTERM' | 'SIGKILL'): void;
}

const SIGNALS: Record<string, number> = { SIGKILL: 9, SIGTERM: 15, SIGSEGV: 11, SIGABRT: 6 };

/** Starts a program with the environment of its container and nothing else of this process's but PATH. */
export const startContainer = (
  program: string,
  { args, environment, log }: { args: string[]; environment: Record<string, string>; log: string[] },
): ContainerProcess => {
  const child = spawn(process.execPath, ['--import', INIT, program, ...args], {
    cwd: '/',
    env: { PATH: process.env.PATH ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  for (const stream of [child.stdout, child.stderr]) collect(stream, log);
  return {
    exited: exitOf(child),
    signal: (name) => void child.kill(name),
  };
};

const collect = (stream: NodeJS.ReadableStream | null, log: string[]): void => {
  if (!stream) return;
  createInterface({ input: stream }).on('line', (line) => {
    log.push(line);
    if (log.length > LINES) log.shift();
  });
};

/** Resolves once the process is gone and all it wrote has been read. */
const exitOf = (child: ChildProcess): Promise<Exit> =>
  new Promise((resolve) => {
    child.once('error', () => resolve({ code: 128 }));
    child.once('close', (code, signal) => {
      const number = signal ? (SIGNALS[signal] ?? 1) : undefined;
      resolve({ code: code ?? 128 + (number ?? 0), ...(number !== undefined && { signal: number }) });
    });
  });
