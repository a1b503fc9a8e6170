import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { begin, grant, openForCustomers, order, recordOf, toldAbout, until } from '../support/failovers.ts';
import { type ShopPlatform, startShop } from '../support/shop-platform.ts';

let shop: ShopPlatform;
let closeDoors: () => Promise<void>;
const open = async (): Promise<void> => {
  shop = await startShop(0.002);
  closeDoors = await openForCustomers(shop);
  await shop.keepWatch();
  await pass(150);
};
const close = async (): Promise<void> => {
  await closeDoors?.();
  await shop?.stop();
};
const pass = (seconds: number) =>
  shop.world.clock.advanceTo(new Date(shop.world.clock.now().getTime() + seconds * 1000));

describe('the primary region dies', { timeout: 240_000 }, () => {
  beforeAll(open, 240_000);
  afterAll(close);

  it('and the platform lives in the other one, where orders are taken again', async () => {
    const last = await order(shop, 'primary');
    await pass(10);
    await shop.world.killRegion(shop.primary.name);
    await until(shop, () => toldAbout(shop, 'is down').length > 0);

    const failover = await begin(shop, 'lost-region');
    await grant(shop, failover.id);
    const ended = await failover.ended();
    expect(ended).toMatchObject({ status: 'SUCCEEDED' });

    expect(await order(shop, 'recovery')).toBeGreaterThan(last);
    expect(await recordOf(shop, failover.id, 'database')).toMatchObject({ facts: { how: 'replica', promoted: true } });
    expect(toldAbout(shop, failover.id, 'lives in us-west-2')).not.toEqual([]);
  });
});
