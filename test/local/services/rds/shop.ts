// A small shop database in a fake world, and the usual ways of looking at it.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type * as sdk from '@aws-sdk/client-rds';
import pg from 'pg';
import { type FakeRegion, OPERATOR } from './fake-world.ts';

export const PASSWORD = 'correct-horse';

/** Calls RDS as the operator. */
export const call = <Output = Record<string, never>>(
  region: FakeRegion,
  operation: string,
  input: object,
): Promise<Output> => region.call<Output>('rds', operation, input, OPERATOR);

/** Creates an instance with a table of orders and waits until it is available. */
export const createShop = async (
  region: FakeRegion,
  options: Partial<sdk.CreateDBInstanceMessage> = {},
): Promise<void> => {
  const id = options.DBInstanceIdentifier ?? 'shop-db';
  await call(region, 'CreateDBInstance', {
    DBInstanceIdentifier: id,
    Engine: 'postgres',
    MasterUsername: 'shop',
    MasterUserPassword: PASSWORD,
    DBName: 'shop',
    ...options,
  });
  await region.clock.settled();
  await query(region, id, 'create table orders (id bigint primary key, total numeric(10,2) not null, note text)');
  await query(region, id, "insert into orders select n, n * 1.5, 'order ' || n from generate_series(1, 100) n");
};

/** Runs one statement as the master user, over TLS and with the region's authority trusted. */
export const query = async (
  region: FakeRegion,
  id: string,
  text: string,
  password = PASSWORD,
): Promise<pg.QueryResult> => {
  const { Endpoint } = await instance(region, id);
  const client = new pg.Client({
    host: Endpoint?.Address ?? '',
    port: Endpoint?.Port ?? 0,
    user: 'shop',
    password,
    database: 'shop',
    ssl: { ca: await readFile(join(region.directory, 'ca.pem'), 'utf8') },
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await client.query(text);
  } finally {
    await client.end();
  }
};

export const countOrders = async (region: FakeRegion, id: string): Promise<number> =>
  Number((await query(region, id, 'select count(*) from orders')).rows[0].count);

export const instance = async (region: FakeRegion, id: string): Promise<sdk.DBInstance> => {
  const { DBInstances } = await call<sdk.DBInstanceMessage>(region, 'DescribeDBInstances', {
    DBInstanceIdentifier: id,
  });
  return DBInstances?.[0] ?? {};
};

export const snapshot = async (region: FakeRegion, id: string): Promise<sdk.DBSnapshot> => {
  const { DBSnapshots } = await call<sdk.DBSnapshotMessage>(region, 'DescribeDBSnapshots', {
    DBSnapshotIdentifier: id,
  });
  return DBSnapshots?.[0] ?? {};
};

/** Takes a snapshot and waits for it. */
export const takeSnapshot = async (region: FakeRegion, id: string, options: object = {}): Promise<sdk.DBSnapshot> => {
  await call(region, 'CreateDBSnapshot', { DBInstanceIdentifier: 'shop-db', DBSnapshotIdentifier: id, ...options });
  await region.clock.settled();
  return snapshot(region, id);
};

/** Restores a snapshot and waits for the end, good or bad. */
export const restore = async (
  region: FakeRegion,
  snapshotId: string,
  id: string,
  options: object = {},
): Promise<sdk.DBInstance> => {
  await call(region, 'RestoreDBInstanceFromDBSnapshot', {
    DBSnapshotIdentifier: snapshotId,
    DBInstanceIdentifier: id,
    BackupRetentionPeriod: 0,
    ...options,
  });
  await region.clock.settled();
  return instance(region, id);
};

/** Ids of the RDS events of a region so far, in order. */
export const eventIds = (region: FakeRegion): string[] => region.events.map(({ detail }) => String(detail.EventID));
