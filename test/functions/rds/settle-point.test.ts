import { SnapshotQuotaExceededFault } from '@aws-sdk/client-rds';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import sample from '../../../events/samples/rds/settle-point.json' with { type: 'json' };
import { handler as settle } from '../../../functions/rds/settle-point.ts';
import { handler as snapshot } from '../../../functions/rds/snapshot.ts';
import { PRIMARY, RECOVERY } from '../../support/environment.ts';
import { invoke, type ShopPlatform, shopPlatform } from '../../support/platform.ts';
import { day, snapshotPoint } from '../../support/points.ts';
import { refusal } from '../../support/rds-api.ts';
import type { FakeExecution } from '../../support/step-functions.ts';
import { failure, once } from '../../support/vault.ts';

const ID = sample.recoveryPoint;
const NATIVE = `lifeboat-${ID}`;
const request = { source: 'shop-db', scheduledAt: '2026-11-20T02:00:00Z', purpose: 'scheduled' };

let shop: ShopPlatform;
beforeEach(async () => {
  shop = shopPlatform('2026-11-20T02:00:00Z');
  await invoke(snapshot, request);
  shop.setTime('2026-11-20T02:03:00Z');
});
afterEach(() => vi.useRealTimers());

/** RDS finishes the snapshot, at 02:01. */
const finish = (change = {}): void =>
  void Object.assign(shop.rds.primary.snapshots.get(NATIVE) ?? {}, {
    Status: 'available',
    SnapshotCreateTime: new Date('2026-11-20T02:01:00Z'),
    EngineVersion: '16.10',
    ...change,
  });
const copy = () => shop.vault.point(ID).copies[0];
const metrics = () => shop.telemetry.metrics().map(({ name, value }) => `${name} ${value}`);
const times = async (count: number): Promise<void> => {
  for (let n = 0; n < count; n++) await invoke(settle, sample);
};

