import { gunzipSync } from 'node:zlib';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFakeWorld, type FakeWorld } from './fake-world.ts';
import { call, createShop, eventIds, query, snapshot, takeSnapshot } from './shop.ts';

const ROLE = 'arn:aws:iam::111122223333:role/export';
const KEY = 'arn:aws:kms:us-east-1:111122223333:key/vault';
let world: FakeWorld;
let arn: string;
beforeAll(async () => {
  world = await createFakeWorld();
  world.keys.set(KEY, 'Enabled');
  await createShop(world.primary, { BackupRetentionPeriod: 0 });
  await query(
    world.primary,
    'shop-db',
    'alter table orders add paid boolean, add weight double precision, add photo bytea',
  );
  await query(
    world.primary,
    'shop-db',
    "update orders set paid = id % 2 = 0, weight = id / 4.0, photo = '\\x00ff' where id < 100",
  );
  for (const statement of [
    'create unlogged table carts (id int)',
    'create table "with space" ("a column" int)',
    'create table "a/b" (id int)',
    'create table empty (id int)',
    'create schema audit create table events (at timestamptz, day date) partition by range (day)',
    "create table audit.y1 partition of audit.events for values from ('2025-01-01') to ('2026-01-01')",
    "create table audit.y2 partition of audit.events for values from ('2026-01-01') to ('2027-01-01')",
    "insert into audit.events values ('2025-05-05 05:05:05+00', '2025-05-05'), ('2026-06-06 06:06:06+00', '2026-06-06')",
    'create table large as select n id, repeat(md5(n::text), 8) body from generate_series(1, 60000) n',
  ]) {
    await query(world.primary, 'shop-db', statement);
  }
  arn = (await takeSnapshot(world.primary, 'exported')).DBSnapshotArn ?? '';
});
afterAll(() => world.close());

const start = (id: string, options: object = {}) =>
  call<{ Status: string }>(world.primary, 'StartExportTask', {
    ExportTaskIdentifier: id,
    SourceArn: arn,
    S3BucketName: 'vault',
    S3Prefix: 'rds-snapshots/2026/11/20',
    IamRoleArn: ROLE,
    KmsKeyId: KEY,
    ...options,
  });
const task = async (id: string) => {
  await world.clock.settled();
  const { ExportTasks } = await call<{ ExportTasks: { Status: string; FailureCause?: string }[] }>(
    world.primary,
    'DescribeExportTasks',
    { ExportTaskIdentifier: id },
  );
  return ExportTasks[0];
};
const keysUnder = (path: string) =>
  [...world.primary.objects.keys()].filter((key) => key.startsWith(`vault/rds-snapshots/2026/11/20/${path}`));
const read = async (key: string): Promise<Record<string, unknown>[]> => {
  const bytes = world.primary.objects.get(key) as Uint8Array;
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  return parquetReadObjects({ file, compressors: { GZIP: (input) => gunzipSync(input) } });
};
const json = (key: string) =>
  JSON.parse(Buffer.from(world.primary.objects.get(`vault/rds-snapshots/2026/11/20/${key}`) ?? []).toString());

