import type { ComparisonOperator, StateValue } from '@aws-sdk/client-cloudwatch';
import { firstFrom, MINUTE_MS, pointsBetween, type Series, statistic } from './metrics.ts';

/** The part of an alarm that decides about its state. */
export interface AlarmRule {
  statistic: string;
  /** Milliseconds, a multiple of a minute. */
  period: number;
  evaluationPeriods: number;
  datapointsToAlarm: number;
  operator: ComparisonOperator;
  threshold: number;
  treatMissing: 'missing' | 'ignore' | 'breaching' | 'notBreaching';
}

export interface Evaluation {
  state: StateValue;
  /** The values the decision rests on, newest first. */
  values: number[];
}

/**
 * CloudWatch looks further back than the evaluation periods where data points are missing (user guide, "How alarm state is
 * evaluated when data is missing": its examples show two periods more). How much further is not documented for all periods.
 */
const EXTRA_PERIODS = 2;

const BREACHES: Partial<Record<ComparisonOperator, (value: number, threshold: number) => boolean>> = {
  GreaterThanThreshold: (value, threshold) => value > threshold,
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};

export const isOffered = (operator: ComparisonOperator): boolean => operator in BREACHES;

/** The state at a minute: the periods are counted back from it, so a period of five minutes slides by one (user guide, "Evaluating an alarm"). */
export const evaluate = (rule: AlarmRule, series: Series | undefined, at: number, before: StateValue): Evaluation => {
  const range = rule.evaluationPeriods + EXTRA_PERIODS;
  const values = Array.from({ length: range }, (_, index) => {
    const points = pointsBetween(series, at - (index + 1) * rule.period, at - index * rule.period);
    return statistic(
      points.map(({ value }) => value),
      rule.statistic,
    );
  });
  return decide(rule, values, before);
};

/** The decision over the values of the evaluation range, newest first; undefined is a missing one. */
export const decide = (rule: AlarmRule, range: (number | undefined)[], before: StateValue): Evaluation => {
  const { evaluationPeriods, datapointsToAlarm, treatMissing } = rule;
  const breaches = (value: number): boolean => BREACHES[rule.operator]?.(value, rule.threshold) ?? false;
  const values = range.filter((value) => value !== undefined).slice(0, evaluationPeriods);
  const breaching = values.filter(breaches).length;
  const missing = evaluationPeriods - values.length;
  const result = (state: StateValue): Evaluation => ({ state, values });

  const filled = breaching + (treatMissing === 'breaching' ? missing : 0);
  if (filled >= datapointsToAlarm) return result('ALARM');
  if (missing === 0 || treatMissing === 'breaching' || treatMissing === 'notBreaching' || breaching < values.length)
    return result('OK');
  if (treatMissing === 'ignore') return result(before);
  if (values.length === 0) return result('INSUFFICIENT_DATA');
  // All that is there breaches, yet too little is there: an alarm only once the oldest of it is as old as the alarm asks for.
  const oldest = range.findLastIndex((value) => value !== undefined) + 1;
  return result(oldest >= datapointsToAlarm ? 'ALARM' : before);
};

/** Minutes after `now` at which the windows of an alarm gain or lose a point, should nothing more arrive; soonest first. */
export function* turningPoints(rule: AlarmRule, series: Series | undefined, now: number): Generator<number> {
  const windows = rule.evaluationPeriods + EXTRA_PERIODS;
  let at = Math.floor(now / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  while (at < Number.POSITIVE_INFINITY) {
    yield at;
    let next = Number.POSITIVE_INFINITY;
    for (let window = 0; window <= windows; window += 1) {
      // A point reaches a window one minute after its own, and `window` periods later.
      const shift = MINUTE_MS + window * rule.period;
      const point = series?.points[firstFrom(series, at - shift + 1)];
      if (point) next = Math.min(next, point.minute + shift);
    }
    at = next;
  }
}

/** How many turning points are looked at ahead; where none of them changes the state, the next look is at the last. */
const LOOK_AHEAD = 16;

/** The minute at which to evaluate again, should nothing more arrive; undefined where nothing would ever change. */
export const nextLook = (
  rule: AlarmRule,
  series: Series | undefined,
  now: number,
  state: StateValue,
): number | undefined => {
  const ahead = turningPoints(rule, series, now).take(LOOK_AHEAD).toArray();
  const changing = ahead.find((minute) => evaluate(rule, series, minute, state).state !== state);
  return changing ?? (ahead.length === LOOK_AHEAD ? ahead.at(-1) : undefined);
};
