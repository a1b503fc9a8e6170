// RDS among the real services of a local world: permissions, keys and buckets decide.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Caller, PolicyStatement } from '../../../../local/types.ts';
import { createWorld, type LocalRegion, type LocalWorld } from '../../../../local/world.ts';

const ROLE = (name: string) => `arn:aws:iam::111122223333:role/${name}`;
let directory: string;
let world: LocalWorld;
let primary: LocalRegion;
let recovery: LocalRegion;
const keys: Record<string, string> = {};
let snapshotArn: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lifeboat-world-'));
  world = await createWorld({ directory, regions: ['us-east-1', 'us-west-2'] });
  primary = world.region('us-east-1');
  recovery = world.region('us-west-2');
  for (const region of [primary, recovery]) {
    const { KeyMetadata } = await region.call<{ KeyMetadata: { Arn: string } }>(
      'kms',
      'CreateKey',
      {},
      world.iam.operator,
    );
    keys[region.name] = KeyMetadata.Arn;
  }
  await primary.call('s3', 'CreateBucket', { Bucket: 'vault' }, world.iam.operator);
  await primary.call('rds', 'CreateDBInstance', INSTANCE, world.iam.operator);
  await world.clock.settled();
  await primary.call(
    'rds',
    'CreateDBSnapshot',
    { DBInstanceIdentifier: 'db', DBSnapshotIdentifier: 'one' },
    world.iam.operator,
  );
  await world.clock.settled();
  snapshotArn = 'arn:aws:rds:us-east-1:111122223333:snapshot:one';
});
afterAll(async () => {
  await world.close();
  await rm(directory, { recursive: true, force: true });
});

const INSTANCE = {
  DBInstanceIdentifier: 'db',
  Engine: 'postgres',
  MasterUsername: 'shop',
  MasterUserPassword: 'long-enough',
  get KmsKeyId() {
    return keys['us-east-1'];
  },
  StorageEncrypted: true,
  BackupRetentionPeriod: 0,
};

/** A session under a role with these permissions, as a Lambda function has one. */
const session = (name: string, statements: PolicyStatement[], service = 'lambda.amazonaws.com'): Caller => {
  const trust: PolicyStatement[] = [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }];
  world.iam.putRole({ arn: ROLE(name), trust, statements });
  return world.iam.assume(ROLE(name), service, { actor: name });
};
const allow = (Action: string | string[], Resource: string | string[]): PolicyStatement => ({
  Effect: 'Allow',
  Action,
  Resource,
});

