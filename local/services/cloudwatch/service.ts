// CloudWatch of the local region: metrics, and alarms on the region's clock.
import * as sdk from '@aws-sdk/client-cloudwatch';
import { defineService, type Operations } from '../../service.ts';
import type { Check, Region, Service } from '../../types.ts';
import { alarmOf, describeAlarm } from './alarm-settings.ts';
import { type Alarm, createAlarms } from './alarms.ts';
import type { AlarmRule } from './evaluation.ts';
import { createMetricStore, type Datum, type Series } from './metrics.ts';
import { datumOf, invalid, listMetrics, metricStatistics } from './queries.ts';
import type { MetricSink } from './record.ts';

/** What Route 53's health checkers read of a region: an alarm's settings, and the data it would be decided by. */
export interface MetricStream {
  alarm(name: string): { input: sdk.PutMetricAlarmInput; rule: AlarmRule; series: string } | undefined;
  series(key: string): Series | undefined;
  /** Calls back whenever a series got data; returns the end of it. */
  listen(listener: (keys: string[]) => void): () => void;
}

export interface CloudWatch extends Service, MetricSink, MetricStream {}

/** CloudWatch quotas, 2026-11. */
const MAX_DATA = 1000;

export const createCloudWatch = (region: Region): CloudWatch => {
  const store = createMetricStore();
  const alarms = createAlarms(region, store);
  const listeners = new Set<(keys: string[]) => void>();

  const record = (namespace: string, data: Datum[]): void => {
    const keys = store.put(namespace, data);
    alarms.onData(keys);
    for (const listener of listeners) listener(keys);
  };
  const findAlarm = (name: string | undefined): Alarm => {
    const alarm = alarms.get(name ?? '');
    if (alarm) return alarm;
    throw new sdk.ResourceNotFound({ message: `Unknown alarm ${name}`, $metadata: {} });
  };
  /** Names that are not there are passed over, as on AWS. */
  const act = (names: string[], ActionsEnabled: boolean) => {
    for (const alarm of names.flatMap((name) => alarms.get(name) ?? []))
      alarms.put({ ...alarm, input: { ...alarm.input, ActionsEnabled } });
    return {};
  };

  const operations: Operations<typeof sdk> = {
    PutMetricData: async ({ Namespace = '', MetricData = [] }: sdk.PutMetricDataInput) => {
      if (Namespace === '' || Namespace.startsWith('AWS/'))
        throw invalid(`Namespace '${Namespace}': expected a name that does not begin with AWS/.`);
      if (MetricData.length > MAX_DATA) throw invalid(`MetricData: ${MAX_DATA} at most, found ${MetricData.length}.`);
      const now = region.clock.now();
      record(
        Namespace,
        MetricData.map((datum) => datumOf(datum, now)),
      );
      return {};
    },
    GetMetricStatistics: async (input: sdk.GetMetricStatisticsInput) => metricStatistics(store, input),
    ListMetrics: async (input: sdk.ListMetricsInput) => listMetrics(store, input),
    PutMetricAlarm: async (input: sdk.PutMetricAlarmInput) => {
      alarms.put(alarmOf(region, input));
      return {};
    },
    DeleteAlarms: async ({ AlarmNames = [] }: sdk.DeleteAlarmsInput) => {
      for (const name of AlarmNames) alarms.remove(name);
      return {};
    },
    DescribeAlarms: async ({ AlarmNames, AlarmNamePrefix = '', StateValue }: sdk.DescribeAlarmsInput) => ({
      MetricAlarms: alarms
        .all()
        .filter(
          ({ name }) => (AlarmNames === undefined || AlarmNames.includes(name)) && name.startsWith(AlarmNamePrefix),
        )
        .filter(({ state }) => StateValue === undefined || state === StateValue)
        .map(describeAlarm),
      CompositeAlarms: [],
    }),
    EnableAlarmActions: async ({ AlarmNames = [] }: sdk.EnableAlarmActionsInput) => act(AlarmNames, true),
    DisableAlarmActions: async ({ AlarmNames = [] }: sdk.DisableAlarmActionsInput) => act(AlarmNames, false),
    SetAlarmState: async ({ AlarmName, StateValue, StateReason = '' }: sdk.SetAlarmStateInput) => {
      if (!StateValue) throw invalid('The parameter StateValue is required.');
      await alarms.set(findAlarm(AlarmName), StateValue, StateReason);
      return {};
    },
    DescribeAlarmHistory: async ({
      AlarmName,
      HistoryItemType,
      StartDate,
      EndDate,
    }: sdk.DescribeAlarmHistoryInput) => ({
      AlarmHistoryItems: alarms.history
        .filter(
          ({ alarm, type }) => (!AlarmName || alarm === AlarmName) && (!HistoryItemType || type === HistoryItemType),
        )
        .filter(({ at }) => (!StartDate || at >= StartDate) && (!EndDate || at <= EndDate))
        .toReversed()
        .map(({ alarm, at, type, summary, data }) => ({
          ...{ AlarmName: alarm, AlarmType: 'MetricAlarm' as const, Timestamp: at },
          ...{ HistoryItemType: type, HistorySummary: summary, HistoryData: data },
        })),
    }),
  };

  const authorize = (operation: string, input: unknown): Check[] => {
    const action = `cloudwatch:${operation}`;
    const { AlarmName, AlarmNames, Namespace } = input as {
      AlarmName?: string;
      AlarmNames?: string[];
      Namespace?: string;
    };
    // PutMetricData knows no resources; its namespace is a condition (service authorization reference, 2026-11).
    if (operation === 'PutMetricData')
      return [{ action, resource: '*', context: { 'cloudwatch:namespace': Namespace ?? '' } }];
    const alarmArn = (name: string): string => `arn:aws:cloudwatch:${region.name}:${region.account}:alarm:${name}`;
    const switched = operation.endsWith('AlarmActions') ? AlarmNames : undefined;
    if (switched) return switched.map((name) => ({ action, resource: alarmArn(name) }));
    return [{ action, resource: AlarmName ? alarmArn(AlarmName) : '*' }];
  };

  return {
    ...defineService(sdk, operations),
    authorize,
    record,
    alarm: alarms.get,
    series: store.get,
    listen: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => alarms.close(),
  };
};
