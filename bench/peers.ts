// What others do with the same database: digests of a dump, and PostgreSQL's own checks of pages and structures.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { postgresPrograms } from '../local/engines/postgres-binaries.ts';
import { runProgram } from '../local/engines/processes.ts';
import type { LocalRegion } from '../local/world.ts';

type Server = ReturnType<LocalRegion['rds']['server']>;

/** Where a program of the PostgreSQL distribution stands; undefined where it is not installed. */
const program = (name: string): string | undefined => {
  const file = path.join(path.dirname(postgresPrograms().postgres), name);
  return existsSync(file) ? file : undefined;
};

const connection = ({ host, port, user }: Server): string[] => ['-h', host, '-p', `${port}`, '-U', user];

/** `pg_dump --data-only | sha256sum`. Equal digests of two servers say that nothing differs, and of two that do not, nothing. */
export const dumpDigest = async (server: Server, database: string): Promise<string> => {
  const file = program('pg_dump');
  if (!file)
    throw new Error(`pg_dump is not installed beside ${postgresPrograms().postgres}; install postgresql-client.`);
  // Releases that guard their output by a random key can be told one: two dumps of the same data are the same again.
  const help = await runProgram(file, ['--help']);
  const reproducible = help.includes('--restrict-key') ? ['--restrict-key=bench'] : [];
  const dump = spawn(file, ['--data-only', '--no-password', ...reproducible, ...connection(server), database], {
    env: { ...process.env, PGPASSWORD: server.password },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve, reject) => dump.once('error', reject).once('close', resolve));
  const hash = createHash('sha256');
  await pipeline(dump.stdout, hash);
  const status = await ended;
  if (status !== 0) throw new Error(`pg_dump of port ${server.port} ended with exit status ${status}.`);
  return hash.digest('hex');
};

/** Structures of all tables and indexes of a running server; false where amcheck is not installed. */
export const amcheck = async (server: Server, database: string): Promise<boolean> => {
  const file = program('pg_amcheck');
  if (!file) return false;
  await runProgram(file, ['--install-missing', '--no-password', ...connection(server), database], {
    env: { PGPASSWORD: server.password },
  });
  return true;
};

/** Checksums of all pages of a stopped server; false where the program is not installed. */
export const checksums = async (server: Server): Promise<boolean> => {
  const file = program('pg_checksums');
  if (!file) return false;
  await runProgram(file, ['--check', '-D', server.directory]);
  return true;
};
