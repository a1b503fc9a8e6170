import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { handler as retry } from '../../../functions/verification/retry.ts';
import type { RecoveryPoint } from '../../../shared/catalog/recovery-point.ts';
import { invoke, type ShopPlatform, shopPlatform } from '../../support/platform.ts';
import { day, snapshotPoint } from '../../support/points.ts';
import { refusal } from '../../support/rds-api.ts';
import type { FakeExecution } from '../../support/step-functions.ts';

const POINT = 'shop-db-20261122t020000z-scheduled';
const INPUT = { source: 'shop-db', scheduledAt: '2026-11-22T04:00:00Z' };

let shop: ShopPlatform;
/** A Sunday; verifications are due at four. */
beforeEach(async () => {
  shop = shopPlatform('2026-11-22T06:00:00Z');
  shop.schedules.changedAt = new Date('2026-11-01T00:00:00Z');
  await shop.vault.addPoint(snapshotPoint(day('2026-11-22')));
});
afterEach(() => vi.useRealTimers());

const run = () => invoke(retry, {});
const ended = (change: Partial<FakeExecution> = {}): void =>
  void shop.machines.executions.push({
    machine: 'verify-database',
    name: 'of-the-schedule',
    status: 'SUCCEEDED',
    startDate: new Date('2026-11-22T04:00:00Z'),
    stopDate: new Date('2026-11-22T05:00:00Z'),
    input: INPUT,
    output: { verdict: 'INCONCLUSIVE', reason: 'nobody logged in', recoveryPoint: POINT, worthRepeating: true },
    ...change,
  });
const verification = (at: string, verdict: 'PROVEN' | 'FAILED' | 'INCONCLUSIVE') => ({
  ...{ at, verdict, reason: 'x', checks: 1, failedChecks: [], execution: 'x', evidence: 's3://vault/x' },
});

describe('a verification that could not test', () => {
  it('is begun again, once, as its second attempt', async () => {
    ended();
    await expect(run()).resolves.toEqual({ again: ['of-the-schedule-attempt-2'], missed: [] });
    await expect(run()).resolves.toEqual({ again: [], missed: [] });
    expect(shop.machines.started).toEqual(['verify-database of-the-schedule-attempt-2']);
    expect(shop.machines.executions.at(-1)?.input).toEqual({ ...INPUT, attempt: 2 });
  });

  it('is begun once by two who find it at once', async () => {
    ended();
    await Promise.all([run(), run()]);
    expect(shop.machines.started).toHaveLength(1);
  });

  it('waits for its pause', async () => {
    ended({ stopDate: new Date('2026-11-22T05:31:00Z') });
    await expect(run()).resolves.toEqual({ again: [], missed: [] });
  });

  it.each([
    ['was proven meanwhile', { status: 'verified', verifications: [verification('2026-11-22T05:10:00Z', 'PROVEN')] }],
    ['was found bad meanwhile', { status: 'failed', verifications: [verification('2026-11-22T05:10:00Z', 'FAILED')] }],
    ['has expired', { status: 'expired' }],
  ] as [string, Partial<RecoveryPoint>][])('is not where its point %s', async (_, change) => {
    ended();
    await shop.vault.addPoint(snapshotPoint(day('2026-11-22'), change));
    await expect(run()).resolves.toMatchObject({ again: [] });
  });

  it('is where its point was proven before, and this one could not say it again', async () => {
    ended();
    const verifications = [
      verification('2026-11-22T03:00:00Z', 'PROVEN'),
      verification('2026-11-22T05:00:00Z', 'INCONCLUSIVE'),
    ];
    await shop.vault.addPoint(snapshotPoint(day('2026-11-22'), { status: 'verified', verifications }));
    await expect(run()).resolves.toMatchObject({ again: ['of-the-schedule-attempt-2'] });
  });

  it('is not where its point is gone', async () => {
    ended();
    shop.vault.remove(shop.vault.keys('catalog/')[0] ?? '');
    await expect(run()).resolves.toMatchObject({ again: [] });
  });

  it('is begun again where it came to no point at all', async () => {
    ended({
      output: { verdict: 'INCONCLUSIVE', reason: 'there was no recovery point to verify', worthRepeating: true },
    });
    await expect(run()).resolves.toMatchObject({ again: ['of-the-schedule-attempt-2'] });
  });

  it('does not keep the others from being begun where it cannot be, and is named', async () => {
    ended();
    ended({ name: 'by-hand', input: { ...INPUT, recoveryPoint: POINT } });
    let refused = false;
    shop.machines.before = (operation) => {
      if (operation !== 'start' || refused) return;
      refused = true;
      throw refusal('ThrottlingException');
    };
    const running = run();
    await expect(running).rejects.toMatchObject({ name: 'VerificationsNotBegun' });
    await expect(running).rejects.toThrow(/-attempt-2: ThrottlingException/);
    expect(shop.machines.started).toHaveLength(1);
  });

  it('is told from executions of others, whose input is not understood', async () => {
    ended();
    ended({ name: 'strange', input: { who: 'knows' } });
    await expect(run()).resolves.toMatchObject({ again: ['of-the-schedule-attempt-2'] });
  });

  it('lets what the catalogue refuses leave, as what could not be begun', async () => {
    ended();
    shop.vault.before = (operation) => {
      if (operation === 'get') throw refusal('SlowDown');
    };
    await expect(run()).rejects.toThrow(/SlowDown/);
  });
});

describe('a scheduled verification that never began', () => {
  it('is begun under a name of its time, and told, once', async () => {
    await expect(run()).resolves.toEqual({ again: [], missed: ['shop-db-20261122t040000z-missed'] });
    await expect(run()).resolves.toEqual({ again: [], missed: [] });
    expect(shop.machines.executions).toMatchObject([{ machine: 'verify-database', input: INPUT }]);
    expect(shop.messages).toMatchObject([{ topic: 'warning', text: expect.stringContaining('The verify of shop-db') }]);
    expect(shop.schedules.asked).toEqual(['lifeboat-shop-test/shop-db-verify']);
  });

  it('is made up for within a week, not later', async () => {
    shop.setTime('2026-11-28T04:00:00Z');
    await expect(run()).resolves.toMatchObject({ missed: ['shop-db-20261122t040000z-missed'] });
  });

  it('is none where it was begun, whatever came of it', async () => {
    ended({ status: 'ABORTED' });
    await expect(run()).resolves.toEqual({ again: [], missed: [] });
  });

  it('is one where only a given point was verified at that time', async () => {
    ended({ status: 'ABORTED', input: { ...INPUT, recoveryPoint: POINT } });
    await expect(run()).resolves.toMatchObject({ missed: ['shop-db-20261122t040000z-missed'] });
  });

  it('is none where its schedule is switched off', async () => {
    shop.schedules.state = 'DISABLED';
    await expect(run()).resolves.toEqual({ again: [], missed: [] });
    expect(shop.messages).toEqual([]);
  });
});

it('refuses an event with anything in it', async () => {
  await expect(invoke(retry, { source: 'shop-db' })).rejects.toMatchObject({ name: 'RequestInvalid' });
});
