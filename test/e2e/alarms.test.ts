// The alarms as they are deployed, on what really happens: archiving that stands still, copies that are throttled, a
// scheduler that stops, verification that stops while backups go on. Who is paged, when, and what ends it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalogOf, invoke, startMachine, untilEnded } from '../../local/story/observations.ts';
import { keepOrdering } from '../../local/story/shop-data.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { runOnly } from '../support/running-schedules.ts';
import { type ShopPlatform, startShop } from '../support/shop-platform.ts';

let shop: ShopPlatform;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** What a healthy platform runs all the time. */
const EVERY_FIVE_MINUTES = ['measure', 'reconcile', 'sweep'];

const now = (): number => shop.world.clock.now().getTime();
const pass = (ms: number): Promise<void> => shop.world.clock.advanceTo(new Date(now() + ms));

const stateOf = async (alarm: string): Promise<string | undefined> => {
  const { MetricAlarms } = await shop.ask<{ MetricAlarms: { StateValue: string }[] }>(
    shop.primary,
    'monitoring',
    'DescribeAlarms',
    { AlarmNames: [`${shop.service}-${shop.source}-${alarm}`] },
  );
  return MetricAlarms[0]?.StateValue;
};

/** Lets time pass minute by minute until the alarm has the state; how long that took. */
const untilAlarm = async (alarm: string, state: 'OK' | 'ALARM', withinMs: number): Promise<number> => {
  const began = now();
  while ((await stateOf(alarm)) !== state) {
    if (now() - began >= withinMs) throw new Error(`${alarm} is not ${state} after ${withinMs / MINUTE_MS} minutes.`);
    await pass(MINUTE_MS);
  }
  return now() - began;
};

/** Subjects of the e-mails for a topic's subscribers since `from`. */
const mail = (topic: 'critical' | 'warning', from = 0): string[] =>
  shop.primary.sns
    .inbox()
    .slice(from)
    .filter(({ topicArn, protocol }) => protocol === 'email' && topicArn.endsWith(`-${topic}`))
    .map(({ subject }) => subject);
const mailCount = (): number => shop.primary.sns.inbox().length;
const subject = (state: 'OK' | 'ALARM', alarm: string): string =>
  `${state}: "${shop.service}-${shop.source}-${alarm}" in US East (N. Virginia)`;

const verify = async (point: RecoveryPoint): Promise<void> => {
  const execution = await startMachine(shop, 'verify-database', {
    source: shop.source,
    recoveryPoint: point.id,
    scheduledAt: shop.world.clock.now().toISOString(),
  });
  expect(await untilEnded(shop, execution)).toBe('SUCCEEDED');
  expect((await shop.point(point.id)).verifications.at(-1)).toMatchObject({ verdict: 'PROVEN' });
};

interface Measured {
  achievableRpo: number;
  provenPointAge: number;
}
const measure = async (): Promise<Measured> => (await invoke<[Measured]>(shop, 'rdsMeasure', {}))[0];

beforeAll(async () => {
  shop = await startShop(0.002);
  await runOnly(shop, EVERY_FIVE_MINUTES);
  await verify(await shop.backUp());
  // Deployed before there was anything to measure, the alarms have cried for want of data; now there is some.
  for (const alarm of ['not-proven', 'no-recent-point', 'rpo']) await untilAlarm(alarm, 'OK', HOUR_MS);
}, 600_000);
afterAll(() => shop?.stop());

describe('a deployment', () => {
  it('whose alarms all tell their first state at once floods nobody: every address is still subscribed', async () => {
    for (const topic of ['critical', 'warning']) {
      const { Attributes } = await shop.ask<{ Attributes: Record<string, string> }>(
        shop.primary,
        'sns',
        'GetTopicAttributes',
        { TopicArn: `arn:aws:sns:${shop.primary.name}:${shop.primary.account}:${shop.service}-${topic}` },
      );
      expect(Attributes.SubscriptionsPending, topic).toBe('0');
    }
    expect(mail('warning')).not.toEqual([]);
  });
});

describe('WAL that is not archived', () => {
  it('is reported as the data loss it means, and pages until it is archived again', async () => {
    const client = await shop.connect(shop.primary, 'shop-db');
    const customers = keepOrdering(client, shop.world.clock.now, 5);
    const told = mailCount();
    await pass(10 * MINUTE_MS);
    await measure();
    await shop.primary.rds.pauseArchiving('shop-db', true);
    const paused = now();
    try {
      await pass(7 * MINUTE_MS);
      const { achievableRpo } = await measure();
      expect(achievableRpo).toBeGreaterThanOrEqual(7 * 60);
      expect(mail('critical', told)).toEqual([]);

      // What a restore begun now would really give back ends where the archive does.
      await shop.ask(shop.primary, 'rds', 'RestoreDBInstanceToPointInTime', {
        SourceDBInstanceIdentifier: 'shop-db',
        TargetDBInstanceIdentifier: 'what-is-left',
        UseLatestRestorableTime: true,
      });
      await shop.world.clock.settled();
      const asked = now();
      expect(asked - (await newestOrder('what-is-left'))).toBeGreaterThanOrEqual(7 * MINUTE_MS);
      expect(await newestOrder('shop-db')).toBeGreaterThan(paused);

      // Three measurements in a row are needed: one beyond the objective is a late upload.
      expect(await untilAlarm('rpo', 'ALARM', HOUR_MS)).toBeLessThanOrEqual(20 * MINUTE_MS);
      expect(mail('critical', told)).toEqual([subject('ALARM', 'rpo')]);
    } finally {
      await shop.primary.rds.pauseArchiving('shop-db', false);
    }
    await untilAlarm('rpo', 'OK', HOUR_MS);
    expect(mail('critical', told)).toEqual([subject('ALARM', 'rpo'), subject('OK', 'rpo')]);
    expect((await measure()).achievableRpo).toBeLessThanOrEqual(300);
    await customers.stop();
    await client.end();
  }, 300_000);

  const newestOrder = async (instance: string): Promise<number> => {
    const client = await shop.connect(shop.primary, instance);
    try {
      const { rows } = await client.query('SELECT max(ordered_at) AS at FROM orders');
      return (rows[0].at as Date).getTime();
    } finally {
      await client.end();
    }
  };
});