describe('an export of an RDS snapshot', { timeout: 60_000 }, () => {
  it('writes every table it can as Parquet, with values as AWS converts them, and says so at the end', async () => {
    expect((await start('whole')).Status).toBe('STARTING');
    expect(await task('whole')).toMatchObject({ Status: 'COMPLETE', PercentProgress: 100, SourceType: 'SNAPSHOT' });
    expect(eventIds(world.primary).at(-1)).toBe('RDS-EVENT-0161');

    const [file, success] = keysUnder('whole/shop/public.orders/');
    expect(file).toMatch(/public\.orders\/1\/part-00000-[0-9a-f-]{36}\.gz\.parquet$/);
    expect(success).toMatch(/public\.orders\/1\/_SUCCESS$/);
    const rows = await read(file ?? '');
    expect(rows).toHaveLength(100);
    const byId = (id: bigint) => rows.find((row) => row.id === id);
    expect(byId(2n)).toMatchObject({ total: '3.00', note: 'order 2', paid: true, weight: 0.5 });
    expect(byId(100n)).toMatchObject({ paid: null, weight: null, photo: null });
  });

  it('gives each partition a batch of its own, an empty table no file, and a large one several', () => {
    expect(
      keysUnder('whole/shop/audit.events/').map((key) =>
        key.replace(/.*audit.events\//, '').replace(/part-0+-.*/, 'part'),
      ),
    ).toEqual(['1/part', '1/_SUCCESS', '2/part', '2/_SUCCESS']);
    expect(keysUnder('whole/shop/public.empty/')).toHaveLength(1);
    const large = keysUnder('whole/shop/public.large/').filter((key) => key.endsWith('.parquet'));
    expect(large.length).toBeGreaterThan(1);
    const counts = large.map((key) => {
      const bytes = world.primary.objects.get(key) as Uint8Array;
      return Number(parquetMetadata(bytes.buffer as ArrayBuffer).num_rows);
    });
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(60_000);
  });

  it('leaves out, without a word, what AWS leaves out', () => {
    const info = json('whole/export_info_whole.json');
    expect(info).toMatchObject({
      status: 'COMPLETE',
      percentProgress: 100,
      exportedFilesPath: 'rds-snapshots/2026/11/20/whole',
    });
    const tables = json('whole/export_tables_info_whole_from_1_to_4.json');
    expect(tables.perTableStatus.map((one: { target: string }) => one.target)).toEqual([
      'shop.audit.events',
      'shop.public.empty',
      'shop.public.large',
      'shop.public.orders',
    ]);
    expect(tables.perTableStatus[3].schemaMetadata.originalTypeMappings[0]).toMatchObject({
      columnName: 'id',
      originalType: 'bigint',
      expectedExportedType: 'int64',
    });
  });

  it('holds only the tables asked for', async () => {
    await start('part', { ExportOnly: ['shop.public.orders', 'shop.audit'] });
    expect((await task('part'))?.Status).toBe('COMPLETE');
    const folders = new Set(keysUnder('part/shop/').map((key) => key.split('/')[7]));
    expect([...folders].sort()).toEqual(['audit.events', 'public.orders']);
    await expect(start('wrong', { ExportOnly: ['shop.public.or-ders'] })).rejects.toMatchObject({
      name: 'InvalidExportOnlyFault',
    });
  });

  it('fails when nothing of what was asked for is there', async () => {
    await start('nothing', { ExportOnly: ['shop.public.customers'] });
    expect(await task('nothing')).toMatchObject({ Status: 'FAILED', FailureCause: expect.stringContaining('nothing') });
    expect(eventIds(world.primary).at(-1)).toBe('RDS-EVENT-0159');
  });

  it('fails, with the cause, when its role may not write', async () => {
    world.refused.add('s3:PutObject');
    await start('refused');
    expect(await task('refused')).toMatchObject({ Status: 'FAILED', FailureCause: 'AccessDenied' });
    world.refused.clear();
  });

  it('is refused when the role may not see the bucket', async () => {
    world.refused.add('s3:ListObjectsV2');
    await expect(start('blind')).rejects.toMatchObject({ name: 'IamRoleMissingPermissionsFault' });
    world.refused.clear();
  });

  it('is the only one of its snapshot, and one of at most five', async () => {
    const ids = ['one', 'two', 'three', 'four', 'five', 'six'];
    for (const id of ids) {
      const copy = { SourceDBSnapshotIdentifier: 'exported', TargetDBSnapshotIdentifier: id };
      await call(world.primary, 'CopyDBSnapshot', copy);
    }
    await world.clock.settled();
    const arns = await Promise.all(ids.map(async (id) => (await snapshot(world.primary, id)).DBSnapshotArn));
    const started = await Promise.allSettled(
      arns.map((SourceArn, n) => start(`many-${n}`, { SourceArn, ExportOnly: ['shop.public.empty'] })),
    );
    const refused = started.filter((one) => one.status === 'rejected').map(({ reason }) => reason.code);
    expect(refused).toEqual(['ExportTaskLimitReachedFault']);
    await expect(start('twice', { SourceArn: arns[0] })).rejects.toMatchObject({
      name: 'InvalidExportSourceStateFault',
    });
    await expect(start('whole')).rejects.toMatchObject({ name: 'ExportTaskAlreadyExistsFault' });
    await world.clock.settled();
  });
});
