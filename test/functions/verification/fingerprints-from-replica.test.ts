// Fingerprints read from a standby, so that the primary is left alone.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { rdsSourceNamed } from '../../../shared/config/platform.ts';
import { compareAll, fakeWorld, fingerprint, SOURCE, type World } from '../../support/backups.ts';
import { type Laboratory, openLaboratory, type TestServer } from '../../support/postgres.ts';

let lab: Laboratory;
let live: TestServer;
let replica: TestServer;
let world: World;
const source = rdsSourceNamed(SOURCE);

beforeAll(async () => {
  lab = await openLaboratory();
  live = await lab.cluster();
  await live.sql(
    `CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t SELECT n, n FROM generate_series(1, 20000) n; ALTER TABLE t OWNER TO shop`,
  );
  replica = await lab.standby(live);
}, 120_000);
afterAll(() => lab[Symbol.asyncDispose]());
beforeEach(() => {
  world = fakeWorld();
  world.instances.set(SOURCE, live);
  world.instances.set(source.replica?.instance ?? '', replica);
  source.fingerprint.from = 'replica';
  return () => {
    source.fingerprint.from = 'primary';
  };
});

const caughtUp = async () => {
  const [row] = await live.sql('SELECT pg_current_wal_lsn()::text AS lsn');
  await expect
    .poll(async () => (await replica.sql(`SELECT pg_last_wal_replay_lsn() >= '${row?.lsn}' AS level`))[0]?.level)
    .toBe(true);
};

describe('fingerprints from a replica', { timeout: 60_000 }, () => {
  it('wait until it has replayed what the snapshot holds, then accuse no copy and find what is wrong', async () => {
    const { id, nativeId } = world.point();
    await fingerprint(id, 'before');
    await live.sql('UPDATE t SET n = n + 1 WHERE id % 100 = 0');
    const copy = await lab.copy(live);
    world.snapshots.add(nativeId);
    await caughtUp();
    await replica.sql('SELECT pg_wal_replay_pause()');
    await live.sql('DELETE FROM t WHERE id % 100 = 1');
    await expect(fingerprint(id, 'after')).rejects.toMatchObject({ name: 'ReplicaBehind' });

    await replica.sql('SELECT pg_wal_replay_resume()');
    await caughtUp();
    await fingerprint(id, 'after');
    await copy.start();
    const [schema, data] = await compareAll(world, id, copy);
    expect(schema?.differences).toEqual([]);
    expect(data?.tables).toMatchObject([
      { table: 'public.t', exact: 19_600, undecided: 200, written: 200, differences: [] },
    ]);

    await copy.sql('DELETE FROM t WHERE id = 7777');
    const [, damaged] = await compareAll(world, id, copy, 'damaged');
    expect(damaged?.tables[0]?.differences).toMatchObject([{ kind: 'missing', key: 'id=7777' }]);
  });
});
