import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import sample from '../../../events/samples/rds/export-snapshot.json' with { type: 'json' };
import { handler as exportSnapshot } from '../../../functions/rds/export-snapshot.ts';
import { handler as settle } from '../../../functions/rds/settle-point.ts';
import { readManifest } from '../../../shared/artifacts/manifest.ts';
import type { RecoveryPoint } from '../../../shared/catalog/recovery-point.ts';
import { VAULT } from '../../support/environment.ts';
import { invoke, type ShopPlatform, shopPlatform } from '../../support/platform.ts';
import { day, snapshotPoint } from '../../support/points.ts';
import { failure, once } from '../../support/vault.ts';

const ID = 'shop-db-20261122t030000z-export';
const TASK = `lifeboat-${ID}`;
const FOLDER = `rds-snapshots/2026/11/22/${TASK}/`;
const FINGERPRINT = 'fingerprints/shop-db/after/closed.json';
const snapshot = snapshotPoint(day('2026-11-22'), { fingerprint: { after: `s3://${VAULT}/${FINGERPRINT}` } });

let shop: ShopPlatform;
beforeEach(async () => {
  shop = shopPlatform('2026-11-22T03:00:00Z');
  await shop.vault.addPoint(snapshot);
  shop.rds.addSnapshot('primary', { DBSnapshotIdentifier: snapshot.nativeId });
  await shop.vault.place(
    FINGERPRINT,
    JSON.stringify({
      tables: [
        { name: 'public.orders', rows: 9 },
        { name: 'public.customers', rows: 4 },
      ],
    }),
  );
});
afterEach(() => vi.useRealTimers());

const look = () => invoke(settle, { recoveryPoint: ID });
const taskIs = (Status: string, FailureCause?: string): void =>
  void Object.assign(shop.rds.primary.exports.get(TASK) ?? {}, { Status, FailureCause });
const write = (table: string, part = 0) =>
  shop.vault.place(`${FOLDER}shop/${table}/1/part-0000${part}.gz.parquet`, `${table} ${part}`);
const writeAll = async () => {
  await write('public.orders', 0);
  await write('public.orders', 1);
  await write('public.customers');
  await shop.vault.place(`${FOLDER}export_info_${TASK}.json`, '{}');
  taskIs('COMPLETE');
};

