// RDS leaves tables out of an export without saying so (odd names, unlogged, huge rows): what should be in it is known
// from the tables that were there when the snapshot was taken.
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { locate } from '../../shared/artifacts/artifacts.ts';
import { s3 } from '../../shared/aws/clients.ts';
import { readPoint } from '../../shared/catalog/catalog.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { rdsSourceNamed } from '../../shared/config/platform.ts';
import { settings } from '../../shared/config/settings.ts';

/** What is read of a closed fingerprint: the tables it covers, and the rows each of them showed. */
const Fingerprint = z.looseObject({ tables: z.array(z.looseObject({ name: z.string(), rows: z.int() })) });

/** What is read of `export_tables_info_<task>_from_<first>_to_<last>.json`; `target` is `<database>.<schema>.<table>`. */
const TablesInfo = z.looseObject({
  perTableStatus: z.array(z.looseObject({ target: z.string(), status: z.string() })),
});

/** The tables in `expected` of which the export holds no object. Keys are relative to the export's own folder. */
export const tablesLacking = (expected: readonly string[], database: string, keys: readonly string[]): string[] => {
  const present = new Set<string>();
  for (const key of keys) {
    // <database>/<schema>.<table>/<part>/part-….gz.parquet (RDS user guide, "File naming convention").
    const [db, table, ...rest] = key.split('/');
    if (db === database && table && rest.at(-1)?.endsWith('.parquet')) present.add(table);
  }
  return expected.filter((table) => !present.has(table));
};

/**
 * Tables that should be in a complete export and are not. A table without rows leaves no data file: RDS makes none for a
 * part of a table that has no rows (user guide, "File naming conventions for exports", 2026-11), and the local region's
 * exports are like that. What an empty table leaves is not documented; readers of real exports in public code take the
 * list in export_tables_info for what was exported, not the files. So a table without a file is in the export if it was
 * empty when the fingerprints were taken, or, where nobody counted its rows, if RDS lists it as complete.
 */
export const missingTables = async (
  point: RecoveryPoint,
  prefix: string,
  keys: readonly string[],
): Promise<string[]> => {
  const { database } = rdsSourceNamed(point.source);
  const relative = keys.map((key) => key.slice(prefix.length));
  const counted = await rowsAtSnapshot(point);
  const expected = point.tables ?? [...counted.keys()];
  // Nothing to compare with is no proof of completeness: a whole export of unknown contents must at least not be empty.
  if (expected.length === 0) return relative.some((key) => key.endsWith('.parquet')) ? [] : ['every table'];
  const lacking = tablesLacking(expected, database, relative).filter((table) => counted.get(table) !== 0);
  if (lacking.every((table) => counted.has(table))) return lacking;
  const listed = await tablesListed(keys.filter((key) => isTablesInfo(key.slice(prefix.length))));
  return lacking.filter((table) => counted.has(table) || !listed.has(`${database}.${table}`));
};

/** The fewest rows of each table that the fingerprints around the snapshot saw: none before or after it may be none in it. */
const rowsAtSnapshot = async ({ parent }: RecoveryPoint): Promise<Map<string, number>> => {
  const { before, after } = (parent ? (await readPoint(parent)).fingerprint : undefined) ?? {};
  const fewest = new Map<string, number>();
  for (const uri of [before, after]) {
    if (!uri) continue;
    for (const { name, rows } of Fingerprint.parse(await readJson(uri)).tables)
      fewest.set(name, Math.min(rows, fewest.get(name) ?? rows));
  }
  return fewest;
};

const isTablesInfo = (key: string): boolean => /^export_tables_info_[^/]*\.json$/.test(key);

/** Tables that RDS says it has exported. */
const tablesListed = async (keys: readonly string[]): Promise<Set<string>> => {
  const listed = new Set<string>();
  for (const key of keys) {
    const { perTableStatus } = TablesInfo.parse(await readJson(`s3://${settings().vaultBucket}/${key}`));
    for (const { target, status } of perTableStatus) if (status === 'COMPLETE') listed.add(target);
  }
  return listed;
};

const readJson = async (uri: string): Promise<unknown> => {
  const answer = await s3().send(new GetObjectCommand({ ...locate({ uri }), ChecksumMode: 'ENABLED' }));
  return JSON.parse((await answer.Body?.transformToString()) ?? '');
};
