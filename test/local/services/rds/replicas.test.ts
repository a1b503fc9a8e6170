import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFakeWorld, type FakeWorld } from './fake-world.ts';
import { call, countOrders, createShop, eventIds, instance, query } from './shop.ts';

const ARN = 'arn:aws:rds:us-east-1:111122223333:db:shop-db';
const MINUTE_MS = 60_000;
let world: FakeWorld;
beforeAll(async () => {
  world = await createFakeWorld();
  await createShop(world.primary);
  await call(world.recovery, 'CreateDBInstanceReadReplica', {
    DBInstanceIdentifier: 'shop-replica',
    SourceDBInstanceIdentifier: ARN,
  });
  await world.clock.settled();
});
afterAll(() => world.close());

const pass = (ms: number) => world.clock.advanceTo(new Date(world.clock.now().getTime() + ms));

describe('a read replica of RDS in another region', { timeout: 60_000 }, () => {
  it('streams: what the primary commits is there at once, and cannot be written', async () => {
    expect(await instance(world.recovery, 'shop-replica')).toMatchObject({
      DBInstanceStatus: 'available',
      ReadReplicaSourceDBInstanceIdentifier: ARN,
      BackupRetentionPeriod: 0,
      StatusInfos: [{ StatusType: 'read replication', Normal: true, Status: 'replicating' }],
    });
    expect((await instance(world.primary, 'shop-db')).ReadReplicaDBInstanceIdentifiers).toEqual([
      'arn:aws:rds:us-west-2:111122223333:db:shop-replica',
    ]);
    expect(eventIds(world.recovery)).toEqual(['RDS-EVENT-0046']);
    await query(world.primary, 'shop-db', 'insert into orders values (101, 1)');
    await expect.poll(() => countOrders(world.recovery, 'shop-replica')).toBe(101);
    await expect(query(world.recovery, 'shop-replica', 'delete from orders')).rejects.toThrow(/read-only/);
  });

  it('gets nothing more once its link is broken, while another one goes on', async () => {
    await call(world.recovery, 'CreateDBInstanceReadReplica', {
      DBInstanceIdentifier: 'unlinked',
      SourceDBInstanceIdentifier: ARN,
    });
    await world.clock.settled();
    await world.recovery.rds.breakReplication('unlinked');
    await query(world.primary, 'shop-db', 'insert into orders values (103, 1)');
    await expect.poll(() => countOrders(world.recovery, 'shop-replica')).toBe(102);
    expect(await countOrders(world.recovery, 'unlinked')).toBe(101);
    await query(world.primary, 'shop-db', 'delete from orders where id = 103');
    await call(world.recovery, 'DeleteDBInstance', { DBInstanceIdentifier: 'unlinked', SkipFinalSnapshot: true });
    await world.clock.settled();
  });

  it('publishes its lag every minute of region time: nothing while it streams, and growing once the primary is gone', async () => {
    await pass(2 * MINUTE_MS);
    expect(world.recovery.metrics.length).toBeGreaterThan(0);
    expect(world.recovery.metrics.map(({ MetricName, Value }) => [MetricName, Value])).toContainEqual([
      'ReplicaLag',
      0,
    ]);

    await world.primary.rds.stopServer('shop-db');
    world.primary.alive = false;
    await delay(300);
    await pass(30 * MINUTE_MS);
    expect(world.recovery.metrics.at(-1)?.Value).toBeGreaterThan(10 * 60);
    expect((await instance(world.recovery, 'shop-replica')).StatusInfos?.[0]).toMatchObject({ Normal: false });
  });

  it('is promoted without its primary, keeps everything it had received, and is then written and backed up', async () => {
    await call(world.recovery, 'PromoteReadReplica', {
      DBInstanceIdentifier: 'shop-replica',
      BackupRetentionPeriod: 3,
    });
    expect((await instance(world.recovery, 'shop-replica')).DBInstanceStatus).toBe('modifying');
    await world.clock.settled();
    const promoted = await instance(world.recovery, 'shop-replica');
    expect(promoted).toMatchObject({ DBInstanceStatus: 'available', BackupRetentionPeriod: 3, StatusInfos: [] });
    expect(promoted.ReadReplicaSourceDBInstanceIdentifier).toBeUndefined();
    expect(promoted.LatestRestorableTime).toBeInstanceOf(Date);
    await query(world.recovery, 'shop-replica', 'insert into orders values (102, 1)');
    expect(await countOrders(world.recovery, 'shop-replica')).toBe(102);
    await expect(
      call(world.recovery, 'PromoteReadReplica', { DBInstanceIdentifier: 'shop-replica' }),
    ).rejects.toMatchObject({ name: 'InvalidDBInstanceStateFault' });
  });

  it('keeps following an instance that gets another name, which answers to it once it has restarted', async () => {
    await call(world.recovery, 'CreateDBInstanceReadReplica', {
      DBInstanceIdentifier: 'follower',
      SourceDBInstanceIdentifier: 'shop-replica',
    });
    await world.clock.settled();
    const rename = (id: string, to: string) =>
      call(world.recovery, 'ModifyDBInstance', { DBInstanceIdentifier: id, NewDBInstanceIdentifier: to });
    await expect(rename('shop-replica', 'follower')).rejects.toMatchObject({ name: 'DBInstanceAlreadyExistsFault' });
    await rename('shop-replica', 'kept');
    expect((await instance(world.recovery, 'shop-replica')).DBInstanceStatus).toBe('renaming');
    await world.clock.settled();
    await expect(instance(world.recovery, 'shop-replica')).rejects.toMatchObject({ name: 'DBInstanceNotFoundFault' });
    expect(await instance(world.recovery, 'kept')).toMatchObject({
      DBInstanceStatus: 'available',
      DBInstanceArn: 'arn:aws:rds:us-west-2:111122223333:db:kept',
    });
    expect((await instance(world.recovery, 'follower')).ReadReplicaSourceDBInstanceIdentifier).toBe('kept');
    await query(world.recovery, 'kept', 'insert into orders values (103, 1)');
    await expect.poll(() => countOrders(world.recovery, 'follower'), { timeout: 30_000 }).toBe(103);
    await call(world.recovery, 'DeleteDBInstance', { DBInstanceIdentifier: 'follower', SkipFinalSnapshot: true });
    await world.clock.settled();
    await rename('kept', 'shop-replica');
    await world.clock.settled();
  });

  it('gives its slot back when it is deleted', async () => {
    await call(world.recovery, 'CreateDBInstanceReadReplica', {
      DBInstanceIdentifier: 'second',
      SourceDBInstanceIdentifier: 'shop-replica',
    });
    await world.clock.settled();
    const slots = () => query(world.recovery, 'shop-replica', 'select active from pg_replication_slots');
    expect((await slots()).rows).toEqual([{ active: true }]);
    await call(world.recovery, 'DeleteDBInstance', { DBInstanceIdentifier: 'second', SkipFinalSnapshot: true });
    await world.clock.settled();
    expect((await slots()).rows).toEqual([]);
    expect((await instance(world.recovery, 'shop-replica')).ReadReplicaDBInstanceIdentifiers).toEqual([]);
  });

  it('needs a source that is there and has backups', async () => {
    const create = (input: object) =>
      call(world.recovery, 'CreateDBInstanceReadReplica', { DBInstanceIdentifier: 'third', ...input });
    await expect(create({ SourceDBInstanceIdentifier: ARN })).rejects.toMatchObject({
      name: 'DBInstanceNotFoundFault',
    });
    await call(world.recovery, 'ModifyDBInstance', { DBInstanceIdentifier: 'shop-replica', BackupRetentionPeriod: 0 });
    await world.clock.settled();
    await expect(create({ SourceDBInstanceIdentifier: 'shop-replica' })).rejects.toThrow(
      /Automated backups are not enabled/,
    );
  });
});
