import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Address, openSession } from '../../../shared/postgres/session.ts';
import { DATABASE, type Laboratory, openLaboratory, PASSWORD, type TestServer, USER } from '../../support/postgres.ts';

let lab: Laboratory;
let server: TestServer;
let address: Address;

beforeAll(async () => {
  lab = await openLaboratory();
  server = await lab.cluster();
  await server.sql(
    'CREATE TABLE things (at timestamptz, x float8, b bytea, i interval, d date, m money); GRANT ALL ON things TO shop',
  );
  await server.sql(
    `INSERT INTO things VALUES ('2026-11-20 03:00+05', 1::float8 / 3, '\\xdead', '1 day 2 hours', '2026-02-01', 12.5)`,
  );
  address = {
    source: 'shop-db',
    host: '127.0.0.1',
    port: server.port,
    database: DATABASE,
    username: USER,
    password: PASSWORD,
  };
}, 120_000);
afterAll(() => lab[Symbol.asyncDispose]());

const open = (change: Partial<Address> = {}, options = {}) =>
  openSession({ ...address, ...change }, { statementSeconds: 5, ...options });
const failure = async (work: Promise<unknown>): Promise<Error> => {
  try {
    await work;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not fail');
};

describe('a PostgreSQL session', () => {
  it('shows the same row as the same text, whatever the server and the role prefer', async () => {
    await server.sql(`ALTER ROLE shop SET timezone = 'Asia/Kolkata'; ALTER ROLE shop SET datestyle = 'German'; ALTER ROLE shop SET extra_float_digits = 0;
      ALTER ROLE shop SET bytea_output = 'escape'; ALTER ROLE shop SET intervalstyle = 'iso_8601'; ALTER ROLE shop SET search_path = 'nowhere'`);
    await using session = await open();
    const { row } = await session.row('SELECT (t.*)::text AS row FROM public.things t');
    expect(row).toBe('("2026-11-19 22:00:00+00",0.3333333333333333,"\\\\xdead","1 day 02:00:00",2026-02-01,$12.50)');
  });

  it('cannot write', async () => {
    await using session = await open();
    await expect(session.rows('INSERT INTO public.things DEFAULT VALUES')).rejects.toMatchObject({
      name: 'QueryFailed',
      sqlState: '25006',
    });
  });

  it('is encrypted, and refused where the certificate is not trusted or names another host', async () => {
    await using session = await open();
    expect(await session.row('SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()')).toEqual({
      ssl: 'true',
    });
    const door = createServer((socket) => void socket.pipe(connect(server.port, '127.0.0.1')).pipe(socket)).listen(
      0,
      '127.0.0.2',
    );
    await once(door, 'listening');
    const elsewhere = await failure(open({ host: '127.0.0.2', port: (door.address() as { port: number }).port }));
    door.close();
    expect(elsewhere.message).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
    const trusted = tls.getCACertificates();
    tls.setDefaultCACertificates(tls.getCACertificates('bundled'));
    const refused = await failure(open());
    tls.setDefaultCACertificates(trusted);
    expect(refused).toMatchObject({ name: 'DatabaseUnreachable' });
    expect(refused.message).toMatch(/UNABLE_TO_VERIFY|SELF_SIGNED/);
  });

  it('tells a refused login from a missing database and from a server that is not there', async () => {
    expect(await failure(open({ password: 'wrong' }))).toMatchObject({ name: 'LoginRefused' });
    expect(await failure(open({ username: 'nobody' }))).toMatchObject({ name: 'LoginRefused' });
    expect(await failure(open({ database: 'other' }))).toMatchObject({ name: 'DatabaseMissing' });
    expect(await failure(open({ port: 1 }))).toMatchObject({ name: 'DatabaseUnreachable' });
  });

  it('never shows the password', async () => {
    const refused = await failure(open({ username: 'nobody' }));
    expect(JSON.stringify([refused.message, refused, (refused.cause as Error)?.message])).not.toContain(PASSWORD);
  });

  it('ends a statement that takes longer than it may', async () => {
    await using session = await open({}, { statementSeconds: 0.2 });
    expect(await failure(session.rows('SELECT pg_sleep(10)'))).toMatchObject({ name: 'QueryTimedOut' });
  });

  it('gives way where a table is locked, instead of queueing before everybody else', async () => {
    const other = await server.connect();
    await server.sql('CREATE TABLE locked (n int); ALTER TABLE locked OWNER TO shop');
    await other.query('BEGIN; LOCK TABLE public.locked');
    await using session = await open({}, { statementSeconds: 60 });
    expect(await failure(session.rows('SELECT * FROM public.locked'))).toMatchObject({ name: 'QueryTimedOut' });
    await other.query('ROLLBACK');
    await other.end();
  });

  it('says that the database is unreachable where the server dies under a query', async () => {
    await using session = await open();
    const [{ pid } = {}] = await session.rows('SELECT pg_backend_pid()::text AS pid');
    const query = failure(session.rows('SELECT pg_sleep(4)'));
    await server.sql(`SELECT pg_terminate_backend(${pid})`);
    expect(await query).toMatchObject({ name: 'DatabaseUnreachable' });
  });

  it('ends at once where its work is aborted', async () => {
    const control = new AbortController();
    await using session = await open({}, { signal: control.signal });
    const query = failure(session.rows('SELECT pg_sleep(4)'));
    control.abort();
    expect(await query).toMatchObject({ name: 'DatabaseUnreachable' });
  });

  it('gives up on a server that accepts and never answers', { timeout: 20_000 }, async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    expect(await failure(open({ port }))).toMatchObject({ name: 'DatabaseUnreachable' });
    silent.close();
  });
});
