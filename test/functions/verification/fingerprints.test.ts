import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { handler as closeFingerprint } from '../../../functions/verification/close-fingerprint.ts';
import type { Comparison, Difference } from '../../../functions/verification/evidence.ts';
import { partKey } from '../../../functions/verification/fingerprint-keys.ts';
import { handler as planFingerprint } from '../../../functions/verification/plan-fingerprint.ts';
import { handler as takeFingerprint } from '../../../functions/verification/take-fingerprint.ts';
import { catalogKey } from '../../../shared/catalog/ids.ts';
import { RecoveryPoint } from '../../../shared/catalog/recovery-point.ts';
import { compareAll, EXECUTION, fakeWorld, fingerprint, run, SOURCE, type World } from '../../support/backups.ts';
import { flipByte, heapFile, withoutChecksums } from '../../support/damage.ts';
import { type Laboratory, openLaboratory, type TestServer } from '../../support/postgres.ts';

let lab: Laboratory;
let live: TestServer;
let world: World;

const SHOP = `
  CREATE TYPE colour AS ENUM ('red', 'green');
  CREATE TABLE customers (id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, email text NOT NULL, t text, born timestamptz DEFAULT now(), c colour, data jsonb, weight float8);
  CREATE TABLE orders (id bigserial PRIMARY KEY, customer_id bigint REFERENCES customers, total numeric(12,2), note text);
  CREATE TABLE visits (at timestamptz, path text);
  CREATE TABLE "Odd ""Name""" ("select" int, "two words" text, PRIMARY KEY ("two words", "select"));
  INSERT INTO customers (email, t, c, data, weight) SELECT 'c' || n || '@example.com', repeat(md5(n::text), 3), 'red', jsonb_build_object('n', n), n / 3.0 FROM generate_series(1, 3000) n;
  INSERT INTO orders (customer_id, total, note) SELECT 1 + n % 3000, n, CASE WHEN n % 100 = 0 THEN repeat(md5(n::text), 200) ELSE 'x' END FROM generate_series(1, 20000) n;
  INSERT INTO visits SELECT now(), '/' || (n % 10) FROM generate_series(1, 5000) n;
  INSERT INTO "Odd ""Name""" SELECT n, 'it''s ' || n FROM generate_series(1, 500) n;
  CREATE INDEX orders_note ON orders (left(note, 10));
  CREATE VIEW rich AS SELECT * FROM orders WHERE total > 100;
  CREATE FUNCTION double(n int) RETURNS int LANGUAGE sql AS 'SELECT 2 * n';
  GRANT ALL ON ALL TABLES IN SCHEMA public TO shop; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO shop; ALTER TABLE orders OWNER TO shop; ALTER TABLE customers OWNER TO shop`;

beforeAll(async () => {
  lab = await openLaboratory();
  live = await lab.cluster();
  await live.sql(SHOP);
}, 120_000);
afterAll(() => lab[Symbol.asyncDispose]());
beforeEach(() => {
  world = fakeWorld();
  world.instances.set(SOURCE, live);
});

const point = () => world.point();

/** Fingerprints around a snapshot of a database nobody writes to: any physical copy of it is that snapshot. */
const backup = async (): Promise<void> => {
  await fingerprint(point().id, 'before');
  world.snapshots.add(point().nativeId);
  await fingerprint(point().id, 'after');
};

const differences = (findings: Comparison[]): Difference[] =>
  findings.flatMap((finding) => [...finding.differences, ...finding.tables.flatMap((table) => table.differences)]);

let executions = 0;

/** Starts a copy of the live database, damages it, and tells what verification finds. */
const findingsIn = async (damage: (copy: TestServer) => Promise<unknown>): Promise<Difference[]> => {
  const copy = await lab.copy(live);
  await copy.start();
  await damage(copy);
  const found = differences(await compareAll(world, point().id, copy, `${EXECUTION}-${++executions}`));
  await copy.stop('immediate');
  return found;
};

