import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { answer } from '../../../functions/verification/checks.ts';
import { CheckResult, checkKey } from '../../../functions/verification/evidence.ts';
import { closedKey } from '../../../functions/verification/fingerprint-keys.ts';
import { handler as runCheck } from '../../../functions/verification/run-check.ts';
import { instanceName } from '../../../functions/verification/test-instances.ts';
import { Check } from '../../../shared/config/checks.ts';
import { rdsSourceNamed } from '../../../shared/config/platform.ts';
import { openSession, type Session } from '../../../shared/postgres/session.ts';
import { fakeWorld, run, samplePoint, type World } from '../../support/backups.ts';
import { DATABASE, type Laboratory, openLaboratory, PASSWORD, type TestServer, USER } from '../../support/postgres.ts';

let lab: Laboratory;
let server: TestServer;
let session: Session;
let world: World;

// The recovery point's time is 2026-11-20T02:05.
const SHOP = `
  CREATE TABLE customers (id bigint PRIMARY KEY, email text);
  CREATE TABLE products (id bigint PRIMARY KEY, price numeric);
  CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint, total numeric, ordered_at timestamptz);
  CREATE TABLE order_items (id bigint PRIMARY KEY, order_id bigint, product_id bigint, quantity int, unit_price numeric);
  CREATE TABLE payments (id bigint PRIMARY KEY, order_id bigint);
  INSERT INTO customers SELECT n, 'c' || n || '@example.com' FROM generate_series(1, 200) n;
  INSERT INTO products SELECT n, n FROM generate_series(1, 20) n;
  INSERT INTO orders SELECT n, 1 + n % 200, 2 * n, timestamptz '2026-11-20 02:00Z' - n * interval '1 minute' FROM generate_series(1, 300) n;
  INSERT INTO order_items SELECT n, n, 1 + n % 20, 2, n FROM generate_series(1, 300) n;
  INSERT INTO payments SELECT n, n FROM generate_series(1, 300) n;`;

beforeAll(async () => {
  lab = await openLaboratory();
  server = await lab.cluster();
}, 120_000);
afterAll(() => lab[Symbol.asyncDispose]());
beforeEach(async () => {
  world = fakeWorld();
  await server.sql(
    `DROP SCHEMA public CASCADE; CREATE SCHEMA public; ${SHOP} GRANT ALL ON SCHEMA public TO shop; GRANT ALL ON ALL TABLES IN SCHEMA public TO shop`,
  );
  session = await openSession(
    { source: 'shop-db', host: '127.0.0.1', port: server.port, database: DATABASE, username: USER, password: PASSWORD },
    { statementSeconds: 10, searchPath: 'public' },
  );
  return () => session[Symbol.asyncDispose]();
});

const point = samplePoint('shop-db-20261120t020000z-scheduled');
const ask = (check: Check, of = point) => answer(check, session, of);
const checks = rdsSourceNamed('shop-db').checks;

/** Names of the configured checks that do not pass after a damage, with what they found. */
const failing = async (damage: string): Promise<Record<string, Partial<CheckResult>>> => {
  if (damage) await server.sql(damage);
  const answers = await Promise.all(checks.map(async (check) => ({ name: check.name, ...(await ask(check)) })));
  return Object.fromEntries(
    answers
      .filter(({ passed }) => !passed)
      .map(({ name, found, samples }) => [name, { found, ...(samples?.length ? { samples } : {}) }]),
  );
};

