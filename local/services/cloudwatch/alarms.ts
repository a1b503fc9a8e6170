// The alarms of a region. Between arrivals of data their future is known, so the clock is asked to wake them only for the
// minute at which a state changes: alarms that rest cost nothing, however fast the clock runs.
import { crc32 } from 'node:zlib';
import type { HistoryItemType, PutMetricAlarmInput, StateValue } from '@aws-sdk/client-cloudwatch';
import type { Region } from '../../types.ts';
import { type AlarmRule, evaluate, nextLook } from './evaluation.ts';
import { type MetricStore, MINUTE_MS } from './metrics.ts';
import { notify } from './notification.ts';

export interface Alarm {
  name: string;
  arn: string;
  input: PutMetricAlarmInput;
  rule: AlarmRule;
  /** Key of its series. */
  series: string;
  state: StateValue;
  reason: string;
  changedAt: Date;
  configuredAt: Date;
  cancel: () => void;
}

export interface HistoryItem {
  alarm: string;
  at: Date;
  type: HistoryItemType;
  summary: string;
  data: string;
}

export const createAlarms = (region: Region, store: MetricStore) => {
  const alarms = new Map<string, Alarm>();
  const history: HistoryItem[] = [];
  const remember = (alarm: Alarm, type: HistoryItemType, summary: string, data: object = {}): void => {
    history.push({ alarm: alarm.name, at: region.clock.now(), type, summary, data: JSON.stringify(data) });
  };

  const change = async (alarm: Alarm, state: StateValue, reason: string): Promise<void> => {
    const before = alarm.state;
    if (before === state) return;
    Object.assign(alarm, { state, reason, changedAt: region.clock.now() });
    remember(alarm, 'StateUpdate', `Alarm updated from ${before} to ${state}`, {
      oldState: before,
      newState: state,
      reason,
    });
    const release = region.clock.hold(`alarm ${alarm.name}`);
    try {
      await notify(region, alarm, before, (summary) => remember(alarm, 'Action', summary));
    } finally {
      release();
    }
  };

  const plan = (alarm: Alarm): void => {
    alarm.cancel();
    const series = store.get(alarm.series);
    const wake = nextLook(alarm.rule, series, region.clock.now().getTime(), alarm.state);
    alarm.cancel =
      wake === undefined ? () => undefined : region.clock.at(momentOf(alarm, wake), () => look(alarm, wake));
  };

  const look = async (alarm: Alarm, minute: number): Promise<void> => {
    // A region that is down evaluates nothing; it looks again once it is back.
    if (!region.alive) {
      alarm.cancel = region.clock.at(momentOf(alarm, minute + MINUTE_MS), () => look(alarm, minute + MINUTE_MS));
      return;
    }
    const { state, values } = evaluate(alarm.rule, store.get(alarm.series), minute, alarm.state);
    await change(alarm, state, reasonFor(alarm.rule, state, values));
    if (alarms.get(alarm.name) === alarm) plan(alarm);
  };

  return {
    history,
    all: (): Alarm[] => [...alarms.values()],
    get: (name: string): Alarm | undefined => alarms.get(name),
    put: (alarm: Alarm): void => {
      const existing = alarms.get(alarm.name);
      existing?.cancel();
      const kept = existing && { state: existing.state, reason: existing.reason, changedAt: existing.changedAt };
      const next = Object.assign(alarm, kept);
      alarms.set(alarm.name, next);
      remember(next, 'ConfigurationUpdate', `Alarm "${alarm.name}" ${existing ? 'updated' : 'created'}`);
      plan(next);
    },
    remove: (name: string): void => {
      alarms.get(name)?.cancel();
      alarms.delete(name);
    },
    /** Sets a state by hand; the next evaluation may set it back. */
    set: async (alarm: Alarm, state: StateValue, reason: string): Promise<void> => {
      await change(alarm, state, reason);
      plan(alarm);
    },
    /** Looks at the alarms of these series again: they got data. */
    onData: (series: string[]): void => {
      for (const alarm of alarms.values()) if (series.includes(alarm.series)) plan(alarm);
    },
    close: (): void => {
      for (const { cancel } of alarms.values()) cancel();
    },
  };
};

/**
 * Not all alarms are looked at in one instant, and mails of many that change together must not look like a flood to SNS:
 * each has a moment of its own within the minute.
 */
const momentOf = ({ name }: Alarm, minute: number): Date => new Date(minute + (crc32(name) % 50) * 1000);

const OPERATOR_TEXT: Record<string, string> = {
  GreaterThanThreshold: 'greater than',
  GreaterThanOrEqualToThreshold: 'greater than or equal to',
  LessThanThreshold: 'less than',
  LessThanOrEqualToThreshold: 'less than or equal to',
};

const reasonFor = ({ operator, threshold }: AlarmRule, state: StateValue, values: number[]): string => {
  if (state === 'INSUFFICIENT_DATA') return 'Insufficient Data: no datapoints were received.';
  if (values.length === 0)
    return `Threshold Crossed: no datapoints were received, and missing ones count as ${state === 'OK' ? 'not ' : ''}breaching.`;
  const were = `${values.length} datapoint${values.length > 1 ? 's' : ''} [${values.join(', ')}]`;
  return `Threshold Crossed: ${were} ${state === 'OK' ? 'not ' : ''}${OPERATOR_TEXT[operator]} the threshold (${threshold}).`;
};
