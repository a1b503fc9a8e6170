// Forty days of daily snapshots, their copies and retention, with a stretch in which nothing newer is proven and one in
// which a snapshot is not copied: what retention removes, what it refuses to, and what RDS and the catalogue then have.
//
// The backups are asked of the function itself, and only retention's own schedule runs: the fingerprints of backup-database
// and the measuring of every five minutes (11,520 invocations in forty days) change nothing about retention, nor does the replica.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { catalogOf, invoke, startMachine, untilEnded } from '../../local/story/observations.ts';
import type { LocalRegion } from '../../local/world.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { runOnly } from '../support/running-schedules.ts';
import { type ShopPlatform, startShop } from '../support/shop-platform.ts';

let shop: ShopPlatform;
let midnight: number;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAYS = 40;
/** Of manual snapshots in an account and region (RDS user guide, "Quotas and constraints", 2026-11). */
const QUOTA = 100;

beforeAll(async () => {
  shop = await startShop(0.002);
  midnight = Math.floor(shop.world.clock.now().getTime() / DAY_MS) * DAY_MS;
  await runOnly(shop, ['retention']);
  await shop.ask(shop.recovery, 'rds', 'DeleteDBInstance', {
    DBInstanceIdentifier: 'shop-db-replica',
    SkipFinalSnapshot: true,
  });
  // Automated snapshots are RDS's own affair; somebody's own manual one is not retention's to touch.
  await shop.ask(shop.primary, 'rds', 'ModifyDBInstance', {
    DBInstanceIdentifier: 'shop-db',
    BackupRetentionPeriod: 0,
  });
  await shop.world.clock.settled();
  await shop.ask(shop.primary, 'rds', 'CreateDBSnapshot', {
    DBInstanceIdentifier: 'shop-db',
    DBSnapshotIdentifier: 'by-hand',
  });
}, 300_000);
afterAll(() => shop?.stop());

const until = (day: number, hour: number): Promise<void> =>
  shop.world.clock.advanceTo(new Date(midnight + day * DAY_MS + hour * HOUR_MS));
const requestFor = (day: number) => ({
  source: shop.source,
  scheduledAt: new Date(midnight + day * DAY_MS + 2 * HOUR_MS).toISOString(),
  purpose: 'scheduled',
});
const backUp = (day: number): Promise<{ recoveryPoint: string }> => invoke(shop, 'rdsSnapshot', requestFor(day));

/** A backup with fingerprints, and its proof. */
const backUpAndProve = async (day: number): Promise<void> => {
  await shop.placeOrder();
  expect(await untilEnded(shop, await startMachine(shop, 'backup-database', requestFor(day)))).toBe('SUCCEEDED');
  const { source, scheduledAt } = requestFor(day);
  expect(await untilEnded(shop, await startMachine(shop, 'verify-database', { source, scheduledAt }))).toBe(
    'SUCCEEDED',
  );
  expect((await catalogOf(shop)).at(-1)?.verifications).toMatchObject([{ verdict: 'PROVEN' }]);
};

const snapshotsIn = async (region: LocalRegion): Promise<string[]> => {
  const { DBSnapshots } = await shop.ask<{ DBSnapshots: { DBSnapshotIdentifier: string }[] }>(
    region,
    'rds',
    'DescribeDBSnapshots',
    { SnapshotType: 'manual' },
  );
  return DBSnapshots.map(({ DBSnapshotIdentifier }) => DBSnapshotIdentifier);
};

/** What holds on every day, whatever retention did: the points that are left, oldest first. */
const expectSound = async (): Promise<RecoveryPoint[]> => {
  const points = (await catalogOf(shop)).toSorted((a, b) => a.scheduledAt.localeCompare(b.scheduledAt));
  const expired = points.filter(({ status }) => status === 'expired');
  const left = points.filter(({ status }) => status !== 'expired');
  for (const { id, retention, copies } of expired) {
    expect(new Date(retention.expiresAt).getTime(), `${id} was too young`).toBeLessThanOrEqual(
      shop.world.clock.now().getTime(),
    );
    expect(copies, `${id} was not copied`).toMatchObject([{ status: 'available' }]);
  }
  const proven = points.filter(({ verifications }) => verifications.some(({ verdict }) => verdict === 'PROVEN')).at(-1);
  expect(left, 'the newest proven point').toContainEqual(proven);
  // What the catalogue says is what there is: nothing of an expired point, everything of the others.
  const [here, there] = await Promise.all([snapshotsIn(shop.primary), snapshotsIn(shop.recovery)]);
  expect(here.toSorted()).toEqual(['by-hand', ...left.map(({ nativeId }) => nativeId)].toSorted());
  expect(there.toSorted()).toEqual(
    left
      .filter(({ copies }) => copies.every(({ status }) => status === 'available'))
      .map(({ nativeId }) => nativeId)
      .toSorted(),
  );
  expect(Math.max(here.length, there.length)).toBeLessThan(QUOTA);
  return left;
};

/** Days of the points that are left, as numbers. */
const daysOf = (points: RecoveryPoint[]): number[] =>
  points.map(({ scheduledAt }) => Math.floor((new Date(scheduledAt).getTime() - midnight) / DAY_MS));
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

const UNCOPIED = 2;
const PROVEN_AGAIN = 31;
const COPIED_AT_LAST = 33;

/** The oldest day that is kept after retention ran on `day`, and why nothing was removed where that is so. */
const expectation = (day: number): { oldest: number; refused?: string } => {
  if (day < 30) return { oldest: 0 };
  if (day < PROVEN_AGAIN) return { oldest: 0, refused: 'the newest proven point' };
  if (day >= UNCOPIED + 30 && day < COPIED_AT_LAST)
    return { oldest: UNCOPIED, refused: 'not yet copied to the recovery region' };
  return { oldest: day - 29 };
};

it('keeps to its rules through forty days, refuses while it must, and catches up by itself', async () => {
  for (let day = 0; day < DAYS; day++) {
    await until(day, 2);
    if (day === UNCOPIED) {
      const stop = shop.world.faults.add(
        { operation: 'CopyDBSnapshot' },
        { kind: 'error', code: 'ServiceUnavailable', status: 503, when: 'before' },
      );
      await backUp(day);
      await until(day, 5);
      stop();
    } else if (day === 0 || day === PROVEN_AGAIN) await backUpAndProve(day);
    else await backUp(day);
    if (day === COPIED_AT_LAST) {
      await shop.world.clock.settled();
      const [uncopied] = (await catalogOf(shop)).filter(({ copies }) =>
        copies.some(({ status }) => status !== 'available'),
      );
      await invoke(shop, 'rdsSettlePoint', { recoveryPoint: uncopied?.id });
    }
    const told = shop.primary.sns.inbox().length;
    await until(day, 7);
    const { oldest, refused } = expectation(day);
    expect(daysOf(await expectSound()), `day ${day}`).toEqual(range(oldest, day));
    // Whether a snapshot's own duration is unusual depends on the machine, and is told by others.
    const messages = shop.primary.sns
      .inbox()
      .slice(told)
      .filter(({ message }) => message.includes('Retention of'));
    const over = !refused && expectation(day - 1).refused !== undefined;
    expect(
      messages.map(({ topicArn }) => topicArn.split('-').at(-1)),
      `day ${day}`,
    ).toEqual(refused || over ? ['warning'] : []);
    if (refused) expect(messages[0]?.message).toMatch(new RegExp(`must stay: .*: ${refused}`));
    if (over) expect(messages[0]?.message).toMatch(/^recovered: /);
  }
}, 600_000);
