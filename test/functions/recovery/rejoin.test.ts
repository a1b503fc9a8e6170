import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import sample from '../../../events/samples/recovery/rejoin.json' with { type: 'json' };
import { handler } from '../../../functions/recovery/rejoin.ts';
import type { RejoinStep } from '../../../functions/recovery/rejoin-way.ts';
import { type Epoch, epochKey, phaseKey } from '../../../shared/recovery/documents.ts';
import { Rejoin, rejoinKey } from '../../../shared/recovery/rejoin.ts';
import { PRIMARY, RECOVERY, stubEnvironment, VAULT } from '../../support/environment.ts';
import { invoke } from '../../support/platform.ts';
import { type Laboratory, openLaboratory, type TestServer } from '../../support/postgres.ts';
import { refusal } from '../../support/rds-api.ts';
import { ID, type RecoveryRegion, recoveryRegion, TIME } from '../../support/recovery.ts';

vi.mock('#platform', () => import('../../support/recovery.config.ts'));

const OLD = 'shop-db';
const LIVING = 'shop-db-replica';
const LIVING_ARN = `arn:aws:rds:${RECOVERY}:111122223333:db:${LIVING}`;
const KEPT = `${OLD}-left-${ID}`;
let lab: Laboratory;
let old: TestServer;
let living: TestServer;
let standby: TestServer | undefined;
let region: RecoveryRegion;
let partedAt: string;

/** The old primary, and the standby that was promoted in its place: both were written afterwards. */
beforeAll(async () => {
  lab = await openLaboratory();
  old = await lab.cluster();
  await old.sql(`ALTER ROLE shop CREATEROLE; GRANT pg_signal_backend TO shop; SET ROLE shop;
    CREATE ROLE shop_app LOGIN PASSWORD 'x'; CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders VALUES (1), (2)`);
  living = await lab.standby(old);
  partedAt = String((await living.sql('SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xmin'))[0]?.xmin);
  await living.sql('SELECT pg_promote(true, 60)');
  await old.sql('INSERT INTO orders VALUES (3)');
  await living.sql('INSERT INTO orders VALUES (4)');
}, 120_000);
afterAll(() => lab[Symbol.asyncDispose]());

const epoch = (change: Partial<Epoch>): string =>
  JSON.stringify({
    ...{ epoch: 1, failoverId: ID, kind: 'failover', from: PRIMARY, to: RECOVERY, execution: 'e', reason: 'r' },
    ...{ status: 'done', declaredAt: TIME, ...change },
  } satisfies Epoch);

beforeEach(async () => {
  region = recoveryRegion();
  stubEnvironment({
    AWS_REGION: PRIMARY,
    LIFEBOAT_ROLE: 'primary',
    PEER_REGION: RECOVERY,
    PEER_VAULT_BUCKET: VAULT,
  });
  await region.vault.place(epochKey(RECOVERY), epoch({}));
  await region.finished('database', { oldestXid: partedAt });
  region.serve('primary', OLD, old, { KmsKeyId: 'key-of-the-old-one' });
  region.serve('recovery', LIVING, living, {
    DBInstanceArn: LIVING_ARN,
    DBInstanceClass: 'db.r6g.large',
    StorageEncrypted: true,
  });
  await old.sql('ALTER ROLE shop_app NOLOGIN');
});
afterEach(async () => {
  vi.useRealTimers();
  await standby?.stop('immediate');
  standby = undefined;
});

const call = (input: object = sample) => invoke(handler, input) as Promise<RejoinStep>;
const record = () => Rejoin.parse(JSON.parse(region.vault.text(rejoinKey(ID, PRIMARY))));
const instances = () => region.rds.primary.instances;
/** RDS brings to an end what it was asked for. */
const settle = async (): Promise<void> => {
  for (const instance of instances().values()) {
    if (instance.DBInstanceStatus === 'creating') {
      standby = await lab.standby(living);
      instance.Endpoint = { Address: '127.0.0.1', Port: standby.port };
    }
    instance.DBInstanceStatus = 'available';
  }
};
const untilDone = async (most = 14): Promise<RejoinStep> => {
  for (let calls = 0; calls < most; calls++) {
    const answer = await call();
    if (answer.done) return answer;
    await settle();
  }
  throw new Error('not done');
};

