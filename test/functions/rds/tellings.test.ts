import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { handler as reconcile } from '../../../functions/rds/reconcile.ts';
import { handler as settle } from '../../../functions/rds/settle-point.ts';
import type { RecoveryPoint } from '../../../shared/catalog/recovery-point.ts';
import { invoke, type ShopPlatform, shopPlatform } from '../../support/platform.ts';
import { day, snapshotPoint } from '../../support/points.ts';
import { failure, once } from '../../support/vault.ts';

const GIB = 1024 ** 3;

let shop: ShopPlatform;
let id: string;
beforeEach(() => {
  shop = shopPlatform('2026-11-20T02:02:00Z');
});
afterEach(() => vi.useRealTimers());

const subjects = () => shop.messages.map(({ subject }) => subject.replace(/^\[\w+\] /, ''));
const look = () => invoke(settle, { recoveryPoint: id });
/** A function that is killed before SNS takes its message leaves what an answer that never comes leaves. */
const killedBeforeTelling = async (): Promise<void> => {
  shop.publishing = () => {
    throw failure('Killed', 500);
  };
  await expect(look()).rejects.toMatchObject({ name: 'Killed' });
  shop.publishing = () => undefined;
};

/** A snapshot much larger than those before it, complete in RDS. */
const unusual = async (change: Partial<RecoveryPoint> = {}): Promise<void> => {
  for (const date of ['2026-11-14', '2026-11-15', '2026-11-16'])
    await shop.vault.addPoint(snapshotPoint(day(date), { sizeBytes: 100 * GIB }));
  const { storedAt: _, ...point } = snapshotPoint(day('2026-11-20'), { status: 'started', copies: [], ...change });
  id = point.id;
  await shop.vault.addPoint(point);
  shop.rds.addSnapshot('primary', { DBSnapshotIdentifier: point.nativeId, AllocatedStorage: 160 });
};

/** A copy that RDS completed 18 minutes after its snapshot. */
const lateCopy = async (): Promise<void> => {
  const point = snapshotPoint(day('2026-11-20'));
  id = point.id;
  await shop.vault.addPoint({
    ...point,
    copies: point.copies.map((copy) => ({ ...copy, status: 'copying' as const })),
  });
  shop.rds.addSnapshot('recovery', { DBSnapshotIdentifier: point.nativeId });
  shop.setTime('2026-11-20T02:19:00Z');
};

const CASES: [string, () => Promise<void>, string][] = [
  ['a snapshot of an unusual size', unusual, 'Snapshot of shop-db is unusual: size'],
  ['a copy that came late', lateCopy, 'Copy of shop-db to us-west-2 took longer than its objective'],
  [
    'a snapshot that was given up and completed',
    () => unusual({ status: 'failed', failure: 'never made' }),
    'Snapshot of shop-db that was given up is complete after all',
  ],
];

describe.each(CASES)('%s', (_, prepare, subject) => {
  beforeEach(() => prepare());

  it('is told once, however many look, at once and later', async () => {
    await look();
    await Promise.all([look(), look()]);
    shop.setTime('2026-11-20T04:00:00Z');
    await look();
    expect(subjects().filter((each) => each === subject)).toEqual([subject]);
    expect(shop.vault.point(id).toTell).toBeUndefined();
  });

  it('is told by the reconciler where whoever found it was killed before it could tell', async () => {
    await killedBeforeTelling();
    expect(subjects()).toEqual([]);
    shop.setTime('2026-11-20T02:40:00Z');
    await invoke(reconcile, {});
    await invoke(reconcile, {});
    expect(subjects().filter((each) => each === subject)).toEqual([subject]);
  });

  it('is left to whoever found it while they may be alive', async () => {
    await killedBeforeTelling();
    await look();
    expect(subjects()).toEqual([]);
  });

  it('is told again rather than never where the note of it could not be taken off', async () => {
    shop.publishing = () => {
      shop.vault.before = once(
        failure('Killed', 500),
        (operation, key) => operation === 'put' && key.startsWith('catalog/'),
      );
    };
    await expect(look()).rejects.toMatchObject({ name: 'Killed' });
    shop.publishing = () => undefined;
    shop.setTime('2026-11-20T02:40:00Z');
    await look();
    expect(subjects().filter((each) => each === subject).length).toBeGreaterThan(0);
    expect(shop.vault.point(id).toTell).toBeUndefined();
  });
});

it('has nothing to tell of what went as always', async () => {
  await unusual();
  Object.assign(shop.rds.primary.snapshots.get(`lifeboat-${id}`) ?? {}, { AllocatedStorage: 100 });
  await look();
  expect(subjects()).toEqual([]);
  expect(shop.vault.point(id).toTell).toBeUndefined();
});
