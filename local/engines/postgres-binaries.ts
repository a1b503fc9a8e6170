import { existsSync, globSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { EngineMissing, folderWith } from './programs.ts';

const NEEDED = ['postgres', 'initdb', 'pg_basebackup', 'pg_waldump'] as const;
export type PostgresProgram = (typeof NEEDED)[number];

/** Full paths of the server programs: LIFEBOAT_PG_BIN, then the newest Debian version, then PATH. @throws {EngineMissing} */
export const postgresPrograms = (): Record<PostgresProgram, string> => {
  const folders = [process.env.LIFEBOAT_PG_BIN, ...debianFolders(), ...(process.env.PATH ?? '').split(delimiter)];
  const folder = folderWith(NEEDED, folders);
  if (!folder) {
    throw new EngineMissing(
      `PostgreSQL server programs (${NEEDED.join(', ')}) were not found in LIFEBOAT_PG_BIN, /usr/lib/postgresql/*/bin or PATH. ` +
        'Install PostgreSQL 15 or newer, or set LIFEBOAT_PG_BIN to the folder that holds them.',
    );
  }
  return {
    postgres: join(folder, 'postgres'),
    initdb: join(folder, 'initdb'),
    pg_basebackup: join(folder, 'pg_basebackup'),
    pg_waldump: join(folder, 'pg_waldump'),
  };
};

const debianFolders = (): string[] =>
  existsSync('/usr/lib/postgresql')
    ? globSync('/usr/lib/postgresql/*/bin').sort((a, b) => versionOf(b) - versionOf(a))
    : [];

const versionOf = (folder: string): number => Number(folder.split('/').at(-2));
