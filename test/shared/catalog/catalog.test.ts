import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { changePoint, newestBefore, openPoint, pointsBetween, readPoint } from '../../../shared/catalog/catalog.ts';
import { catalogKey } from '../../../shared/catalog/ids.ts';
import type { RecoveryPoint } from '../../../shared/catalog/recovery-point.ts';
import { stubEnvironment } from '../../support/environment.ts';
import { day, snapshotPoint } from '../../support/points.ts';
import { failure, memoryVault, once, type Vault } from '../../support/vault.ts';

let vault: Vault;
beforeEach(() => {
  stubEnvironment();
  vault = memoryVault();
});
afterEach(() => vi.useRealTimers());

const { storedAt: _, ...fresh } = snapshotPoint(day('2026-11-20'), { status: 'started', copies: [] });
const started: RecoveryPoint = fresh;
const key = catalogKey(started.id);
const stored = (point: RecoveryPoint): RecoveryPoint => ({ ...point, status: 'stored' });
const all = async (from: string, to: string) =>
  (await Array.fromAsync(pointsBetween('shop-db', new Date(from), new Date(to)))).map(({ id }) => id);

describe('opening a recovery point', () => {
  it('writes it once; a second opening finds the first', async () => {
    await expect(openPoint(started)).resolves.toEqual({ point: started, created: true });
    const later = { ...started, startedAt: '2026-11-20T02:09:00.000Z' };
    await expect(openPoint(later)).resolves.toEqual({ point: started, created: false });
    expect(vault.versions(key)).toHaveLength(1);
  });

  it('lets exactly one of many writers at once win, and shows its point to the others', async () => {
    const writers = Array.from({ length: 6 }, (_, n) => openPoint({ ...started, tool: `writer ${n}` }));
    const results = await Promise.all(writers);
    expect(results.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(results.map(({ point }) => point.tool)).size).toBe(1);
    expect(vault.versions(key)).toHaveLength(1);
  });

  it('tries again when S3 says that another conditional write is under way', async () => {
    vault.before = once(failure('ConditionalRequestConflict', 409), (operation) => operation === 'put');
    await expect(openPoint(started)).resolves.toMatchObject({ created: true });
  });

  it('gives up by name when the conflict never ends', async () => {
    vault.before = (operation) => {
      if (operation === 'put') throw failure('ConditionalRequestConflict', 409);
    };
    await expect(openPoint(started)).rejects.toMatchObject({
      name: 'CatalogContended',
      facts: { recoveryPoint: started.id },
    });
  });

  it('passes on what is no race: a refusal by S3 stays what it was', async () => {
    vault.before = once(failure('AccessDenied', 403), (operation) => operation === 'put');
    await expect(openPoint(started)).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(vault.keys()).toEqual([]);
  });

  it('finds its own point when the answer to the first writing was lost', async () => {
    vault.after = once(failure('TimeoutError', 500), (operation) => operation === 'put');
    await expect(openPoint(started)).rejects.toMatchObject({ name: 'TimeoutError' });
    await expect(openPoint(started)).resolves.toEqual({ point: started, created: false });
  });

  it('refuses to write what it could not read again', async () => {
    const wrong = { ...started, method: 'guess' } as unknown as RecoveryPoint;
    await expect(openPoint(wrong)).rejects.toThrow(/method/);
    expect(vault.keys()).toEqual([]);
  });
});