describe('the checks of the shop', () => {
  it('pass on a database that holds what it should', async () => {
    expect(await failing('')).toEqual({});
  });

  it.each<[string, string, string, string, string[] | undefined]>([
    [
      'a broken foreign key',
      'DELETE FROM customers WHERE id = 7',
      'every order has a customer',
      '2 of 300 rows break the rule',
      ['id=6', 'id=206'],
    ],
    [
      'an orphaned item',
      'UPDATE order_items SET product_id = 999 WHERE id = 5',
      'every order item has a product',
      '1 of 300 rows break the rule',
      ['id=5'],
    ],
    [
      'a null',
      'UPDATE customers SET email = NULL WHERE id = 9',
      'customers have an e-mail address',
      '1 of 200 rows break the rule',
      ['id=9'],
    ],
    [
      'a malformed address',
      `UPDATE customers SET email = 'nobody' WHERE id = 9`,
      'e-mail addresses look like addresses',
      '1 of 200 rows break the rule',
      ['id=9'],
    ],
    [
      'a doubled address',
      `UPDATE customers SET email = 'c1@example.com' WHERE id = 2`,
      'customers are not doubled',
      '1 of 199 rows break the rule',
      ['id=1'],
    ],
    [
      'a negative price',
      'UPDATE products SET price = -1 WHERE id = 3',
      'no product price is negative',
      '1 of 20 rows break the rule',
      ['id=3'],
    ],
    [
      'a date after the recovery point',
      `UPDATE orders SET ordered_at = '2026-11-20 02:06Z' WHERE id = 3`,
      'no order lies in the future',
      '1 of 300 rows break the rule',
      ['id=3'],
    ],
    [
      'totals that do not add up',
      'UPDATE orders SET total = total + 0.01 WHERE id = 4',
      'order totals equal their items',
      '1 of 300 rows break the rule',
      ['id=4'],
    ],
    [
      'lost recent orders',
      `UPDATE orders SET ordered_at = ordered_at - interval '3 days'`,
      'the newest order is recent',
      '2026-11-17 01:59:00+00, 259560 s before it',
      undefined,
    ],
    ['lost rows', 'DELETE FROM payments WHERE id > 50', 'payments are all there', '50 rows', undefined],
  ])('catch %s by name', async (_, damage, name, found, samples) => {
    const failed = await failing(damage);
    expect(failed[name]).toEqual({ found, ...(samples ? { samples } : {}) });
  });

  it('say of rows written while the backup was made that they are newer, and pass', async () => {
    await server.sql("UPDATE orders SET ordered_at = '2026-11-20 02:05:02Z' WHERE id = 1");
    const recent = checks.find(({ kind }) => kind === 'recent') as Check;
    expect(await ask(recent)).toMatchObject({ passed: true, found: '2026-11-20 02:05:02+00, 2 s after it' });
  });

  it('catch a truncated table in every check that needs its rows', async () => {
    const failed = await failing('TRUNCATE payments');
    expect(failed).toEqual({
      'every payment has an order': { found: 'no rows to check' },
      'payments are all there': { found: '0 rows' },
    });
  });

  it('catch a dropped table by the name it had', async () => {
    const failed = await failing('DROP TABLE payments');
    expect(Object.keys(failed)).toEqual(['every payment has an order', 'payments are all there']);
    expect(failed['payments are all there']?.found).toContain('relation "public.payments" does not exist');
  });

  it('catch a dropped column', async () => {
    expect(Object.keys(await failing('ALTER TABLE products DROP COLUMN price'))).toEqual([
      'no product price is negative',
    ]);
  });

  it('show at most five keys, and never another column', async () => {
    const failed = await failing(`UPDATE customers SET email = 'secret' WHERE id < 100`);
    expect(failed['e-mail addresses look like addresses']?.samples).toHaveLength(5);
    expect(JSON.stringify(failed)).not.toContain('secret');
  });

  it('throw where they cannot be answered, since that says nothing of the data', async () => {
    await server.sql('REVOKE ALL ON payments FROM shop');
    const check = checks.find(({ name }) => name === 'payments are all there') as Check;
    await expect(ask(check)).rejects.toMatchObject({ name: 'QueryFailed', sqlState: '42501' });
  });
});

