import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCloudWatch } from '../../../../local/services/cloudwatch/service.ts';
import { createEventBridge, type EventBridge } from '../../../../local/services/eventbridge/service.ts';
import { createSns, type Sns } from '../../../../local/services/sns/service.ts';
import { ACCOUNT, createRegions, type TestWorld } from '../lambda/regions.ts';

let world: TestWorld;
const MINUTE = 60_000;
const TopicArn = `arn:aws:sns:us-east-1:${ACCOUNT}:critical`;
const inbox = () => (world.home.services.get('sns') as Sns).inbox();
const alarm = (more: object = {}) =>
  world.call('monitoring', 'PutMetricAlarm', {
    ...{
      AlarmName: 'rpo',
      Namespace: 'Lifeboat',
      MetricName: 'AchievableRpo',
      Dimensions: [{ Name: 'source', Value: 'shop-db' }],
    },
    ...{
      Statistic: 'Maximum',
      Period: 300,
      EvaluationPeriods: 2,
      Threshold: 300,
      ComparisonOperator: 'GreaterThanThreshold',
    },
    ...{
      AlarmActions: [TopicArn],
      OKActions: [TopicArn],
      TreatMissingData: 'notBreaching',
      AlarmDescription: 'Too much would be lost.',
    },
    ...more,
  });
const put = (Value: number) =>
  world.call('monitoring', 'PutMetricData', {
    Namespace: 'Lifeboat',
    MetricData: [
      { MetricName: 'AchievableRpo', Value, Unit: 'Seconds', Dimensions: [{ Name: 'source', Value: 'shop-db' }] },
    ],
  });
const state = async (): Promise<string | undefined> => {
  const { MetricAlarms } = await world.call<{ MetricAlarms: { StateValue: string }[] }>(
    'monitoring',
    'DescribeAlarms',
    { AlarmNames: ['rpo'] },
  );
  return MetricAlarms[0]?.StateValue;
};
/** Hands in a value every five minutes. */
const measure = async (...values: number[]) => {
  for (const value of values) {
    await put(value);
    await world.advance(5 * MINUTE);
  }
};

beforeEach(async () => {
  world = createRegions([createCloudWatch, createSns, createEventBridge]);
  await world.call('sns', 'CreateTopic', { Name: 'critical' });
  await world.call('sns', 'Subscribe', { TopicArn, Protocol: 'email', Endpoint: 'oncall@example.com' });
});
afterEach(() => world.close());