describe('fingerprints of a quiet database', { timeout: 120_000 }, () => {
  it('prove every row of every table equal, whatever its name, key or type', async () => {
    await backup();
    const copy = await lab.copy(live);
    await copy.start();
    const findings = await compareAll(world, point().id, copy);
    const tables = findings.flatMap(({ tables }) => tables);
    expect(differences(findings)).toEqual([]);
    expect(tables.map(({ table, exact }) => [table, exact])).toEqual([
      ['public.Odd "Name"', 500],
      ['public.customers', 3000],
      ['public.orders', 20_000],
      ['public.visits', 5000],
    ]);
    expect(tables.flatMap(({ notCompared }) => notCompared ?? [])).toEqual([]);
    await copy.stop();
  });

  it('find one changed value, and name its key and no other column', async () => {
    await backup();
    const found = await findingsIn((copy) => copy.sql(`UPDATE customers SET email = 'x' || email WHERE id = 1500`));
    expect(found).toMatchObject([{ in: 'public.customers', kind: 'changed', key: 'id=1500' }]);
    expect(JSON.stringify(found)).not.toContain('example.com');
  });

  it('find a changed row whose new version stands at the far end of the table', async () => {
    await backup();
    const found = await findingsIn((copy) => copy.sql('UPDATE orders SET total = total + 1 WHERE id = 7'));
    expect(found.map(({ in: table, kind, key }) => [table, kind, key])).toContainEqual([
      'public.orders',
      'changed',
      'id=7',
    ]);
    expect(found.filter(({ kind }) => kind === 'foreign')).toEqual([]);
  });

  it('find one missing row', async () => {
    await backup();
    const found = await findingsIn((copy) => copy.sql('DELETE FROM orders WHERE id = 12345'));
    expect(found).toMatchObject([{ in: 'public.orders', kind: 'missing', key: 'id=12345' }]);
  });

  it('find one row that was written into the copy', async () => {
    await backup();
    const found = await findingsIn((copy) =>
      copy.sql(`INSERT INTO orders (customer_id, total) VALUES (1, 1) RETURNING id`),
    );
    expect(found).toMatchObject([
      { in: 'public.orders', kind: 'foreign', key: /^id=2\d{4}$/.exec(found[0]?.key ?? '')?.[0] },
    ]);
  });

  it('find one row that had been deleted before the backup and is there again', async () => {
    const stale = await lab.copy(live);
    await live.sql(`DELETE FROM visits WHERE ctid = '(3,3)'`);
    await backup();
    await stale.start();
    const found = differences(await compareAll(world, point().id, stale));
    expect(found).toMatchObject([{ in: 'public.visits', kind: 'resurrected', key: 'row at (3,3)' }]);
    await stale.stop('immediate');
  });

  it('find one flipped bit of a page that no checksum guards', async () => {
    await backup();
    const found = await findingsIn(async (copy) => {
      const file = await heapFile(copy, 'customers');
      await copy.stop();
      await withoutChecksums(copy);
      await flipByte(file, 'c2222@example.com');
      await copy.start();
    });
    expect(found).toMatchObject([{ in: 'public.customers', kind: 'changed', key: 'id=2222' }]);
  });

  it('find a page that its checksum refuses', async () => {
    await backup();
    const found = await findingsIn(async (copy) => {
      const file = await heapFile(copy, 'customers');
      await copy.stop();
      await flipByte(file, 'c2222@example.com');
      await copy.start();
    });
    expect(found).toMatchObject([
      { in: 'public.customers', kind: 'unreadable', found: expect.stringContaining('invalid page') },
    ]);
  });

  it('find a table that was emptied, dropped, or made anew', async () => {
    await backup();
    expect(await findingsIn((copy) => copy.sql('TRUNCATE visits'))).toMatchObject([
      { in: 'public.visits', kind: 'table rewritten' },
    ]);
    const dropped = await findingsIn((copy) => copy.sql('DROP TABLE visits'));
    expect(dropped.map(({ in: name, kind }) => [name, kind])).toEqual([
      ['table public.visits', 'definition'],
      ['public.visits', 'table missing'],
    ]);
    const anew = await findingsIn((copy) =>
      copy.sql('CREATE TABLE v AS TABLE visits; DROP TABLE visits; ALTER TABLE v RENAME TO visits'),
    );
    expect(anew).toMatchObject([{ in: 'public.visits', kind: 'table missing' }]);
  });

  it('find a lost index, constraint, view, function, default and enum label, each by name', async () => {
    await backup();
    const found = await findingsIn((copy) =>
      copy.sql(`DROP INDEX orders_note; ALTER TABLE orders DROP CONSTRAINT orders_customer_id_fkey; DROP VIEW rich; DROP FUNCTION double(int);
        ALTER TABLE visits ALTER at SET DEFAULT now(); ALTER TYPE colour RENAME VALUE 'green' TO 'blue'`),
    );
    expect(found.map(({ in: name }) => name).sort()).toEqual([
      'constraint public.orders.orders_customer_id_fkey',
      'function public.double(n integer)',
      'index public.orders_note',
      'table public.customers',
      'table public.visits',
      'type public.colour',
      'view public.rich',
    ]);
  });

  it('find a sequence that was set back, and allow for what PostgreSQL logs ahead', async () => {
    await backup();
    expect(await findingsIn((copy) => copy.sql(`SELECT nextval('orders_id_seq')`))).toEqual([]);
    expect(await findingsIn((copy) => copy.sql(`SELECT setval('orders_id_seq', 19000)`))).toMatchObject([
      { in: 'sequence public.orders_id_seq', kind: 'sequence', found: '19000' },
    ]);
  });

  it('leave a table alone that gets a column while the second reading is under way', async () => {
    await live.sql('CREATE TABLE lately (n int); INSERT INTO lately SELECT n FROM generate_series(1, 100) n');
    await live.sql('GRANT ALL ON lately TO shop');
    const { id, nativeId } = point();
    await fingerprint(id, 'before');
    const copy = await lab.copy(live);
    world.snapshots.add(nativeId);
    const { items } = await run(planFingerprint, { source: SOURCE, recoveryPoint: id, phase: 'after' });
    // A constant default: no row moves, no file is written anew, and every row reads differently.
    await live.sql(`ALTER TABLE lately ADD COLUMN colour text DEFAULT 'red'`);
    for (const item of items) await run(takeFingerprint, item);
    await run(closeFingerprint, { source: SOURCE, recoveryPoint: id, phase: 'after' });
    await copy.start();
    const findings = await compareAll(world, id, copy, `${EXECUTION}-${++executions}`);
    await copy.stop('immediate');
    await live.sql('DROP TABLE lately');
    expect(differences(findings)).toEqual([]);
    const told = findings.flatMap(({ tables }) => tables).find(({ table }) => table === 'public.lately');
    expect(JSON.stringify(told)).toContain('its definition changed while the backup was made');
  });

  it('say what is not compared, and why', async () => {
    await live.sql(`CREATE UNLOGGED TABLE scratch (n int); CREATE TABLE names (c regclass); SELECT lo_create(0)`);
    await backup();
    const copy = await lab.copy(live);
    await copy.start();
    const [schema] = await compareAll(world, point().id, copy);
    expect(schema?.notCompared).toEqual([
      {
        name: 'public.names',
        reason: 'a column shows names of other objects (regclass and the like), which may change without the row',
      },
      { name: 'public.scratch', reason: 'an unlogged table: PostgreSQL empties it when it recovers' },
      { name: 'large objects', reason: '1 of them: not read' },
    ]);
    await copy.stop();
  });

  it('are the same when every step runs again', async () => {
    await backup();
    const written = new Map(world.vault.objects);
    await fingerprint(point().id, 'after');
    expect([...world.vault.objects.keys()].sort()).toEqual([...written.keys()].sort());
    expect([...written].every(([key, body]) => world.vault.objects.get(key)?.equals(body))).toBe(true);
  });

  it('are recorded on the recovery point with the artefact that names all their parts', async () => {
    await backup();
    const { fingerprint: recorded, artifacts } = RecoveryPoint.parse(world.vault.json(catalogKey(point().id)));
    expect(artifacts.map(({ uri }) => uri)).toEqual([recorded?.before, recorded?.after]);
  });
});

