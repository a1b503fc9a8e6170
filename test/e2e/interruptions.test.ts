// Whatever is interrupted on the way snapshot → copy → export → catalogue ends where an undisturbed run ends: functions
// killed at their calls, calls that fail before and after they took effect, events lost or delivered three times.
// LIFEBOAT_INTERRUPTIONS=all interrupts every call before and after and takes an hour or more; the suite takes a share that meets
// every function. docs/interruptions.md says what a whole run found and how long it took.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { catalogOf, invoke } from '../../local/story/observations.ts';
import type { FaultAction } from '../../local/types.ts';
import { type Call, recordCalls } from '../support/calls.ts';
import { runOnly } from '../support/running-schedules.ts';
import { type ShopPlatform, startShop } from '../support/shop-platform.ts';

let shop: ShopPlatform;
let calls: Call[];

const HOUR_MS = 3_600_000;
const ALL = process.env.LIFEBOAT_INTERRUPTIONS === 'all';
/** Calls interrupted in one run. Lambda tries an event three times; a function killed at all three is another matter: its alarm. */
const AT_ONCE = 2;
/** In the full form every call has its turn before and after it took effect; `-t` runs one of them alone. */
const TURNS = ALL ? (['one way round', 'the other way round'] as const) : (['one way round'] as const);
const isAfter = (index: number, turn: (typeof TURNS)[number]): boolean =>
  index % 2 === (turn === 'one way round' ? 1 : 0);
const SWEEP_MS = ALL ? 12 * HOUR_MS : 900_000;

const open = async (): Promise<void> => {
  shop = await startShop(0.002);
  // What finishes interrupted work, and nothing that only looks: a verification of its own time would move points on while
  // they are compared.
  await runOnly(shop, ['reconcile']);
  const recording = recordCalls(shop.world);
  await backUpAndExport();
  calls = recording.stop();
};
beforeAll(open, 600_000);
afterAll(() => shop?.stop());
afterEach(() => {
  shop.world.faults.clear();
  shop.primary.events.deliver = {};
});

const native = (id: string): string => `lifeboat-${id}`;

/** Takes a snapshot and an export of it as schedules would, and gives the reconciler time; the ids of both points. */
const backUpAndExport = async (hours = 3): Promise<{ snapshot: string; exported: string }> => {
  const { clock } = shop.world;
  await clock.advanceTo(new Date(Math.ceil(clock.now().getTime() / 1000) * 1000 + 1000));
  const scheduledAt = `${clock.now().toISOString().slice(0, 19)}Z`;
  const compact = scheduledAt.replace(/[-:]/g, '').toLowerCase();
  const snapshot = `${shop.source}-${compact}-on-demand`;
  await shop.ask(shop.primary, 'states', 'StartExecution', {
    stateMachineArn: `arn:aws:states:${shop.primary.name}:${shop.primary.account}:stateMachine:${shop.service}-backup-database`,
    input: JSON.stringify({ source: shop.source, scheduledAt, purpose: 'on-demand' }),
  });
  await clock.advanceTo(new Date(clock.now().getTime() + (hours / 2) * HOUR_MS));
  await shop.ask(shop.primary, 'lambda', 'Invoke', {
    FunctionName: `${shop.service}-rdsExportSnapshot`,
    InvocationType: 'Event',
    Payload: Buffer.from(JSON.stringify({ source: shop.source, scheduledAt, recoveryPoint: snapshot })),
  });
  await clock.advanceTo(new Date(clock.now().getTime() + (hours / 2) * HOUR_MS));
  return { snapshot, exported: `${shop.source}-${compact}-export` };
};

/** What an undisturbed run leaves: two points, one snapshot, one copy, one export task, and nothing that nobody claims. */
const expectWhole = async ({ snapshot, exported }: { snapshot: string; exported: string }): Promise<void> => {
  const points = await catalogOf(shop);
  expect(points.find(({ id }) => id === snapshot)).toMatchObject({
    status: 'stored',
    copies: [{ status: 'available' }],
  });
  expect(points.find(({ id }) => id === exported)).toMatchObject({
    status: 'stored',
    artifacts: expect.arrayContaining([expect.objectContaining({ lists: expect.any(Number) })]),
  });
  for (const region of [shop.primary, shop.recovery]) {
    const { DBSnapshots } = await shop.ask<{ DBSnapshots: { DBSnapshotIdentifier: string; Status: string }[] }>(
      region,
      'rds',
      'DescribeDBSnapshots',
      { SnapshotType: 'manual' },
    );
    const ours = DBSnapshots.filter(({ DBSnapshotIdentifier }) => DBSnapshotIdentifier === native(snapshot));
    expect(ours, region.name).toMatchObject([{ Status: 'available' }]);
  }
  const { ExportTasks } = await shop.ask<{ ExportTasks: { ExportTaskIdentifier: string; Status: string }[] }>(
    shop.primary,
    'rds',
    'DescribeExportTasks',
    {},
  );
  expect(ExportTasks.filter(({ ExportTaskIdentifier }) => ExportTaskIdentifier === native(exported))).toMatchObject([
    { Status: 'COMPLETE' },
  ]);
  const { unclaimed } = await invoke<{ unclaimed: string[] }>(shop, 'rdsReconcile', {});
  expect(unclaimed).toEqual([]);
};