describe('a check of a verification', () => {
  const request = {
    source: 'shop-db',
    recoveryPoint: point.id,
    execution: 'arn:aws:states:us-east-1:111122223333:execution:verify:1',
  };

  it('leaves its result in the vault, and finds it when it runs again', async () => {
    world.point(point.id);
    world.instances.set(instanceName('shop-db', request.execution), server);
    await expect(run(runCheck, { ...request, check: 0 })).resolves.toMatchObject({
      name: 'every order has a customer',
      passed: true,
    });
    await server.sql('DELETE FROM customers');
    await expect(run(runCheck, { ...request, check: 0 })).resolves.toMatchObject({ passed: true });
    expect(CheckResult.parse(world.vault.json(checkKey(point.id, request.execution, 0)))).toMatchObject({
      kind: 'orphans',
      severity: 'critical',
      found: '0 of 300 rows break the rule',
    });
  });

  it('that is not configured is an error, not a success', async () => {
    await expect(run(runCheck, { ...request, check: 99 })).rejects.toMatchObject({ name: 'EvidenceMissing' });
  });
});

describe('a row count', () => {
  const rows = (minimum: number, deviation: string) =>
    Check.parse({ name: 'rows', kind: 'row-count', table: 'orders', minimum, deviation });
  const counted = (before: number, after: number) => {
    for (const [phase, count] of [
      ['before', before],
      ['after', after],
    ] as const) {
      const artifact = { uri: 's3://vault/x', bytes: 1, sha256: '0'.repeat(64), crc64nvme: '', writer: 'lifeboat' };
      world.vault.put(closedKey(point.id, phase), {
        schemaVersion: 1,
        source: 'shop-db',
        recoveryPoint: point.id,
        phase,
        at: '2026-11-20T02:00:00Z',
        plan: artifact,
        parts: [],
        rows: count,
        tables: [{ name: 'public.orders', rows: count }],
      });
    }
    return { ...point, fingerprint: { before: 's3://vault/before', after: 's3://vault/after' } };
  };

  it.each([
    [300, 300, '1 %', true],
    [290, 310, '0 %', true],
    [310, 320, '1 %', false],
    [280, 290, '1 %', false],
    [310, 320, '5 %', true],
  ])('lies between %i and %i, give or take %s: %s', async (before, after, deviation, passed) => {
    expect((await ask(rows(1, deviation), counted(before, after))).passed).toBe(passed);
  });

  it('never lies below its minimum, whatever was counted', async () => {
    expect((await ask(rows(301, '50 %'), counted(300, 300))).passed).toBe(false);
  });

  it('is judged by its minimum where nothing was counted, and says so', async () => {
    expect(await ask(rows(300, '1 %'))).toEqual({
      expected: 'at least 300 rows; none were counted when the backup was made',
      found: '300 rows',
      passed: true,
    });
  });
});

describe('other checks', () => {
  it('find an extension by name', async () => {
    const extension = (name: string) => ask(Check.parse({ name: 'x', kind: 'extension', extension: name }));
    expect(await extension('plpgsql')).toMatchObject({ passed: true, found: 'version 1.0' });
    expect(await extension('postgis')).toMatchObject({ passed: false, found: 'it is not installed' });
  });

  it('compare the one value of a query as text, and refuse any other shape', async () => {
    const query = (sql: string, expected: string) => ask(Check.parse({ name: 'x', kind: 'query', sql, expected }));
    expect(await query('SELECT count(*) FROM orders', '300')).toMatchObject({ passed: true });
    expect(await query('SELECT count(*) FROM orders', '301')).toMatchObject({ passed: false, found: '300' });
    expect(await query('SELECT id FROM orders WHERE false', '1')).toMatchObject({
      passed: false,
      found: '0 rows of 0 columns',
    });
    expect(await query('SELECT 1 AS a, 2 AS b', '1')).toMatchObject({ passed: false, found: '1 rows of 2 columns' });
    expect(await query('SELECT 1 / 0', '1')).toMatchObject({ passed: false, found: '22012: division by zero' });
  });

  it('tolerate as many rows as they say', async () => {
    await server.sql('UPDATE products SET price = -1 WHERE id IN (1, 2)');
    const check = (tolerated: number) =>
      ask(Check.parse({ name: 'x', kind: 'at-least', table: 'products', column: 'price', minimum: 0, tolerated }));
    expect((await check(2)).passed).toBe(true);
    expect((await check(1)).passed).toBe(false);
  });
});
