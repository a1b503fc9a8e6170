// PostgreSQL refuses to run as root. Where this process is root, engines run as another user and own their directories.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, statSync } from 'node:fs';
import { chown, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface EngineUser {
  uid: number;
  gid: number;
}

let found: EngineUser | undefined | null = null;

/** The user engines run as; undefined where that is simply the user of this process. */
export const engineUser = (): EngineUser | undefined => {
  if (found === null) found = process.getuid?.() === 0 ? (userNamed('postgres') ?? userNamed('nobody')) : undefined;
  return found;
};

/** A new directory, private to the engine's user. */
export const makeEngineDirectory = async (path: string): Promise<void> => {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await giveToEngine(path);
};

export const giveToEngine = async (path: string): Promise<void> => {
  const user = engineUser();
  if (user) await chown(path, user.uid, user.gid);
};

/**
 * A directory below `wanted` that the engine's user can reach. Temporary directories are opened for passing through;
 * where another parent forbids it (a home directory, say), the engine's files live in a temporary directory instead.
 */
export const reachableDirectory = (wanted: string): string => {
  mkdirSync(wanted, { recursive: true, mode: 0o711 });
  if (!engineUser()) return wanted;
  const closed = parentsOf(realpathSync(wanted)).filter((path) => (statSync(path).mode & 0o001) === 0);
  const temporary = realpathSync(tmpdir());
  if (closed.every((path) => path.startsWith(`${temporary}/`))) {
    for (const path of closed) chmodSync(path, statSync(path).mode | 0o011);
    return wanted;
  }
  const elsewhere = mkdtempSync(join(temporary, 'lifeboat-engine-'));
  chmodSync(elsewhere, 0o711);
  return elsewhere;
};

const parentsOf = (path: string): string[] => (dirname(path) === path ? [path] : [path, ...parentsOf(dirname(path))]);

const userNamed = (name: string): EngineUser | undefined => {
  try {
    const id = (flag: string) => Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
};
