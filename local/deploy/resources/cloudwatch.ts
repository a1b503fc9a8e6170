import { z } from 'zod';
import { flag, number, tags, text, texts } from './properties.ts';
import { resourceType } from './resource-type.ts';

const dimensions = z.array(z.strictObject({ Name: text, Value: text }));

export const alarm = resourceType(
  z.strictObject({
    AlarmName: text.optional(),
    AlarmDescription: text.optional(),
    ActionsEnabled: flag.optional(),
    AlarmActions: texts.optional(),
    OKActions: texts.optional(),
    InsufficientDataActions: texts.optional(),
    Namespace: text.optional(),
    MetricName: text.optional(),
    Dimensions: dimensions.optional(),
    Statistic: text.optional(),
    ExtendedStatistic: text.optional(),
    Unit: text.optional(),
    Period: number.optional(),
    EvaluationPeriods: number,
    DatapointsToAlarm: number.optional(),
    Threshold: number.optional(),
    ComparisonOperator: text,
    TreatMissingData: text.optional(),
    Tags: tags.optional(),
  }),
  async (properties, { call, region, madeUpName }) => {
    const AlarmName = properties.AlarmName ?? madeUpName(255);
    await call('monitoring', 'PutMetricAlarm', { ...properties, AlarmName });
    return {
      ref: AlarmName,
      arn: `arn:aws:cloudwatch:${region.name}:${region.account}:alarm:${AlarmName}`,
      undo: () => call('monitoring', 'DeleteAlarms', { AlarmNames: [AlarmName] }),
    };
  },
);

export const dashboard = resourceType(
  z.strictObject({ DashboardName: text.optional(), DashboardBody: text }),
  async ({ DashboardName, DashboardBody }, { call, madeUpName }) => {
    const name = DashboardName ?? madeUpName(255);
    await call('monitoring', 'PutDashboard', { DashboardName: name, DashboardBody });
    return { ref: name, undo: () => call('monitoring', 'DeleteDashboards', { DashboardNames: [name] }) };
  },
);