/** The calls of each function, a few at a time; in the short form those in the middle of its work. */
const groups = (): Call[][] =>
  [...Map.groupBy(calls, ({ actor }) => actor).values()].flatMap((of) => {
    const parts = Array.from({ length: Math.ceil(of.length / AT_ONCE) }, (_, index) =>
      of.slice(index * AT_ONCE, (index + 1) * AT_ONCE),
    );
    return ALL ? parts : parts.slice(Math.floor(parts.length / 2)).slice(0, 1);
  });

/** Interrupts one group of calls during one run. What was found; undefined where it ended as an undisturbed run does. */
const interruptAt = async (
  group: Call[],
  action: (index: number) => FaultAction,
  times: number,
): Promise<string | undefined> => {
  const removals = group.map(({ actor, service, operation }, index) =>
    shop.world.faults.add({ actor, service, operation }, action(index), { times }),
  );
  const made = await backUpAndExport();
  for (const remove of removals) remove();
  const where = group
    .map(({ actor, service, operation }, index) => `${actor} ${service}:${operation} (${describeFault(action(index))})`)
    .join(', ');
  try {
    await expectWhole(made);
    return undefined;
  } catch (error) {
    return `interrupted at ${where}: ${(error as Error).message}`;
  }
};

const describeFault = (action: FaultAction): string =>
  'when' in action ? `${action.kind} ${action.when}` : action.kind;

/**
 * In the short form every second function is killed, and the others are refused. All findings are told, not only the
 * first. In the full form each turn has a platform of its own: RDS keeps no more than a hundred snapshots.
 */
const interrupt = async (share: 0 | 1, action: (index: number) => FaultAction, times = 1): Promise<void> => {
  if (ALL) {
    await shop.stop();
    await open();
  }
  const chosen = groups().filter((_, index) => ALL || index % 2 === share);
  const findings: string[] = [];
  for (const [number, group] of chosen.entries()) {
    const found = await interruptAt(group, action, times);
    if (found) findings.push(found);
    if (ALL) process.stdout.write(`${number + 1} of ${chosen.length}: ${found ?? 'whole'}\n`);
  }
  expect(findings).toEqual([]);
};

it('meets the calls that matter', () => {
  const met = new Set(calls.map(({ service, operation }) => `${service}:${operation}`));
  for (const call of [
    'rds:CreateDBSnapshot',
    'rds:CopyDBSnapshot',
    'rds:StartExportTask',
    's3:PutObject',
    's3:GetObject',
    'secretsmanager:DescribeSecret',
  ]) {
    expect(met).toContain(call);
  }
});

describe('ends in the same state', () => {
  it.each(TURNS)(
    'when functions are killed before and after their calls (%s)',
    (turn) => interrupt(0, (index) => ({ kind: 'kill', when: isAfter(index, turn) ? 'after' : 'before' })),
    SWEEP_MS,
  );

  it.each(TURNS)(
    'when calls are cut off or refused, before and after they took effect (%s)',
    (turn) =>
      interrupt(
        1,
        (index) =>
          isAfter(index, turn)
            ? { kind: 'drop', when: 'after' }
            : { kind: 'error', code: 'ServiceUnavailable', status: 503, when: 'before' },
        // As often as the SDK tries, so that the function fails and not only the call.
        ALL ? 3 : 1,
      ),
    SWEEP_MS,
  );

  it('when every event is lost', async () => {
    shop.primary.events.deliver = { drop: true };
    await expectWhole(await backUpAndExport());
  }, 120_000);

  it('when every event comes three times', async () => {
    shop.primary.events.deliver = { duplicate: 3 };
    await expectWhole(await backUpAndExport());
  }, 120_000);

  it('when every function is asked twice, in turn and at once', async () => {
    const made = await backUpAndExport();
    const before = await catalogOf(shop);
    const { scheduledAt } = before.find(({ id }) => id === made.snapshot) as { scheduledAt: string };
    const snapshot = { source: shop.source, scheduledAt, purpose: 'on-demand' };
    const again: [string, object][] = [
      ['rdsOpenPoint', snapshot],
      ['rdsSnapshot', snapshot],
      ['rdsSettlePoint', { recoveryPoint: made.snapshot }],
      ['rdsSettlePoint', { recoveryPoint: made.exported }],
      ['rdsExportSnapshot', { source: shop.source, scheduledAt, recoveryPoint: made.snapshot }],
      ['rdsReconcile', {}],
      ['retentionExpire', {}],
    ];
    for (const [key, request] of again) await Promise.all([invoke(shop, key, request), invoke(shop, key, request)]);
    expect(await catalogOf(shop)).toEqual(before);
    await expectWhole(made);
  }, 180_000);
});
