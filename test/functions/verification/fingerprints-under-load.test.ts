// The other half of the promise: whatever goes on while a backup is made, no copy that is a copy is accused.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Comparison } from '../../../functions/verification/evidence.ts';
import { giveToEngine } from '../../../local/engines/engine-user.ts';
import { compareAll, fakeWorld, fingerprint, SOURCE, type World } from '../../support/backups.ts';
import { type Laboratory, openLaboratory, type TestServer } from '../../support/postgres.ts';

/** `LIFEBOAT_ROUNDS=200` for a campaign. */
const ROUNDS = Number(process.env.LIFEBOAT_ROUNDS ?? 6);
const PREPARED = 'max_prepared_transactions = 10\n';

let lab: Laboratory;
let live: TestServer;
let world: World;

const SCHEMA = `
  CREATE TYPE colour AS ENUM ('red', 'green');
  CREATE TABLE customers (id bigserial PRIMARY KEY, name text, note text);
  CREATE TABLE tints (id bigserial PRIMARY KEY, c colour DEFAULT 'red');
  INSERT INTO tints SELECT FROM generate_series(1, 500);
  CREATE TABLE orders (id bigserial PRIMARY KEY, customer_id bigint REFERENCES customers, total numeric, note text) WITH (fillfactor = 70);
  CREATE TABLE staging (n int, body text);
  CREATE TABLE events (at timestamptz DEFAULT clock_timestamp(), body text) PARTITION BY HASH (body);
  CREATE TABLE events_0 PARTITION OF events FOR VALUES WITH (modulus 2, remainder 0);
  CREATE TABLE events_1 PARTITION OF events FOR VALUES WITH (modulus 2, remainder 1);
  CREATE MATERIALIZED VIEW sums AS SELECT customer_id, sum(total) AS total FROM orders GROUP BY 1;
  INSERT INTO customers (name, note) SELECT md5(n::text), repeat('x', n % 200) FROM generate_series(1, 20000) n;
  INSERT INTO orders (customer_id, total, note) SELECT 1 + n % 20000, n, repeat('y', n % 50) FROM generate_series(1, 40000) n;
  INSERT INTO staging SELECT n, md5(n::text) FROM generate_series(1, 3000) n;
  INSERT INTO events (body) SELECT md5(n::text) FROM generate_series(1, 5000) n;
  DO $$ DECLARE t text; BEGIN FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP EXECUTE 'ALTER TABLE ' || t || ' OWNER TO shop'; END LOOP; END $$;
  ALTER MATERIALIZED VIEW sums OWNER TO shop; ALTER TYPE colour OWNER TO shop; GRANT ALL ON SCHEMA public TO shop`;

beforeAll(async () => {
  lab = await openLaboratory();
  live = await lab.cluster();
  await live.sql('ALTER SYSTEM SET max_prepared_transactions = 10');
  await live.sql('ALTER SYSTEM SET autovacuum_naptime = 1');
  await live.stop();
  await live.start();
  await live.sql(SCHEMA);
}, 120_000);
afterAll(() => lab[Symbol.asyncDispose]());
beforeEach(() => {
  world = fakeWorld();
  world.instances.set(SOURCE, live);
});

const any = (n: number): number => 1 + Math.floor(Math.random() * n);
const pick = <T>(list: readonly T[]): T => list[any(list.length) - 1] as T;

/** Small work as an application does it; a third of it rolls back, wholly or to a savepoint. */
const WRITES: (() => string)[] = [
  () => `INSERT INTO orders (customer_id, total) SELECT ${any(20_000)}, n FROM generate_series(1, ${any(50)}) n`,
  () => `UPDATE orders SET total = total + 1 WHERE id = ${any(40_000)}`,
  () =>
    `UPDATE orders SET note = repeat('z', ${any(60)}) WHERE id BETWEEN ${any(40_000)} AND ${any(40_000)} AND id % 500 = 0`,
  () => `DELETE FROM orders WHERE id = ${any(40_000)}`,
  () => `UPDATE customers SET note = 'hot' WHERE id <= ${any(20)}`,
  () => `SELECT * FROM customers WHERE id = ${any(20_000)} FOR UPDATE`,
  () => `SELECT * FROM customers WHERE id = ${any(20_000)} FOR KEY SHARE`,
  () => `INSERT INTO events (body) SELECT md5(random()::text) FROM generate_series(1, 20)`,
  () => `UPDATE events SET body = md5(random()::text) WHERE body LIKE '${'0123456789abcdef'[any(16) - 1]}0%'`,
  () =>
    `BEGIN; UPDATE orders SET total = 0 WHERE id = ${any(40_000)}; SAVEPOINT s; DELETE FROM orders WHERE id = ${any(40_000)}; ROLLBACK TO s; INSERT INTO staging VALUES (1, 'kept'); COMMIT`,
  () => `BEGIN; DELETE FROM orders WHERE id % 1000 = ${any(999)}; SELECT pg_sleep(0.05); ROLLBACK`,
  () =>
    `BEGIN; SAVEPOINT a; UPDATE customers SET name = 'sub' WHERE id = ${any(20_000)}; RELEASE a; SELECT pg_sleep(0.02); COMMIT`,
  () =>
    `BEGIN; INSERT INTO staging SELECT n, 'p' FROM generate_series(1, 5) n; DELETE FROM orders WHERE id = ${any(40_000)}; PREPARE TRANSACTION 'p${any(1e9)}'`,
];

