// The second half of the story: the primary region is lost, the assessment notices, a person decides, the failover runs, and customers
// go on in the other region.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { type Facts, PHASES, PhaseRecord } from '../../shared/recovery/documents.ts';
import { Plan, runbookKey } from '../../shared/recovery/plan.ts';
import { createCache, fillCache } from '../cache.ts';
import type { Streams } from '../events.ts';
import type { LocalPlatform } from '../platform.ts';
import { createShopClusters } from '../workloads/clusters.ts';
import { receiptsBucket } from '../workloads/projects.ts';
import { archiveCache } from './archive-cache.ts';
import { type Acknowledged, type Customers, keepOrdering } from './customers.ts';
import { rehearse } from './drill.ts';
import { fulfil } from './fulfilment.ts';
import { keyOf, newestBeat, ordersIn } from './losses.ts';
import { describeExecution, invoke, keysIn, mailAbout, readObject, startMachine, until } from './observations.ts';
import type { Progress } from './progress.ts';

export const FAILOVER = 'lost-us-east-1';
const RUNBOOK = path.resolve(import.meta.dirname, '../../.lifeboat/report/runbook.md');
const NAMES = ['orders.shop.example', 'products.shop.example', 'customers.shop.example'];
const CACHED_CUSTOMERS = 200;
const RTO_SECONDS = 3_600;
const RPO_SECONDS = 900;
/** A canary beats every five seconds and rests for a while each minute. */
const BEAT_SECONDS = 30;
/** Of a failover, the waiting for AWS left out (docs/failover.md). */
const OWN_WORK_SECONDS = 60;

/** A dead region cannot be asked whether it is shut. */
const CANNOT_HOLD_YET = ['the old primary takes no writes'];

export interface FailedOver {
  customers: Customers;
  killedAt: Date;
  /** Acknowledged before the region was lost, and not in the database that took over. */
  lost: readonly Acknowledged[];
}

