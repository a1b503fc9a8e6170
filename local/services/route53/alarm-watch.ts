// How a health check follows the data of a CloudWatch alarm, whatever the alarm itself is told to do.
import type { StateValue } from '@aws-sdk/client-cloudwatch';
import type {
  AlarmIdentifier,
  CloudWatchAlarmConfiguration,
  InsufficientDataHealthStatus,
} from '@aws-sdk/client-route-53';
import type { Service, World } from '../../types.ts';
import { type AlarmRule, evaluate, nextLook } from '../cloudwatch/evaluation.ts';
import type { CloudWatch } from '../cloudwatch/service.ts';
import { invalidInput } from './errors.ts';

export interface AlarmWatch {
  configuration: CloudWatchAlarmConfiguration;
  state(): StateValue;
  isHealthy(): boolean;
  end(): void;
}

/** @throws InvalidInput where there is no such alarm. */
export const watchAlarm = (
  world: World,
  { Region: where, Name: name = '' }: AlarmIdentifier,
  onInsufficientData: InsufficientDataHealthStatus,
): AlarmWatch => {
  const region = world.regions.get(where ?? '');
  const stream = region?.alive ? (region.services.get('monitoring') as Service & CloudWatch) : undefined;
  const alarm = stream?.alarm(name);
  if (!stream || !alarm) throw invalidInput(`The alarm ${name} was not found in the region ${where}.`);
  const { Statistic, Namespace, MetricName, Dimensions } = alarm.input;
  // The check's copy of an alarm knows neither a number of data points to alarm nor a treatment of missing data.
  const rule: AlarmRule = { ...alarm.rule, datapointsToAlarm: alarm.rule.evaluationPeriods, treatMissing: 'missing' };
  const { series } = alarm;

  let state: StateValue = 'INSUFFICIENT_DATA';
  /** Healthy or not when there was last enough data. */
  let known: boolean | undefined;
  let cancel = (): void => undefined;

  const look = (minute: number): void => {
    state = evaluate(rule, stream.series(series), minute, state).state;
    if (state !== 'INSUFFICIENT_DATA') known = state === 'OK';
    plan();
  };
  const plan = (): void => {
    cancel();
    const wake = nextLook(rule, stream.series(series), world.clock.now().getTime(), state);
    if (wake !== undefined) cancel = world.clock.at(new Date(wake), () => look(wake));
  };
  const stop = stream.listen((keys) => {
    if (keys.includes(series)) plan();
  });
  plan();

  return {
    configuration: {
      EvaluationPeriods: rule.evaluationPeriods,
      Threshold: rule.threshold,
      ComparisonOperator: rule.operator as CloudWatchAlarmConfiguration['ComparisonOperator'],
      Period: rule.period / 1000,
      ...{ MetricName, Namespace, Statistic, Dimensions: Dimensions?.map(({ Name, Value }) => ({ Name, Value })) },
    },
    state: () => state,
    isHealthy: () => {
      if (state !== 'INSUFFICIENT_DATA') return state === 'OK';
      return onInsufficientData === 'LastKnownStatus' ? (known ?? true) : onInsufficientData === 'Healthy';
    },
    end: () => {
      cancel();
      stop();
    },
  };
};