/** What is done to a database now and then, each a way of breaking a naive comparison. */
const UPKEEP: (() => string)[] = [
  () => 'VACUUM (FREEZE) customers',
  () => 'VACUUM (FREEZE) orders',
  () => 'VACUUM FULL staging',
  () => 'CLUSTER orders USING orders_pkey',
  () => `BEGIN; TRUNCATE staging; INSERT INTO staging SELECT n, md5(n::text) FROM generate_series(1, 3000) n; COMMIT`,
  () => `ALTER TABLE staging ADD COLUMN c${any(1e9)} text DEFAULT 'd'`,
  () => `CREATE TABLE t${any(1e9)} AS SELECT * FROM staging LIMIT 100`,
  () => `ALTER TYPE colour ADD VALUE 'c${any(1e9)}'`,
  () => 'REFRESH MATERIALIZED VIEW sums',
  () => 'REINDEX TABLE customers',
  () => 'ANALYZE',
];

/** Keeps a database busy until it is told to stop. Deadlocks and the like are part of life. */
const busy = async (server: TestServer): Promise<() => Promise<void>> => {
  let over = false;
  const clients = await Promise.all(Array.from({ length: 4 }, () => server.connect()));
  const keep = async (client: pg.Client, next: () => string, pauseMs: number): Promise<void> => {
    while (!over) {
      await client.query(next()).catch(() => client.query('ROLLBACK').catch(() => undefined));
      if (pauseMs) await client.query(`SELECT pg_sleep(${pauseMs / 1000})`).catch(() => undefined);
    }
  };
  await clients[1]?.query('SET synchronous_commit = off');
  // To the very end: what a prepared transaction has locked, others wait for.
  let done = false;
  const finish = async (client: pg.Client): Promise<void> => {
    while (!done) {
      const { rows } = await client.query(
        'SELECT gid FROM pg_prepared_xacts WHERE owner = current_user ORDER BY prepared LIMIT 1',
      );
      if (rows[0])
        await client.query(`${pick(['COMMIT', 'ROLLBACK'])} PREPARED '${rows[0].gid}'`).catch(() => undefined);
      await client.query('SELECT pg_sleep(0.1)');
    }
  };
  const [a, b, c, d] = clients as [pg.Client, pg.Client, pg.Client, pg.Client];
  const work = [keep(a, () => pick(WRITES)(), 0), keep(b, () => pick(WRITES)(), 2), keep(c, () => pick(UPKEEP)(), 150)];
  const finishing = finish(d);
  return async () => {
    over = true;
    await Promise.all(work);
    done = true;
    await finishing;
    await Promise.all(clients.map((client) => client.end()));
  };
};

const summary = (findings: Comparison[]) => {
  const tables = findings.flatMap(({ tables }) => tables);
  const of = (name: string) => tables.filter(({ table }) => table === name);
  return {
    differences: findings
      .flatMap(({ differences }) => differences)
      .concat(tables.flatMap(({ differences }) => differences)),
    customers: of('public.customers').reduce((sum, { exact }) => sum + exact, 0),
    oneByOne: tables.reduce((sum, { oneByOne }) => sum + oneByOne, 0),
  };
};

describe('fingerprints of a busy database', { timeout: 120_000 + ROUNDS * 60_000 }, () => {
  it('accuse no copy, and still prove most rows, one changed row among them being found', async () => {
    const stop = await busy(live);
    let found = 0;
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const { id, nativeId } = world.point(
          `${SOURCE}-20261120t02${String(round % 60).padStart(2, '0')}${String(Math.floor(round / 60)).padStart(2, '0')}z-scheduled`,
        );
        await fingerprint(id, 'before');
        const copy = await lab.copy(live);
        world.snapshots.add(nativeId);
        await fingerprint(id, 'after');
        const settings = join(copy.directory, 'postgresql.auto.conf');
        await writeFile(settings, PREPARED);
        await giveToEngine(settings);
        await copy.start();
        const { differences, customers, oneByOne } = summary(await compareAll(world, id, copy, `clean-${round}`));
        expect({ round, differences }).toEqual({ round, differences: [] });
        expect(customers).toBeGreaterThan(15_000);
        expect(oneByOne).toBeGreaterThan(0);

        // The same comparison sees one row of the thousands: it is not that it saw nothing.
        await copy.sql(`UPDATE customers SET name = 'damaged' WHERE id = ${10_000 + round}`);
        const damaged = summary(await compareAll(world, id, copy, `damaged-${round}`));
        if (
          damaged.differences.some(
            ({ in: table, key }) => table === 'public.customers' && key === `id=${10_000 + round}`,
          )
        )
          found += 1;
        await copy.stop('immediate');
      }
    } finally {
      await stop();
    }
    // A row that was written while the backup was made is rightly not accused.
    expect(found).toBeGreaterThanOrEqual(Math.ceil(ROUNDS * 0.7));
  });
});
