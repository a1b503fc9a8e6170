// EventBridge Scheduler of the local region: runs targets under a role when the region's clock says so.
import * as sdk from '@aws-sdk/client-scheduler';
import { defineService, type Operations } from '../../service.ts';
import type { Check, Region, Service } from '../../types.ts';
import { recordMetric } from '../cloudwatch/record.ts';
import { type FailedDelivery, sendWithRetries } from '../eventbridge/retries.ts';
import { invalid, parseExpression } from './expression.ts';
import { checkTarget, executionIdOf, runTarget } from './target.ts';

export interface Scheduler extends Service {
  /** Runs that were given up, oldest first; `rule` is the schedule. */
  failedDeliveries: FailedDelivery[];
}

interface Schedule {
  name: string;
  group: string;
  arn: string;
  input: sdk.CreateScheduleInput;
  target: sdk.Target;
  timetable: ReturnType<typeof parseExpression>;
  createdAt: Date;
  changedAt: Date;
  cancel: () => void;
}

export const createScheduler = (region: Region): Scheduler => {
  const prefix = `arn:aws:scheduler:${region.name}:${region.account}`;
  const groups = new Set(['default']);
  const schedules = new Map<string, Schedule>();
  const failedDeliveries: FailedDelivery[] = [];
  const arnOf = (group: string, name: string): string => `${prefix}:schedule/${group}/${name}`;
  const groupArn = (group: string): string => `${prefix}:schedule-group/${group}`;

  const find = ({
    Name = '',
    GroupName = 'default',
  }: {
    Name?: string | undefined;
    GroupName?: string | undefined;
  }): Schedule => {
    const schedule = schedules.get(arnOf(GroupName, Name));
    if (!schedule) throw missing(`Schedule ${Name} does not exist.`);
    return schedule;
  };

  const assume = ({ name, group, target }: Pick<Schedule, 'name' | 'group' | 'target'>) =>
    region.world.iam.assume(target.RoleArn ?? '', 'scheduler.amazonaws.com', {
      actor: name,
      sourceArn: groupArn(group),
    });

  const fire = (schedule: Schedule, scheduledAt: Date): Promise<void> => {
    const { target, arn, name, group } = schedule;
    const executionId = executionIdOf(arn, scheduledAt);
    return sendWithRetries({
      region,
      reason: `schedule ${name}`,
      policy: target.RetryPolicy,
      send: async (attempt) => {
        if (!region.alive) throw new Error(`the region ${region.name} is down.`);
        await runTarget(region, target, { scheduledAt, executionId, attempt, scheduleArn: arn }, assume(schedule));
        recordMetric(region, 'AWS/Scheduler', 'InvocationAttemptCount', 1, { ScheduleGroup: group });
      },
      onGivenUp: (error, attempts) => {
        failedDeliveries.push({
          rule: name,
          target: target.Arn ?? '',
          error: error.message,
          attempts,
          at: region.clock.now(),
        });
        recordMetric(region, 'AWS/Scheduler', 'InvocationDroppedCount', 1, { ScheduleGroup: group });
      },
    });
  };

  /** Waits for the next time after `after`, and after each run for the one that follows. */
  const arm = (schedule: Schedule, after: Date): void => {
    if (schedule.input.State === 'DISABLED') return;
    const next = schedule.timetable.next(after);
    if (!next) return;
    schedule.cancel = region.clock.at(next, async () => {
      arm(schedule, next);
      await fire(schedule, next);
    });
  };

  const remove = (schedule: Schedule): void => {
    schedule.cancel();
    schedules.delete(schedule.arn);
  };

  const put = (input: sdk.CreateScheduleInput, createdAt: Date): Schedule => {
    const {
      Name: name = '',
      GroupName: group = 'default',
      Target: target,
      ScheduleExpression: expression = '',
    } = input;
    if (!/^[\w.-]{1,64}$/.test(name))
      throw invalid(`The schedule name '${name}' needs 1 to 64 letters, digits, '.', '-' and '_'.`);
    if (!groups.has(group)) throw missing(`Schedule group ${group} does not exist.`);
    if (input.FlexibleTimeWindow?.Mode !== 'OFF') throw invalid('FlexibleTimeWindow: only mode OFF is offered here.');
    for (const member of ['StartDate', 'EndDate', 'ActionAfterCompletion'] as const)
      if (input[member] !== undefined) throw invalid(`${member} is not offered here.`);
    if (!target) throw invalid('Target is needed.');
    checkTarget(target);
    const now = region.clock.now();
    const zone = input.ScheduleExpressionTimezone ?? 'UTC';
    // A rate without a start date begins at once (Scheduler user guide, "Rate-based schedules", 2026-11).
    const timetable = parseExpression(expression, zone, now);
    try {
      assume({ name, group, target });
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : cause;
      throw invalid(`The execution role you provide must allow AWS EventBridge Scheduler to assume the role. ${why}`);
    }
    const arn = arnOf(group, name);
    const schedule: Schedule = {
      name,
      group,
      arn,
      input,
      target,
      timetable,
      createdAt,
      changedAt: now,
      cancel: () => undefined,
    };
    schedules.get(arn)?.cancel();
    schedules.set(arn, schedule);
    arm(schedule, expression.startsWith('rate') ? new Date(now.getTime() - 1) : now);
    return schedule;
  };

  const operations: Operations<typeof sdk> = {
    CreateScheduleGroup: async ({ Name = '' }: sdk.CreateScheduleGroupInput) => {
      if (groups.has(Name)) throw conflict(`Schedule group ${Name} already exists.`);
      groups.add(Name);
      return { ScheduleGroupArn: groupArn(Name) };
    },
    /** Takes the schedules of the group with it. */
    DeleteScheduleGroup: async ({ Name = '' }: sdk.DeleteScheduleGroupInput) => {
      for (const schedule of [...schedules.values()].filter(({ group }) => group === Name)) remove(schedule);
      groups.delete(Name);
      return {};
    },
    CreateSchedule: async (input: sdk.CreateScheduleInput) => {
      if (schedules.has(arnOf(input.GroupName ?? 'default', input.Name ?? '')))
        throw conflict(`Schedule ${input.Name} already exists.`);
      return { ScheduleArn: put(input, region.clock.now()).arn };
    },
    /** Replaces the whole schedule: what is not named again takes its default, as on AWS. */
    UpdateSchedule: async (input: sdk.UpdateScheduleInput) => ({ ScheduleArn: put(input, find(input).createdAt).arn }),
    GetSchedule: async (input: sdk.GetScheduleInput) => describe(find(input)),
    ListSchedules: async ({ GroupName, NamePrefix = '', State }: sdk.ListSchedulesInput) => ({
      Schedules: [...schedules.values()]
        .filter(({ group, name }) => (GroupName === undefined || group === GroupName) && name.startsWith(NamePrefix))
        .filter(({ input }) => State === undefined || (input.State ?? 'ENABLED') === State)
        .map((schedule) => ({ ...describe(schedule), Target: { Arn: schedule.target.Arn } })),
    }),
    DeleteSchedule: async (input: sdk.DeleteScheduleInput) => {
      remove(find(input));
      return {};
    },
  };

  const authorize = (operation: string, input: unknown): Check[] => {
    const { Name, GroupName = 'default' } = input as { Name?: string; GroupName?: string };
    if (operation === 'ListSchedules') return [{ action: 'scheduler:ListSchedules', resource: '*' }];
    const resource = operation.endsWith('ScheduleGroup') ? groupArn(Name ?? '') : arnOf(GroupName, Name ?? '');
    return [{ action: `scheduler:${operation}`, resource }];
  };

  return {
    ...defineService(sdk, operations),
    authorize,
    failedDeliveries,
    close: async () => {
      for (const { cancel } of schedules.values()) cancel();
    },
  };
};

const describe = ({ arn, name, group, input, createdAt, changedAt }: Schedule): sdk.GetScheduleOutput => ({
  ...input,
  ...{ Arn: arn, Name: name, GroupName: group, State: input.State ?? 'ENABLED' },
  ScheduleExpressionTimezone: input.ScheduleExpressionTimezone ?? 'UTC',
  ...{ CreationDate: createdAt, LastModificationDate: changedAt },
});

const missing = (message: string) => new sdk.ResourceNotFoundException({ Message: message, message, $metadata: {} });
const conflict = (message: string) => new sdk.ConflictException({ Message: message, message, $metadata: {} });
