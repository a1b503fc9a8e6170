import {
  type Dimension,
  type GetMetricStatisticsInput,
  type GetMetricStatisticsOutput,
  InvalidParameterCombinationException,
  InvalidParameterValueException,
  type ListMetricsInput,
  type ListMetricsOutput,
  type MetricDatum,
} from '@aws-sdk/client-cloudwatch';
import { type Datum, type MetricStore, pointsBetween, seriesKey, statistic } from './metrics.ts';

export const invalid = (message: string): InvalidParameterValueException =>
  new InvalidParameterValueException({ message, $metadata: {} });

/** CloudWatch quotas, 2026-11: data points of one GetMetricStatistics answer. */
const MAX_DATAPOINTS = 1440;

export const dimensionsOf = (dimensions: Dimension[] | undefined): Record<string, string> =>
  Object.fromEntries((dimensions ?? []).map(({ Name, Value }) => [Name ?? '', Value ?? '']));

export const datumOf = (datum: MetricDatum, now: Date): Datum => {
  const { MetricName: name, Value, Values, Counts } = datum;
  if (!name) throw invalid('The parameter MetricData.member.MetricName is required.');
  if (datum.StatisticValues) throw invalid(`${name}: StatisticValues are not offered here. Send Value or Values.`);
  const values =
    Value === undefined ? (Values ?? []).flatMap((value, at) => Array<number>(Counts?.[at] ?? 1).fill(value)) : [Value];
  const wrong = values.find((value) => !Number.isFinite(value));
  if (values.length === 0 || wrong !== undefined)
    throw invalid(`${name}: expected finite values, found ${wrong ?? 'none'}.`);
  return {
    name,
    values,
    unit: datum.Unit ?? 'None',
    dimensions: dimensionsOf(datum.Dimensions),
    time: datum.Timestamp ?? now,
  };
};

export const checkPeriod = (seconds: number | undefined): number => {
  if (!seconds || seconds % 60 !== 0)
    throw invalid(`Period ${seconds}: expected a multiple of 60; high-resolution metrics are not offered here.`);
  return seconds * 1000;
};

interface Bucket {
  start: Date;
  values: number[];
  unit: string | undefined;
}

/** The periods between two times that hold data, oldest first. */
const buckets = (store: MetricStore, key: string, from: Date, to: Date, period: number): Bucket[] => {
  const found = new Map<number, Bucket>();
  for (const { minute, value, unit } of pointsBetween(store.get(key), from.getTime(), to.getTime())) {
    const start = Math.floor(minute / period) * period;
    const bucket = found.get(start) ?? { start: new Date(start), values: [], unit };
    bucket.values.push(value);
    found.set(start, bucket);
  }
  return [...found.values()];
};

export const metricStatistics = (store: MetricStore, input: GetMetricStatisticsInput): GetMetricStatisticsOutput => {
  const { Namespace = '', MetricName = '', Dimensions, StartTime, EndTime } = input;
  if (!StartTime || !EndTime || StartTime >= EndTime)
    throw invalid('The parameter StartTime must be less than the parameter EndTime.');
  if (input.ExtendedStatistics?.length) throw invalid('ExtendedStatistics are not offered here.');
  const period = checkPeriod(input.Period);
  const count = (EndTime.getTime() - StartTime.getTime()) / period;
  if (count > MAX_DATAPOINTS) {
    const message = `You have requested up to ${Math.ceil(count)} datapoints, which exceeds the limit of ${MAX_DATAPOINTS}.`;
    throw new InvalidParameterCombinationException({ message, $metadata: {} });
  }
  const key = seriesKey(Namespace, MetricName, dimensionsOf(Dimensions));
  const datapoints = buckets(store, key, StartTime, EndTime, period).map(({ start, values, unit }) => ({
    Timestamp: start,
    ...Object.fromEntries((input.Statistics ?? []).map((name) => [name, statistic(values, name)])),
    Unit: unit as NonNullable<MetricDatum['Unit']>,
  }));
  return { Label: MetricName, Datapoints: datapoints };
};

export const listMetrics = (
  store: MetricStore,
  { Namespace, MetricName, Dimensions = [] }: ListMetricsInput,
): ListMetricsOutput => ({
  Metrics: store
    .all()
    .filter(({ namespace }) => Namespace === undefined || namespace === Namespace)
    .filter(({ name }) => MetricName === undefined || name === MetricName)
    .filter(({ dimensions }) =>
      Dimensions.every(
        ({ Name = '', Value }) => Name in dimensions && (Value === undefined || dimensions[Name] === Value),
      ),
    )
    .map(({ namespace, name, dimensions }) => ({
      Namespace: namespace,
      MetricName: name,
      Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
    })),
});