describe('RDS in a local world', { timeout: 60_000 }, () => {
  it('copies for a role that may use the destination’s key, and for no other', async () => {
    const copying = allow('rds:CopyDBSnapshot', ['arn:aws:rds:*:111122223333:snapshot:*']);
    const copy = (caller: Caller, id: string) => {
      const input = {
        SourceDBSnapshotIdentifier: snapshotArn,
        TargetDBSnapshotIdentifier: id,
        KmsKeyId: keys['us-west-2'],
      };
      return recovery.call('rds', 'CopyDBSnapshot', input, caller);
    };
    const granting = allow(['kms:DescribeKey', 'kms:CreateGrant'], keys['us-west-2'] ?? '');
    await expect(copy(session('no-key', [copying]), 'a')).rejects.toMatchObject({ name: 'KMSKeyNotAccessibleFault' });
    await expect(copy(session('no-copy', [granting]), 'b')).rejects.toThrow(/CopyDBSnapshot/);
    await copy(session('copies', [copying, granting]), 'c');
    await world.clock.settled();
    const { DBSnapshots } = await recovery.call<{ DBSnapshots: object[] }>(
      'rds',
      'DescribeDBSnapshots',
      {},
      world.iam.operator,
    );
    expect(DBSnapshots).toMatchObject([
      { DBSnapshotIdentifier: 'c', Status: 'available', KmsKeyId: keys['us-west-2'] },
    ]);
  });

  it('exports under a role that trusts RDS and may write, encrypted with the key asked for', async () => {
    await primary.call(
      'rds',
      'RestoreDBInstanceFromDBSnapshot',
      { DBInstanceIdentifier: 'filled', DBSnapshotIdentifier: 'one', BackupRetentionPeriod: 0 },
      world.iam.operator,
    );
    await world.clock.settled();
    await fill(primary);
    await primary.call(
      'rds',
      'CreateDBSnapshot',
      { DBInstanceIdentifier: 'filled', DBSnapshotIdentifier: 'two' },
      world.iam.operator,
    );
    await world.clock.settled();
    const starter = session('starter', [
      allow('rds:StartExportTask', '*'),
      allow('iam:PassRole', ROLE('export')),
      allow(['kms:DescribeKey', 'kms:CreateGrant'], keys['us-east-1'] ?? ''),
    ]);
    const start = (id: string) =>
      primary.call(
        'rds',
        'StartExportTask',
        {
          ExportTaskIdentifier: id,
          SourceArn: 'arn:aws:rds:us-east-1:111122223333:snapshot:two',
          S3BucketName: 'vault',
          S3Prefix: 'exports',
          IamRoleArn: ROLE('export'),
          KmsKeyId: keys['us-east-1'],
        },
        starter,
      );
    const writing = [
      allow('s3:ListBucket', 'arn:aws:s3:::vault'),
      allow('s3:PutObject', 'arn:aws:s3:::vault/exports/*'),
      allow('kms:GenerateDataKey', keys['us-east-1'] ?? ''),
    ];
    await expect(start('no-role')).rejects.toMatchObject({ name: 'IamRoleNotFoundFault' });
    session('export', [], 'export.rds.amazonaws.com');
    await expect(start('no-permission')).rejects.toMatchObject({ name: 'IamRoleMissingPermissionsFault' });
    session('export', writing, 'export.rds.amazonaws.com');
    await start('e');
    await world.clock.settled();
    const { ExportTasks } = await primary.call<{ ExportTasks: object[] }>(
      'rds',
      'DescribeExportTasks',
      {},
      world.iam.operator,
    );
    expect(ExportTasks).toMatchObject([{ Status: 'COMPLETE' }]);
    const { Contents } = await primary.call<{ Contents: { Key: string }[] }>(
      's3',
      'ListObjectsV2',
      { Bucket: 'vault' },
      world.iam.operator,
    );
    expect(Contents.map(({ Key }) => Key.replace(/part-.*/, 'part'))).toEqual([
      'exports/e/export_info_e.json',
      'exports/e/export_tables_info_e_from_1_to_1.json',
      'exports/e/postgres/public.t/1/_SUCCESS',
      'exports/e/postgres/public.t/1/part',
    ]);
    const head = await primary.call<{ SSEKMSKeyId: string }>(
      's3',
      'HeadObject',
      { Bucket: 'vault', Key: 'exports/e/export_info_e.json' },
      world.iam.operator,
    );
    expect(head.SSEKMSKeyId).toBe(keys['us-east-1']);
  });

  it('has every commit again after a power cut', async () => {
    const count = async () => {
      const client = new pg.Client({ ...primary.rds.server('filled'), database: 'postgres' });
      await client.connect();
      const { rows } = await client.query('select count(*)::int as count from t');
      await client.end();
      return rows[0].count;
    };
    const { port } = primary.rds.server('filled');
    await world.cutPower('us-east-1');
    await expect(connect(port)).rejects.toThrow(/ECONNREFUSED/);
    expect(() => world.rejoin('us-east-1')).toThrow('has no power');
    await world.restorePower('us-east-1');
    await world.clock.settled();
    expect(await count()).toBe(1);
    await expect(world.restorePower('us-east-1')).rejects.toThrow('has not lost its power');
  });

  it('loses a region’s servers with the region, and restores its copy in the other', async () => {
    const { port } = primary.rds.server('db');
    await world.killRegion('us-east-1');
    await expect(connect(port)).rejects.toThrow(/ECONNREFUSED/);
    const restored = { DBInstanceIdentifier: 'recovered', DBSnapshotIdentifier: 'c', BackupRetentionPeriod: 0 };
    await recovery.call('rds', 'RestoreDBInstanceFromDBSnapshot', restored, world.iam.operator);
    await world.clock.settled();
    expect(recovery.rds.server('recovered').running).toBe(true);
  });
});

const fill = async (region: LocalRegion): Promise<void> => {
  const client = new pg.Client({ ...region.rds.server('filled'), database: 'postgres' });
  await client.connect();
  await client.query('create table t as select 1 as n');
  await client.end();
};

const connect = async (port: number): Promise<void> => {
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'shop' });
  await client.connect();
  await client.end();
};
