import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import sample from '../../../events/samples/recovery/promote-database.json' with { type: 'json' };
import { endEpoch } from '../../../functions/recovery/epoch.ts';
import type { Step } from '../../../functions/recovery/phases.ts';
import { handler } from '../../../functions/recovery/promote-database.ts';
import { lossOf } from '../../../functions/recovery/replica-state.ts';
import { pointId } from '../../../shared/catalog/ids.ts';
import type { Facts } from '../../../shared/recovery/documents.ts';
import { invoke } from '../../support/platform.ts';
import { snapshotPoint } from '../../support/points.ts';
import { type Laboratory, openLaboratory, type TestServer } from '../../support/postgres.ts';
import { refusal } from '../../support/rds-api.ts';
import { ID, type RecoveryRegion, recoveryRegion } from '../../support/recovery.ts';

vi.mock('#platform', () => import('../../support/recovery.config.ts'));

const REPLICA = 'shop-db-replica';
const SINCE = '2026-11-20T02:58:00.000Z';
let lab: Laboratory;
let primary: TestServer;
let replica: TestServer;
let region: RecoveryRegion;

beforeAll(async () => {
  lab = await openLaboratory();
  primary = await lab.cluster();
  await primary.sql(`
    ALTER ROLE shop CREATEROLE; GRANT pg_signal_backend TO shop; CREATE TABLE orders (id serial, at timestamptz DEFAULT now());
    SET ROLE shop; CREATE ROLE shop_app LOGIN PASSWORD 'x'`);
}, 120_000);
afterAll(() => lab[Symbol.asyncDispose]());

beforeEach(async () => {
  region = recoveryRegion();
  await region.declared();
  await region.finished('declare', { verdict: 'down', downSince: SINCE });
  await region.finished('fence', { outcome: 'unreachable', confirmed: false });
});
afterEach(async () => {
  vi.useRealTimers();
  await replica?.stop('immediate');
  await primary.sql('SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active');
});

const replicating = async (): Promise<void> => {
  replica = await lab.standby(primary);
  region.serve('recovery', REPLICA, replica, {
    ReadReplicaSourceDBInstanceIdentifier: 'arn:aws:rds:us-east-1:111122223333:db:shop-db',
  });
  // RDS promotes what it was asked to promote.
  region.rds.after = async (operation) => {
    if (operation === 'PromoteReadReplica') await replica.sql('SELECT pg_promote(true, 60)');
  };
};
const call = () => invoke(handler, sample) as Promise<Step>;
/** Calls as the machine does; RDS has done what it was asked when it is called again. */
const untilDone = async (most = 12): Promise<Facts> => {
  for (let calls = 0; calls < most; calls++) {
    const answer = await call();
    if (answer.done) return answer.facts;
    const instance = region.rds.recovery.instances.get(REPLICA);
    if (instance?.DBInstanceStatus === 'modifying') instance.DBInstanceStatus = 'available';
  }
  return expect.unreachable('it was never done');
};
const promotions = () => region.rds.changes.filter((change) => change.includes('PromoteReadReplica'));
const lsnOf = async (server: TestServer) =>
  String((await server.sql('SELECT pg_current_wal_lsn()::text AS lsn'))[0]?.lsn);

