import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { handler as reconcile } from '../../../functions/rds/reconcile.ts';
import { configuration } from '../../../shared/config/platform.ts';
import type { RdsSource } from '../../../shared/config/schema.ts';
import { invoke, type ShopPlatform, shopPlatform } from '../../support/platform.ts';
import { day, exportPoint, snapshotPoint } from '../../support/points.ts';
import { refusal } from '../../support/rds-api.ts';
import { failure, once } from '../../support/vault.ts';

const SNAPSHOT = 'shop-db-20261120t020000z-scheduled';
const EXPORT = 'shop-db-20261115t030000z-export';

let shop: ShopPlatform;
/** A Friday noon; snapshots are due at two, exports on Sundays at three. The points of the week before are there. */
beforeEach(async () => {
  shop = shopPlatform('2026-11-20T12:00:00Z');
  shop.schedules.changedAt = new Date('2026-11-01T00:00:00Z');
  await shop.vault.addPoint(snapshotPoint(day('2026-11-14')));
  await shop.vault.addPoint(snapshotPoint(day('2026-11-19')));
  await shop.vault.addPoint(
    exportPoint(new Date('2026-11-15T03:00:00Z'), 'shop-db-20261114t020000z-scheduled', { status: 'stored' }),
  );
});
afterEach(() => vi.useRealTimers());

const run = () => invoke(reconcile, {});
const withSchedule = (change: Partial<RdsSource['schedules']>): void => {
  const { schedules } = configuration().sources['shop-db'] as RdsSource;
  for (const [name, value] of Object.entries(change))
    vi.spyOn(schedules, name as 'snapshot', 'get').mockReturnValue(value);
};

describe('a scheduled snapshot that never began', () => {
  it('is begun under the name of its time, and told', async () => {
    await expect(run()).resolves.toMatchObject({ begun: [SNAPSHOT] });
    expect(shop.machines.executions).toMatchObject([
      {
        machine: 'backup-database',
        name: SNAPSHOT,
        input: { source: 'shop-db', scheduledAt: '2026-11-20T02:00:00Z', purpose: 'scheduled' },
      },
    ]);
    expect(shop.messages).toMatchObject([
      { topic: 'warning', text: expect.stringContaining('due 2026-11-20T02:00:00Z never began') },
    ]);
    expect(shop.telemetry.metrics()).toContainEqual({ name: 'RunMissed', value: 1, source: 'shop-db' });
    expect(shop.schedules.asked).toEqual(['lifeboat-shop-test/shop-db-snapshot']);
  });

  it('is told once and begun once, however often one looks', async () => {
    await run();
    await run();
    Object.assign(shop.machines.executions[0] ?? {}, { status: 'FAILED' });
    await run();
    expect(shop.messages).toHaveLength(1);
    expect(shop.machines.started).toEqual([`backup-database ${SNAPSHOT}`]);
  });

  it('is left to the scheduler while it may still try', async () => {
    shop.setTime('2026-11-20T02:59:00Z');
    await expect(run()).resolves.toMatchObject({ begun: [] });
    shop.setTime('2026-11-20T03:00:00Z');
    await expect(run()).resolves.toMatchObject({ begun: [SNAPSHOT] });
  });

  it.each(['started', 'stored', 'failed', 'expired'] as const)(
    'is not missed where its point is %s',
    async (status) => {
      await shop.vault.addPoint(snapshotPoint(day('2026-11-20'), { status }));
      await expect(run()).resolves.toMatchObject({ begun: [] });
      expect(shop.messages.filter(({ text }) => text.includes('never began'))).toEqual([]);
    },
  );

  it.each([
    ['was switched off', () => ({ state: 'DISABLED' as const })],
    ['was made or changed after that time', () => ({ changedAt: new Date('2026-11-20T02:00:01Z') })],
  ])('was not meant to be where its schedule %s', async (_, change) => {
    Object.assign(shop.schedules, change());
    await expect(run()).resolves.toMatchObject({ begun: [] });
    expect(shop.messages).toEqual([]);
  });

  it('is told only, where the one after it was due as well', async () => {
    withSchedule({ snapshot: 'cron(0/30 * * * ? *)' });
    await expect(run()).resolves.toMatchObject({ begun: [] });
    expect(shop.messages).toMatchObject([
      { text: expect.stringMatching(/due 2026-11-20T11:00:00Z never began[\s\S]*not made up for/) },
    ]);
    expect(shop.machines.started).toEqual([]);
  });

  it('is told although it cannot be begun now, and begun when it can', async () => {
    shop.machines.before = (operation) => {
      if (operation === 'start') throw refusal('AccessDeniedException');
    };
    await expect(run()).rejects.toThrow(/missed snapshot of shop-db: AccessDeniedException/);
    await expect(run()).rejects.toMatchObject({ name: 'PartlyDone' });
    expect(shop.messages).toHaveLength(1);
    shop.machines.before = () => undefined;
    await expect(run()).resolves.toMatchObject({ begun: [SNAPSHOT] });
    expect(shop.messages).toHaveLength(1);
  });

  it('is told again rather than never where one was killed before it could note that it was told', async () => {
    shop.vault.before = once(
      failure('Killed', 500),
      (operation, key) => operation === 'put' && key.startsWith('missed-runs/'),
    );
    await expect(run()).rejects.toMatchObject({ name: 'PartlyDone' });
    await run();
    await run();
    expect(shop.messages).toHaveLength(2);
    expect(shop.machines.started).toHaveLength(1);
  });

  it('is noted in the vault, for whoever asks later', async () => {
    await run();
    const [key = ''] = shop.vault.keys('missed-runs/');
    expect(key).toBe('missed-runs/shop-db/2026/11/20/snapshot-0200.json');
    expect(JSON.parse(shop.vault.text(key))).toMatchObject({
      schedule: 'snapshot',
      foundAt: '2026-11-20T12:00:00.000Z',
    });
  });

  it('does not keep anybody from the rest where another reconciler noted it first', async () => {
    shop.publishing = () => void shop.vault.place('missed-runs/shop-db/2026/11/20/snapshot-0200.json', '{}');
    await expect(run()).resolves.toMatchObject({ begun: [SNAPSHOT] });
  });

  it('lets what the vault refuses leave under its own name', async () => {
    shop.vault.before = (operation) => {
      if (operation === 'head') throw failure('SlowDown', 503);
    };
    await expect(run()).rejects.toThrow(/SlowDown/);
    expect(shop.messages).toEqual([]);
  });
});

