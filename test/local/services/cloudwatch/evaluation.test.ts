import { describe, expect, it } from 'vitest';
import { type AlarmRule, decide, evaluate, turningPoints } from '../../../../local/services/cloudwatch/evaluation.ts';
import type { Series } from '../../../../local/services/cloudwatch/metrics.ts';

const rule = (more: Partial<AlarmRule> = {}): AlarmRule => ({
  ...{
    statistic: 'Maximum',
    period: 60_000,
    evaluationPeriods: 3,
    datapointsToAlarm: 3,
    operator: 'GreaterThanThreshold',
    threshold: 0,
  },
  ...{ treatMissing: 'missing' },
  ...more,
});
const TREATMENTS = ['missing', 'ignore', 'breaching', 'notBreaching'] as const;
/** As in the user guide: oldest first, `X` breaches, `0` does not, `-` is missing. */
const range = (text: string): (number | undefined)[] =>
  text
    .split(' ')
    .toReversed()
    .map((sign) => (sign === '-' ? undefined : sign === 'X' ? 1 : 0));
const states = (text: string, datapointsToAlarm: number): string[] =>
  TREATMENTS.map(
    (treatMissing) => decide(rule({ treatMissing, datapointsToAlarm }), range(text), 'INSUFFICIENT_DATA').state,
  );

// CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data"; 'INSUFFICIENT_DATA' under "ignore" is the state before.
describe('an alarm of 3 out of 3', () => {
  it.each([
    ['0 - X - X', ['OK', 'OK', 'OK', 'OK']],
    ['- - - - 0', ['OK', 'OK', 'OK', 'OK']],
    ['- - - - -', ['INSUFFICIENT_DATA', 'INSUFFICIENT_DATA', 'ALARM', 'OK']],
    ['0 X X - X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
    ['- - X - -', ['ALARM', 'INSUFFICIENT_DATA', 'ALARM', 'OK']],
  ])('judges %s', (text, expected) => {
    expect(states(text, 3)).toEqual(expected);
  });

  it('does not cry over a single value that has just come', () => {
    expect(states('- - - - X', 3)).toEqual(['INSUFFICIENT_DATA', 'INSUFFICIENT_DATA', 'ALARM', 'OK']);
  });
});

describe('an alarm of 2 out of 3', () => {
  it.each([
    ['0 - X - X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
    ['0 0 X 0 X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
    ['0 - X - -', ['OK', 'OK', 'ALARM', 'OK']],
    ['- - - - 0', ['OK', 'OK', 'ALARM', 'OK']],
  ])('judges %s', (text, expected) => {
    expect(states(text, 2)).toEqual(expected);
  });
});

describe('the windows of an alarm', () => {
  const series = (...minutes: number[]): Series => ({
    ...{ key: '', namespace: '', name: '', dimensions: {} },
    points: minutes.map((minute) => ({ minute: minute * 60_000, value: minute, unit: 'None' })),
  });

  it('end at the minute looked at and slide with it', () => {
    const five = rule({ period: 300_000, evaluationPeriods: 1, datapointsToAlarm: 1 });
    const values = (minute: number) => evaluate(five, series(7), minute * 60_000, 'OK').values;
    expect(values(7)).toEqual([]);
    expect(values(8)).toEqual([7]);
    expect(values(22)).toEqual([7]);
    expect(values(23)).toEqual([]);
  });

  it('change only when a value enters or leaves one of them', () => {
    const five = rule({ period: 300_000, evaluationPeriods: 1, datapointsToAlarm: 1 });
    expect([...turningPoints(five, series(7), 7.5 * 60_000)].map((at) => at / 60_000)).toEqual([8, 13, 18, 23]);
    expect([...turningPoints(five, undefined, 30_000)].map((at) => at / 60_000)).toEqual([1]);
  });
});