describe('promoting the replica', () => {
  beforeEach(replicating);

  it('gives the platform a database that takes writes, with backups from the first moment', async () => {
    const facts = await untilDone();
    expect(facts).toMatchObject({
      host: '127.0.0.1',
      port: replica.port,
      instance: REPLICA,
      how: 'replica',
      promoted: true,
      promotedAt: '2026-11-20T03:00:00.000Z',
      roles: ['shop_app'],
    });
    await expect(replica.sql('INSERT INTO orders DEFAULT VALUES')).resolves.toBeDefined();
    expect(region.rds.inputs('PromoteReadReplica')).toEqual([
      { DBInstanceIdentifier: REPLICA, BackupRetentionPeriod: 30, PreferredBackupWindow: '03:00-04:00' },
    ]);
  });

  it('lets the application in that was shut out of the old primary: that came along', async () => {
    await primary.sql('ALTER ROLE shop_app NOLOGIN');
    await region.finished('fence', { outcome: 'fenced', confirmed: true, lsn: await lsnOf(primary) });
    expect(await untilDone()).toMatchObject({ caughtUp: true, lossSeconds: 0 });
    expect(await replica.sql(`SELECT rolcanlogin FROM pg_roles WHERE rolname = 'shop_app'`)).toEqual([
      { rolcanlogin: true },
    ]);
    await primary.sql('ALTER ROLE shop_app LOGIN');
  });

  it('waits until the replica has what the fenced primary wrote, and loses nothing', async () => {
    await replica.sql('SELECT pg_wal_replay_pause()');
    await primary.sql('INSERT INTO orders DEFAULT VALUES');
    const [{ last } = {}] = await primary.sql('SELECT max(id) AS last FROM orders');
    await region.finished('fence', { outcome: 'fenced', confirmed: true, lsn: await lsnOf(primary) });
    for (let calls = 0; calls < 3; calls++)
      expect(await call()).toMatchObject({ done: false, found: expect.stringContaining('behind') });
    expect(promotions()).toEqual([]);
    await replica.sql('SELECT pg_wal_replay_resume()');
    expect(await untilDone(400)).toMatchObject({ caughtUp: true, lossSeconds: 0 });
    expect(await replica.sql('SELECT max(id) AS last FROM orders')).toEqual([{ last }]);
  });

  it('goes on without what does not come in time, and says so', async () => {
    await region.finished('fence', { outcome: 'fenced', confirmed: true, lsn: 'FFFF/0' });
    expect(await call()).toMatchObject({ done: false });
    region.setTime('2026-11-20T03:02:01Z');
    expect(await untilDone()).toMatchObject({ caughtUp: false, behindBytes: expect.any(Number), how: 'replica' });
  });

  it('says how old the newest commit is that it has', async () => {
    await primary.sql('INSERT INTO orders DEFAULT VALUES');
    await expect
      .poll(async () => (await replica.sql('SELECT pg_last_xact_replay_timestamp() AS at'))[0]?.at, { timeout: 10_000 })
      .not.toBeNull();
    region.setTime(SINCE);
    expect((await untilDone()).lossSeconds).toBeLessThan(60);
  });

  it('does not wait for a replica that cannot be read, where there is nothing to wait for', async () => {
    const { Endpoint } = region.serve('recovery', REPLICA, replica, {
      ReadReplicaSourceDBInstanceIdentifier: 'shop-db',
      Endpoint: { Address: '127.0.0.1', Port: 1 },
    });
    expect(await call()).toMatchObject({ done: false });
    (Endpoint as { Port: number }).Port = replica.port;
    expect(await untilDone()).toMatchObject({ lossSeconds: null, replayedLsn: null });
  });

  it.each([
    ['before RDS knew of it', 'before'],
    ['after it took effect', 'after'],
  ] as const)('asked in a call that died %s is asked again, and done once', async (_, when) => {
    const act = region.rds.after;
    let died = false;
    const die = async (operation: string, of: string, id: string) => {
      if (when === 'after') await act(operation, of, id);
      if (operation !== 'PromoteReadReplica' || died) return;
      died = true;
      throw refusal('InternalFailure');
    };
    region.rds[when] = die;
    await expect(untilDone()).rejects.toThrow('InternalFailure');
    expect(await untilDone()).toMatchObject({ how: 'replica' });
    expect(promotions()).toHaveLength(when === 'before' ? 2 : 1);
  });

  it('is not asked again while RDS still shows the replica it was', async () => {
    region.rds.after = (operation) => {
      if (operation !== 'PromoteReadReplica') return;
      Object.assign(region.rds.recovery.instances.get(REPLICA) ?? {}, {
        DBInstanceStatus: 'available',
        ReadReplicaSourceDBInstanceIdentifier: 'shop-db',
      });
    };
    for (let calls = 0; calls < 6; calls++) await call();
    expect(promotions()).toHaveLength(1);
    region.setTime('2026-11-20T03:02:01Z');
    await call();
    expect(promotions()).toHaveLength(2);
  });

  it('waits while RDS does something else to the replica', async () => {
    const instance = region.rds.recovery.instances.get(REPLICA) ?? {};
    instance.DBInstanceStatus = 'backing-up';
    expect(await call()).toMatchObject({ done: false, found: `${REPLICA} is backing-up` });
    expect(promotions()).toEqual([]);
  });

  it.each(['incompatible-restore', 'failed', 'storage-full'])(
    'stops where it turns %s, and goes on once that is mended',
    async (status) => {
      const instance = region.rds.recovery.instances.get(REPLICA) ?? {};
      instance.DBInstanceStatus = status;
      await expect(call()).rejects.toMatchObject({ name: 'InstanceUnusable' });
      instance.DBInstanceStatus = 'available';
      expect(await untilDone()).toMatchObject({ how: 'replica' });
    },
  );

  it('is not done by a call that lost the platform while it was on its way', async () => {
    await call();
    region.rds.before = () => endEpoch(ID, 'abandoned');
    await expect(call()).rejects.toMatchObject({ name: 'EpochLost' });
    expect(promotions()).toEqual([]);
  });

  it('does not take a database for the platform’s that was promoted by somebody on some other day', async () => {
    region.serve('recovery', REPLICA, replica);
    await expect(call()).rejects.toMatchObject({ name: 'ReplicaForeign' });
  });
});

