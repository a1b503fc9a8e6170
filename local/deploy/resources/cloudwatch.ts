import { z } from 'zod';
import { flag, number, text, texts } from './properties.ts';
import { resourceType } from './resource-type.ts';

const dimensions = z.array(z.strictObject({ Name: text, Value: text }));

export const alarm = resourceType(
  z.strictObject({
    AlarmName: text.optional(),
    AlarmDescription: text.optional(),
    ActionsEnabled: flag.optional(),
    AlarmActions: texts.optional(),
    OKActions: texts.optional(),
    Namespace: text.optional(),
    MetricName: text.optional(),
    Dimensions: dimensions.optional(),
    Statistic: text.optional(),
    Period: number.optional(),
    EvaluationPeriods: number,
    DatapointsToAlarm: number.optional(),
    Threshold: number.optional(),
    ComparisonOperator: text,
    TreatMissingData: text.optional(),
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