export const failOver = async (
  platform: LocalPlatform,
  progress: Progress,
  streams: Streams | undefined,
): Promise<FailedOver> => {
  const { world, primary, recovery } = platform;
  const { clock } = world;
  await createCache(platform, fillCache(CACHED_CUSTOMERS));
  await archiveCache(platform);
  await createShopClusters(platform);
  progress.step(
    clock.now(),
    `order, customer and product services run in ${primary.name}, and stand by in ${recovery.name}`,
  );
  await platform.keepWatch();
  const customers = keepOrdering(platform);
  await pass(platform, 180);
  const fulfilment = streams && fulfil(platform, streams, progress);
  await fulfilment?.packAndArchive();
  const { length } = customers.acknowledged;
  progress.step(clock.now(), `${length} orders placed by ${NAMES[0]}; the canary beats, the assessment watches`);
  progress.claim(
    'every order is acknowledged on a good day',
    length > 50 && customers.refusals.length === 0,
    customers.refusals.join(', '),
  );

  await rehearse(platform, customers, progress);
  await planAhead(platform, progress);
  await fulfilment?.beforeTheLoss();
  const killedAt = await loseRegion(platform, customers, streams);
  progress.step(
    killedAt,
    `${primary.name} is gone: the link between the regions broke 10 s before, then all power failed at once`,
  );
  const noticed = await until(platform, () => mailAbout(platform, 'is down'), 15);
  progress.claim('the assessment notices, by a quorum of independent signals, twice in a row', noticed);
  progress.step(clock.now(), `on-call hears: ${mailAbout(platform, 'is down')?.split('\n')[0]}`);

  const began = performance.now();
  const input = { failoverId: FAILOVER, reason: 'The region does not answer.', by: 'on-call' };
  const execution = await startMachine(platform, 'failover', input, recovery);
  const asked = await until(platform, () => mailAbout(platform, FAILOVER, 'waits for approval'), 10);
  progress.claim('the failover waits for a person, and says how much would be lost', asked);
  await invoke(platform, 'recoveryApprove', { failoverId: FAILOVER, decision: 'granted', by: 'on-call' }, recovery);
  progress.step(clock.now(), 'granted');
  const phases = await followPhases(platform, progress, execution);
  const ended = await describeExecution<{ status: string; cause?: string }>(platform, execution);
  progress.claim('the failover succeeded', ended.status === 'SUCCEEDED', ended.cause ?? ended.status);
  const ownSeconds = (performance.now() - began) / 1000;
  progress.claim(
    `its own work took ${ownSeconds.toFixed(0)} s, less than ${OWN_WORK_SECONDS}; what AWS takes its time for, the region's clock jumps over`,
    ownSeconds < OWN_WORK_SECONDS,
  );
  const built = await platform
    .ask(recovery, 's3', 'HeadBucket', { Bucket: receiptsBucket(recovery) })
    .then(() => '', String);
  progress.claim(`the shop's own code built its infrastructure in ${recovery.name}`, built === '', built);

  const bad = z.array(z.string()).parse(phases.get('validate')?.failed);
  progress.claim(
    `of the checklist nothing failed but what cannot hold yet: ${CANNOT_HOLD_YET.join('; ')}`,
    bad.every((point) => CANNOT_HOLD_YET.some((title) => point.startsWith(title))),
    bad.join('; '),
  );

  const before = customers.acknowledged.length;
  await pass(platform, 60);
  await fulfilment?.goOn(
    customers.acknowledged.filter(({ at }) => at > killedAt).map(({ id }) => id),
    phases.get('streams')?.records,
  );
  const { from, to, seconds } = customers.interruption();
  progress.claim(
    'customers go on ordering in the other region, by the same names',
    customers.acknowledged.length > before + 10,
  );
  progress.step(from, `the last order that ${primary.name} took`);
  progress.step(
    to,
    `the first order that ${recovery.name} took: customers waited ${Math.round(seconds)} s, and pressed in vain ${customers.refusals.length} times`,
  );
  progress.claim(
    `the interruption is within the objective of ${RTO_SECONDS} s`,
    from <= killedAt && to > killedAt && seconds <= RTO_SECONDS,
    `${seconds} s`,
  );
  const lost = await accountForOrders(platform, progress, customers, killedAt);
  await judgeCanary(platform, progress, { customers, killedAt, lost }, phases.get('database') ?? {});
  return { customers, killedAt, lost };
};

/** On a good day: what a failover would do, whether it may, and what it would lose. The runbook is for the night. */
const planAhead = async (platform: LocalPlatform, progress: Progress): Promise<void> => {
  const { recovery, stacks } = platform;
  const { phases, readiness, headline } = Plan.parse(await invoke(platform, 'recoveryPlan', {}, recovery));
  const calls = phases.flatMap((phase) => phase.calls);
  const denied = calls.filter(({ permission }) => !['allowed', 'not by IAM'].includes(permission));
  progress.claim(
    `the plan names ${calls.length} calls of ${phases.length} phases, and the roles allow every one`,
    calls.length > 0 && denied.length === 0,
    denied.map(({ call, permission, found }) => `${call}: ${permission} ${found ?? ''}`).join('; '),
  );
  const missing = readiness.filter(({ ready }) => !ready);
  progress.claim(
    'everything that a failover needs is there',
    readiness.length > 0 && missing.length === 0,
    missing.map(({ step, found }) => `${step}: ${found}`).join('; '),
  );
  for (const line of headline) progress.step(undefined, line);
  const bucket = stacks.recovery.outputs.VaultBucketName as string;
  writeFileSync(RUNBOOK, await readObject(platform, recovery, bucket, runbookKey(recovery.name)));
  progress.step(undefined, `the runbook: ${path.relative(process.cwd(), RUNBOOK)}`);
};

const pass = ({ world: { clock } }: LocalPlatform, seconds: number): Promise<void> =>
  clock.advanceTo(new Date(clock.now().getTime() + seconds * 1000));

/** Replication is cut off first, so that something is lost; then the power fails while orders are under way. */
const loseRegion = async (
  platform: LocalPlatform,
  customers: Customers,
  streams: Streams | undefined,
): Promise<Date> => {
  const { world, primary, recovery } = platform;
  await recovery.rds.breakReplication('shop-db-replica');
  await pass(platform, 10);
  await customers.rush(12);
  await Promise.all([world.cutPower(primary.name), streams?.cutPower()]);
  return world.clock.now();
};

