// Restores that people ask for, through their machine and under its permissions: from a snapshot and to a moment, always
// beside what exists, with exactly what was there then.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startMachine, untilEnded } from '../../local/story/observations.ts';
import { type ShopPlatform, startShop } from '../support/shop-platform.ts';

let shop: ShopPlatform;
let snapshot: string;
/** Region times with one order between each. */
let afterFirst: Date;
let before: number;

const MINUTE_MS = 60_000;
const pass = (ms: number): Promise<void> => shop.world.clock.advanceTo(new Date(shop.world.clock.now().getTime() + ms));

const ordersIn = async (instance: string): Promise<number> => {
  const client = await shop.connect(shop.primary, instance);
  try {
    const { rows } = await client.query('SELECT count(*) FROM orders');
    return Number(rows[0].count);
  } finally {
    await client.end();
  }
};

beforeAll(async () => {
  shop = await startShop(0.002);
  before = await ordersIn('shop-db');
  snapshot = (await shop.backUp()).id;
  await shop.placeOrder();
  await pass(MINUTE_MS);
  afterFirst = shop.world.clock.now();
  await pass(10 * MINUTE_MS);
  await shop.placeOrder();
  await pass(10 * MINUTE_MS);
}, 300_000);
afterAll(() => shop?.stop());

const restore = async (target: string, from: object): Promise<string> =>
  untilEnded(shop, await startMachine(shop, 'restore-database', { source: shop.source, target, from }));

describe('a restore to a new instance', () => {
  it.each([
    ['the newest snapshot', 'from-newest', () => ({ latest: 'snapshot' }), 0],
    ['a snapshot by its name', 'from-named', () => ({ recoveryPoint: snapshot }), 0],
    ['the newest snapshot before a time', 'from-before', () => ({ before: afterFirst.toISOString() }), 0],
    ['a moment between two orders', 'to-moment', () => ({ time: afterFirst.toISOString() }), 1],
    ['the latest moment there is', 'to-latest', () => ({ latest: 'restorable-time' }), 2],
  ])(
    'from %s holds what was there then',
    async (_, target, from, orders) => {
      expect(await restore(target, from())).toBe('SUCCEEDED');
      expect(await ordersIn(target)).toBe(before + orders);
    },
    120_000,
  );

  it('under a name that is taken fails, tells people, and leaves what is there alone', async () => {
    const told = shop.primary.sns.inbox().length;
    expect(await restore('shop-db', { latest: 'snapshot' })).toBe('FAILED');
    expect(shop.primary.sns.inbox().slice(told)).toContainEqual(
      expect.objectContaining({
        subject: '[critical] shop-db could not be restored',
        message: expect.stringMatching(/NameTaken.*Nothing else was touched/),
      }),
    );
    expect(await ordersIn('shop-db')).toBe(before + 2);
  }, 120_000);

  it('from a point that is not there fails, and says so', async () => {
    const told = shop.primary.sns.inbox().length;
    expect(await restore('from-nothing', { recoveryPoint: 'shop-db-20200101t000000z-scheduled' })).toBe('FAILED');
    const messages = shop.primary.sns.inbox().slice(told);
    expect(messages.map(({ message }) => message).join('\n')).toMatch(/RecoveryPointMissing/);
  }, 120_000);
});
