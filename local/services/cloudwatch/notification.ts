import type { StateValue } from '@aws-sdk/client-cloudwatch';
import type { Caller, Region } from '../../types.ts';
import { sendToTarget } from '../eventbridge/targets.ts';
import type { Alarm } from './alarms.ts';

/** How alarm messages call a region. */
const REGION_NAMES: Record<string, string> = { 'us-east-1': 'US East (N. Virginia)', 'us-west-2': 'US West (Oregon)' };

/** Tells the world that an alarm changed: an event, and a message to the topics of its new state. `report` hears what came of each. */
export const notify = async (
  region: Region,
  alarm: Alarm,
  before: StateValue,
  report: (summary: string) => void,
): Promise<void> => {
  const { input, state, reason, changedAt } = alarm;
  const metric = { namespace: input.Namespace, name: input.MetricName, dimensions: dimensionsOf(alarm) };
  region.emit({
    source: 'aws.cloudwatch',
    'detail-type': 'CloudWatch Alarm State Change',
    resources: [alarm.arn],
    detail: {
      alarmName: alarm.name,
      state: { value: state, reason, timestamp: changedAt.toISOString() },
      previousState: { value: before },
      configuration: {
        description: input.AlarmDescription,
        metrics: [{ metricStat: { metric, period: input.Period, stat: alarm.rule.statistic }, returnData: true }],
      },
    },
  });
  if (input.ActionsEnabled === false) return;
  const actions =
    { ALARM: input.AlarmActions, OK: input.OKActions, INSUFFICIENT_DATA: input.InsufficientDataActions }[state] ?? [];
  const caller: Caller = { arn: alarm.arn, account: region.account, service: 'cloudwatch.amazonaws.com' };
  for (const arn of actions) {
    try {
      const place = REGION_NAMES[region.name] ?? region.name;
      const subject = `${state}: "${alarm.name}" in ${place}`.slice(0, 100);
      await sendToTarget(region, {
        arn,
        subject,
        payload: JSON.stringify(message(region, alarm, before, place)),
        caller,
      });
      report(`Successfully executed action ${arn}`);
    } catch (cause) {
      report(`Failed to execute action ${arn}. ${cause instanceof Error ? cause.message : cause}`);
    }
  }
};

const dimensionsOf = ({ input }: Alarm): Record<string, string | undefined> =>
  Object.fromEntries((input.Dimensions ?? []).map(({ Name, Value }) => [Name, Value]));

/** The JSON that CloudWatch sends to topics. */
const message = (region: Region, alarm: Alarm, before: StateValue, place: string): object => {
  const { input, rule } = alarm;
  return {
    AlarmName: alarm.name,
    AlarmDescription: input.AlarmDescription ?? null,
    AWSAccountId: region.account,
    AlarmConfigurationUpdatedTimestamp: awsTime(alarm.configuredAt),
    NewStateValue: alarm.state,
    NewStateReason: alarm.reason,
    StateChangeTime: awsTime(alarm.changedAt),
    Region: place,
    AlarmArn: alarm.arn,
    OldStateValue: before,
    OKActions: input.OKActions ?? [],
    AlarmActions: input.AlarmActions ?? [],
    InsufficientDataActions: input.InsufficientDataActions ?? [],
    Trigger: {
      MetricName: input.MetricName,
      Namespace: input.Namespace,
      StatisticType: 'Statistic',
      Statistic: rule.statistic.toUpperCase(),
      Unit: input.Unit ?? null,
      Dimensions: (input.Dimensions ?? []).map(({ Name, Value }) => ({ value: Value, name: Name })),
      Period: input.Period,
      EvaluationPeriods: rule.evaluationPeriods,
      DatapointsToAlarm: rule.datapointsToAlarm,
      ComparisonOperator: rule.operator,
      Threshold: rule.threshold,
      TreatMissingData: rule.treatMissing,
      EvaluateLowSampleCountPercentile: '',
    },
  };
};

const awsTime = (time: Date): string => time.toISOString().replace('Z', '+0000');