describe('without a replica', () => {
  const [newest, older] = ['2026-11-19T02:00:00Z', '2026-11-18T02:00:00Z'].map((time) => snapshotPoint(new Date(time)));
  const restores = () => region.rds.changes.filter((change) => change.includes('RestoreDBInstance'));
  /** RDS has restored the instance: it is a server now. */
  const restored = async () => {
    replica = await lab.copy(primary);
    await replica.start();
    Object.assign(region.rds.recovery.instances.get(REPLICA) ?? {}, {
      DBInstanceStatus: 'available',
      Endpoint: { Address: '127.0.0.1', Port: replica.port },
    });
  };

  beforeEach(async () => {
    for (const point of [newest, older]) {
      await region.vault.addPoint(point as never);
      region.rds.addSnapshot('recovery', { DBSnapshotIdentifier: point?.nativeId ?? '' });
    }
  });

  it('the newest snapshot that was copied here becomes the database, and its age is the loss', async () => {
    expect(await call()).toMatchObject({ done: false, found: expect.stringContaining(newest?.id ?? '') });
    expect(await call()).toMatchObject({ done: false, found: `${REPLICA} is creating` });
    await restored();
    expect(await untilDone()).toMatchObject({
      how: 'snapshot',
      instance: REPLICA,
      recoveryPoint: newest?.id,
      lossSeconds: (Date.parse(SINCE) - Date.parse('2026-11-19T02:01:00Z')) / 1000,
    });
    expect(restores()).toHaveLength(1);
    expect(region.rds.inputs('RestoreDBInstanceFromDBSnapshot')[0]).toMatchObject({ PubliclyAccessible: false });
  });

  it('a copy that is not complete is not used', async () => {
    const id = pointId('shop-db', new Date('2026-11-20T02:00:00Z'), 'scheduled');
    const copies = [{ region: 'us-west-2', snapshotId: `lifeboat-${id}`, status: 'copying' as const, attempts: 1 }];
    await region.vault.addPoint(snapshotPoint(new Date('2026-11-20T02:00:00Z'), { copies }));
    await call();
    expect(region.rds.inputs('RestoreDBInstanceFromDBSnapshot')[0]).toMatchObject({
      DBSnapshotIdentifier: newest?.nativeId,
    });
  });

  it('a restore whose answer was lost is found again, and not made twice', async () => {
    region.rds.after = (operation) => {
      if (operation.startsWith('Restore')) throw refusal('InternalFailure');
    };
    await expect(call()).rejects.toThrow('InternalFailure');
    region.rds.after = () => undefined;
    await restored();
    expect(await untilDone()).toMatchObject({ how: 'snapshot', recoveryPoint: newest?.id });
    expect(restores()).toHaveLength(1);
  });

  it('two calls at once restore one instance', async () => {
    await Promise.all([call(), call()]);
    await restored();
    expect(await untilDone()).toMatchObject({ recoveryPoint: newest?.id });
  });

  it('says that there is nothing to build it from, where there is nothing', async () => {
    for (const key of region.vault.keys('catalog/')) region.vault.remove(key);
    await expect(call()).rejects.toMatchObject({ name: 'RecoveryPointMissing' });
  });
});

describe('what is lost at most', () => {
  it.each([
    ['the age of the newest commit when the region was first found down', 100, SINCE, 70],
    ['nothing where the newest commit came after that', 20, SINCE, 0],
    ['the age of the newest commit where nobody found it down', 100, null, 100],
    ['not known where the replica could not be asked', null, SINCE, null],
  ])('is %s', (_, idle, since, expected) => {
    expect(lossOf(idle, since, new Date(Date.parse(SINCE) + 30_000))).toBe(expected);
  });
});
