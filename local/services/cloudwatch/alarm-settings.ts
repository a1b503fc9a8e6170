import type { MetricAlarm, PutMetricAlarmInput } from '@aws-sdk/client-cloudwatch';
import type { Region } from '../../types.ts';
import type { Alarm } from './alarms.ts';
import { type AlarmRule, isOffered } from './evaluation.ts';
import { seriesKey, statistic } from './metrics.ts';
import { checkPeriod, dimensionsOf, invalid } from './queries.ts';

const TREATMENTS = ['missing', 'ignore', 'breaching', 'notBreaching'] as const;
const DAY_MS = 86_400_000;

/** The alarm that PutMetricAlarm asks for, not yet evaluated. @throws InvalidParameterValueException */
export const alarmOf = (region: Region, input: PutMetricAlarmInput): Alarm => {
  const { AlarmName: name = '', Namespace, MetricName } = input;
  if (!name) throw invalid('The parameter AlarmName is required.');
  if (input.Metrics?.length) throw invalid(`${name}: alarms on metric math are not offered here. Name one metric.`);
  if (!Namespace || !MetricName) throw invalid(`${name}: Namespace and MetricName are required.`);
  const now = region.clock.now();
  return {
    ...{
      name,
      input,
      rule: ruleOf(name, input),
      series: seriesKey(Namespace, MetricName, dimensionsOf(input.Dimensions)),
    },
    arn: `arn:aws:cloudwatch:${region.name}:${region.account}:alarm:${name}`,
    ...{ state: 'INSUFFICIENT_DATA', reason: 'Unchecked: Initial alarm creation', changedAt: now, configuredAt: now },
    cancel: () => undefined,
  };
};

const ruleOf = (name: string, input: PutMetricAlarmInput): AlarmRule => {
  const { ComparisonOperator: operator, EvaluationPeriods: evaluationPeriods = 0, Threshold: threshold } = input;
  if (!operator || !isOffered(operator)) throw invalid(`${name}: ComparisonOperator ${operator} is not offered here.`);
  if (threshold === undefined) throw invalid(`${name}: Threshold is required.`);
  const datapointsToAlarm = input.DatapointsToAlarm ?? evaluationPeriods;
  if (!(evaluationPeriods >= 1 && datapointsToAlarm >= 1 && datapointsToAlarm <= evaluationPeriods)) {
    throw invalid(`${name}: ${datapointsToAlarm} datapoints of ${evaluationPeriods} periods cannot be met.`);
  }
  const treatMissing = TREATMENTS.find((treatment) => treatment === (input.TreatMissingData ?? 'missing'));
  if (!treatMissing)
    throw invalid(`${name}: TreatMissingData ${input.TreatMissingData}. Known: ${TREATMENTS.join(', ')}.`);
  const period = checkPeriod(input.Period);
  if (period * evaluationPeriods > (period >= 3_600_000 ? 7 : 1) * DAY_MS) {
    throw invalid(
      `${name}: Metrics cannot be checked across more than a day, or seven days for periods of an hour and more.`,
    );
  }
  const chosen = input.Statistic ?? '';
  try {
    statistic([0], chosen);
  } catch (cause) {
    throw invalid(`${name}: ${cause instanceof Error ? cause.message : cause}`);
  }
  return { statistic: chosen, period, evaluationPeriods, datapointsToAlarm, operator, threshold, treatMissing };
};

export const describeAlarm = ({
  name,
  arn,
  input,
  rule,
  state,
  reason,
  changedAt,
  configuredAt,
}: Alarm): MetricAlarm => ({
  AlarmName: name,
  AlarmArn: arn,
  AlarmDescription: input.AlarmDescription,
  AlarmConfigurationUpdatedTimestamp: configuredAt,
  ActionsEnabled: input.ActionsEnabled ?? true,
  OKActions: input.OKActions ?? [],
  AlarmActions: input.AlarmActions ?? [],
  InsufficientDataActions: input.InsufficientDataActions ?? [],
  StateValue: state,
  StateReason: reason,
  StateUpdatedTimestamp: changedAt,
  MetricName: input.MetricName,
  Namespace: input.Namespace,
  Statistic: input.Statistic,
  Dimensions: input.Dimensions ?? [],
  Period: input.Period,
  Unit: input.Unit,
  EvaluationPeriods: rule.evaluationPeriods,
  DatapointsToAlarm: rule.datapointsToAlarm,
  Threshold: rule.threshold,
  ComparisonOperator: rule.operator,
  TreatMissingData: rule.treatMissing,
});
