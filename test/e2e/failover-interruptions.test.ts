// Whatever is interrupted while the platform moves ends where an undisturbed failover ends: functions killed after their
// calls took effect, the execution stopped after its states, started again with the same failoverId by another name.
// LIFEBOAT_INTERRUPTIONS=all interrupts every call of every function, before and after, and stops after every state; each round
// has a platform of its own, and all of them take half an hour. The suite takes the acts that cannot be taken back.
import { expect, it } from 'vitest';
import { withCache } from '../../local/cache.ts';
import { describeExecution, invoke, startMachine, untilEnded } from '../../local/story/observations.ts';
import type { FaultAction } from '../../local/types.ts';
import { PHASES } from '../../shared/recovery/documents.ts';
import { type Call, recordCalls } from '../support/calls.ts';
import {
  decide,
  order,
  recordOf,
  refusedWith,
  startMovableShop,
  toldAbout,
  until,
  watchEffects,
  watchMachines,
} from '../support/failovers.ts';
import type { ShopPlatform } from '../support/shop-platform.ts';

const ID = 'interrupted';
const ALL = process.env.LIFEBOAT_INTERRUPTIONS === 'all';
const NO_LOGIN = '28000';

const SHORT: Call[] = [
  ['Declare', 's3', 'PutObject'],
  ['AwaitApproval', 'sns', 'Publish'],
  ['Fence', 's3', 'PutObject'],
  ['PromoteDatabase', 'rds', 'PromoteReadReplica'],
  ['RestoreCache', 'elasticache', 'CreateReplicationGroup'],
  ['BuildInfrastructure', 'codebuild', 'StartBuild'],
  ['SwitchDns', 'monitoring', 'PutMetricData'],
  ['SwitchMonitoring', 'scheduler', 'UpdateSchedule'],
  ['Announce', 'sns', 'Publish'],
].map(([name, service = '', operation = '']) => ({ actor: `lifeboat-shop-dev-recovery${name}`, service, operation }));
/** Functions after whose first answer the execution is stopped; every one where left out. */
const STOPS = ALL ? undefined : ['recoveryFence', 'recoveryPromoteDatabase', 'recoverySwitchDns', 'recoveryAnnounce'];

const IRREVERSIBLE = ['PromoteReadReplica', 'CreateReplicationGroup', 'RestoreDBInstanceFromDBSnapshot', 'StartBuild'];

interface Interruptions {
  calls: readonly Call[];
  action: FaultAction;
  /** Keys of functions; every one where left out. */
  stops: readonly string[] | undefined;
}

/** Started again and again with the same failoverId until it is done; how often, and the acts that cannot be taken back. */
const failOver = async (shop: ShopPlatform, { calls, action, stops }: Interruptions) => {
  const removals = calls.map((call) => shop.world.faults.add(call, action, { times: 1 }));
  const acts: string[] = [];
  const stopped = new Set<string>();
  let execution = '';
  const unwatch = [
    watchEffects(shop, (operation) => {
      if (IRREVERSIBLE.includes(operation)) acts.push(operation);
    }),
    watchMachines(shop, async (machine, key) => {
      if (machine !== 'failover' || stopped.has(key) || (stops && !stops.includes(key))) return;
      stopped.add(key);
      await shop.ask(shop.recovery, 'states', 'StopExecution', { executionArn: execution });
    }),
  ];
  let starts = 0;
  for (let status = ''; status !== 'SUCCEEDED'; starts++) {
    if (starts > 40) throw new Error('It is never done.');
    execution = await startMachine(shop, 'failover', { failoverId: ID, reason: 'a test of it' }, shop.recovery);
    await until(shop, () => toldAbout(shop, ID, 'waits for approval').length > 0 || ended(shop, execution));
    // Whoever is not answered asks again.
    if (toldAbout(shop, ID, 'waits for approval').length > 0) await decide(shop, ID, 'granted').catch(() => undefined);
    status = await untilEnded(shop, execution, 3);
  }
  for (const end of unwatch) end();
  for (const remove of removals) remove();
  return { acts, starts, stopped: [...stopped] };
};

