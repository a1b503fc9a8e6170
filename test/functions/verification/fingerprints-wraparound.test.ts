// Transaction ids are 32 bits wide and come round. Rows frozen long ago then carry the same bits as rows written now.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engineUser, giveToEngine } from '../../../local/engines/engine-user.ts';
import { asAdmin } from '../../../local/engines/postgres.ts';
import { postgresPrograms } from '../../../local/engines/postgres-binaries.ts';
import { runProgram } from '../../../local/engines/processes.ts';
import { compareAll, fakeWorld, fingerprint, SOURCE } from '../../support/backups.ts';
import { type Laboratory, openLaboratory, type TestServer } from '../../support/postgres.ts';

let lab: Laboratory;
let live: TestServer;

beforeAll(async () => {
  lab = await openLaboratory();
  live = await lab.cluster();
}, 120_000);
afterAll(() => lab[Symbol.asyncDispose]());

/** Moves the cluster's next transaction id, as years of work would: everything is frozen first. */
const jumpTo = async (xid: number): Promise<void> => {
  await asAdmin(live.port, 'postgres', (client) => client.query('ALTER DATABASE template0 ALLOW_CONNECTIONS true'));
  for (const database of ['shop', 'template0', 'template1', 'postgres']) {
    await asAdmin(live.port, database, (client) => client.query('VACUUM (FREEZE)'));
  }
  await live.stop();
  const program = join(postgresPrograms().postgres, '..', 'pg_resetwal');
  await runProgram(program, ['-x', String(xid), '-D', live.directory], { user: engineUser() });
  // Two bits a transaction, 32 pages of 8 KiB a file: the file that holds the new id has to be there.
  const segment = join(
    live.directory,
    'pg_xact',
    Math.floor(xid / (32 * 8192 * 4))
      .toString(16)
      .toUpperCase()
      .padStart(4, '0'),
  );
  await writeFile(segment, Buffer.alloc(256 * 1024));
  await giveToEngine(segment);
  await live.start();
};

const nextXid = async (): Promise<bigint> =>
  BigInt(String((await live.sql('SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS x'))[0]?.x));
const burn = (count: number) =>
  live.sql(`DO $$ BEGIN FOR i IN 1..${count} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$`);

describe('rows older than a whole round of transaction ids', { timeout: 180_000 }, () => {
  it('are compared like all others, and those that share bits with new ones raise no alarm', async () => {
    await live.sql('CREATE TABLE t (id int PRIMARY KEY, round int, n int); ALTER TABLE t OWNER TO shop');
    const first = Number(await nextXid());
    await live.sql('INSERT INTO t SELECT n, 0, 0 FROM generate_series(1, 2000) n');
    for (let n = 2001; n <= 2040; n++) await live.sql(`INSERT INTO t VALUES (${n}, 0, 0)`);
    await jumpTo(1_500_000_000);
    await live.sql('INSERT INTO t SELECT n, 1, 0 FROM generate_series(3001, 5000) n');
    await jumpTo(3_000_000_000);
    await jumpTo(4_294_967_000);
    await burn(296 + first - 10);

    const around = await nextXid();
    expect(around > 2n ** 32n).toBe(true);
    expect(Number(around % 2n ** 32n)).toBeLessThan(first);

    const world = fakeWorld();
    world.instances.set(SOURCE, live);
    const { id, nativeId } = world.point();
    await fingerprint(id, 'before');
    // Transactions of now pass through the ids that wrote the oldest rows.
    for (let n = 1; n <= 30; n++) await live.sql(`UPDATE t SET n = n + 1 WHERE id = ${4000 + n}`);
    const copy = await lab.copy(live);
    world.snapshots.add(nativeId);
    for (let n = 1; n <= 30; n++) await live.sql(`UPDATE t SET n = n + 1 WHERE id = ${4100 + n}`);
    await fingerprint(id, 'after');
    await copy.start();

    const findings = await compareAll(world, id, copy);
    const [table] = findings.flatMap(({ tables }) => tables);
    expect(findings.flatMap(({ differences }) => differences)).toEqual([]);
    expect(table).toMatchObject({ differences: [] });
    expect(table?.notCompared).toBeUndefined();
    // Rows that share their bits with new ones count as new: all of round 0's single rows and the 2000 of one transaction at most.
    expect(table?.exact).toBeGreaterThan(1800);
    expect(table?.written).toBeGreaterThan(0);

    await copy.sql('DELETE FROM t WHERE id = 4999');
    const damaged = await compareAll(world, id, copy, 'damaged');
    expect(damaged.flatMap(({ tables }) => tables)[0]?.differences).toMatchObject([
      { kind: 'missing', key: 'id=4999' },
    ]);
  });
});
