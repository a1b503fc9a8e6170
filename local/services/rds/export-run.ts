// One export: a throw-away server on a copy of the snapshot, read table by table, written to S3 as the export's role.
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExportTask } from '@aws-sdk/client-rds';
import { freePort } from '../../engines/ports.ts';
import { asAdmin, copyCluster, forgetOrigin, type Server, startServer } from '../../engines/postgres.ts';
import type { Caller } from '../../types.ts';
import { type ExportedTable, exportInfo, tablesInfo } from './export-manifests.ts';
import { parquetFiles } from './export-parquet.ts';
import { type ExportTable, pathOf, tablesToExport } from './export-tables.ts';
import { isKeyUsable, notAccessible } from './keys.ts';
import type { Rds, Snapshot } from './state.ts';

/** Puts one object under the export's folder. */
type Put = (path: string, body: Uint8Array) => Promise<void>;

const TABLES_PER_MANIFEST = 50;

/** Reads the snapshot, writes the files; the task shows the progress. */
export const runExport = async (
  rds: Rds,
  task: ExportTask,
  snapshot: Snapshot,
  role: Caller,
  signal: AbortSignal,
): Promise<void> => {
  const { kmsKeyId } = snapshot.settings;
  if (!(await isKeyUsable(rds.region, kmsKeyId))) throw notAccessible(kmsKeyId);
  const folder = [task.S3Prefix, task.ExportTaskIdentifier].filter(Boolean).join('/');
  const put = putterFor(rds, task, folder, role, signal);
  const exported = await onScratchServer(rds, snapshot, signal, async ({ port }) => {
    task.Status = 'IN_PROGRESS';
    return exportDatabases(port, task, put, signal);
  });
  task.TotalExtractedDataInGB = Math.round(exported.reduce((sum, { bytes }) => sum + bytes, 0) / 2 ** 30);
  for (let first = 0; first < exported.length; first += TABLES_PER_MANIFEST) {
    const tables = exported.slice(first, first + TABLES_PER_MANIFEST);
    const name = `export_tables_info_${task.ExportTaskIdentifier}_from_${first + 1}_to_${first + tables.length}.json`;
    await put(name, asJson(tablesInfo(tables)));
  }
  const ended: ExportTask = { ...task, Status: 'COMPLETE', PercentProgress: 100, TaskEndTime: rds.region.clock.now() };
  await put(`export_info_${task.ExportTaskIdentifier}.json`, asJson(exportInfo(ended, folder)));
  Object.assign(task, ended);
};

const exportDatabases = async (
  port: number,
  task: ExportTask,
  put: Put,
  signal: AbortSignal,
): Promise<ExportedTable[]> => {
  const only = task.ExportOnly ?? [];
  const exported: ExportedTable[] = [];
  for (const database of await databasesOf(port)) {
    await asAdmin(
      port,
      database,
      async (client) => {
        const tables = await tablesToExport(client, database, only);
        for (const [index, table] of tables.entries()) {
          exported.push({ database, table, bytes: await exportTable(client, database, table, put) });
          task.PercentProgress = Math.floor((99 * (index + 1)) / tables.length);
        }
      },
      signal,
    );
  }
  if (exported.length === 0) throw new Error('The snapshot holds nothing of what was to be exported.');
  return exported;
};

/** One folder per batch, numbered from 1, each closed by an empty `_SUCCESS`. Returns the bytes written. */
const exportTable = async (client: Client, database: string, table: ExportTable, put: Put): Promise<number> => {
  let bytes = 0;
  for (const [batch, part] of table.parts.entries()) {
    const folder = `${pathOf(database, table)}/${batch + 1}`;
    let index = 0;
    for await (const file of parquetFiles(client, table, part)) {
      await put(`${folder}/part-${String(index++).padStart(5, '0')}-${randomUUID()}.gz.parquet`, file);
      bytes += file.byteLength;
    }
    await put(`${folder}/_SUCCESS`, new Uint8Array());
  }
  return bytes;
};

type Client = Parameters<Parameters<typeof asAdmin>[2]>[0];

const databasesOf = async (port: number): Promise<string[]> => {
  const { rows } = await asAdmin(port, 'postgres', (client) =>
    client.query("select datname from pg_database where not datistemplate and datname <> 'rdsadmin' order by 1"),
  );
  return rows.map(({ datname }) => datname);
};

const putterFor =
  (rds: Rds, task: ExportTask, folder: string, role: Caller, signal: AbortSignal): Put =>
  async (path, body) => {
    signal.throwIfAborted();
    const encryption = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: task.KmsKeyId };
    const input = { Bucket: task.S3Bucket, Key: `${folder}/${path}`, Body: body, ...encryption };
    await rds.region.call('s3', 'PutObject', input, role);
  };

const onScratchServer = async <T>(
  rds: Rds,
  snapshot: Snapshot,
  signal: AbortSignal,
  use: (server: Server) => Promise<T>,
): Promise<T> => {
  const data = join(rds.directory, 'snapshots', `${rds.nextNumber()}`);
  try {
    await copyCluster(snapshot.directory, data, signal);
    await forgetOrigin(data);
    // Read once and thrown away: nothing of it has to survive.
    const settings = { port: await freePort(), certificates: await rds.certificates(), durable: false };
    const server = await startServer(data, settings, signal);
    return await use(server).finally(() => server.stop('immediate'));
  } finally {
    for (const path of [data, `${data}.log`]) await rm(path, { recursive: true, force: true, maxRetries: 3 });
  }
};

const asJson = (value: object): Uint8Array => Buffer.from(JSON.stringify(value));
