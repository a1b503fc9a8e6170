// The commands of a build, each a real process group. As version 0.2 of the buildspec has it, directory and variables carry
// over from one command to the next; what a command leaves running lasts until the build ends.
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import path from 'node:path';

export interface Shell {
  /** Where the commands begin. */
  readonly directory: string;
  /** Why it failed (`exit status 1`); undefined where it did not. @param succeeding whether every command before it went well */
  run(command: string, environment: Record<string, string>, succeeding: boolean): Promise<string | undefined>;
  /** Ends every process of the build at once. */
  kill(): void;
  /** Removes what the commands worked on. */
  remove(): void;
}

/** Arguments: where directory and variables are kept, the command, and `CODEBUILD_BUILD_SUCCEEDING`. */
const SCRIPT = `
__state=$1 __command=$2 __succeeding=$3
set --
if [ -f "$__state/env.sh" ]; then . "$__state/env.sh"; cd "$(cat "$__state/dir.txt")" || exit; fi
export CODEBUILD_BUILD_SUCCEEDING="$__succeeding"
trap '__status=$?; set +a; export -p >"$__state/env.sh"; pwd >"$__state/dir.txt"; exit $__status' EXIT
set -a
eval "$__command"`;

export const openShell = (scratch: string, logFile: string): Shell => {
  const directory = path.join(scratch, 'src');
  mkdirSync(directory, { recursive: true });
  const groups = new Set<number>();
  return {
    directory,
    run: (command, environment, succeeding) =>
      new Promise((resolve) => {
        // A file and not a pipe: a process in the background would keep the pipe open, and us waiting.
        const log = openSync(logFile, 'a');
        const child = spawn('/bin/sh', ['-c', SCRIPT, 'sh', scratch, command, succeeding ? '1' : '0'], {
          cwd: directory,
          env: environment,
          detached: true,
          stdio: ['ignore', log, log],
        });
        closeSync(log);
        const { pid } = child;
        if (pid) groups.add(pid);
        child.on('error', ({ message }) => resolve(message));
        child.on('exit', (status, signal) => {
          if (pid && !signalGroup(pid, 0)) groups.delete(pid);
          resolve(signal ? `signal: ${signal}` : status === 0 ? undefined : `exit status ${status}`);
        });
      }),
    kill: () => {
      for (const pid of groups) signalGroup(pid, 'SIGKILL');
      groups.clear();
    },
    // Processes that were just killed may not be gone yet.
    remove: () => rmSync(scratch, { recursive: true, force: true, maxRetries: 3 }),
  };
};

/** False where nobody of the group is left; some systems say EPERM of a group that only waits to be forgotten. */
const signalGroup = (pid: number, signal: 'SIGKILL' | 0): boolean => {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
};