describe('an alarm', () => {
  it('begins without data, and tells people when enough values in a row are too high, and when they are not any more', async () => {
    await alarm();
    expect(await state()).toBe('INSUFFICIENT_DATA');
    await measure(100, 400, 100);
    expect(await state()).toBe('OK');
    await measure(400, 500);
    expect(await state()).toBe('ALARM');
    await measure(100);
    expect(await state()).toBe('OK');
    expect(inbox().map(({ subject }) => subject)).toEqual([
      'OK: "rpo" in US East (N. Virginia)',
      'ALARM: "rpo" in US East (N. Virginia)',
      'OK: "rpo" in US East (N. Virginia)',
    ]);
    expect(JSON.parse(inbox()[1]?.message ?? '')).toMatchObject({
      ...{ AlarmName: 'rpo', NewStateValue: 'ALARM', OldStateValue: 'OK', AlarmDescription: 'Too much would be lost.' },
      NewStateReason: 'Threshold Crossed: 2 datapoints [500, 400] greater than the threshold (300).',
      Trigger: {
        MetricName: 'AchievableRpo',
        Period: 300,
        Threshold: 300,
        Dimensions: [{ name: 'source', value: 'shop-db' }],
      },
    });
  });

  it('puts its changes on the bus and into its history', async () => {
    await alarm();
    await measure(400, 500);
    const { events } = world.home.services.get('events') as EventBridge;
    expect(events.at(-1)).toMatchObject({
      source: 'aws.cloudwatch',
      'detail-type': 'CloudWatch Alarm State Change',
      detail: { alarmName: 'rpo', state: { value: 'ALARM' }, previousState: { value: 'OK' } },
    });
    const { AlarmHistoryItems } = await world.call<{ AlarmHistoryItems: object[] }>(
      'monitoring',
      'DescribeAlarmHistory',
      { AlarmName: 'rpo' },
    );
    expect(AlarmHistoryItems.slice(0, 2)).toMatchObject([
      { HistoryItemType: 'Action', HistorySummary: `Successfully executed action ${TopicArn}` },
      { HistoryItemType: 'StateUpdate', HistorySummary: 'Alarm updated from OK to ALARM' },
    ]);
  });

  it('takes silence for what it is told to', async () => {
    await alarm({ TreatMissingData: 'breaching' });
    await measure(100);
    expect(await state()).toBe('OK');
    await world.advance(10 * MINUTE);
    expect(await state()).toBe('OK');
    await world.advance(20 * MINUTE);
    expect(await state()).toBe('ALARM');
    await alarm({ TreatMissingData: 'missing' });
    await world.advance(5 * MINUTE);
    expect(await state()).toBe('INSUFFICIENT_DATA');
  });

  it('says in its history when people could not be told', async () => {
    const deny = [{ Effect: 'Deny', Principal: '*', Action: 'sns:Publish', Resource: TopicArn }];
    await world.call('sns', 'SetTopicAttributes', {
      TopicArn,
      AttributeName: 'Policy',
      AttributeValue: JSON.stringify({ Statement: deny }),
    });
    await alarm();
    await measure(400, 500);
    const { AlarmHistoryItems } = await world.call<{ AlarmHistoryItems: object[] }>(
      'monitoring',
      'DescribeAlarmHistory',
      { AlarmName: 'rpo', HistoryItemType: 'Action' },
    );
    expect(AlarmHistoryItems[0]).toMatchObject({
      HistorySummary: expect.stringMatching(/^Failed to execute action .*explicit deny/),
    });
    expect(inbox()).toEqual([]);
  });

  it('can be set by hand, until it looks again', async () => {
    await alarm();
    await measure(100);
    await world.call('monitoring', 'SetAlarmState', { AlarmName: 'rpo', StateValue: 'ALARM', StateReason: 'drill' });
    expect(await state()).toBe('ALARM');
    await world.advance(2 * MINUTE);
    expect(await state()).toBe('OK');
    await expect(
      world.call('monitoring', 'SetAlarmState', { AlarmName: 'x', StateValue: 'OK', StateReason: '' }),
    ).rejects.toMatchObject({ name: 'ResourceNotFound' });
  });

  it('keeps its state when it is put again, and is gone once deleted', async () => {
    await alarm();
    await measure(400, 500);
    await alarm({ Threshold: 350 });
    expect(await state()).toBe('ALARM');
    await world.call('monitoring', 'DeleteAlarms', { AlarmNames: ['rpo'] });
    await measure(100, 100);
    expect(await state()).toBeUndefined();
    expect(inbox().at(-1)?.subject).toMatch(/^ALARM/);
  });

  it.each([
    ['metric math', { Metrics: [{ Id: 'a', Expression: '1' }] }],
    ['a period of half a minute', { Period: 30 }],
    ['more datapoints than periods', { DatapointsToAlarm: 3 }],
    ['a statistic that does not exist', { Statistic: 'Median' }],
    ['a comparison that is not offered', { ComparisonOperator: 'GreaterThanUpperThreshold' }],
    ['more than a day', { Period: 3540, EvaluationPeriods: 25 }],
  ])('is refused with %s', async (_, more) => {
    await expect(alarm(more)).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
    expect(await state()).toBeUndefined();
  });

  it('costs nothing while it rests: a day with twenty of them takes well under two seconds', async () => {
    for (let index = 0; index < 20; index += 1) {
      const treatment = ['missing', 'ignore', 'breaching', 'notBreaching'][index % 4];
      await alarm({
        AlarmName: `alarm-${index}`,
        Period: 60,
        EvaluationPeriods: 3,
        TreatMissingData: treatment,
        AlarmActions: [],
        OKActions: [],
      });
    }
    await put(100);
    await world.advance(10 * MINUTE);
    const begun = performance.now();
    await world.advance(86_400_000);
    expect(performance.now() - begun).toBeLessThan(500);
  });

  it('costs little while it is measured: a day with twenty of them and values every five minutes', async () => {
    for (let index = 0; index < 20; index += 1) {
      await alarm({
        AlarmName: `alarm-${index}`,
        Period: 86_400,
        EvaluationPeriods: 1,
        AlarmActions: [],
        OKActions: [],
      });
    }
    const begun = performance.now();
    await measure(...Array<number>(288).fill(100));
    expect(performance.now() - begun).toBeLessThan(3000);
  });
});
