import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import sample from '../../../events/samples/recovery/fence.json' with { type: 'json' };
import { handler } from '../../../functions/recovery/fence.ts';
import type { Step } from '../../../functions/recovery/phases.ts';
import type { Facts } from '../../../shared/recovery/documents.ts';
import { invoke } from '../../support/platform.ts';
import { DATABASE, type Laboratory, openLaboratory, type TestServer } from '../../support/postgres.ts';
import { refusal } from '../../support/rds-api.ts';
import { ID, type RecoveryRegion, recoveryRegion } from '../../support/recovery.ts';

vi.mock('#platform', () => import('../../support/recovery.config.ts'));

const APPLICATION = { user: 'shop_app', password: 'of the application' };
let lab: Laboratory;
let server: TestServer;
let region: RecoveryRegion;

beforeAll(async () => {
  lab = await openLaboratory();
  server = await lab.cluster();
  await server.sql(`ALTER ROLE shop CREATEROLE; GRANT pg_signal_backend TO shop; CREATE TABLE orders (id int)`);
}, 120_000);
afterAll(() => lab[Symbol.asyncDispose]());

beforeEach(async () => {
  region = recoveryRegion();
  await region.declared();
  await region.finished('declare', { verdict: 'down' });
  region.serve('primary', 'shop-db', server);
  await server.sql(`
    DROP ROLE IF EXISTS shop_app; SET ROLE shop; CREATE ROLE shop_app LOGIN PASSWORD '${APPLICATION.password}'; RESET ROLE;
    GRANT pg_write_all_data TO shop_app`);
});
afterEach(() => vi.useRealTimers());

const connect = async (): Promise<pg.Client> => {
  const client = new pg.Client({ host: '127.0.0.1', port: server.port, database: DATABASE, ssl: true, ...APPLICATION });
  client.on('error', () => undefined);
  await client.connect();
  return client;
};
const call = () => invoke(handler, sample) as Promise<Step>;
/** Calls as the machine does. */
const untilDone = async (most = 10): Promise<Facts & { calls: number }> => {
  for (let calls = 1; calls <= most; calls++) {
    const answer = await call();
    if (answer.done) return { ...answer.facts, calls };
  }
  return expect.unreachable('it was never done');
};

describe('fencing', () => {
  it('ends the sessions of the application, and lets it in no more', async () => {
    const writers = await Promise.all([connect(), connect()]);
    const facts = await untilDone();
    expect(facts).toMatchObject({ outcome: 'fenced', confirmed: true, sessionsEnded: 2 });
    for (const writer of writers) await expect(writer.query('INSERT INTO orders VALUES (1)')).rejects.toThrow();
    await expect(connect()).rejects.toThrow(/not permitted to log in/);
    expect(await server.sql('SELECT * FROM orders')).toEqual([]);
  });

  it('is certain only after a look that found nothing to do', async () => {
    expect(await call()).toMatchObject({ done: false, found: expect.stringContaining('shop_app') });
    expect(region.record('fence').facts).toMatchObject({ confirmed: false });
    expect(await call()).toMatchObject({ done: true, facts: { confirmed: true } });
  });

  it('says how far the old primary had written: a replica with that has everything', async () => {
    const { lsn } = await untilDone();
    const [{ reached } = {}] = await server.sql(`SELECT '${lsn}'::pg_lsn <= pg_current_wal_lsn() AS reached`);
    expect(reached).toBe(true);
  });

  it('leaves other roles alone', async () => {
    const other = await server.connect();
    await untilDone();
    await expect(other.query('SELECT 1')).resolves.toMatchObject({ rowCount: 1 });
    await other.end();
  });

  it('repeated after it was cut short anywhere ends the same', async () => {
    const writer = await connect();
    await call();
    region.vault.remove(`recovery/${ID}/phases/fence.json`);
    expect(await untilDone()).toMatchObject({ confirmed: true });
    await expect(writer.query('SELECT 1')).rejects.toThrow();
  });

  it.each([
    ['there is none', () => region.rds.primary.instances.delete('shop-db')],
    ['it is stopped', () => region.serve('primary', 'shop-db', server, { DBInstanceStatus: 'stopped' })],
  ])('has nothing to do where %s, and does not call that a fence', async (_, arrange) => {
    arrange();
    expect(await untilDone(1)).toMatchObject({ outcome: 'cannot-write', confirmed: false });
  });

  it('has nothing to do on a standby', async () => {
    const standby = await lab.standby(server);
    region.serve('primary', 'shop-db', standby);
    expect(await untilDone(1)).toMatchObject({ outcome: 'cannot-write', found: 'the server is a standby' });
    await standby.stop('immediate');
  });
});

describe('where the old primary', () => {
  const silent = () => {
    region.rds.before = (_, of) => {
      if (of === 'us-east-1') throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    };
  };

  it('does not answer, the failover goes on after a second look and says so', async () => {
    silent();
    expect(await untilDone()).toMatchObject({ outcome: 'unreachable', confirmed: false, calls: 2 });
  });

  it('answers to RDS, but nobody listens at its port, the failover goes on', async () => {
    region.serve('primary', 'shop-db', server, { Endpoint: { Address: '127.0.0.1', Port: 1 } });
    expect(await untilDone()).toMatchObject({ outcome: 'unreachable', calls: 2 });
  });

  it('was well by all signals, silence is not enough: nothing goes on before it is shut', async () => {
    await region.finished('declare', { verdict: 'healthy' });
    silent();
    for (let calls = 0; calls < 3; calls++) expect(await call()).toMatchObject({ done: false, waitSeconds: 2 });
    region.setTime('2026-11-20T03:02:01Z');
    await expect(call()).rejects.toMatchObject({ name: 'NotFenced' });
    region.rds.before = () => undefined;
    expect(await untilDone()).toMatchObject({ confirmed: true });
  });

  it.each([
    ['has none of the roles', /none of the roles/, () => server.sql('DROP ROLE shop_app')],
    [
      'does not let us close them',
      /permission denied|must be superuser/,
      () => server.sql('ALTER ROLE shop_app SUPERUSER'),
    ],
    [
      'is not ours to ask about',
      /AccessDenied/,
      () => {
        region.rds.before = () => {
          throw refusal('AccessDenied');
        };
      },
    ],
  ])('answers and %s, the failover stops with what can be done', async (_, found, arrange) => {
    await arrange();
    expect(await call()).toMatchObject({ done: false, found: expect.stringMatching(found) });
    region.setTime('2026-11-20T03:02:01Z');
    await expect(call()).rejects.toThrow(/stop the instance in us-east-1.*same failoverId/);
    expect(region.record('fence').endedAt).toBeUndefined();
  });

  it('is to be shut to the role that we log in with, nobody is shut out', async () => {
    region.login = { username: APPLICATION.user, password: APPLICATION.password };
    expect(await call()).toMatchObject({ done: false, found: expect.stringContaining('one of its own') });
    await (await connect()).end();
  });
});