describe('changing a recovery point', () => {
  beforeEach(() => vault.addPoint(started));

  it('applies every one of many changes at once', async () => {
    const add = (n: number) =>
      changePoint(started.id, (point) => ({ ...point, tables: [...(point.tables ?? []), `public.t${n}`] }));
    await Promise.all([0, 1, 2, 3].map(add));
    expect(vault.point(started.id).tables?.toSorted()).toEqual(['public.t0', 'public.t1', 'public.t2', 'public.t3']);
  });

  it('writes nothing where nothing changes', async () => {
    await changePoint(started.id, (point) => point);
    expect(vault.versions(key)).toHaveLength(1);
  });

  it('gives up by name when others write each time', async () => {
    vault.before = async (operation) => {
      if (operation === 'put') await vault.place(key, vault.text(key));
    };
    const changing = changePoint(started.id, stored);
    await expect(changing).rejects.toMatchObject({ name: 'CatalogContended' });
    await expect(changing).rejects.toThrow(/2026|try|again/i);
  });

  it('refuses a step that the status does not allow, and writes nothing', async () => {
    const back = (point: RecoveryPoint): RecoveryPoint => ({ ...point, status: 'verified' });
    await expect(changePoint(started.id, back)).rejects.toMatchObject({
      name: 'TransitionRefused',
      facts: { found: 'verified' },
    });
    expect(vault.versions(key)).toHaveLength(1);
  });

  it('refuses to turn one point into another', async () => {
    const other = (point: RecoveryPoint): RecoveryPoint => ({
      ...point,
      id: point.id.replace('scheduled', 'pre-migration'),
    });
    await expect(changePoint(started.id, other)).rejects.toMatchObject({ name: 'TransitionRefused' });
  });

  it('passes on what is no race', async () => {
    vault.before = once(failure('InternalError', 500), (operation) => operation === 'put');
    await expect(changePoint(started.id, stored)).rejects.toMatchObject({ name: 'InternalError' });
  });

  it('says that a point is missing, with its id and what to do', async () => {
    const missing = changePoint('shop-db-20200101t000000z-scheduled', stored);
    await expect(missing).rejects.toMatchObject({ name: 'RecoveryPointMissing' });
    await expect(missing).rejects.toThrow(/shop-db-20200101t000000z-scheduled.*Take the id/);
  });
});

describe('reading a recovery point', () => {
  it.each([
    ['half a document', '{"schemaVersion": 1, "id": "shop'],
    ['another schema version', JSON.stringify({ ...started, schemaVersion: 2 })],
    ['a field nobody knows', JSON.stringify({ ...started, surprise: true })],
    ['nothing', ''],
  ])('names a document that is %s, and its key', async (_, text) => {
    await vault.place(key, text);
    const reading = readPoint(started.id);
    await expect(reading).rejects.toMatchObject({ name: 'CatalogUnreadable', facts: { recoveryPoint: started.id } });
    await expect(reading).rejects.toThrow(key);
  });

  it('names a document that breaks off while it is read', async () => {
    await vault.addPoint(started);
    vault.cut.add(key);
    const reading = readPoint(started.id);
    await expect(reading).rejects.toMatchObject({ name: 'CatalogUnreadable', facts: { found: 'aborted' } });
    await expect(reading).rejects.toThrow(/replica in the other region/);
  });

  it('names text that is no id before S3 is asked', async () => {
    await expect(readPoint('../../etc/passwd')).rejects.toMatchObject({ name: 'RecoveryPointMissing' });
    expect(vault.requests).toEqual([]);
  });

  it('passes on a refusal by S3', async () => {
    vault.before = once(failure('AccessDenied', 403), (operation) => operation === 'get');
    await expect(readPoint(started.id)).rejects.toMatchObject({ name: 'AccessDenied' });
  });
});

