// There and back: the primary region loses its power, the platform moves, the region comes back with rows that nobody else
// has, gets ready, and takes the platform back without losing an order.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  catalogOf,
  describeExecution,
  invoke,
  readObject,
  startMachine,
  untilEnded,
} from '../../local/story/observations.ts';
import type { LocalRegion } from '../../local/world.ts';
import { Rejoin, rejoinKey } from '../../shared/recovery/rejoin.ts';
import {
  begin,
  type Ended,
  grant,
  order,
  pass,
  recordOf,
  startMovableShop,
  toldAbout,
  until,
} from '../support/failovers.ts';
import type { ShopPlatform } from '../support/shop-platform.ts';

let shop: ShopPlatform;
/** Shipped; written after the link broke; written in the other region. */
const orders = { shipped: 0, unshipped: 0, there: 0, back: 0 };

const told = (region: LocalRegion, ...words: string[]): string[] =>
  region.sns
    .inbox()
    .map((mail) => `${mail.subject}\n${mail.message}`)
    .filter((text) => words.every((word) => text.includes(word)));
const hasOrder = async (where: 'primary' | 'recovery', instance: string, id: number): Promise<boolean> => {
  const client = await shop.connect(shop[where], instance);
  try {
    return (await client.query('SELECT FROM orders WHERE id = $1', [id])).rowCount === 1;
  } finally {
    await client.end();
  }
};
const rejoin = async (region: LocalRegion): Promise<Ended> => {
  const execution = await startMachine(shop, 'rejoin', { platform: 'shop' }, region);
  await untilEnded(shop, execution, 12);
  return describeExecution<Ended>(shop, execution);
};

beforeAll(async () => {
  shop = await startMovableShop();
  await shop.keepWatch();
  await pass(shop, 150);
  orders.shipped = await order(shop, 'primary');
  await pass(shop, 10);
  await shop.recovery.rds.breakReplication('shop-db-replica');
  orders.unshipped = await order(shop, 'primary');
  await shop.world.cutPower(shop.primary.name);
  await until(shop, () => toldAbout(shop, 'is down').length > 0);
  const failover = await begin(shop, 'there');
  await grant(shop, failover.id);
  const ended = await failover.ended();
  expect(ended.status, ended.cause).toBe('SUCCEEDED');
  orders.there = await order(shop, 'recovery');
}, 600_000);
afterAll(() => shop?.stop());

describe('a platform that moved', { timeout: 600_000 }, () => {
  it('is backed up where it lives now, from the failover on', async () => {
    const first = async () =>
      (await catalogOf(shop, shop.recovery)).find(
        ({ source, purpose }) => source === 'shop-db' && purpose === 'on-demand',
      );
    await until(shop, async () => (await first())?.status === 'stored', 60);
    expect(await first()).toMatchObject({
      source: 'shop-db',
      method: 'snapshot',
      fingerprint: { after: expect.anything() },
    });
  });
});

describe('a region that comes back', { timeout: 600_000 }, () => {
  it('is shut to the application, and gets copies of what is backed up in the other one', async () => {
    await shop.world.restorePower(shop.primary.name);
    await until(shop, () => toldAbout(shop, 'came back and was shut').length > 0);
    await expect(order(shop, 'primary')).rejects.toThrow(/not permitted to log in/);
    const copied = async () =>
      (await catalogOf(shop, shop.recovery)).some(
        ({ source, copies }) =>
          source === 'shop-db' &&
          copies.some(({ region, status }) => region === shop.primary.name && status === 'available'),
      );
    await until(shop, copied, 120);
  });

  it('says which rows only it has, keeps them, and follows the region that customers use', async () => {
    expect(await rejoin(shop.primary)).toMatchObject({ status: 'SUCCEEDED' });
    const bucket = shop.stacks.primary.outputs.VaultBucketName as string;
    const record = Rejoin.parse(
      JSON.parse(await readObject(shop, shop.primary, bucket, rejoinKey('there', shop.primary.name))),
    );
    expect(record.tables.find(({ table }) => table === 'public.orders')).toMatchObject({
      leftInserted: 1,
      livingInserted: 1,
      keys: [{ kind: 'leftInserted', key: String(orders.unshipped) }],
    });
    expect(record.tables.flatMap(({ unexplained, leftDeleted }) => [unexplained, leftDeleted])).toEqual(
      record.tables.flatMap(() => [0, 0]),
    );
    const [mail] = told(shop.primary, 'can take the platform back');
    expect(mail).toContain(`public.orders: 1 written only here; keys ${orders.unshipped}`);
    expect(await hasOrder('primary', record.keptAs ?? '', orders.unshipped)).toBe(true);
    await until(shop, () => hasOrder('primary', 'shop-db', orders.there));
  });

  it('takes the platform back on a word, and no order is lost', async () => {
    const input = { failoverId: 'back', reason: 'the region is well again', by: 'Ada' };
    const refused = await startMachine(shop, 'failover', input, shop.primary);
    await untilEnded(shop, refused, 1);
    expect(await describeExecution<Ended>(shop, refused)).toMatchObject({ status: 'FAILED' });

    const execution = await startMachine(shop, 'failover', { ...input, override: 'shop' }, shop.primary);
    await until(shop, () => told(shop.primary, 'back', 'waits for approval').length > 0);
    orders.back = await order(shop, 'recovery');
    await invoke(shop, 'recoveryApprove', { failoverId: 'back', decision: 'granted', by: 'Grace' }, shop.primary);
    await untilEnded(shop, execution, 3);
    expect(await describeExecution<Ended>(shop, execution)).toMatchObject({ status: 'SUCCEEDED' });

    expect(await recordOf(shop, 'back', 'database', shop.primary)).toMatchObject({
      facts: { how: 'replica', promoted: true, caughtUp: true, lossSeconds: 0 },
    });
    for (const id of [orders.shipped, orders.there, orders.back])
      expect(await hasOrder('primary', 'shop-db', id)).toBe(true);
    await expect(order(shop, 'recovery')).rejects.toThrow(/not permitted to log in/);
    expect(await order(shop, 'primary')).toBeGreaterThan(orders.back);
    expect(told(shop.primary, 'back', 'lives in us-east-1')).not.toEqual([]);
  });

  it('and the other one follows again: the next disaster may come', async () => {
    expect(await rejoin(shop.recovery)).toMatchObject({ status: 'SUCCEEDED' });
    const last = await order(shop, 'primary');
    await until(shop, () => hasOrder('recovery', 'shop-db-replica', last));
  });
});