describe('a region that was left', { timeout: 120_000 }, () => {
  it('says what its old database has that the living one lacks, keeps it, and follows the living one', async () => {
    expect(await untilDone()).toEqual({ done: true, instance: OLD, keptAs: KEPT });
    expect(record()).toMatchObject({
      partedAt,
      left: OLD,
      keptAs: KEPT,
      tables: [
        {
          table: 'public.orders',
          rows: 3,
          leftInserted: 1,
          livingInserted: 1,
          keys: [{ kind: 'leftInserted', key: '3' }],
        },
      ],
    });
    expect(instances().get(KEPT)).toMatchObject({ DBInstanceStatus: 'available' });
    expect(region.rds.inputs('CreateDBInstanceReadReplica')).toMatchObject([
      {
        DBInstanceIdentifier: OLD,
        SourceDBInstanceIdentifier: LIVING_ARN,
        KmsKeyId: 'key-of-the-old-one',
        DBInstanceClass: 'db.r6g.large',
        PubliclyAccessible: false,
      },
    ]);
    expect(await standby?.sql('SELECT array_agg(id ORDER BY id) AS ids FROM orders')).toEqual([{ ids: [1, 2, 4] }]);
    expect(region.messages).toMatchObject([
      { topic: 'critical', subject: expect.stringContaining('can take the platform back') },
    ]);
    expect(region.messages[0]?.text).toMatch(/public\.orders: 1 written only here; keys 3/);
    expect(region.messages[0]?.text).toContain(`kept as ${KEPT}`);
    expect(region.messages[0]?.text).toContain('"override":"shop"');
  });

  it('told once, asked again it changes nothing and tells nothing', async () => {
    await untilDone();
    const changes = [...region.rds.changes];
    expect(await call()).toMatchObject({ done: true });
    expect(region.rds.changes).toEqual(changes);
    expect(region.messages).toHaveLength(1);
  });

  it('goes on where RDS did what it was asked and the answer was lost', async () => {
    const lost = new Set<string>();
    region.rds.after = (operation) => {
      if (!['ModifyDBInstance', 'CreateDBInstanceReadReplica'].includes(operation) || lost.has(operation)) return;
      lost.add(operation);
      throw refusal('InternalFailure');
    };
    const calls = async (): Promise<RejoinStep> => {
      for (let tries = 0; tries < 20; tries++) {
        const answer = await call().catch((error: Error) => error.name);
        if (typeof answer !== 'string' && answer.done) return answer;
        await settle();
      }
      throw new Error('not done');
    };
    expect(await calls()).toMatchObject({ done: true, keptAs: KEPT });
    expect(lost.size).toBe(2);
    expect([...instances().keys()].toSorted()).toEqual([OLD, KEPT].toSorted());
  });

  it('without an old database makes the replica alone', async () => {
    instances().delete(OLD);
    expect(await untilDone()).toEqual({ done: true, instance: OLD, keptAs: null });
    expect(region.messages[0]).toMatchObject({ topic: 'disaster' });
    expect(region.messages[0]?.text).toContain('There was no old database');
  });

  it('waits while RDS is at work, and stops where it is stuck', async () => {
    const instance = instances().get(OLD);
    Object.assign(instance ?? {}, { DBInstanceStatus: 'backing-up' });
    expect(await call()).toMatchObject({ done: false, found: 'shop-db is backing-up' });
    Object.assign(instance ?? {}, { DBInstanceStatus: 'storage-full' });
    await expect(call()).rejects.toMatchObject({ name: 'InstanceUnusable' });
    expect(region.rds.changes).toEqual([]);
  });

  it('shuts the old database before it compares', async () => {
    await old.sql('ALTER ROLE shop_app LOGIN');
    await expect(call()).rejects.toMatchObject({ name: 'NotFenced' });
    expect(await call()).toMatchObject({ done: false });
    expect(await old.sql(`SELECT rolcanlogin FROM pg_roles WHERE rolname = 'shop_app'`)).toEqual([
      { rolcanlogin: false },
    ]);
  });

  it('leaves alone a replica of something else', async () => {
    region.serve('primary', OLD, old, { ReadReplicaSourceDBInstanceIdentifier: 'arn:aws:rds:us-west-2:1:db:other' });
    await expect(call()).rejects.toMatchObject({ name: 'InstanceUnusable', message: expect.stringContaining('other') });
  });

  it('takes the time from where nobody noted when the two parted: every row of one side is listed', async () => {
    await region.vault.place(
      phaseKey(ID, 'database'),
      JSON.stringify({ phase: 'database', startedAt: TIME, attempts: 1, facts: {} }),
    );
    await call();
    expect(record().tables).toMatchObject([{ table: 'public.orders', leftInserted: 1, livingInserted: 1 }]);
  });
});

describe('is refused', () => {
  const refused = async (name: string, input: object = sample): Promise<void> => {
    await expect(call(input)).rejects.toMatchObject({ name });
    expect(region.rds.changes).toEqual([]);
  };

  it('without the platform’s name', () => refused('NameNotConfirmed', { platform: 'shop-db' }));

  it('while the platform is being moved', async () => {
    await region.vault.place(epochKey(RECOVERY), epoch({ status: 'running' }));
    await refused('PlatformHere');
  });

  it('where the platform lives here', async () => {
    await region.vault.place(epochKey(PRIMARY), epoch({ epoch: 2, kind: 'failback', from: RECOVERY, to: PRIMARY }));
    await refused('PlatformHere');
  });

  it('where it never moved', async () => {
    await region.vault.place(epochKey(RECOVERY), epoch({ status: 'abandoned' }));
    await refused('PlatformHere');
  });
});
