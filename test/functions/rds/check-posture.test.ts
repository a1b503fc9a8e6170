import type { DBInstance } from '@aws-sdk/client-rds';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import sample from '../../../events/samples/rds/check-posture.json' with { type: 'json' };
import { handler as checkPosture } from '../../../functions/rds/check-posture.ts';
import { invoke, type ShopPlatform, shopPlatform } from '../../support/platform.ts';
import { refusal } from '../../support/rds-api.ts';
import { failure } from '../../support/vault.ts';

let shop: ShopPlatform;
beforeEach(() => {
  shop = shopPlatform('2026-11-20T06:30:00Z');
});
afterEach(() => vi.useRealTimers());

const good: DBInstance = {
  DBInstanceIdentifier: 'shop-db',
  BackupRetentionPeriod: 30,
  PreferredBackupWindow: '03:00-04:00',
  MultiAZ: true,
  StorageEncrypted: true,
  DeletionProtection: true,
  LatestRestorableTime: new Date('2026-11-20T06:26:00Z'),
};
const check = (change: DBInstance = {}) => {
  shop.rds.primary.instances.set('shop-db', { ...good, ...change });
  return invoke(checkPosture, sample);
};
const without = (key: keyof DBInstance): DBInstance => ({ [key]: undefined }) as DBInstance;

describe('the posture of automated backups', () => {
  it('that is as demanded drifts nowhere and tells nobody', async () => {
    await expect(check()).resolves.toEqual({ source: 'shop-db', drift: [] });
    await expect(check({ BackupRetentionPeriod: 35 })).resolves.toMatchObject({ drift: [] });
    expect(shop.messages).toEqual([]);
    expect(shop.telemetry.metrics()).toContainEqual({ name: 'PostureDrift', value: 0, source: 'shop-db' });
  });

  it.each<[string, DBInstance, string, string]>([
    ['backup retention', { BackupRetentionPeriod: 29 }, 'at least 30 days', '29 days'],
    ['backup retention', { BackupRetentionPeriod: 0 }, 'at least 30 days', '0 days'],
    ['backup retention', without('BackupRetentionPeriod'), 'at least 30 days', '0 days'],
    ['backup window', { PreferredBackupWindow: '02:00-03:00' }, '03:00-04:00', '02:00-03:00'],
    ['backup window', without('PreferredBackupWindow'), '03:00-04:00', 'none'],
    ['Multi-AZ', { MultiAZ: false }, 'true', 'false'],
    ['Multi-AZ', without('MultiAZ'), 'true', 'false'],
    ['encryption', { StorageEncrypted: false }, 'true', 'false'],
    ['encryption', without('StorageEncrypted'), 'true', 'false'],
    ['deletion protection', { DeletionProtection: false }, 'true', 'false'],
    ['deletion protection', without('DeletionProtection'), 'true', 'false'],
    [
      'point-in-time recovery',
      { LatestRestorableTime: new Date('2026-11-20T05:29:00Z') },
      'a latest restorable time of the last hour',
      '2026-11-20T05:29:00.000Z',
    ],
    ['point-in-time recovery', without('LatestRestorableTime'), 'a latest restorable time of the last hour', 'none'],
  ])('that drifts in %s (%j) is told, with what was expected and found', async (setting, change, expected, found) => {
    await expect(check(change)).resolves.toEqual({ source: 'shop-db', drift: [{ setting, expected, found }] });
    expect(shop.messages).toMatchObject([{ topic: 'warning' }]);
    expect(shop.messages[0]?.text).toContain(`${setting}: expected ${expected}, found ${found}`);
    expect(shop.messages[0]?.text).toContain('aws rds modify-db-instance --db-instance-identifier shop-db');
  });

  it('that drifts everywhere is told in one message', async () => {
    shop.rds.primary.instances.set('shop-db', { DBInstanceIdentifier: 'shop-db' });
    const { drift } = await invoke(checkPosture, sample);
    expect(drift).toHaveLength(6);
    expect(shop.messages).toHaveLength(1);
  });

  it('of an instance that is gone is named', async () => {
    shop.rds.primary.instances.clear();
    const checking = invoke(checkPosture, sample);
    await expect(checking).rejects.toMatchObject({ name: 'InstanceMissing' });
    await expect(checking).rejects.toThrow(/remove the source/);
  });

  it('is not known where RDS refuses, or where nobody could be told', async () => {
    shop.publishing = () => {
      throw failure('KMSDisabled', 400);
    };
    await expect(check({ MultiAZ: false })).rejects.toMatchObject({ name: 'KMSDisabled' });
    shop.rds.before = () => {
      throw refusal('Throttling');
    };
    await expect(check()).rejects.toMatchObject({ name: 'Throttling' });
  });

  it('of a source nobody configured is refused by name', async () => {
    await expect(invoke(checkPosture, { source: 'other' })).rejects.toMatchObject({ name: 'SourceUnknown' });
    await expect(invoke(checkPosture, {})).rejects.toMatchObject({ name: 'RequestInvalid' });
  });
});
