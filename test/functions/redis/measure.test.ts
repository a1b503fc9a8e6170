import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import sample from '../../../events/samples/redis/measure.json' with { type: 'json' };
import { handler as measure } from '../../../functions/redis/measure.ts';
import type { RecoveryPoint } from '../../../shared/catalog/recovery-point.ts';
import { VAULT } from '../../support/environment.ts';
import { invoke, type ShopPlatform, shopPlatform } from '../../support/platform.ts';
import { archivePoint, cachePoint } from '../../support/points.ts';

let shop: ShopPlatform;
beforeEach(() => {
  shop = shopPlatform('2026-11-20T12:00:00Z');
});
afterEach(() => vi.useRealTimers());

/** The archive of an hour of the day, with its file in the vault. */
const archived = async (hour: number, replicated: string, change: Partial<RecoveryPoint> = {}): Promise<void> => {
  const at = new Date(Date.UTC(2026, 10, 20, hour));
  const archive = archivePoint(cachePoint(at), { pointInTime: at.toISOString(), ...change });
  const key = `redis-snapshots/2026/11/20/${archive.id}/0001.rdb`;
  const { versionId, crc64nvme } = await shop.vault.place(key, 'rdb');
  shop.vault.replication.set(key, replicated);
  const file = { uri: `s3://${VAULT}/${key}`, versionId, bytes: 3, sha256: '0'.repeat(64), crc64nvme, writer: 'aws' };
  await shop.vault.addPoint({ ...archive, artifacts: [file as RecoveryPoint['artifacts'][number]] });
};
const ages = () =>
  Object.fromEntries(
    shop.telemetry
      .metrics()
      .filter(({ source }) => source === 'shop-cache')
      .map(({ name, value }) => [name, value]),
  );

describe('what the loss of a cache would cost', () => {
  it('is the age of the newest archive that the other region has, not of the newest there is', async () => {
    await archived(8, 'COMPLETED', { status: 'verified' });
    await archived(9, 'COMPLETED');
    await archived(10, 'FAILED');
    await archived(11, 'PENDING');
    await expect(invoke(measure, sample)).resolves.toEqual([
      { source: 'shop-cache', achievableRpo: 3 * 3600, newestPointAge: 3600, provenPointAge: 4 * 3600 },
    ]);
    expect(ages()).toEqual({ AchievableRpo: 3 * 3600, RecoveryPointAge: 3600, ProvenPointAge: 4 * 3600 });
  });

  it('is not known where there is no archive, and then nothing is measured: silence raises the alarm', async () => {
    await archived(8, 'COMPLETED', { status: 'failed' });
    await shop.vault.addPoint(cachePoint(new Date('2026-11-20T09:00:00Z')));
    await expect(invoke(measure, sample)).resolves.toMatchObject([{ achievableRpo: null, newestPointAge: null }]);
    expect(ages()).toEqual({});
  });

  it('is told for what could be measured, and what could not is named', async () => {
    shop.vault.before = (operation) => {
      if (operation === 'list') throw new Error('S3 is away');
    };
    await expect(invoke(measure, sample)).rejects.toMatchObject({
      name: 'PartlyDone',
      message: expect.stringMatching(/shop-cache: S3 is away/),
    });
  });
});
