// One session with a PostgreSQL server, read-only unless said otherwise, over verified TLS. Its settings are fixed, so that the same row is the
// same text wherever and whenever it is read.
import pg from 'pg';
import { failureOf } from './failures.ts';

export interface Address {
  /** Name of the source, for messages. */
  source: string;
  host: string;
  port: number;
  database: string;
  username: string;
  password: string;
}

export interface SessionOptions {
  /** A statement that takes longer ends as QueryTimedOut. */
  statementSeconds: number;
  /** Ends the session at once. */
  signal?: AbortSignal;
  /** Left out, every name must be qualified. */
  searchPath?: string;
  /** What this session does changes the database: fencing, canaries. Left out, it cannot. */
  writes?: boolean;
}

type Row = Record<string, string | null>;

/** Values come as PostgreSQL writes them: text, or null. */
export interface Session extends AsyncDisposable {
  /** @throws {QueryTimedOut} {QueryFailed} {DatabaseUnreachable} */
  rows(sql: string, values?: readonly (string | number)[]): Promise<Row[]>;
  /** The first row of a statement that always has one. */
  row(sql: string, values?: readonly (string | number)[]): Promise<Row>;
}

const CONNECT_MS = 10_000;
/** Behind a lock we would hold up whoever queues after us: give way. */
const LOCK_MS = 5_000;

const settingsOf = ({ statementSeconds, searchPath, writes }: SessionOptions): Record<string, string> => ({
  statement_timeout: `${statementSeconds * 1000}`,
  lock_timeout: `${LOCK_MS}`,
  idle_in_transaction_session_timeout: '60000',
  default_transaction_read_only: writes ? 'off' : 'on',
  // A policy that would hide rows is an error, not a smaller table.
  row_security: 'off',
  search_path: searchPath ?? 'pg_catalog',
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  extra_float_digits: '3',
  bytea_output: 'hex',
  xmloption: 'content',
  lc_monetary: 'C',
  quote_all_identifiers: 'off',
  // One core of a production server is enough load from us.
  max_parallel_workers_per_gather: '0',
  jit: 'off',
});

/** @throws {LoginRefused} {DatabaseMissing} {DatabaseUnreachable} */
export const openSession = async (address: Address, options: SessionOptions): Promise<Session> => {
  const { source, username, ...server } = address;
  options.signal?.throwIfAborted();
  const client = new pg.Client({
    ...server,
    user: username,
    application_name: 'lifeboat',
    client_encoding: 'UTF8',
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: options.statementSeconds * 1000 + CONNECT_MS,
    // `host` is what the certificate is compared with; left out, an address would be compared with "localhost".
    ssl: { rejectUnauthorized: true, host: address.host },
    types: { getTypeParser: () => (text: string) => text },
  });
  let lost: Error | undefined;
  client.on('error', (error) => {
    lost = error;
  });
  const end = async (): Promise<void> => client.end().catch(() => undefined); // already gone is gone
  const abort = (): void => void end();
  options.signal?.addEventListener('abort', abort, { once: true });

  const run = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw failureOf(lost ?? error, source);
    }
  };
  const rows: Session['rows'] = (sql, values = []) => run(async () => (await client.query<Row>(sql, [...values])).rows);

  try {
    await run(() => client.connect());
    const settings = Object.entries(settingsOf(options));
    const calls = settings.map((_, index) => `pg_catalog.set_config($${index * 2 + 1}, $${index * 2 + 2}, false)`);
    await rows(`SELECT ${calls.join(', ')}`, settings.flat());
  } catch (error) {
    await end();
    throw error;
  }
  return {
    rows,
    row: async (sql, values) => (await rows(sql, values))[0] ?? {},
    [Symbol.asyncDispose]: async () => {
      options.signal?.removeEventListener('abort', abort);
      await end();
    },
  };
};