describe('a complete export', () => {
  beforeEach(async () => {
    await invoke(exportSnapshot, sample);
    await writeAll();
    shop.setTime('2026-11-22T04:00:00Z');
  });

  const manifest = async () => readManifest(shop.vault.point(ID).artifacts[0] as never);

  it('is stored with every object listed: size, digests, version', async () => {
    await expect(look()).resolves.toMatchObject({ status: 'stored' });
    const point = shop.vault.point(ID);
    expect(point).toMatchObject({ durationSeconds: 3600, storedAt: '2026-11-22T04:00:00.000Z' });
    expect(point.artifacts).toMatchObject([
      { uri: `s3://${VAULT}/manifests/shop-db/${ID}/000000.json`, lists: 4, writer: 'lifeboat' },
    ]);
    const objects = await manifest();
    expect(objects.map(({ uri }) => uri).sort()).toEqual(shop.vault.keys(FOLDER).map((key) => `s3://${VAULT}/${key}`));
    expect(objects.every(({ writer, versionId, sha256 }) => writer === 'aws' && versionId && sha256)).toBe(true);
    expect(point.sizeBytes).toBe(objects.reduce((sum, { bytes }) => sum + bytes, 0));
  });

  it('is stored once, however many look at once, and reads nothing again afterwards', async () => {
    await Promise.all(Array.from({ length: 4 }, () => look()));
    await look();
    expect(shop.vault.point(ID).status).toBe('stored');
    expect(shop.vault.keys('manifests/')).toHaveLength(1);
    const before = shop.vault.requests.length;
    await look();
    expect(shop.vault.requests.slice(before).filter((each) => each.includes(FOLDER))).toEqual([]);
  });

  it('is catalogued in as many passes as the time asks for; none reads again what another read', async () => {
    let objects = 0;
    shop.vault.before = (operation, key) => {
      if (operation === 'head' && key.startsWith(FOLDER)) objects += 1;
    };
    for (let pass = 0; pass < 6 && shop.vault.point(ID).status === 'started'; pass++) {
      // Time for one object: the second question finds too little left.
      let asked = 0;
      const context = { functionName: 'f', getRemainingTimeInMillis: () => (asked++ > 2 ? 10_000 : 60_000) };
      await settle({ recoveryPoint: ID } as never, context as never);
    }
    expect(shop.vault.point(ID).status).toBe('stored');
    expect(objects).toBe(4);
    expect(shop.vault.point(ID).artifacts.length).toBeGreaterThan(1);
    expect(shop.vault.point(ID).artifacts.reduce((sum, { lists = 0 }) => sum + lists, 0)).toBe(4);
  });

  it('without one of its tables has failed, though RDS calls it complete', async () => {
    shop.vault.remove(`${FOLDER}shop/public.customers/1/part-00000.gz.parquet`);
    await expect(look()).resolves.toMatchObject({ status: 'failed' });
    expect(shop.vault.point(ID).failure).toBe('RDS calls the export complete, but it lacks public.customers');
    expect(shop.messages).toHaveLength(1);
    expect(shop.telemetry.metrics()).toContainEqual({ name: 'ExportIncomplete', value: 1, source: 'shop-db' });
  });

  it('with a folder of a table, but no data in it, has failed', async () => {
    shop.vault.remove(`${FOLDER}shop/public.customers/1/part-00000.gz.parquet`);
    await shop.vault.place(`${FOLDER}shop/public.customers/1/_success`, '');
    await expect(look()).resolves.toMatchObject({ status: 'failed' });
  });

  describe('with a table that was empty', () => {
    const counted = (phase: string, rows: number) =>
      shop.vault.place(
        `fingerprints/shop-db/${phase}/closed.json`,
        JSON.stringify({
          tables: [
            { name: 'public.orders', rows: 9 },
            { name: 'public.customers', rows },
          ],
        }),
      );
    const listed = (status: string) =>
      shop.vault.place(
        `${FOLDER}export_tables_info_${TASK}_from_1_to_2.json`,
        JSON.stringify({ perTableStatus: [{ target: 'shop.public.customers', status }] }),
      );
    beforeEach(async () => {
      shop.vault.remove(`${FOLDER}shop/public.customers/1/part-00000.gz.parquet`);
      const [before, after] = ['before', 'after'].map(
        (phase) => `s3://${VAULT}/fingerprints/shop-db/${phase}/closed.json`,
      );
      await shop.vault.addPoint({ ...snapshot, fingerprint: { before, after } } as RecoveryPoint);
    });

    it.each([
      [0, 0],
      [0, 5],
      [5, 0],
    ])(
      'as the fingerprints saw it, %i rows before and %i after, it is whole without a file of it',
      async (before, after) => {
        await counted('before', before);
        await counted('after', after);
        await expect(look()).resolves.toMatchObject({ status: 'stored' });
      },
    );

    it('it is not whole where both fingerprints saw rows, whatever RDS lists', async () => {
      await counted('before', 5);
      await counted('after', 5);
      await listed('COMPLETE');
      await expect(look()).resolves.toMatchObject({ status: 'failed' });
    });

    it.each([
      ['COMPLETE', 'stored'],
      ['FAILED', 'failed'],
    ])('it goes by what RDS lists, %s, where nobody counted', async (status, expected) => {
      await shop.vault.addPoint({ ...snapshot, fingerprint: { missing: 'no time' } });
      await shop.vault.addPoint({ ...shop.vault.point(ID), tables: ['public.orders', 'public.customers'] });
      await listed(status);
      await expect(look()).resolves.toMatchObject({ status: expected });
    });
  });

  it('of chosen tables is judged by those', async () => {
    await shop.vault.addPoint({ ...shop.vault.point(ID), tables: ['public.orders', 'public.payments'] });
    await look();
    expect(shop.vault.point(ID).failure).toContain('lacks public.payments');
  });

  it('whose tables nobody knows is at least not empty', async () => {
    await shop.vault.addPoint({ ...snapshot, fingerprint: { missing: 'the database did not answer' } });
    await expect(look()).resolves.toMatchObject({ status: 'stored' });
  });

  it('that is empty has failed, even where nobody knows what should be in it', async () => {
    await shop.vault.addPoint({ ...snapshot, fingerprint: { missing: 'the database did not answer' } });
    for (const key of shop.vault.keys(FOLDER)) if (key.endsWith('.parquet')) shop.vault.remove(key);
    await look();
    expect(shop.vault.point(ID)).toMatchObject({ status: 'failed', failure: expect.stringContaining('every table') });
  });

  it('with an object that is not what S3 took in is refused by name', async () => {
    const key = `${FOLDER}shop/public.orders/1/part-00000.gz.parquet`;
    const version = await shop.vault.place(key, 'public.orders 0');
    version.body = Buffer.from('public.orders 1');
    const looking = look();
    await expect(looking).rejects.toMatchObject({ name: 'ArtifactDamaged', facts: { recoveryPoint: ID } });
    await expect(looking).rejects.toThrow(/Export the snapshot again/);
    expect(shop.vault.point(ID).status).toBe('started');
  });

  it.each([
    [
      'its first object could not be read',
      once(failure('SlowDown', 503), (operation, key) => operation === 'get' && key.startsWith(FOLDER)),
      'before',
    ],
    [
      'the manifest could not be written',
      once(failure('SlowDown', 503), (operation, key) => operation === 'put' && key.startsWith('manifests/')),
      'before',
    ],
    [
      'the answer about the manifest was lost',
      once(failure('TimeoutError', 500), (operation, key) => operation === 'put' && key.startsWith('manifests/')),
      'after',
    ],
    [
      'the answer about the catalogue was lost',
      once(failure('TimeoutError', 500), (operation, key) => operation === 'put' && key.startsWith('catalog/')),
      'after',
    ],
    [
      'the fingerprint could not be read',
      once(failure('SlowDown', 503), (operation, key) => operation === 'get' && key.startsWith('fingerprints/')),
      'before',
    ],
  ] as const)('is completed by the next look where %s', async (_, fault, when) => {
    shop.vault[when] = fault;
    await expect(look()).rejects.toThrow();
    await expect(look()).resolves.toMatchObject({ status: 'stored' });
    expect(shop.vault.keys('manifests/')).toHaveLength(1);
    expect((await manifest()).length).toBe(4);
  });
});
