// The second half of the story: the primary region is lost, the assessment notices, a person decides, the failover runs, and
// customers go on in the other region. Every order that was acknowledged to somebody is looked for afterwards.
import { PhaseRecord } from '../../shared/recovery/documents.ts';
import { application, type LocalPlatform } from '../platform.ts';
import { describeExecution, invoke, keysIn, readObject, startMachine } from './observations.ts';
import { type Acknowledged, keepOrderingAnywhere } from './orders.ts';
import type { Progress } from './progress.ts';

const STEP_MS = 2_000;
/** Own work of the failover that may be spent, in seconds of the machine's time: waits of AWS are region time. */
const OWN_WORK_SECONDS = 60;

/** Lets region time go on in small steps until something holds. */
const until = async ({ world: { clock } }: LocalPlatform, holds: () => unknown, minutes: number): Promise<boolean> => {
  const deadline = clock.now().getTime() + minutes * 60_000;
  for (;;) {
    await clock.settled();
    if (await holds()) return true;
    if (clock.now().getTime() > deadline) return false;
    await clock.advanceTo(new Date(clock.now().getTime() + STEP_MS));
  }
};

const mailAbout = ({ recovery }: LocalPlatform, ...words: string[]): string | undefined =>
  recovery.sns
    .inbox()
    .map(({ subject, message }) => `${subject}\n${message}`)
    .find((text) => words.every((word) => text.includes(word)));

export const failOver = async (platform: LocalPlatform, progress: Progress): Promise<void> => {
  const { world, primary, recovery } = platform;
  const { clock } = world;
  await platform.keepWatch();
  const orders = keepOrderingAnywhere(() => placeOrder(platform), clock.now);
  await clock.advanceTo(new Date(clock.now().getTime() + 3 * 60_000));
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  progress.step(clock.now(), `${orders.acknowledged.length} orders placed; the canary beats, the assessment watches`);

  const killedAt = clock.now();
  await world.killRegion(primary.name);
  progress.step(killedAt, `${primary.name} is gone: nothing in it answers any more`);
  const noticed = await until(platform, () => mailAbout(platform, 'is down'), 15);
  progress.claim('the assessment notices, by a quorum of independent signals, twice in a row', noticed);
  progress.step(clock.now(), `on-call hears: ${mailAbout(platform, 'is down')?.split('\n')[0]}`);

  const failoverId = 'lost-us-east-1';
  const began = performance.now();
  const execution = await startMachine(
    platform,
    'failover',
    { failoverId, reason: 'The region does not answer.', by: 'on-call' },
    recovery,
  );
  const asked = await until(platform, () => mailAbout(platform, failoverId, 'waits for approval'), 10);
  progress.claim('the failover waits for a person, and says how much would be lost', asked);
  await invoke(platform, 'recoveryApprove', { failoverId, decision: 'granted', by: 'on-call' }, recovery);
  progress.step(clock.now(), 'granted');
  await followPhases(platform, progress, failoverId, execution);
  const ended = await describeExecution<{ status: string; cause?: string }>(platform, execution);
  const ownSeconds = (performance.now() - began) / 1000;
  progress.claim('the failover succeeded', ended.status === 'SUCCEEDED', ended.cause ?? ended.status);
  progress.claim(
    `its own work took under ${OWN_WORK_SECONDS} s (${ownSeconds.toFixed(0)} s here; waits are region time)`,
    ownSeconds < OWN_WORK_SECONDS,
  );

  const before = orders.acknowledged.length;
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  await orders.stop();
  progress.claim('customers go on ordering in the other region', orders.acknowledged.length > before);
  const { seconds, from } = orders.interruption();
  progress.step(from, `the longest customers waited for an order: ${Math.round(seconds)} s`);
  await accountForOrders(platform, progress, orders.acknowledged, killedAt);
};

/** Says what each phase took, once, while the machine goes on. */
const followPhases = async (
  platform: LocalPlatform,
  progress: Progress,
  failoverId: string,
  execution: string,
): Promise<void> => {
  const { recovery, stacks, world } = platform;
  const bucket = stacks.recovery.outputs.VaultBucketName as string;
  const told = new Set<string>();
  await until(
    platform,
    async () => {
      for (const key of await keysIn(platform, recovery, bucket, `recovery/${failoverId}/phases/`)) {
        const { phase, startedAt, endedAt } = PhaseRecord.parse(
          JSON.parse(await readObject(platform, recovery, bucket, key)),
        );
        if (!endedAt || told.has(phase)) continue;
        told.add(phase);
        progress.step(
          world.clock.now(),
          `${phase}: ${((Date.parse(endedAt) - Date.parse(startedAt)) / 1000).toFixed(1)} s`,
        );
      }
      return (await describeExecution<{ status: string }>(platform, execution)).status !== 'RUNNING';
    },
    120,
  );
};

/** One order, as the shop's order service writes it, wherever the database takes writes. */
const placeOrder = async (platform: LocalPlatform): Promise<number> => {
  const { primary, recovery } = platform;
  const client = await platform.connect(
    primary.alive ? primary : recovery,
    primary.alive ? 'shop-db' : 'shop-db-replica',
    application,
  );
  try {
    const { rows } = await client.query(
      `WITH placed AS (INSERT INTO orders (customer_id, ordered_at, status, total) VALUES (1, now(), 'paid', 10.50) RETURNING id),
         lines AS (INSERT INTO order_items SELECT id, 1, 1, 1, 10.50 FROM placed),
         paid AS (INSERT INTO payments (order_id, paid_at, amount, method) SELECT id, now(), 10.50, 'card' FROM placed)
       SELECT id FROM placed`,
    );
    return Number(rows[0].id);
  } finally {
    await client.end();
  }
};

/** Acknowledged and not there any more: lost, and to be told row by row. It can only be the newest ones. */
const accountForOrders = async (
  platform: LocalPlatform,
  progress: Progress,
  acknowledged: readonly Acknowledged[],
  killedAt: Date,
): Promise<void> => {
  const client = await platform.connect(platform.recovery, 'shop-db-replica', application);
  const { rows } = await client.query('SELECT id FROM orders WHERE id = ANY ($1)', [acknowledged.map(({ id }) => id)]);
  await client.end();
  const there = new Set(rows.map(({ id }) => Number(id)));
  const old = acknowledged.filter(({ at }) => at <= killedAt);
  const lost = old.filter(({ id }) => !there.has(id));
  const survived = old.filter(({ id }) => there.has(id));
  progress.step(
    platform.world.clock.now(),
    `${old.length} orders were acknowledged before the region was lost: ${survived.length} survived, ${lost.length} lost${lost.length ? ` (${lost.map(({ id }) => id).join(', ')})` : ''}`,
  );
  const newestKept = Math.max(0, ...survived.map(({ id }) => id));
  progress.claim(
    'what was lost is the newest, not yet shipped, and nothing in between',
    lost.every(({ id }) => id > newestKept),
    lost.map(({ id }) => id).join(', '),
  );
  progress.claim(
    'no order acknowledged after the failover is missing',
    acknowledged.filter(({ at }) => at > killedAt).every(({ id }) => there.has(id)),
  );
};