describe('a snapshot under way', () => {
  it('stays as it is while RDS makes it', async () => {
    await expect(invoke(settle, sample)).resolves.toEqual({ recoveryPoint: ID, status: 'started', copies: [] });
  });

  it('is stored when RDS has it, with its own time, size and duration, and its copy is asked for', async () => {
    finish();
    await expect(invoke(settle, sample)).resolves.toEqual({
      recoveryPoint: ID,
      status: 'stored',
      copies: [{ region: RECOVERY, status: 'copying' }],
    });
    expect(shop.vault.point(ID)).toMatchObject({
      status: 'stored',
      storedAt: '2026-11-20T02:03:00.000Z',
      pointInTime: '2026-11-20T02:01:00.000Z',
      durationSeconds: 180,
      sizeBytes: 100 * 1024 ** 3,
      engineVersion: '16.10',
    });
    expect(metrics()).toEqual(
      expect.arrayContaining(['BackupStored 1', 'BackupDuration 180', `BackupSize ${100 * 1024 ** 3}`]),
    );
  });

  it('is as old as its first taking, where it is itself a copy', async () => {
    finish({ OriginalSnapshotCreateTime: new Date('2026-11-19T02:01:00Z') });
    await invoke(settle, sample);
    expect(shop.vault.point(ID).pointInTime).toBe('2026-11-19T02:01:00.000Z');
  });

  it('is stored and copied once, however many look at once', async () => {
    finish();
    await Promise.all(Array.from({ length: 4 }, () => invoke(settle, sample)));
    await times(2);
    expect([...shop.rds.recovery.snapshots.keys()]).toEqual([NATIVE]);
    expect(copy()).toMatchObject({ status: 'copying', attempts: 1 });
  });

  it('is told and failed when RDS says so; told once, however often one looks', async () => {
    finish({ Status: 'failed' });
    await expect(invoke(settle, sample)).resolves.toMatchObject({ status: 'failed' });
    await times(2);
    expect(shop.messages).toHaveLength(1);
    expect(shop.messages[0]).toMatchObject({
      topic: 'critical',
      subject: expect.stringContaining('Backup of shop-db failed'),
    });
    expect(shop.messages[0]?.text).toContain('RDS says that the snapshot failed');
    expect(metrics().filter((metric) => metric.startsWith('BackupFailed'))).toHaveLength(1);
  });

  it('is not called failed before people could be told', async () => {
    finish({ Status: 'failed' });
    shop.publishing = () => {
      throw failure('Throttled', 429);
    };
    await expect(invoke(settle, sample)).rejects.toMatchObject({ name: 'Throttled' });
    expect(shop.vault.point(ID).status).toBe('started');
    shop.publishing = () => undefined;
    await expect(invoke(settle, sample)).resolves.toMatchObject({ status: 'failed' });
  });

  it('is not failed by one who looked away while another stored it', async () => {
    finish({ Status: 'failed' });
    shop.publishing = () => void shop.vault.addPoint({ ...snapshotPoint(day('2026-11-20')), id: ID });
    await expect(invoke(settle, sample)).resolves.toMatchObject({ status: 'stored' });
  });

  it('is stored, measured and told of although the answer to the writing was lost on the way', async () => {
    finish();
    shop.vault.after = once(failure('PreconditionFailed', 412), (operation) => operation === 'put');
    await expect(invoke(settle, sample)).resolves.toMatchObject({ status: 'stored' });
    expect(metrics()).toContain('BackupStored 1');
  });

  it('that nobody asked RDS for yet is left to the machine at first, asked for after two hours, given up after twelve', async () => {
    shop.rds.primary.snapshots.clear();
    shop.rds.changes.length = 0;
    shop.setTime('2026-11-20T03:59:00Z');
    await times(1);
    expect(shop.rds.changes).toEqual([]);
    shop.setTime('2026-11-20T04:01:00Z');
    await times(1);
    expect(shop.rds.changes).toEqual([`${PRIMARY} CreateDBSnapshot ${NATIVE}`]);
    shop.rds.primary.snapshots.clear();
    shop.setTime('2026-11-20T14:01:00Z');
    await expect(invoke(settle, sample)).resolves.toMatchObject({ status: 'failed' });
    expect(shop.messages[0]?.text).toContain('never made');
  });

  describe('that nobody asked RDS for yet', () => {
    beforeEach(() => {
      shop.rds.primary.snapshots.clear();
      shop.rds.changes.length = 0;
      shop.setTime('2026-11-20T05:00:00Z');
    });
    const execution = (change: Partial<FakeExecution> = {}): void =>
      void shop.machines.executions.push({
        ...{ machine: 'backup-database', name: 'x', status: 'RUNNING', startDate: new Date('2026-11-20T02:00:00Z') },
        ...{ input: request },
        ...change,
      });

    it('is left to the machine for as long as it works on it: the fingerprint comes first', async () => {
      execution({ name: 'of-another', startDate: new Date('2026-11-20T03:00:00Z'), input: { source: 'other-db' } });
      execution();
      await times(1);
      expect(shop.rds.changes).toEqual([]);
    });

    it.each([
      ['has ended', { status: 'FAILED' }],
      ['works on another purpose', { input: { ...request, purpose: 'pre-migration' } }],
      ['works on another time', { input: { ...request, scheduledAt: '2026-11-20T03:00:00Z' } }],
      ['works on another source', { input: { ...request, source: 'other-db' } }],
    ] as [string, Partial<FakeExecution>][])('is asked for where the execution %s', async (_, change) => {
      execution(change);
      await times(1);
      expect(shop.rds.changes).toEqual([`${PRIMARY} CreateDBSnapshot ${NATIVE}`]);
    });
  });

  describe('that RDS refuses for want of quota', () => {
    let room = false;
    beforeEach(async () => {
      shop.rds.primary.snapshots.clear();
      room = false;
      shop.rds.before = (operation) => {
        if (operation === 'CreateDBSnapshot' && !room)
          throw new SnapshotQuotaExceededFault({ message: 'quota', $metadata: {} });
      };
      await invoke(snapshot, request);
      shop.rds.changes.length = 0;
    });

    it('is asked for at the next look, and made as soon as there is room', async () => {
      shop.setTime('2026-11-20T02:08:00Z');
      await times(1);
      expect(shop.rds.changes).toEqual([`${PRIMARY} CreateDBSnapshot ${NATIVE}`]);
      expect(shop.vault.point(ID)).toMatchObject({ status: 'started', waitsForQuotaSince: '2026-11-20T02:03:00.000Z' });
      expect(shop.messages).toEqual([]);
      room = true;
      await times(1);
      finish();
      await expect(invoke(settle, sample)).resolves.toMatchObject({ status: 'stored' });
      expect(shop.vault.point(ID).waitsForQuotaSince).toBeUndefined();
    });

    it('is given up after twelve hours, and people are told of the quota', async () => {
      shop.setTime('2026-11-20T14:01:00Z');
      await expect(invoke(settle, sample)).resolves.toMatchObject({ status: 'failed' });
      expect(shop.messages[0]?.text).toMatch(/refused it since 2026-11-20T02:03.*quota of manual snapshots/);
    });
  });

  it('lets what RDS refuses leave under its own name', async () => {
    shop.rds.before = () => {
      throw refusal('Throttling');
    };
    await expect(invoke(settle, sample)).rejects.toMatchObject({ name: 'Throttling' });
  });
});

describe('settling', () => {
  it('a point that is not in the catalogue is refused by name', async () => {
    await expect(invoke(settle, { recoveryPoint: 'shop-db-20260101t000000z-scheduled' })).rejects.toMatchObject({
      name: 'RecoveryPointMissing',
    });
  });

  it.each(['failed', 'expired'] as const)('a point that is %s changes nothing', async (status) => {
    await shop.vault.addPoint({ ...shop.vault.point(ID), status });
    shop.rds.changes.length = 0;
    await expect(invoke(settle, sample)).resolves.toMatchObject({ status });
    expect(shop.rds.changes).toEqual([]);
  });

  it('refuses a misspelt field', async () => {
    await expect(invoke(settle, { ...sample, point: 'x' })).rejects.toMatchObject({ name: 'RequestInvalid' });
  });
});