const ended = async (shop: ShopPlatform, execution: string): Promise<boolean> =>
  (await describeExecution(shop, execution)).status !== 'RUNNING';

/** What an undisturbed failover leaves. */
const expectMoved = async (shop: ShopPlatform, acts: string[], last: number): Promise<void> => {
  expect(acts.toSorted()).toEqual(['CreateReplicationGroup', 'PromoteReadReplica', 'StartBuild']);
  // The shop without Kafka has no streams to switch.
  const phases = PHASES.filter((phase) => phase !== 'streams');
  for (const phase of phases) expect((await recordOf(shop, ID, phase)).endedAt, phase).toBeDefined();
  expect(await recordOf(shop, ID, 'database')).toMatchObject({ facts: { how: 'replica', promoted: true } });
  const cache = await recordOf(shop, ID, 'cache');
  expect(await withCache(shop.recovery, 'shop-cache', (send) => send('DBSIZE'))).toBe(cache.facts.keys);
  expect(await order(shop, 'recovery')).toBeGreaterThan(last);
  // Split brain: the old primary comes back after it all.
  shop.world.rejoin(shop.primary.name);
  await invoke(shop, 'recoveryGuard', {}, shop.recovery);
  await invoke(shop, 'recoveryGuard', {}, shop.recovery);
  expect(toldAbout(shop, 'came back and was shut')).not.toEqual([]);
  expect(await refusedWith(order(shop, 'primary'))).toBe(NO_LOGIN);
};

const withLostPrimary = async (run: (shop: ShopPlatform, last: number) => Promise<void>): Promise<void> => {
  const shop = await startMovableShop();
  try {
    const last = await order(shop, 'primary');
    await shop.keepWatch();
    shop.world.cutOff(shop.primary.name);
    await until(shop, () => toldAbout(shop, 'is down').length > 0);
    await run(shop, last);
  } finally {
    await shop.stop();
  }
};

it('ends in the same state when functions are killed after what they did and the execution is stopped after its states', async () => {
  await withLostPrimary(async (shop, last) => {
    const recording = recordCalls(shop.world);
    const { acts, starts, stopped } = await failOver(shop, {
      calls: SHORT,
      action: { kind: 'kill', when: 'after' },
      stops: STOPS,
    });
    const met = recording.stop();
    for (const call of SHORT) expect(met).toContainEqual(call);
    await expectMoved(shop, acts, last);
    // Database, cache and infrastructure are brought up at once: where all are stopped at, one stop may serve for three.
    expect(starts).toBeGreaterThanOrEqual(stopped.length - 2);
    if (STOPS) expect([stopped, starts]).toEqual([STOPS, STOPS.length + 1]);
  });
}, 600_000);

/** Round n interrupts the n-th call of every function. */
const roundsOf = (calls: readonly Call[]): Call[][] => {
  const perFunction = [...Map.groupBy(calls, ({ actor }) => actor).values()];
  const most = Math.max(...perFunction.map(({ length }) => length));
  return Array.from({ length: most }, (_, round) => perFunction.flatMap((of) => of[round] ?? []));
};

it.runIf(ALL)(
  'ends in the same state wherever it is killed, before and after every call',
  async () => {
    let calls: Call[] = [];
    await withLostPrimary(async (shop, last) => {
      const recording = recordCalls(shop.world);
      const { acts } = await failOver(shop, { calls: [], action: { kind: 'kill', when: 'after' }, stops: [] });
      calls = recording.stop().filter(({ actor }) => actor.includes('-recovery'));
      await expectMoved(shop, acts, last);
    });
    for (const when of ['before', 'after'] as const)
      for (const round of roundsOf(calls))
        await withLostPrimary(async (shop, last) => {
          const { acts } = await failOver(shop, { calls: round, action: { kind: 'kill', when }, stops: [] });
          await expectMoved(shop, acts, last);
          process.stdout.write(
            `${when}: ${round.map(({ actor, operation }) => `${actor} ${operation}`).join(', ')}: whole\n`,
          );
        });
  },
  4 * 3_600_000,
);
