// RDS leaves tables out of an export without saying so (odd names, unlogged, huge rows): what should be in it is known
// from the tables that were there when the snapshot was taken.
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { locate } from '../../shared/artifacts/artifacts.ts';
import { s3 } from '../../shared/aws/clients.ts';
import { readPoint } from '../../shared/catalog/catalog.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { rdsSourceNamed } from '../../shared/config/platform.ts';

/** What is read of a closed fingerprint: the names of the tables it covers. */
const Fingerprint = z.looseObject({ tables: z.array(z.looseObject({ name: z.string() })) });

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

/** Tables that should be in a complete export and are not. */
export const missingTables = async (point: RecoveryPoint, keys: readonly string[]): Promise<string[]> => {
  const { database } = rdsSourceNamed(point.source);
  const expected = point.tables ?? (await tablesAtSnapshot(point));
  // Nothing to compare with is no proof of completeness: a whole export of unknown contents must at least not be empty.
  if (expected.length === 0) return keys.some((key) => key.endsWith('.parquet')) ? [] : ['every table'];
  return tablesLacking(expected, database, keys);
};

const tablesAtSnapshot = async ({ parent }: RecoveryPoint): Promise<string[]> => {
  const fingerprint = parent ? (await readPoint(parent)).fingerprint : undefined;
  const uri = fingerprint?.after ?? fingerprint?.before;
  if (!uri) return [];
  const answer = await s3().send(new GetObjectCommand({ ...locate({ uri }), ChecksumMode: 'ENABLED' }));
  return Fingerprint.parse(JSON.parse((await answer.Body?.transformToString()) ?? '')).tables.map(({ name }) => name);
};
