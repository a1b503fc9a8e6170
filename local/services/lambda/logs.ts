// What functions print, per function in a file; metrics that stand in it in the embedded metric format reach CloudWatch.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Region } from '../../types.ts';
import { embeddedMetrics } from '../cloudwatch/emf.ts';
import { recordMetrics } from '../cloudwatch/record.ts';

export interface Logs {
  append(name: string, line: string): void;
  /** All lines a function printed so far, oldest first. */
  lines(name: string): string[];
}

export const createLogs = (region: Region): Logs => {
  const directory = path.join(region.directory, 'lambda', 'logs');
  mkdirSync(directory, { recursive: true });
  const fileOf = (name: string): string => path.join(directory, `${name}.log`);
  return {
    append: (name, line) => {
      appendFileSync(fileOf(name), `${line}\n`);
      for (const { namespace, data } of embeddedMetrics(line)) recordMetrics(region, namespace, data);
    },
    lines: (name) => (existsSync(fileOf(name)) ? readFileSync(fileOf(name), 'utf8').split('\n').slice(0, -1) : []),
  };
};
