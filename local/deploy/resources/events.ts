import { z } from 'zod';
import { json, number, text } from './properties.ts';
import { resourceType } from './resource-type.ts';

const retryPolicy = z.strictObject({
  MaximumEventAgeInSeconds: number.optional(),
  MaximumRetryAttempts: number.optional(),
});

export const rule = resourceType(
  z.strictObject({
    Name: text.optional(),
    Description: text.optional(),
    EventPattern: json,
    State: z.enum(['ENABLED', 'DISABLED']).optional(),
    Targets: z
      .array(
        z.strictObject({
          Id: text,
          Arn: text,
          RoleArn: text.optional(),
          RetryPolicy: retryPolicy.optional(),
        }),
      )
      .default([]),
  }),
  async ({ EventPattern, Targets, ...properties }, { call, madeUpName }) => {
    const Name = properties.Name ?? madeUpName();
    const { RuleArn } = await call<{ RuleArn: string }>('events', 'PutRule', {
      ...properties,
      Name,
      EventPattern: JSON.stringify(EventPattern),
    });
    if (Targets.length > 0) await call('events', 'PutTargets', { Rule: Name, Targets });
    const undo = async () => {
      if (Targets.length > 0) await call('events', 'RemoveTargets', { Rule: Name, Ids: Targets.map(({ Id }) => Id) });
      await call('events', 'DeleteRule', { Name });
    };
    return { ref: Name, arn: RuleArn, undo };
  },
);

export const scheduleGroup = resourceType(z.strictObject({ Name: text }), async ({ Name }, { call }) => {
  const { ScheduleGroupArn } = await call<{ ScheduleGroupArn: string }>('scheduler', 'CreateScheduleGroup', { Name });
  return { ref: Name, arn: ScheduleGroupArn, undo: () => call('scheduler', 'DeleteScheduleGroup', { Name }) };
});

export const schedule = resourceType(
  z.strictObject({
    Name: text.optional(),
    GroupName: text.optional(),
    ScheduleExpression: text,
    ScheduleExpressionTimezone: text.optional(),
    FlexibleTimeWindow: z.strictObject({ Mode: text }),
    State: z.enum(['ENABLED', 'DISABLED']).optional(),
    Target: z.strictObject({
      Arn: text,
      RoleArn: text,
      Input: text.optional(),
      RetryPolicy: retryPolicy.optional(),
    }),
  }),
  async (properties, { call, madeUpName }) => {
    const Name = properties.Name ?? madeUpName();
    const { ScheduleArn } = await call<{ ScheduleArn: string }>('scheduler', 'CreateSchedule', { ...properties, Name });
    const input = { Name, ...(properties.GroupName && { GroupName: properties.GroupName }) };
    return { ref: Name, arn: ScheduleArn, undo: () => call('scheduler', 'DeleteSchedule', input) };
  },
);
