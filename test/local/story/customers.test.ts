import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { json } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LocalPlatform } from '../../../local/platform.ts';
import { newAddress } from '../../../local/services/eks/nodes/addresses.ts';
import { type Customers, keepOrdering } from '../../../local/story/customers.ts';
import { keyOf } from '../../../local/story/losses.ts';
import { PORT } from '../../../local/workloads/clusters.ts';
import { createWorld, type LocalWorld } from '../../../local/world.ts';

let directory: string;
let world: LocalWorld;
let server: Server;
let customers: Customers;
let open: boolean;
let placed: { customerId: number; orderedAt: string }[];

beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'customers-'));
  world = await createWorld({ directory, regions: ['us-east-1'] });
  open = true;
  placed = [];
  server = createServer(async (request, response) => {
    if (!open) return void request.socket.destroy();
    if (request.method === 'POST') placed.push((await json(request)) as (typeof placed)[number]);
    response.writeHead(request.method === 'POST' ? 201 : 200).end(JSON.stringify({ id: `${placed.length}` }));
  });
  const address = newAddress();
  await new Promise<void>((resolve) => server.listen(PORT, address, resolve));
  for (const name of ['orders', 'products']) world.dns.register(`${name}.shop.example`, () => [address]);
  customers = keepOrdering({ world } as LocalPlatform);
});
afterEach(async () => {
  await customers.stop();
  server.close();
  await world.close();
  rmSync(directory, { recursive: true, force: true });
});

const pass = (seconds: number) => world.clock.advanceTo(new Date(world.clock.now().getTime() + seconds * 1000));

describe('customers', () => {
  it('order every two seconds of region time, and remember what was acknowledged', async () => {
    await pass(21);
    expect(customers.acknowledged.length).toBeGreaterThanOrEqual(9);
    expect(customers.acknowledged.map(({ orderedAt }) => orderedAt)).toEqual(placed.map(({ orderedAt }) => orderedAt));
    expect(customers.refusals).toEqual([]);
  });

  it('count what was not acknowledged, and how long nothing was', async () => {
    await pass(11);
    const { length } = customers.acknowledged;
    open = false;
    await pass(60);
    expect(customers.acknowledged).toHaveLength(length);
    expect(customers.refusals.length).toBeGreaterThan(20);
    open = true;
    await pass(10);
    const { seconds, from } = customers.interruption();
    expect(from).toEqual(customers.acknowledged[length - 1]?.at);
    expect(seconds).toBeGreaterThan(58);
    expect(seconds).toBeLessThan(70);
  });

  it('who order in the same moment have orders of their own', async () => {
    await customers.rush(8);
    await customers.stop();
    expect(new Set(customers.acknowledged.map(keyOf)).size).toBe(8);
    expect(new Set(placed.map(({ orderedAt }) => orderedAt)).size).toBe(8);
  });
});