describe('with a rate', () => {
  beforeEach(() => withSchedule({ snapshot: 'rate(12 hours)', export: 'rate(6 days)' }));

  it('a snapshot is missed by the rhythm of the last one', async () => {
    await expect(run()).resolves.toMatchObject({ begun: [SNAPSHOT] });
  });

  it('nothing is missed where no run is known to count from', async () => {
    for (const key of shop.vault.keys('catalog/')) shop.vault.remove(key);
    await expect(run()).resolves.toMatchObject({ begun: [] });
    expect(shop.messages).toEqual([]);
  });
});

describe('a scheduled export that never began', () => {
  beforeEach(async () => {
    await shop.vault.addPoint(snapshotPoint(day('2026-11-20')));
    shop.vault.remove(shop.vault.keys('catalog/').find((key) => key.includes(EXPORT)) ?? '');
    for (const date of ['2026-11-14', '2026-11-19', '2026-11-20'])
      shop.rds.addSnapshot('primary', {
        DBSnapshotIdentifier: `lifeboat-shop-db-${date.replaceAll('-', '')}t020000z-scheduled`,
      });
  });

  it('is begun days later, of the snapshot that was the newest then, and told', async () => {
    await expect(run()).resolves.toMatchObject({ begun: [EXPORT] });
    await run();
    expect(shop.vault.point(EXPORT)).toMatchObject({
      status: 'started',
      purpose: 'compliance',
      parent: 'shop-db-20261114t020000z-scheduled',
    });
    expect([...shop.rds.primary.exports.keys()]).toEqual([`lifeboat-${EXPORT}`]);
    expect(shop.messages).toMatchObject([{ text: expect.stringContaining('export of shop-db') }]);
  });

  it('is not made up for more than a week later', async () => {
    withSchedule({ export: 'cron(0 3 1 * ? *)' });
    await expect(run()).resolves.toMatchObject({ begun: [] });
    expect(shop.messages).toEqual([]);
  });

  it('is begun although the snapshot that is missing as well cannot be', async () => {
    shop.vault.remove(shop.vault.keys('catalog/').find((key) => key.includes(SNAPSHOT)) ?? '');
    shop.machines.before = () => {
      throw refusal('AccessDeniedException');
    };
    await expect(run()).rejects.toMatchObject({ name: 'PartlyDone' });
    expect(shop.vault.point(EXPORT).status).toBe('started');
  });
});
