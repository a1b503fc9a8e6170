import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findAnomalies } from '../../../functions/rds/anomalies.ts';
import { handler as settle } from '../../../functions/rds/settle-point.ts';
import { invoke, type ShopPlatform, shopPlatform } from '../../support/platform.ts';
import { day, exportPoint, snapshotPoint } from '../../support/points.ts';

const GIB = 1024 ** 3;
const sized = (sizeBytes: number, durationSeconds = 120) =>
  snapshotPoint(day('2026-11-20'), { sizeBytes, durationSeconds });
const week = Array.from({ length: 7 }, () => sized(100));

describe('an anomaly', () => {
  it.each([
    [150, []],
    [151, ['size']],
    [50, []],
    [49, ['size']],
    [0, ['size']],
    [100, []],
  ])('of ±50 %% of the mean 100 is looked for: %i → %j', (size, expected) => {
    expect(findAnomalies(sized(size), week, 0.5).map(({ what }) => what)).toEqual(expected);
  });

  it('is found in the duration too, and says value and mean', () => {
    expect(findAnomalies(sized(100, 181), week, 0.5)).toEqual([{ what: 'duration', value: 181, mean: 120 }]);
  });

  it('is never seen in fewer than three values, nor against a mean of nothing', () => {
    expect(findAnomalies(sized(1000), week.slice(0, 2), 0.5)).toEqual([]);
    expect(findAnomalies(sized(1000), week.slice(0, 3), 0.5)).toHaveLength(1);
    expect(findAnomalies(sized(1000, 120), [sized(0), sized(0), sized(0)], 0.5)).toEqual([]);
  });

  it('is judged only by values that are there', () => {
    const { sizeBytes: _, ...unmeasured } = sized(0);
    expect(findAnomalies(sized(1000), [unmeasured, unmeasured, sized(10), sized(10)], 0.5)).toEqual([]);
  });
});

describe('a snapshot that is stored', () => {
  let shop: ShopPlatform;
  beforeEach(() => {
    shop = shopPlatform('2026-11-20T02:02:00Z');
  });
  afterEach(() => vi.useRealTimers());

  const store = async (AllocatedStorage: number, at = day('2026-11-20')): Promise<void> => {
    const { storedAt: _, ...point } = snapshotPoint(at, { status: 'started', copies: [] });
    await shop.vault.addPoint(point);
    shop.rds.addSnapshot('primary', { DBSnapshotIdentifier: point.nativeId, AllocatedStorage });
    await invoke(settle, { recoveryPoint: point.id });
  };
  const earlier = async (date: string, size: number, change = {}) =>
    shop.vault.addPoint(snapshotPoint(day(date), { sizeBytes: size * GIB, ...change }));

  it('is compared with the week before it, and people are told of what is unusual', async () => {
    for (const date of ['2026-11-14', '2026-11-15', '2026-11-16']) await earlier(date, 100);
    await store(160);
    expect(shop.messages).toMatchObject([{ topic: 'warning', subject: expect.stringContaining('unusual: size') }]);
    expect(shop.messages[0]?.text).toContain(`size: ${160 * GIB}, mean of 3 in 7 days: ${100 * GIB}`);
  });

  it('is not compared with itself, where its time has fractions of a second', async () => {
    for (const date of ['2026-11-14', '2026-11-15', '2026-11-16']) await earlier(date, 100);
    await store(160, new Date('2026-11-20T02:00:00.500Z'));
    expect(shop.messages[0]?.text).toContain('mean of 3 in 7 days');
  });

  it('is not compared with older, failed or unfinished ones, nor with exports', async () => {
    for (const date of ['2026-11-10', '2026-11-11', '2026-11-12']) await earlier(date, 100);
    for (const date of ['2026-11-14', '2026-11-15', '2026-11-16']) await earlier(date, 100, { status: 'failed' });
    for (const date of ['2026-11-17', '2026-11-18', '2026-11-19'])
      await shop.vault.addPoint(
        exportPoint(new Date(`${date}T03:00:00Z`), 'x', { status: 'stored', sizeBytes: 100 * GIB }),
      );
    await store(160);
    expect(shop.messages).toEqual([]);
  });
});