/** Says what each phase took, once, while the machine goes on; the facts they left. */
const followPhases = async (
  platform: LocalPlatform,
  progress: Progress,
  execution: string,
): Promise<Map<string, Facts>> => {
  const { recovery, stacks, world } = platform;
  const bucket = stacks.recovery.outputs.VaultBucketName as string;
  const told = new Map<string, Facts>();
  const look = async (): Promise<boolean> => {
    const keys = await keysIn(platform, recovery, bucket, `recovery/${FAILOVER}/phases/`);
    const records = await Promise.all(
      keys.map(async (key) => PhaseRecord.parse(JSON.parse(await readObject(platform, recovery, bucket, key)))),
    );
    for (const { phase, startedAt, endedAt, facts } of records.toSorted((a, b) => inOrder(a) - inOrder(b))) {
      if (!endedAt || told.has(phase)) continue;
      told.set(phase, facts);
      const seconds = (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
      progress.step(world.clock.now(), `${phase}: ${seconds.toFixed(1)} s`);
    }
    return (await describeExecution<{ status: string }>(platform, execution)).status !== 'RUNNING';
  };
  await until(platform, look, 120);
  await look();
  return told;
};

const inOrder = ({ phase }: PhaseRecord): number => PHASES.indexOf(phase);

/** Acknowledged and not there any more: lost, and to be told row by row. */
const accountForOrders = async (
  platform: LocalPlatform,
  progress: Progress,
  { acknowledged }: Customers,
  killedAt: Date,
): Promise<Acknowledged[]> => {
  const there = await ordersIn(platform.recovery, 'shop-db-replica', acknowledged);
  const missing = acknowledged.filter((order) => !there.has(keyOf(order)));
  const lost = missing.filter(({ at }) => at <= killedAt);
  const old = acknowledged.filter(({ at }) => at <= killedAt);
  progress.step(
    platform.world.clock.now(),
    `of ${old.length} orders acknowledged before the region was lost, ${old.length - lost.length} survived and ${lost.length} are lost:`,
  );
  for (const { id, customerId, orderedAt } of lost)
    progress.step(undefined, `   order ${id} of customer ${customerId}, ${orderedAt.slice(11, 19)}`);
  progress.claim('the loss that was made on purpose is seen', lost.length > 0);
  progress.claim('no order acknowledged after the failover is missing', missing.length === lost.length);
  return lost;
};

/** The canary measures what was lost without knowing an order; what people are told has to cover what customers lost. */
const judgeCanary = async (
  platform: LocalPlatform,
  progress: Progress,
  { customers, killedAt, lost }: FailedOver,
  { lossSeconds }: Facts,
): Promise<void> => {
  const beat = await newestBeat(platform);
  const lostKeys = new Set(lost.map(keyOf));
  const survivor = customers.acknowledged.findLast((order) => order.at <= killedAt && !lostKeys.has(keyOf(order)));
  if (!beat || !survivor) return progress.claim('the canary’s beats and orders of before arrived', false);
  const secondsBefore = (at: Date): number => (killedAt.getTime() - at.getTime()) / 1000;
  const [byCanary, byOrders] = [secondsBefore(beat), secondsBefore(new Date(survivor.orderedAt))];
  progress.claim(
    `RPO by the canary ${byCanary.toFixed(1)} s, by the newest order that survived ${byOrders.toFixed(1)} s: they agree within ${BEAT_SECONDS} s`,
    Math.abs(byCanary - byOrders) <= BEAT_SECONDS,
  );
  const told = typeof lossSeconds === 'number' ? lossSeconds : Number.NaN;
  const oldest = Math.max(0, ...lost.map(({ orderedAt }) => secondsBefore(new Date(orderedAt))));
  progress.claim(
    `people were told "at most ${told} s", which covers the ${oldest.toFixed(1)} s that were lost and is within the objective of ${RPO_SECONDS} s`,
    told >= Math.floor(oldest) && told <= RPO_SECONDS,
  );
};
