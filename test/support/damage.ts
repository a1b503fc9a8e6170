import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { engineUser } from '../../local/engines/engine-user.ts';
import { postgresPrograms } from '../../local/engines/postgres-binaries.ts';
import { runProgram } from '../../local/engines/processes.ts';
import type { TestServer } from './postgres.ts';

/** Path of a table's file, asked while the server runs. */
export const heapFile = async (server: TestServer, table: string): Promise<string> => {
  const [row] = await server
    .sql(`CHECKPOINT; SELECT 1`)
    .then(() => server.sql(`SELECT pg_relation_filepath('${table}') AS path`));
  return join(server.directory, String(row?.path));
};

/** Changes one byte of `text` where it stands in the file of a stopped server. */
export const flipByte = async (file: string, text: string): Promise<void> => {
  const bytes = await readFile(file);
  const at = bytes.indexOf(text);
  if (at < 0) throw new Error(`${text} does not stand in ${file}`);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  await writeFile(file, bytes);
};

/** Makes a stopped server believe what it reads, as one without data checksums does. */
export const withoutChecksums = async (server: TestServer): Promise<void> => {
  const program = join(postgresPrograms().postgres, '..', 'pg_checksums');
  await runProgram(program, ['--disable', '-D', server.directory], { user: engineUser() });
};
