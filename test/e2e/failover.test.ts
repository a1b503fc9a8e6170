import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { begin, grant, order, recordOf, toldAbout, until } from '../support/failovers.ts';
import { type ShopPlatform, startShop } from '../support/shop-platform.ts';

describe('the primary region dies', { timeout: 240_000 }, () => {
  let shop: ShopPlatform;
  beforeAll(async () => {
    shop = await startShop(0.002);
    await shop.keepWatch();
    await until(shop, () => toldAbout(shop, 'nothing').length === 0);
    await shop.world.clock.advanceTo(new Date(shop.world.clock.now().getTime() + 120_000));
  }, 240_000);
  afterAll(() => shop?.stop());

  it('and the platform lives in the other one: within a minute of our own work, with every order that was shipped', async () => {
    const last = await order(shop, 'primary');
    await shop.world.clock.advanceTo(new Date(shop.world.clock.now().getTime() + 10_000));
    await shop.world.killRegion(shop.primary.name);
    await until(shop, () => toldAbout(shop, 'is down').length > 0);

    const began = performance.now();
    const failover = await begin(shop, 'lost-region');
    await grant(shop, failover.id);
    const ended = await failover.ended();
    const seconds = (performance.now() - began) / 1000;
    expect(ended).toMatchObject({ status: 'SUCCEEDED' });
    expect(seconds).toBeLessThan(60);
    process.stdout.write(`own work ${seconds} s ${ended.output}\n`);
    process.stdout.write(`${JSON.stringify(await recordOf(shop, failover.id, 'database'), null, 1)}\n`);

    expect(await order(shop, 'recovery')).toBeGreaterThan(last);
    expect(toldAbout(shop, failover.id, 'lives in us-west-2')).toHaveLength(1);
    process.stdout.write(toldAbout(shop, failover.id).join('\n-----\n'));
  });
});
