import dns from 'node:dns';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { leadsOf, movesTo, stillAway } from '../../../functions/recovery/dns-names.ts';
import type { WorldDns } from '../../../local/services/route53/dns.ts';
import { resolveThrough } from '../../../local/services/route53/lookups.ts';
import { createRegions, type TestWorld } from '../../local/services/lambda/regions.ts';

let world: TestWorld;
beforeAll(async () => {
  world = createRegions([]);
  await (world.dns as WorldDns).listen();
  world.dns.host({ id: 'Z0SHOP', name: 'shop.example' });
  world.dns.register('east.elb.amazonaws.com', () => ['127.0.0.1']);
  world.dns.register('west.elb.amazonaws.com', () => ['127.0.0.2', '127.0.0.3']);
  world.dns.register('both.elb.amazonaws.com', () => ['127.0.0.1', '127.0.0.2']);
  world.dns.register('one.elb.amazonaws.com', () => ['127.0.0.3']);
  resolveThrough(world.dns.address);
});
afterAll(() => world.close());

const move = (name: string, target = 'west.elb.amazonaws.com') => ({ name, target, left: 'east.elb.amazonaws.com' });
const arrived = async (...names: string[]) =>
  (await leadsOf(names.map((name) => move(name)))).map((lead) => lead.arrived);

describe('a name', () => {
  it('has arrived with one address of its target, and none of what it left', async () => {
    expect(await arrived('west.elb.amazonaws.com', 'one.elb.amazonaws.com')).toEqual([true, true]);
    expect(await arrived('east.elb.amazonaws.com', 'both.elb.amazonaws.com')).toEqual([false, false]);
  });

  it('that is not there, or whose target is not, has not arrived', async () => {
    const leads = await leadsOf([move('gone.shop.example'), move('west.elb.amazonaws.com', 'gone.shop.example')]);
    expect(stillAway(leads)).toBe(
      'gone.shop.example leads to nothing, not to west.elb.amazonaws.com; west.elb.amazonaws.com leads to 127.0.0.2, 127.0.0.3, not to gone.shop.example',
    );
  });

  it('may have an address for a target', async () => {
    expect(await leadsOf([move('one.elb.amazonaws.com', '127.0.0.3')])).toMatchObject([{ arrived: true }]);
  });

  it('is not taken for gone when it could not be asked for', async () => {
    const exhausted = Object.assign(new Error('too many open files'), { code: 'EMFILE' });
    vi.spyOn(dns.promises, 'lookup').mockRejectedValue(exhausted);
    await expect(leadsOf([move('one.elb.amazonaws.com')])).rejects.toBe(exhausted);
  });

  it('moves from the one region to the other', () => {
    const settings = { records: [{ name: 'a', primary: 'p', recovery: 'r' }] } as never;
    expect(movesTo('recovery', settings)).toEqual([{ name: 'a', target: 'r', left: 'p' }]);
    expect(movesTo('primary', settings)).toEqual([{ name: 'a', target: 'p', left: 'r' }]);
  });
});