describe('copies that are throttled for a while', () => {
  it('page nobody, fail no backup, and are there when the throttling ends', async () => {
    const told = mailCount();
    const stop = shop.world.faults.add(
      { service: 'rds', operation: 'CopyDBSnapshot' },
      { kind: 'error', code: 'Throttling', status: 400, when: 'before' },
    );
    const until = now() + 10 * MINUTE_MS;
    shop.world.clock.at(new Date(until), stop);
    const { id } = await shop.backUp();
    await shop.world.clock.advanceTo(new Date(until));
    await pass(15 * MINUTE_MS);
    const { status, copies, fingerprint } = await shop.point(id);
    expect({ status, copies }).toMatchObject({ status: 'stored', copies: [{ status: 'available' }] });
    expect(new Date(copies[0]?.requestedAt ?? 0).getTime()).toBeGreaterThanOrEqual(until);
    expect(fingerprint?.after).toBeDefined();
    expect(mail('critical', told)).toEqual([]);
  }, 300_000);
});

describe('a scheduler that stops', () => {
  it('pages within half an hour: what is not measured counts as bad, and is good again with the first measurements', async () => {
    const told = mailCount();
    await runOnly(shop, []);
    await pass(30 * MINUTE_MS);
    const pages = mail('critical', told);
    expect(pages.toSorted()).toEqual(
      ['no-recent-point', 'not-proven', 'rpo'].map((alarm) => subject('ALARM', alarm)).toSorted(),
    );
    await runOnly(shop, EVERY_FIVE_MINUTES);
    for (const alarm of ['not-proven', 'no-recent-point', 'rpo']) await untilAlarm(alarm, 'OK', HOUR_MS);
    expect(mail('critical', told)).toHaveLength(6);
  }, 300_000);
});

describe('verification that stops while backups go on', () => {
  it('pages when the newest proven point is older than the objective, and until the next proof', async () => {
    // Days of measuring and backups show nothing but a growing age: both begin again towards the end of the objective.
    const proven = Math.max(...(await catalogOf(shop)).filter(({ status }) => status === 'verified').map(takenAt));
    await runOnly(shop, []);
    await shop.world.clock.advanceTo(new Date(proven + 5 * DAY_MS));
    await runOnly(shop, [`${shop.source}-snapshot`]);
    await shop.world.clock.advanceTo(new Date(proven + 7 * DAY_MS));
    await shop.placeOrder();
    await shop.world.clock.advanceTo(new Date(proven + 8 * DAY_MS - 2 * HOUR_MS));
    await runOnly(shop, [`${shop.source}-snapshot`, ...EVERY_FIVE_MINUTES]);
    for (const alarm of ['not-proven', 'no-recent-point', 'rpo']) await untilAlarm(alarm, 'OK', HOUR_MS);
    const told = mailCount();

    await untilAlarm('not-proven', 'ALARM', 3 * HOUR_MS);
    expect(now() - proven).toBeGreaterThan(8 * DAY_MS);
    expect(now() - proven).toBeLessThan(8 * DAY_MS + 15 * MINUTE_MS);
    expect(mail('critical', told)).toEqual([subject('ALARM', 'not-proven')]);
    const text = shop.primary.sns.inbox().findLast(({ protocol }) => protocol === 'email')?.message ?? '';
    expect(JSON.parse(text)).toMatchObject({
      NewStateValue: 'ALARM',
      AlarmDescription: 'No recovery point was proven by a restore within the objective.',
    });
    // Every backup is green, its copy too.
    const backups = (await catalogOf(shop)).filter((point) => takenAt(point) > proven);
    expect(backups.filter(({ purpose }) => purpose === 'scheduled')).toHaveLength(3);
    for (const { status, copies } of backups) {
      expect(status).toBe('stored');
      expect(copies).toMatchObject([{ status: 'available' }]);
    }
    expect(await stateOf('no-recent-point')).toBe('OK');

    await verify(backups.at(-1) as RecoveryPoint);
    await untilAlarm('not-proven', 'OK', HOUR_MS);
    expect(mail('critical', told)).toEqual([subject('ALARM', 'not-proven'), subject('OK', 'not-proven')]);
  }, 600_000);

  const takenAt = ({ pointInTime, scheduledAt }: RecoveryPoint): number =>
    new Date(pointInTime ?? scheduledAt).getTime();
});
