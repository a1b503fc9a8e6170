// What a command takes: seconds, processor time and memory of it and all it starts. Linux: memory is read from /proc.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';

export interface Taken {
  seconds: number;
  /** User and system, of the command and all it started. */
  cpuSeconds: number;
  /** Highest resident memory of each process that was seen, added up. */
  peakMegabytes: number;
  output: string;
}

const SAMPLE_MS = 20;

/** Runs a line of Bash. @throws {Error} with what it complained of where any program of it fails */
export const take = async (line: string, env: Record<string, string> = {}): Promise<Taken> => {
  const script = `set -o pipefail; TIMEFORMAT='%R %U %S'; time { ${line}; }`;
  const child = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  const peaks = new Map<number, number>();
  const sampling = setInterval(() => sample(child.pid ?? 0, peaks), SAMPLE_MS);
  const [output, complaints, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]).finally(() => clearInterval(sampling));
  if (status !== 0) throw new Error(`${line} ended with exit status ${status}: ${complaints.slice(-2000)}`);
  const [real = 0, user = 0, system = 0] = (complaints.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  const peakMegabytes = [...peaks.values()].reduce((sum, kilobytes) => sum + kilobytes, 0) / 1024;
  return { seconds: real, cpuSeconds: user + system, peakMegabytes, output };
};

/** Notes the high-water mark of each descendant: the kernel keeps it, so that nothing between two looks is missed. */
const sample = (root: number, peaks: Map<number, number>): void => {
  for (const child of read(`/proc/${root}/task/${root}/children`).split(' ').filter(Boolean).map(Number)) {
    const kilobytes = Number(/\nVmHWM:\s+(\d+)/.exec(read(`/proc/${child}/status`))?.[1] ?? 0);
    peaks.set(child, Math.max(peaks.get(child) ?? 0, kilobytes));
    sample(child, peaks);
  }
};

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // it has ended
  }
};