describe('the newest recovery point before a time', () => {
  const HISTORY = ['2024-12-31', '2025-06-01', '2026-01-15', '2026-10-31', '2026-11-18', '2026-11-19', '2026-11-20'];
  beforeEach(async () => {
    for (const date of HISTORY) await vault.addPoint(snapshotPoint(day(date)));
  });
  const newest = async (time: string, matches: (point: RecoveryPoint) => boolean = () => true) =>
    (await newestBefore('shop-db', new Date(time), matches))?.scheduledAt.slice(0, 10);

  it.each([
    ['2026-11-20T02:00:00Z', '2026-11-20'],
    ['2026-11-20T01:59:59Z', '2026-11-19'],
    ['2026-11-17T00:00:00Z', '2026-10-31'],
    ['2026-03-01T00:00:00Z', '2026-01-15'],
    ['2025-12-31T23:59:59Z', '2025-06-01'],
    ['2025-01-01T00:00:00Z', '2024-12-31'],
    ['2024-01-01T00:00:00Z', undefined],
  ])('before %s is that of %s', async (time, expected) => {
    await expect(newest(time)).resolves.toBe(expected);
  });

  it('goes on backwards until one matches', async () => {
    await expect(newest('2026-11-20T12:00:00Z', ({ id }) => id.includes('2025'))).resolves.toBe('2025-06-01');
    await expect(newest('2026-11-20T12:00:00Z', () => false)).resolves.toBeUndefined();
  });

  it('takes the last of several on one day', async () => {
    await vault.addPoint(snapshotPoint(new Date('2026-11-20T09:00:00Z'), { purpose: 'pre-migration' }));
    const found = await newestBefore('shop-db', new Date('2026-11-20T12:00:00Z'), () => true);
    expect(found?.purpose).toBe('pre-migration');
  });

  it('does not take that of a source whose name begins alike', async () => {
    await vault.addPoint(
      snapshotPoint(day('2026-11-20'), { source: 'shop-db-2', id: 'shop-db-2-20261120t023000z-scheduled' }),
    );
    await expect(newest('2026-11-20T12:00:00Z')).resolves.toBe('2026-11-20');
    expect(vault.requests.filter((request) => request.includes('catalog/shop-db-2/'))).toEqual([]);
  });

  it('asks for nothing newer than the time', async () => {
    await newest('2025-12-31T23:59:59Z');
    expect(vault.requests.filter((request) => request.includes('/2026/'))).toEqual([]);
  });

  it('asks as little with years of history as with days of it', async () => {
    vault.requests.length = 0;
    await newest('2026-11-20T12:00:00Z');
    const asked = vault.requests.length;
    for (let n = 0; n < 400; n++) await vault.addPoint(snapshotPoint(new Date(Date.UTC(2023, 0, 1 + n, 2))));
    vault.requests.length = 0;
    await newest('2026-11-20T12:00:00Z');
    expect(vault.requests.length).toBe(asked);
    expect(vault.requests.length).toBeLessThanOrEqual(6);
  });
});

describe('the recovery points of a span of time', () => {
  it('come in order, from its beginning to before its end, over many pages', async () => {
    for (let n = 1; n <= 20; n++) await vault.addPoint(snapshotPoint(day(`2026-11-${String(n).padStart(2, '0')}`)));
    await expect(all('2026-11-05T02:00:00Z', '2026-11-09T02:00:00Z')).resolves.toEqual(
      ['05', '06', '07', '08'].map((d) => `shop-db-202611${d}t020000z-scheduled`),
    );
  });

  it('reads no document outside the span', async () => {
    for (const d of ['01', '02', '03']) await vault.addPoint(snapshotPoint(day(`2026-11-${d}`)));
    vault.requests.length = 0;
    await all('2026-11-02T00:00:00Z', '2026-11-03T00:00:00Z');
    expect(vault.requests.filter((request) => request.startsWith('get'))).toHaveLength(1);
  });

  it('lists nothing after the span', async () => {
    for (let n = 0; n < 100; n++) await vault.addPoint(snapshotPoint(new Date(Date.UTC(2026, 0, 1 + n, 2))));
    vault.requests.length = 0;
    await all('2026-01-01T00:00:00Z', '2026-01-03T00:00:00Z');
    expect(vault.requests.filter((request) => request.startsWith('list')).length).toBeLessThanOrEqual(2);
  });

  it('names a stray object in the catalogue instead of passing over it', async () => {
    await vault.place('catalog/shop-db/2026/11/20/notes.txt', 'hello');
    await expect(all('2026-11-20T00:00:00Z', '2026-11-21T00:00:00Z')).rejects.toThrow(/notes\.txt.*not the id/);
  });
});
