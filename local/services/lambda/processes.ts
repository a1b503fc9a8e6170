// One real node process of a function: started with the unzipped bundle, given one invocation at a time, ended.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { FromProcess, Invocation } from './protocol.ts';

const BOOTSTRAP = fileURLToPath(new URL('./bootstrap.ts', import.meta.url));
/** How long Lambda lets the initialisation take before it starts over (developer guide, "Init phase", 2026-11). */
const INIT_MS = 10_000;

export interface Outcome {
  /** JSON text: the handler's result, or the error. */
  payload: string;
  failed: boolean;
  peakKilobytes: number;
}

export interface FunctionProcess {
  readonly pid: number | undefined;
  /** False once it ended, for whatever reason. */
  alive(): boolean;
  /** Never rejects: a process that dies or takes too long is an outcome. */
  invoke(invocation: Invocation, timeoutMs: number): Promise<Outcome>;
  /** Ends it at once; resolves when it is gone. */
  kill(): Promise<void>;
}

export interface ProcessOptions {
  root: string;
  environment: Record<string, string>;
  onLine(line: string): void;
  onExit(): void;
}

const failure = (errorType: string, errorMessage: string): Outcome => ({
  payload: JSON.stringify({ errorType, errorMessage }),
  failed: true,
  peakKilobytes: 0,
});

export const startProcess = ({ root, environment, onLine, onExit }: ProcessOptions): FunctionProcess => {
  const child = spawn(process.execPath, [BOOTSTRAP], {
    cwd: root,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let ended: string | undefined;
  let outcome: Outcome | undefined;
  let markers = 0;
  let settle: ((outcome: Outcome) => void) | undefined;
  let requestId = '';

  /** An answer counts once both outputs showed its end marker: what was logged before it has then been read. */
  const answerIfComplete = (): void => {
    if (outcome && markers >= 2) settle?.(outcome);
  };
  const read = (stream: NodeJS.ReadableStream | null, keepsMarker: boolean): void => {
    if (!stream) return;
    createInterface({ input: stream }).on('line', (line) => {
      const marker = requestId !== '' && line === `END RequestId: ${requestId}`;
      if (!marker || keepsMarker) onLine(line);
      if (marker) markers += 1;
      if (marker) answerIfComplete();
    });
  };
  read(child.stdout, true);
  read(child.stderr, false);

  const ready = new Promise<void>((resolve) => {
    child.on('message', (message: FromProcess) => {
      if (message.kind === 'ready') resolve();
      if (message.kind === 'done' && message.requestId === requestId) {
        outcome = message;
        answerIfComplete();
      }
    });
    child.on('error', () => resolve());
    child.on('close', () => resolve());
  });
  const gone = new Promise<void>((resolve) => {
    const end = (reason: string): void => {
      if (ended) return;
      ended = reason;
      settle?.(
        outcome ?? failure('Runtime.ExitError', `RequestId: ${requestId} Error: Runtime exited with error: ${reason}`),
      );
      onExit();
      resolve();
    };
    child.on('error', (error) => end(error.message));
    // 'close' and not 'exit': by then everything it printed has been read.
    child.on('close', (status, signal) => end(signal ? 'signal: killed' : `exit status ${status}`));
  });
  const kill = (): Promise<void> => {
    child.kill('SIGKILL');
    return gone;
  };

  const invoke = async (invocation: Invocation, timeoutMs: number): Promise<Outcome> => {
    requestId = invocation.requestId;
    outcome = undefined;
    markers = 0;
    const initTimer = setTimeout(kill, INIT_MS + timeoutMs);
    await ready;
    clearTimeout(initTimer);
    if (ended)
      return failure('Runtime.ExitError', `RequestId: ${requestId} Error: Runtime exited with error: ${ended}`);
    return new Promise((resolve) => {
      const finish = (result: Outcome): void => {
        clearTimeout(timer);
        settle = undefined;
        resolve(result);
      };
      const timer = setTimeout(async () => {
        settle = undefined;
        await kill();
        const seconds = (timeoutMs / 1000).toFixed(2);
        resolve(
          failure(
            'Sandbox.Timedout',
            `RequestId: ${invocation.requestId} Error: Task timed out after ${seconds} seconds`,
          ),
        );
      }, timeoutMs);
      settle = finish;
      child.send(invocation, (error) => error && kill());
    });
  };

  return { pid: child.pid, alive: () => ended === undefined && child.exitCode === null && !child.killed, invoke, kill };
};
