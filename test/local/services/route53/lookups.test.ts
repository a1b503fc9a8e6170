import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLambda } from '../../../../local/services/lambda/service.ts';
import type { WorldDns } from '../../../../local/services/route53/dns.ts';
import { createRoute53 } from '../../../../local/services/route53/service.ts';
import { createFunction, invoke } from '../lambda/functions.ts';
import { createRegions, type TestWorld } from '../lambda/regions.ts';

/** Looks a name up in each way there is, and says what came of it. */
const LOOKUPS = `
const dns = require('node:dns');
const told = (promise) => promise.then((value) => value, ({ code, hostname, syscall }) => ({ code, hostname, syscall }));
const byCallback = (name, options) => new Promise((resolve, reject) =>
  dns.lookup(name, options, (error, address, family) => (error ? reject(error) : resolve(options.all ? address : [address, family]))));
exports.handler = async ({ name, url }) => ({
  one: await told(byCallback(name, {})),
  all: await told(byCallback(name, { all: true })),
  six: await told(byCallback(name, { family: 6, all: true })),
  promise: await told(dns.promises.lookup(name)),
  promises: await told(require('node:dns/promises').lookup(name, { all: true })),
  module: await told(import('node:dns').then(({ promises }) => promises.lookup(name))),
  fetched: url && (await (await fetch(url)).text()),
  got: url && (await new Promise((resolve) => require('node:http').get(url, (r) => r.on('data', (d) => resolve(String(d)))))),
  variable: process.env.LOCAL_NAME_SERVER,
});
`;

let world: TestWorld;
let server: Server;
let url = '';
let addresses = ['127.0.0.1'];
beforeEach(async () => {
  world = createRegions([createLambda, createRoute53]);
  const dns = world.dns as WorldDns;
  await dns.listen();
  dns.host({ id: 'Z0SHOP', name: 'shop.example' });
  addresses = ['127.0.0.1'];
  dns.register('shop-1.elb.us-east-1.amazonaws.com', () => addresses);
  const set = {
    Name: 'www.shop.example',
    Type: 'CNAME',
    TTL: 30,
    ResourceRecords: [{ Value: 'shop-1.elb.us-east-1.amazonaws.com' }],
  };
  await world.call('route53', 'ChangeResourceRecordSets', {
    HostedZoneId: 'Z0SHOP',
    ChangeBatch: { Changes: [{ Action: 'CREATE', ResourceRecordSet: set }] },
  });
  await world.advance(60_000);
  server = createServer((_, response) => response.end('the shop'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://www.shop.example:${(server.address() as AddressInfo).port}/`;
  await createFunction(world, 'lookups', LOOKUPS);
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await world.close();
});

const lookups = async (event: object) => (await invoke(world, 'lookups', event)).value as Record<string, unknown>;

describe('a function', () => {
  it('does not remember that a name led to nothing', async () => {
    addresses = [];
    expect(await lookups({ name: 'www.shop.example' })).toMatchObject({ promise: { code: 'ENOTFOUND' } });
    addresses = ['127.0.0.1'];
    await world.advance(60_000);
    expect(await lookups({ name: 'www.shop.example' })).toMatchObject({ promise: { address: '127.0.0.1' } });
  });

  it('resolves names of the world however it asks, and reaches what is behind them', async () => {
    const found = { address: '127.0.0.1', family: 4 };
    expect(await lookups({ name: 'www.shop.example', url })).toMatchObject({
      one: ['127.0.0.1', 4],
      all: [found],
      promise: found,
      promises: [found],
      module: found,
      fetched: 'the shop',
      got: 'the shop',
    });
  });

  it('is told that a name is not there as the machine would tell it', async () => {
    const told = await lookups({ name: 'gone.shop.example' });
    const expected = { code: 'ENOTFOUND', hostname: 'gone.shop.example', syscall: 'getaddrinfo' };
    expect(told).toMatchObject({ one: expected, all: expected, promise: expected, promises: expected });
  });

  it('leaves all other names to the machine', async () => {
    const loopback = { address: '127.0.0.1', family: 4 };
    expect(await lookups({ name: '127.0.0.1' })).toMatchObject({ one: ['127.0.0.1', 4], promise: loopback });
    // Reserved never to exist (RFC 6761): the world refuses it, and the machine finds nothing.
    expect(await lookups({ name: 'elsewhere.invalid' })).toMatchObject({ one: { syscall: 'getaddrinfo' } });
    const local = (await lookups({ name: 'localhost' })) as { one: [string] };
    expect(['127.0.0.1', '::1']).toContain(local.one[0]);
  });

  it('keeps an answer for its time to live, in region time', async () => {
    const address = async () => ((await lookups({ name: 'www.shop.example' })) as { one: [string] }).one[0];
    expect(await address()).toBe('127.0.0.1');
    addresses = ['127.0.0.2'];
    await world.advance(20_000);
    expect(await address()).toBe('127.0.0.1');
    await world.advance(11_000);
    expect(await address()).toBe('127.0.0.2');
  });

  it('does not see how its names are resolved', async () => {
    expect(await lookups({ name: 'www.shop.example' })).not.toHaveProperty('variable');
  });
});
