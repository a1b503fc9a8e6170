import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  DisableAlarmActionsCommand,
  EnableAlarmActionsCommand,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import {
  GetScheduleCommand,
  ListSchedulesCommand,
  SchedulerClient,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import guardSample from '../../../events/samples/recovery/guard.json' with { type: 'json' };
import sample from '../../../events/samples/recovery/switch-monitoring.json' with { type: 'json' };
import { handler as guard } from '../../../functions/recovery/guard.ts';
import type { Step } from '../../../functions/recovery/phases.ts';
import { handler } from '../../../functions/recovery/switch-monitoring.ts';
import { phaseKey } from '../../../shared/recovery/documents.ts';
import { PRIMARY, RECOVERY } from '../../support/environment.ts';
import { invoke } from '../../support/platform.ts';
import { ID, type RecoveryRegion, recoveryRegion, TIME } from '../../support/recovery.ts';

vi.mock('#platform', () => import('../../support/recovery.config.ts'));

const HOME = ['measure', 'reconcile', 'shop-db-snapshot', 'canary'];
interface World {
  schedules: Map<string, { State: string; [field: string]: unknown }>;
  alarms: Map<string, { TreatMissingData: string; ActionsEnabled: boolean; StateValue: string }>;
}
let region: RecoveryRegion;
let regions: Record<string, World>;
/** Throws, to refuse a call of a region, or to lose its answer. */
let before: (operation: string, of: string) => void;
let after: (operation: string, of: string) => void;
let calls: string[];

const worldOf = (lives: boolean): World => ({
  schedules: new Map(
    [...HOME, 'assess', 'guard'].map((name) => [
      name,
      {
        State: name === 'guard' || (name === 'assess') !== lives ? 'ENABLED' : 'DISABLED',
        ScheduleExpression: 'rate(5 minutes)',
        ScheduleExpressionTimezone: 'UTC',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: { Arn: `arn:${name}`, RoleArn: 'arn:role', Input: '{}', RetryPolicy: { MaximumRetryAttempts: 10 } },
      },
    ]),
  ),
  alarms: new Map([
    [
      'lifeboat-shop-test-rpo',
      { TreatMissingData: 'breaching', ActionsEnabled: lives, StateValue: lives ? 'OK' : 'ALARM' },
    ],
    ['lifeboat-shop-test-failing', { TreatMissingData: 'notBreaching', ActionsEnabled: true, StateValue: 'OK' }],
  ]),
});

type Answer = (world: World, input: Record<string, string & string[]>) => unknown;
/** In pages of one, so that whoever does not turn them sees little. */
const paged = <T>(items: T[], token: string | undefined): [T[], string | undefined] => {
  const at = Number(token ?? 0);
  return [items.slice(at, at + 1), at + 1 < items.length ? `${at + 1}` : undefined];
};

beforeEach(async () => {
  region = recoveryRegion();
  regions = { [PRIMARY]: worldOf(true), [RECOVERY]: worldOf(false) };
  before = () => undefined;
  after = () => undefined;
  calls = [];
  const answer =
    (operation: string, run: Answer) =>
    async (input: Record<string, string & string[]>, client: () => { config: unknown }) => {
      const name = await (client().config as { region(): Promise<string> }).region();
      before(operation, name);
      if (!/^(List|Describe|Get)/.test(operation)) calls.push(`${name} ${operation}`);
      const result = run(regions[name] as World, input);
      after(operation, name);
      return result;
    };
  mockClient(SchedulerClient)
    .on(ListSchedulesCommand)
    .callsFake(
      answer('ListSchedules', ({ schedules }, { NextToken }) => {
        const [Schedules, next] = paged(
          [...schedules].map(([Name, { State }]) => ({ Name, State })),
          NextToken,
        );
        return { Schedules, NextToken: next };
      }),
    )
    .on(GetScheduleCommand)
    .callsFake(
      answer('GetSchedule', ({ schedules }, { Name, GroupName }) => ({
        ...{
          Name,
          GroupName,
          ...schedules.get(Name ?? ''),
          Arn: 'arn',
          CreationDate: new Date(),
          LastModificationDate: new Date(),
        },
      })),
    )
    .on(UpdateScheduleCommand)
    .callsFake(
      answer('UpdateSchedule', ({ schedules }, { Name, GroupName, ...rest }) => {
        expect(GroupName).toBe('lifeboat-shop-test');
        schedules.set(Name ?? '', rest as never);
        return {};
      }),
    );
  const switched =
    (to: boolean): Answer =>
    ({ alarms }, { AlarmNames }) => {
      for (const name of AlarmNames ?? []) Object.assign(alarms.get(name) ?? {}, { ActionsEnabled: to });
      return {};
    };
  mockClient(CloudWatchClient)
    .on(DescribeAlarmsCommand)
    .callsFake(
      answer('DescribeAlarms', ({ alarms }, { AlarmNamePrefix, NextToken }) => {
        expect(AlarmNamePrefix).toBe('lifeboat-shop-test-');
        const [MetricAlarms, next] = paged(
          [...alarms].map(([AlarmName, alarm]) => ({ AlarmName, ...alarm })),
          NextToken,
        );
        return { MetricAlarms, NextToken: next };
      }),
    )
    .on(EnableAlarmActionsCommand)
    .callsFake(answer('EnableAlarmActions', switched(true)))
    .on(DisableAlarmActionsCommand)
    .callsFake(answer('DisableAlarmActions', switched(false)))
    .on(SetAlarmStateCommand)
    .callsFake(
      answer('SetAlarmState', ({ alarms }, { AlarmName, StateValue }) => {
        Object.assign(alarms.get(AlarmName ?? '') ?? {}, { StateValue });
        return {};
      }),
    );
  await region.declared();
  region.rds.recovery.instances.set('shop-db-replica', {
    ...{ DBInstanceIdentifier: 'shop-db-replica', DBInstanceStatus: 'available' },
    ...{ BackupRetentionPeriod: 30, PreferredBackupWindow: '03:00-04:00', MultiAZ: false, DeletionProtection: false },
  });
});
afterEach(() => vi.useRealTimers());

const call = () => invoke(handler, sample) as Promise<Step>;
const awake = (of: string) =>
  [...(regions[of]?.schedules ?? [])].flatMap(([name, { State }]) => (State === 'ENABLED' ? name : [])).sort();
const silent = (operation: string, of: string): void => {
  if (of === PRIMARY) throw Object.assign(new Error(operation), { name: 'TimeoutError' });
};

describe('monitoring', () => {
  it('wakes what runs where the platform lives, and puts the other region to sleep', async () => {
    expect(await call()).toMatchObject({ done: true, facts: { left: { off: true }, database: 'changed' } });
    expect(awake(RECOVERY)).toEqual([...HOME, 'guard'].sort());
    expect(awake(PRIMARY)).toEqual(['assess', 'guard']);
  });

  it('begins the first backup of the new home, once, under the name of the failover', async () => {
    const name = `shop-db-after-${ID}`;
    expect(await call()).toMatchObject({ facts: { backup: name } });
    await region.vault.place(
      phaseKey(ID, 'monitoring'),
      JSON.stringify({ ...region.record('monitoring'), endedAt: undefined }),
    );
    expect(await call()).toMatchObject({ done: true });
    expect(region.machines.started).toEqual([`backup-database ${name}`]);
    expect(region.machines.executions).toMatchObject([
      { name, input: { source: 'shop-db', scheduledAt: '2026-11-20T03:00:00Z', purpose: 'on-demand' } },
    ]);
  });

  it('keeps everything else of a schedule as it is', async () => {
    const { State: _, ...asMade } = regions[RECOVERY]?.schedules.get('measure') ?? {};
    await call();
    expect(regions[RECOVERY]?.schedules.get('measure')).toEqual({ ...asMade, State: 'ENABLED' });
  });

  it('lets alarms that take silence for bad news tell people here, beginning anew, and there no more', async () => {
    await call();
    expect(regions[RECOVERY]?.alarms.get('lifeboat-shop-test-rpo')).toMatchObject({
      ActionsEnabled: true,
      StateValue: 'INSUFFICIENT_DATA',
    });
    expect(regions[PRIMARY]?.alarms.get('lifeboat-shop-test-rpo')?.ActionsEnabled).toBe(false);
    for (const of of [PRIMARY, RECOVERY])
      expect(regions[of]?.alarms.get('lifeboat-shop-test-failing')).toMatchObject({
        ActionsEnabled: true,
        StateValue: 'OK',
      });
  });

  it('gives the database what the configuration demands, at once', async () => {
    await call();
    expect(region.rds.inputs('ModifyDBInstance')).toEqual([
      {
        ...{ DBInstanceIdentifier: 'shop-db-replica', ApplyImmediately: true },
        ...{ MultiAZ: true, DeletionProtection: true },
      },
    ]);
  });

  it('asks nothing of a database that is as demanded', async () => {
    Object.assign(region.rds.recovery.instances.get('shop-db-replica') ?? {}, {
      MultiAZ: true,
      DeletionProtection: true,
    });
    expect(await call()).toMatchObject({ facts: { database: 'as demanded' } });
    expect(region.rds.inputs('ModifyDBInstance')).toEqual([]);
  });

  it('waits for a database that is busy', async () => {
    const instance = region.rds.recovery.instances.get('shop-db-replica') ?? {};
    instance.DBInstanceStatus = 'backing-up';
    expect(await call()).toMatchObject({ done: false });
    instance.DBInstanceStatus = 'available';
    expect(await call()).toMatchObject({ done: true });
  });

  it('cut short anywhere ends the same', async () => {
    for (let cut = 0; cut < 25; cut++) {
      regions = { [PRIMARY]: worldOf(true), [RECOVERY]: worldOf(false) };
      region.vault.remove(`recovery/${ID}/phases/monitoring.json`);
      let left = cut;
      const die = (operation: string, of: string): void => {
        if (of === RECOVERY && left-- === 0) throw Object.assign(new Error(operation), { name: 'Killed' });
      };
      if (cut % 2) before = die;
      else after = die;
      await call().catch(() => undefined);
      before = () => undefined;
      after = () => undefined;
      expect(await call()).toMatchObject({ done: true });
      expect(awake(RECOVERY), `cut at ${cut}`).toEqual([...HOME, 'guard'].sort());
      expect(regions[RECOVERY]?.alarms.get('lifeboat-shop-test-rpo'), `cut at ${cut}`).toMatchObject({
        ActionsEnabled: true,
        StateValue: 'INSUFFICIENT_DATA',
      });
    }
  });

  it('fails where this region does not do what it is told', async () => {
    before = (operation, of) => {
      if (of === RECOVERY && operation === 'UpdateSchedule')
        throw Object.assign(new Error('no'), { name: 'AccessDenied' });
    };
    await expect(call()).rejects.toThrow('no');
  });

  it('does not wait for a region that does not answer', async () => {
    before = silent;
    expect(await call()).toMatchObject({
      done: true,
      facts: { left: { off: false, found: 'TimeoutError: ListSchedules' } },
    });
  });
});

describe('a region that did not hear it', () => {
  beforeEach(async () => {
    before = silent;
    await call();
    await region.declared({ status: 'done', endedAt: TIME });
    await region.finished('fence', { confirmed: true });
    before = () => undefined;
  });

  it('is put to sleep by the watch once it is back', async () => {
    await invoke(guard, guardSample);
    expect(awake(PRIMARY)).toEqual(['assess', 'guard']);
    calls = [];
    expect(await invoke(guard, guardSample)).toMatchObject({ found: 'nothing left to do' });
    expect(calls).toEqual([]);
  });

  it('is tried again every minute until then', async () => {
    before = silent;
    await invoke(guard, guardSample);
    before = () => undefined;
    await invoke(guard, guardSample);
    expect(awake(PRIMARY)).toEqual(['assess', 'guard']);
  });
});
