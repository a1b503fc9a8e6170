// Database roles as RDS makes them: the master user is no superuser.
import type pg from 'pg';
import { asAdmin } from '../../engines/postgres.ts';

// What rds_superuser holds; not every version has all of them.
const GRANTED = ['pg_monitor', 'pg_signal_backend', 'pg_checkpoint', 'pg_read_all_data', 'pg_write_all_data'];

/** Creates the master user and its database on a new server. */
export const createMaster = async (
  port: number,
  master: { username: string; password: string; database: string | undefined },
): Promise<void> => {
  await asAdmin(port, 'postgres', async (client) => {
    const { username, database } = master;
    await client.query('CREATE ROLE rds_superuser NOLOGIN CREATEDB CREATEROLE');
    const granted = await client.query(
      `SELECT string_agg(rolname, ', ') AS names FROM pg_roles WHERE rolname = ANY ($1)`,
      [GRANTED],
    );
    await client.query(`GRANT ${granted.rows[0].names} TO rds_superuser`);
    await client.query(
      `CREATE ROLE ${client.escapeIdentifier(username)} LOGIN CREATEDB CREATEROLE IN ROLE rds_superuser PASSWORD ${client.escapeLiteral(master.password)}`,
    );
    for (const name of ['postgres', 'template1'])
      await client.query(`ALTER DATABASE ${name} OWNER TO ${client.escapeIdentifier(username)}`);
    if (database) {
      await client.query(
        `CREATE DATABASE ${client.escapeIdentifier(database)} OWNER ${client.escapeIdentifier(username)}`,
      );
    }
    await client.query('CREATE DATABASE rdsadmin');
    await client.query('REVOKE CONNECT ON DATABASE rdsadmin FROM PUBLIC');
  });
};

export const setMasterPassword = (port: number, username: string, password: string): Promise<unknown> =>
  asAdmin(port, 'postgres', (client: pg.Client) =>
    client.query(`ALTER ROLE ${client.escapeIdentifier(username)} PASSWORD ${client.escapeLiteral(password)}`),
  );