describe('a step of a fingerprint', { timeout: 60_000 }, () => {
  const request = () => ({ source: SOURCE, recoveryPoint: point().id, phase: 'before' });

  it('that runs three times at once has one result', async () => {
    const plans = await Promise.all([1, 2, 3].map(() => run(planFingerprint, request())));
    expect(plans[1]).toEqual(plans[0]);
    const [item] = plans[0]?.items ?? [];
    const parts = await Promise.all([1, 2, 3].map(() => run(takeFingerprint, item ?? {})));
    expect(parts[1]).toEqual(parts[0]);
    const closed = await Promise.all([1, 2, 3].map(() => run(closeFingerprint, request())));
    expect(closed[2]).toEqual(closed[0]);
    expect([...world.vault.objects.keys()].filter((key) => key.startsWith('fingerprints/'))).toHaveLength(3);
    expect(RecoveryPoint.parse(world.vault.json(catalogKey(point().id))).artifacts).toHaveLength(1);
  });

  it('that finds no database says so, leaves nothing, and succeeds the next time', async () => {
    const [item] = (await run(planFingerprint, request())).items;
    await live.stop();
    await expect(run(takeFingerprint, item ?? {})).rejects.toMatchObject({ name: 'DatabaseUnreachable' });
    expect(world.vault.objects.has(partKey(point().id, 'before', 0))).toBe(false);
    await live.start();
    await expect(run(takeFingerprint, item ?? {})).resolves.toMatchObject({ item: 0 });
  });

  it('is not closed while a part is missing', async () => {
    await run(planFingerprint, request());
    await expect(run(closeFingerprint, request())).rejects.toMatchObject({ name: 'EvidenceMissing' });
    expect(RecoveryPoint.parse(world.vault.json(catalogKey(point().id))).fingerprint).toBeUndefined();
  });
});

