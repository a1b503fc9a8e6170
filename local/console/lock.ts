// One run at a time in a state directory: a lock file with the process id of whoever uses it.
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { sweepServers } from '../engines/processes.ts';

/** Another run uses the directory. */
export class DirectoryInUse extends Error {
  override readonly name = 'DirectoryInUse';
}

/**
 * Takes the directory for this process and empties it; what a killed run left running there is ended. Returns the release.
 * @throws {DirectoryInUse} naming the process
 */
export const takeDirectory = (directory: string): (() => void) => {
  const file = `${directory}.lock`;
  mkdirSync(path.dirname(file), { recursive: true });
  if (!create(file)) {
    const pid = Number(readFileSync(file, 'utf8'));
    if (isAlive(pid)) throw new DirectoryInUse(inUse(directory, file, pid));
    rmSync(file, { force: true });
    if (!create(file)) throw new DirectoryInUse(inUse(directory, file));
  }
  sweepServers(directory);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  return () => rmSync(file, { force: true });
};

const inUse = (directory: string, file: string, pid?: number): string =>
  `Another run${pid ? `, process ${pid},` : ''} uses ${directory}. End it first (type quit there, or kill it), or choose another --directory. If there is none, remove ${file}.`;

/** Linked into place with its content: nobody ever reads a lock without a process id. */
const create = (file: string): boolean => {
  const own = `${file}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(own);
  }
};

const isAlive = (pid: number): boolean => {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // There is such a process, of somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};
