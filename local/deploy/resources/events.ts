import { z } from 'zod';
import { json, number, tags, text } from './properties.ts';
import { resourceType } from './resource-type.ts';

const retryPolicy = z.strictObject({
  MaximumEventAgeInSeconds: number.optional(),
  MaximumRetryAttempts: number.optional(),
});
const deadLetter = z.strictObject({ Arn: text });

export const rule = resourceType(
  z.strictObject({
    Name: text.optional(),
    Description: text.optional(),
    EventBusName: text.optional(),
    EventPattern: json,
    State: z.enum(['ENABLED', 'DISABLED']).optional(),
    RoleArn: text.optional(),
    Targets: z
      .array(
        z.strictObject({
          Id: text,
          Arn: text,
          RoleArn: text.optional(),
          Input: text.optional(),
          InputPath: text.optional(),
          InputTransformer: z
            .strictObject({ InputPathsMap: z.record(z.string(), text).optional(), InputTemplate: text })
            .optional(),
          RetryPolicy: retryPolicy.optional(),
          DeadLetterConfig: deadLetter.optional(),
        }),
      )
      .default([]),
  }),
  async ({ EventPattern, Targets, ...properties }, { call, madeUpName }) => {
    const Name = properties.Name ?? madeUpName();
    const bus = properties.EventBusName ? { EventBusName: properties.EventBusName } : {};
    const { RuleArn } = await call<{ RuleArn: string }>('events', 'PutRule', {
      ...properties,
      Name,
      EventPattern: JSON.stringify(EventPattern),
    });
    if (Targets.length > 0) await call('events', 'PutTargets', { Rule: Name, ...bus, Targets });
    const undo = async () => {
      if (Targets.length > 0)
        await call('events', 'RemoveTargets', { Rule: Name, ...bus, Ids: Targets.map(({ Id }) => Id) });
      await call('events', 'DeleteRule', { Name, ...bus });
    };
    return { ref: Name, arn: RuleArn, undo };
  },
);

export const scheduleGroup = resourceType(
  z.strictObject({ Name: text.optional(), Tags: tags.optional() }),
  async ({ Tags, ...properties }, { call, madeUpName }) => {
    const Name = properties.Name ?? madeUpName();
    const { ScheduleGroupArn } = await call<{ ScheduleGroupArn: string }>('scheduler', 'CreateScheduleGroup', {
      Name,
      ...(Tags && { Tags }),
    });
    return { ref: Name, arn: ScheduleGroupArn, undo: () => call('scheduler', 'DeleteScheduleGroup', { Name }) };
  },
);

export const schedule = resourceType(
  z.strictObject({
    Name: text.optional(),
    GroupName: text.optional(),
    Description: text.optional(),
    ScheduleExpression: text,
    ScheduleExpressionTimezone: text.optional(),
    FlexibleTimeWindow: z.strictObject({ Mode: text, MaximumWindowInMinutes: number.optional() }),
    State: z.enum(['ENABLED', 'DISABLED']).optional(),
    Target: z.strictObject({
      Arn: text,
      RoleArn: text,
      Input: text.optional(),
      RetryPolicy: retryPolicy.optional(),
      DeadLetterConfig: deadLetter.optional(),
    }),
  }),
  async (properties, { call, madeUpName }) => {
    const Name = properties.Name ?? madeUpName();
    const { ScheduleArn } = await call<{ ScheduleArn: string }>('scheduler', 'CreateSchedule', { ...properties, Name });
    const input = { Name, ...(properties.GroupName && { GroupName: properties.GroupName }) };
    return { ref: Name, arn: ScheduleArn, undo: () => call('scheduler', 'DeleteSchedule', input) };
  },
);
