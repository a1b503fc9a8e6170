// Customers of the shop as a whole: they find it by its names, look at a product, order it, try again while nobody answers, and
// remember every order that was acknowledged to them.
import { Resolver } from 'node:dns/promises';
import { request } from 'node:http';
import { json } from 'node:stream/consumers';
import type { LocalPlatform } from '../platform.ts';
import { PORT } from '../workloads/clusters.ts';

export interface Acknowledged {
  id: number;
  customerId: number;
  /** When the customer pressed the button, in region time. No two orders have the same: numbers alone are given out again after a loss. */
  orderedAt: string;
  /** When the shop had said yes. */
  at: Date;
}

export interface Customers {
  readonly acknowledged: readonly Acknowledged[];
  /** Attempts that nobody acknowledged, and why. */
  readonly refusals: readonly string[];
  /** Several order at once. Resolves when the first is acknowledged; the others are under way. */
  rush(orders: number): Promise<void>;
  /** The longest time in which no order was acknowledged. */
  interruption(): { from: Date; to: Date; seconds: number };
  stop(): Promise<void>;
}

/** One order every so often: a load that any machine bears. */
const EVERY_MS = 2_000;
/** Of the machine's time, which may be busy with other things. */
const PATIENCE_MS = 10_000;

export const keepOrdering = (platform: LocalPlatform): Customers => {
  const { clock } = platform.world;
  const visit = visitor(platform);
  const acknowledged: Acknowledged[] = [];
  const underWay = new Set<Promise<boolean>>();
  const refusals: string[] = [];
  let pressed = 0;
  let cancel = (): void => undefined;
  let going = true;

  const order = async (): Promise<boolean> => {
    const turn = ++pressed;
    const customerId = 1 + (turn % 200);
    const productId = 1 + ((turn * 7) % 200);
    // Milliseconds of a busy moment may be the same, and no two orders are.
    const orderedAt = new Date(Math.max(clock.now().getTime(), lastPress + 1));
    lastPress = orderedAt.getTime();
    try {
      await visit('products.shop.example', `/products/${productId}`);
      const items = [{ productId, quantity: 1 + (turn % 3) }];
      const { id } = await visit('orders.shop.example', '/orders', { customerId, items, orderedAt });
      acknowledged.push({ id: Number(id), customerId, orderedAt: orderedAt.toISOString(), at: clock.now() });
      return true;
    } catch (error) {
      // Whatever the reason: to a customer it is one, "try again".
      refusals.push(error instanceof Error ? error.message || error.name : String(error));
      return false;
    }
  };
  let lastPress = 0;
  const start = (): Promise<boolean> => {
    const one = order().finally(() => underWay.delete(one));
    underWay.add(one);
    return one;
  };
  const next = (): void => {
    cancel = clock.at(new Date(clock.now().getTime() + EVERY_MS), async () => {
      // Region time waits for the answer, for as long as the customer does.
      await start();
      if (going) next();
    });
  };
  next();

  return {
    acknowledged,
    refusals,
    rush: async (orders) => {
      const began = Array.from({ length: orders }, start);
      await Promise.any(began.map((one) => one.then((taken) => taken || Promise.reject(new Error('not taken')))));
    },
    interruption: () => {
      const times = acknowledged.map(({ at }) => at);
      let longest = { from: clock.now(), to: clock.now(), seconds: 0 };
      for (const [index, to] of times.entries()) {
        const from = times[index - 1] ?? to;
        const seconds = (to.getTime() - from.getTime()) / 1000;
        if (seconds > longest.seconds) longest = { from, to, seconds };
      }
      return longest;
    },
    stop: async () => {
      going = false;
      cancel();
      await Promise.all(underWay);
    },
  };
};

/** Asks by name, as a browser does: the world's name server is asked, and its answer kept for its time to live. */
const visitor = ({ world }: LocalPlatform) => {
  const resolver = new Resolver({ timeout: PATIENCE_MS, tries: 1 });
  resolver.setServers([world.dns.address]);
  const known = new Map<string, { address: string; until: number }>();
  const addressOf = async (name: string): Promise<string> => {
    const standing = known.get(name);
    if (standing && standing.until > world.clock.now().getTime()) return standing.address;
    const [found] = await resolver.resolve4(name, { ttl: true });
    if (!found) throw new Error(`${name} leads nowhere.`);
    known.set(name, { address: found.address, until: world.clock.now().getTime() + found.ttl * 1000 });
    return found.address;
  };
  return async (name: string, path: string, body?: object): Promise<Record<string, unknown>> =>
    askAt(await addressOf(name), name, path, body);
};

/** One request at this address. @throws where the answer is no success */
export const askAt = (address: string, name: string, path: string, body?: object): Promise<Record<string, unknown>> =>
  new Promise((resolve, reject) => {
    const asked = request(
      {
        ...{ host: address, port: PORT, path, agent: false as const, signal: AbortSignal.timeout(PATIENCE_MS) },
        method: body ? 'POST' : 'GET',
        headers: { host: name, ...(body ? { 'content-type': 'application/json' } : {}) },
      },
      (response) => {
        const { statusCode = 0 } = response;
        json(response).then((answer) => {
          if (statusCode >= 200 && statusCode < 300) resolve(answer as Record<string, unknown>);
          else reject(new Error(`${name}${path} answered ${statusCode}: ${JSON.stringify(answer)}`));
        }, reject);
      },
    );
    asked.on('error', reject);
    asked.end(body && JSON.stringify(body));
  });
