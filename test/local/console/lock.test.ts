import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { takeDirectory } from '../../../local/console/lock.ts';

let parent: string;
let directory: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'lock-'));
  directory = join(parent, 'state', 'local');
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

it('is taken empty, by one run at a time, until it is released', () => {
  const release = takeDirectory(directory);
  expect(readdirSync(directory)).toEqual([]);
  writeFileSync(join(directory, 'file'), 'of this run');
  expect(() => takeDirectory(directory)).toThrow(
    expect.objectContaining({ name: 'DirectoryInUse', message: expect.stringContaining(`process ${process.pid},`) }),
  );
  expect(readFileSync(join(directory, 'file'), 'utf8')).toBe('of this run');
  release();
  expect(readdirSync(join(parent, 'state'))).toEqual(['local']);
  takeDirectory(directory)();
  expect(readdirSync(directory)).toEqual([]);
});

it.each([
  ['a process that has ended', () => String(spawnSync(process.execPath, ['--version']).pid)],
  ['nobody', () => ''],
])('is taken over from %s', (_, owner) => {
  takeDirectory(directory)();
  writeFileSync(`${directory}.lock`, owner());
  const release = takeDirectory(directory);
  expect(readFileSync(`${directory}.lock`, 'utf8')).toBe(String(process.pid));
  release();
  expect(existsSync(`${directory}.lock`)).toBe(false);
});

it('is respected while its process lives, whoever it is', async () => {
  takeDirectory(directory)();
  const other = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], { stdio: 'ignore' });
  writeFileSync(`${directory}.lock`, String(other.pid));
  expect(() => takeDirectory(directory)).toThrow(`process ${other.pid},`);
  other.kill('SIGKILL');
  await once(other, 'exit');
  takeDirectory(directory)();
});