describe('the order of fingerprint and snapshot', { timeout: 120_000 }, () => {
  it('is refused where the snapshot stood before the first fingerprint was complete', async () => {
    world.snapshots.add(point().nativeId);
    await expect(fingerprint(point().id, 'before')).rejects.toMatchObject({ name: 'SnapshotTooEarly' });
  });

  it('is refused where the second fingerprint would come before the snapshot is complete', async () => {
    await fingerprint(point().id, 'before');
    await expect(fingerprint(point().id, 'after')).rejects.toMatchObject({ name: 'SnapshotNotReady' });
  });

  it('is refused where commits may wait for a standby', async () => {
    await live.sql(`ALTER DATABASE shop SET synchronous_commit = on`);
    await live.sql(`ALTER SYSTEM SET synchronous_standby_names = 'other'`);
    await live.sql(`SELECT pg_reload_conf()`);
    try {
      await expect
        .poll(() => fingerprint(point().id, 'before').catch((error: Error) => error.name))
        .toBe('FingerprintUnsafe');
    } finally {
      await live.sql(`ALTER SYSTEM RESET synchronous_standby_names`);
      await live.sql(`SELECT pg_reload_conf()`);
    }
  });
});

describe('a phase without fingerprint', () => {
  it('is told on the recovery point with its reason', async () => {
    const failure = {
      Error: 'LoginRefused',
      Cause: JSON.stringify({ errorMessage: 'shop-db: the database refused the login.' }),
    };
    await run(closeFingerprint, { source: SOURCE, recoveryPoint: point().id, phase: 'before', failure });
    const { fingerprint: recorded } = RecoveryPoint.parse(world.vault.json(catalogKey(point().id)));
    expect(recorded).toEqual({
      missing: 'before the snapshot: LoginRefused: shop-db: the database refused the login.',
    });
  });
});
