import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareTable, type Sides, tablesOf } from '../../../functions/recovery/row-differences.ts';
import { openSession, type Session } from '../../../shared/postgres/session.ts';
import { DATABASE, type Laboratory, openLaboratory, PASSWORD, type TestServer, USER } from '../../support/postgres.ts';

let lab: Laboratory;
let left: TestServer;
let living: TestServer;
let sides: Sides;

const session = ({ port }: TestServer): Promise<Session> =>
  openSession(
    { source: 'shop-db', host: '127.0.0.1', port, database: DATABASE, username: USER, password: PASSWORD },
    { statementSeconds: 60 },
  );

/** A primary and its standby, parted for good: both are written afterwards. */
beforeAll(async () => {
  lab = await openLaboratory();
  left = await lab.cluster();
  await left.sql(`SET ROLE shop;
    CREATE TABLE orders (id bigint PRIMARY KEY, status text NOT NULL);
    INSERT INTO orders SELECT n, 'placed' FROM generate_series(1, 25000) AS n;
    CREATE TABLE "Order Items" (order_id bigint, line text, amount numeric, PRIMARY KEY (order_id, line));
    INSERT INTO "Order Items" SELECT n, 'a, b', 1 FROM generate_series(1, 100) AS n;
    CREATE TABLE log (at timestamptz, text text);
    CREATE TABLE quiet (id int PRIMARY KEY);
    INSERT INTO quiet VALUES (1);
    CREATE SCHEMA lifeboat; CREATE TABLE lifeboat.canary (region text PRIMARY KEY)`);
  living = await lab.standby(left);
  const [snapshot] = await living.sql('SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xmin');
  await living.sql('SELECT pg_promote(true, 60)');
  await left.sql(`INSERT INTO orders VALUES (25001, 'placed'), (25002, 'placed');
    UPDATE orders SET status = 'paid' WHERE id IN (7, 12345);
    DELETE FROM orders WHERE id = 20001;
    INSERT INTO "Order Items" VALUES (7, 'c', 2)`);
  await living.sql(`INSERT INTO orders SELECT n, 'placed' FROM generate_series(30001, 55000) AS n;
    UPDATE orders SET status = 'cancelled' WHERE id IN (7, 8);
    DELETE FROM orders WHERE id = 9; CREATE TABLE fresh (id int PRIMARY KEY)`);
  sides = { left: await session(left), living: await session(living), partedAt: String(snapshot?.xmin) };
}, 120_000);
afterAll(async () => {
  await sides?.left[Symbol.asyncDispose]();
  await sides?.living[Symbol.asyncDispose]();
  await lab[Symbol.asyncDispose]();
});

describe('two databases that parted', () => {
  it('have their tables listed, those of either side, without our own', async () => {
    expect(await tablesOf(sides)).toEqual([
      'public."Order Items"',
      'public.fresh',
      'public.log',
      'public.orders',
      'public.quiet',
    ]);
  });

  it('differ by rows that one side wrote, changed or deleted, each told apart, over several pages', async () => {
    expect(await compareTable(sides, 'public.orders')).toEqual({
      table: 'public.orders',
      rows: 25_001,
      leftInserted: 2,
      leftChanged: 1,
      leftDeleted: 1,
      bothChanged: 1,
      livingInserted: 25_000,
      livingChanged: 1,
      livingDeleted: 1,
      unexplained: 0,
      keys: [
        { kind: 'bothChanged', key: '7' },
        { kind: 'leftChanged', key: '12345' },
        { kind: 'leftDeleted', key: '20001' },
        { kind: 'leftInserted', key: '25001' },
        { kind: 'leftInserted', key: '25002' },
      ],
    });
  });

  it('are compared by keys of several columns', async () => {
    expect(await compareTable(sides, 'public."Order Items"')).toMatchObject({
      rows: 101,
      leftInserted: 1,
      keys: [{ kind: 'leftInserted', key: '["7","c"]' }],
    });
  });

  it('are the same where nobody wrote', async () => {
    expect(await compareTable(sides, 'public.quiet')).toMatchObject({ rows: 1, leftInserted: 0, keys: [] });
  });

  it('say why a table is not compared', async () => {
    expect(await compareTable(sides, 'public.log')).toMatchObject({ skipped: 'it has no primary key' });
    expect(await compareTable(sides, 'public.fresh')).toMatchObject({ skipped: 'only the living database has it' });
  });

  it('whose parting nobody noted have every row of one side listed', async () => {
    const { leftInserted, leftDeleted, livingInserted } = await compareTable(
      { ...sides, partedAt: undefined },
      'public.orders',
    );
    expect({ leftInserted, leftDeleted, livingInserted }).toEqual({
      leftInserted: 3,
      leftDeleted: 0,
      livingInserted: 25_001,
    });
  });

  it('and differ without anybody having written since are unexplained', async () => {
    await living.sql(
      `CREATE TABLE odd (id int PRIMARY KEY, v int); GRANT ALL ON odd TO shop; INSERT INTO odd VALUES (1, 1)`,
    );
    await left.sql(
      `CREATE TABLE odd (id int PRIMARY KEY, v int); GRANT ALL ON odd TO shop; INSERT INTO odd VALUES (1, 2)`,
    );
    const later = { ...sides, partedAt: '4000000' };
    expect(await compareTable(later, 'public.odd')).toMatchObject({
      unexplained: 1,
      keys: [{ kind: 'unexplained', key: '1' }],
    });
  });
});
