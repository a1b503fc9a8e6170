// What a failover cost, row by row: every order acknowledged to a customer is looked for in the database that took over, and what is
// missing is compared with what the old primary's log says replication had not shipped.
import path from 'node:path';
import pg from 'pg';
import { postgresPrograms } from '../engines/postgres-binaries.ts';
import { runProgram } from '../engines/processes.ts';
import type { LocalPlatform } from '../platform.ts';
import type { LocalRegion } from '../world.ts';
import type { Acknowledged } from './customers.ts';

/** An order is itself only with the moment it was placed: its number is given out again when its row is lost. */
export const keyOf = ({ id, orderedAt }: Pick<Acknowledged, 'id' | 'orderedAt'>): string => `${id} of ${orderedAt}`;

/** Asks the server of an instance as its superuser, whom no fence shuts out. */
const askServer = async <T extends pg.QueryResultRow>(
  region: LocalRegion,
  instance: string,
  sql: string,
  values: unknown[] = [],
): Promise<T[]> => {
  const { host, port, user, password } = region.rds.server(instance);
  const client = new pg.Client({ host, port, user, password, database: 'shop' });
  await client.connect();
  try {
    return (await client.query<T>(sql, values)).rows;
  } finally {
    await client.end();
  }
};

/** Those of the orders that a database has, with the transaction that wrote each. */
export const ordersIn = async (
  region: LocalRegion,
  instance: string,
  orders: readonly Acknowledged[],
): Promise<Map<string, string>> => {
  const rows = await askServer<{ id: string; ordered_at: Date; xid: string }>(
    region,
    instance,
    'SELECT id, ordered_at, xmin::text AS xid FROM orders WHERE id = ANY ($1)',
    [orders.map(({ id }) => id)],
  );
  return new Map(
    rows.map(({ id, ordered_at, xid }) => [keyOf({ id: Number(id), orderedAt: ordered_at.toISOString() }), xid]),
  );
};

/** Orders that a database has of after this moment, whoever placed them. */
export const ordersSince = async (region: LocalRegion, instance: string, at: Date): Promise<number> => {
  const sql = 'SELECT count(*)::int AS orders FROM orders WHERE ordered_at > $1';
  const [row] = await askServer<{ orders: number }>(region, instance, sql, [at.toISOString()]);
  return row?.orders ?? 0;
};

/** When the newest beat of the old region's canary that arrived was written. */
export const newestBeat = async ({ primary, recovery }: LocalPlatform): Promise<Date | undefined> => {
  const sql = 'SELECT written_at FROM lifeboat.canary WHERE region = $1';
  const [row] = await askServer<{ written_at: Date }>(recovery, 'shop-db-replica', sql, [primary.name]);
  return row?.written_at;
};

/**
 * The transactions that the old primary had committed and not shipped: those in its log behind the point at which the new one's history
 * leaves it. The databases' own word, which neither the shop nor the failover had a part in.
 */
export const unshipped = async ({ primary, recovery }: LocalPlatform): Promise<Set<string>> => {
  const [history] = await askServer<{ text: string }>(
    recovery,
    'shop-db-replica',
    `SELECT pg_read_file('pg_wal/' || upper(lpad(to_hex(timeline_id), 8, '0')) || '.history') AS text FROM pg_control_checkpoint()`,
  );
  const left = /^\s*(\d+)\s+([0-9A-F]+\/[0-9A-F]+)/.exec(history?.text.trim().split('\n').at(-1) ?? '');
  if (!left) throw new Error(`The promoted database tells no point at which it left its primary: ${history?.text}`);
  const [timeline = '', from = ''] = left.slice(1);
  const [now] = await askServer<{ lsn: string }>(primary, 'shop-db', 'SELECT pg_current_wal_flush_lsn()::text AS lsn');
  const log = await runProgram(postgresPrograms().pg_waldump, [
    ...['--path', path.join(primary.rds.server('shop-db').directory, 'pg_wal'), '--timeline', timeline],
    ...['--start', from, '--end', now?.lsn ?? '', '--rmgr', 'Transaction'],
  ]);
  return new Set([...log.matchAll(/tx:\s+(\d+),.*desc: COMMIT/g)].map(([, xid]) => xid ?? ''));
};
