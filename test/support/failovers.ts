// A failover in the local region, as people run it: started, decided, followed, cut short, gone on with.
import { createCache, fillCache } from '../../local/cache.ts';
import { application } from '../../local/platform.ts';
import { archiveCache } from '../../local/story/archive-cache.ts';
import { describeExecution, invoke, readObject, startMachine, untilEnded } from '../../local/story/observations.ts';
import type { Caller } from '../../local/types.ts';
import { createShopClusters } from '../../local/workloads/clusters.ts';
import { type Phase, PhaseRecord, phaseKey } from '../../shared/recovery/documents.ts';
import { type ShopPlatform, startShop } from './shop-platform.ts';

export interface Ended {
  status: string;
  error?: string;
  cause?: string;
  output?: string;
}

export interface Failover {
  id: string;
  execution: string;
  ended(): Promise<Ended>;
}

/** Lets region time go on until something holds, in small steps. */
export const until = async (shop: ShopPlatform, holds: () => unknown, minutes = 30): Promise<void> => {
  const { clock } = shop.world;
  const deadline = clock.now().getTime() + minutes * 60_000;
  for (;;) {
    await clock.settled();
    if (await holds()) return;
    if (clock.now().getTime() > deadline) throw new Error(`It did not come to hold within ${minutes} minutes.`);
    await clock.advanceTo(new Date(clock.now().getTime() + 2_000));
  }
};

export const begin = async (shop: ShopPlatform, id: string, input: object = {}): Promise<Failover> => {
  const execution = await startMachine(
    shop,
    'failover',
    { failoverId: id, reason: 'a test of it', by: 'Ada', ...input },
    shop.recovery,
  );
  return {
    id,
    execution,
    ended: async () => {
      await untilEnded(shop, execution, 3);
      return describeExecution<Ended>(shop, execution);
    },
  };
};

/** Messages of the recovery region that hold all of these words. */
export const toldAbout = (shop: ShopPlatform, ...words: string[]): string[] =>
  shop.recovery.sns
    .inbox()
    .map((mail) => `${mail.subject}\n${mail.message}`)
    .filter((text) => words.every((word) => text.includes(word)));

export const decide = (shop: ShopPlatform, failoverId: string, decision: 'granted' | 'refused', by = 'Grace') =>
  invoke(shop, 'recoveryApprove', { failoverId, decision, by }, shop.recovery);

/** Waits until people are asked, and grants it. */
export const grant = async (shop: ShopPlatform, failoverId: string): Promise<void> => {
  await until(shop, () => toldAbout(shop, failoverId, 'waits for approval').length > 0);
  await decide(shop, failoverId, 'granted');
};

export const recordOf = async (
  shop: ShopPlatform,
  failoverId: string,
  phase: Phase,
  region = shop.recovery,
): Promise<PhaseRecord> => {
  const { outputs } = region === shop.primary ? shop.stacks.primary : shop.stacks.recovery;
  const bucket = outputs.VaultBucketName as string;
  return PhaseRecord.parse(JSON.parse(await readObject(shop, region, bucket, phaseKey(failoverId, phase))));
};

/** One order as the shop's services write it; its number. */
export const order = async (shop: ShopPlatform, where: 'primary' | 'recovery'): Promise<number> => {
  const instance = where === 'primary' ? 'shop-db' : 'shop-db-replica';
  const client = await shop.connect(shop[where], instance, application);
  try {
    const { rows } = await client.query(
      `INSERT INTO orders (customer_id, ordered_at, status, total) VALUES (1, now(), 'paid', 1) RETURNING id`,
    );
    return Number(rows[0].id);
  } finally {
    await client.end();
  }
};

/** The shop on a quiet day, watched by nobody yet: open for customers in one region, ready to be moved into the other. */
export const startMovableShop = async (): Promise<ShopPlatform> => {
  const shop = await startShop(0.002);
  // What is scheduled for caches goes on sleeping: an hour of a test is none of their business.
  await createCache(shop, fillCache(40));
  await archiveCache(shop);
  await createShopClusters(shop, 1);
  return shop;
};

export const pass = ({ world: { clock } }: ShopPlatform, seconds: number): Promise<void> =>
  clock.advanceTo(new Date(clock.now().getTime() + seconds * 1000));

/** Every operation that took effect in the world, whether or not its caller heard of it. */
export const watchEffects = ({ world: { faults } }: ShopPlatform, look: (operation: string) => void): (() => void) => {
  const { around } = faults;
  faults.around = (call, run) =>
    around(call, async () => {
      const answer = await run();
      look(call.operation);
      return answer;
    });
  return () => {
    faults.around = around;
  };
};

/** Every function that a machine of the region that takes over has called, before the machine hears what it answered. */
export const watchMachines = (
  { recovery, service }: ShopPlatform,
  look: (machine: string, functionKey: string) => Promise<void>,
): (() => void) => {
  const { call } = recovery;
  recovery.call = async <T>(signingName: string, operation: string, input: object, caller: Caller): Promise<T> => {
    const answer = await call<T>(signingName, operation, input, caller);
    const { FunctionName } = input as { FunctionName?: string };
    const [, machine] = (caller.actor ?? '').split(`${service}-`);
    if (operation === 'Invoke' && machine && FunctionName)
      await look(machine, FunctionName.split(`${service}-`)[1]?.split(':')[0] ?? '');
    return answer;
  };
  return () => {
    recovery.call = call;
  };
};

/** Sends a session's statement as the shop's services do; the code PostgreSQL refuses it with, or nothing. */
export const refusedWith = async (asked: Promise<unknown>): Promise<string> => {
  try {
    await asked;
    return 'nothing';
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    return code ?? message;
  }
};
