// The shop's database, as its services use it: a few connections, short patience, one transaction at a time.
import pg from 'pg';
import { databaseLogin } from './configuration.ts';

export interface Database {
  rows<T extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<T[]>;
  /** Commits what `run` did, or nothing of it. It resolves when the database has said that it is committed. */
  transaction<T>(run: (client: pg.PoolClient) => Promise<T>): Promise<T>;
}

const CONNECT_MS = 2_000;
const QUERY_MS = 5_000;

export const openDatabase = (): Database => {
  const { authority, ...login } = databaseLogin();
  const pool = new pg.Pool({
    ...login,
    max: 4,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: QUERY_MS,
    ...(authority ? { ssl: { ca: authority, rejectUnauthorized: true } } : {}),
  });
  // An idle connection that breaks is replaced by the next request.
  pool.on('error', () => undefined);
  return {
    rows: async <T extends pg.QueryResultRow>(sql: string, values: unknown[] = []) =>
      (await pool.query<T>(sql, values)).rows,
    transaction: async (run) => {
      const client = await pool.connect();
      let broken: Error | undefined;
      try {
        await client.query('BEGIN');
        const result = await run(client);
        await client.query('COMMIT');
        return result;
      } catch (error) {
        broken = error as Error;
        throw error;
      } finally {
        // A connection with a failed transaction is not given to the next request.
        client.release(broken);
      }
    },
  };
};
