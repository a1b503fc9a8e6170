// `npm run local` as a process of its own, at free ports and in a folder of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

const MAIN = path.resolve(import.meta.dirname, '../../local/main.ts');

export interface Running {
  process: ChildProcess;
  /** Everything printed so far, errors too. */
  printed(): string;
  /** Resolves once something was printed after the call that matches. @throws when it ended without */
  hears(expected: RegExp): Promise<string>;
  type(line: string): void;
  /** The exit status once it has ended by itself. */
  ended: Promise<number | null>;
}

export const startLocal = (...flags: string[]): Running => {
  const child = spawn(process.execPath, [MAIN, ...flags], { stdio: 'pipe' });
  let printed = '';
  let listeners: (() => void)[] = [];
  const wake = (): void => {
    const woken = listeners;
    listeners = [];
    for (const listener of woken) listener();
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      wake();
    });
  }
  const ended = once(child, 'close').then(([status]) => status as number | null);
  void ended.then(wake);
  return {
    process: child,
    printed: () => printed,
    hears: async (expected) => {
      for (const from = printed.length; ; ) {
        const text = printed.slice(from);
        if (expected.test(text)) return text;
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`It ended without saying ${expected}:\n${printed}`);
        await new Promise<void>((resolve) => listeners.push(resolve));
      }
    },
    type: (line) => void child.stdin.write(`${line}\n`),
    ended,
  };
};

/** Settings that it tells people to export. */
export const exportedBy = ({ printed }: Running): Record<string, string> =>
  Object.fromEntries(
    [...printed().matchAll(/(AWS_\w+)=(\S+)/g)].map(([, name, value]) => [name as string, value as string]),
  );
