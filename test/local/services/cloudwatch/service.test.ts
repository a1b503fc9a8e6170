import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCloudWatch } from '../../../../local/services/cloudwatch/service.ts';
import { createLambda } from '../../../../local/services/lambda/service.ts';
import { createFunction, invoke } from '../lambda/functions.ts';
import { createRegions, START, type TestWorld } from '../lambda/regions.ts';

let world: TestWorld;
const call = <T = Record<string, unknown>>(operation: string, input: object) =>
  world.call<T>('monitoring', operation, input);
const at = (minute: number): Date => new Date(START.getTime() + minute * 60_000);
const put = (...MetricData: object[]) => call('PutMetricData', { Namespace: 'Lifeboat', MetricData });
const statistics = (more: object = {}) =>
  call<{ Datapoints: Record<string, unknown>[] }>('GetMetricStatistics', {
    ...{ Namespace: 'Lifeboat', MetricName: 'Lag', StartTime: at(0), EndTime: at(60), Period: 300 },
    Statistics: ['Sum', 'Average', 'Minimum', 'Maximum', 'SampleCount'],
    ...more,
  });

beforeEach(() => {
  world = createRegions([createCloudWatch, createLambda]);
});
afterEach(() => world.close());

describe('metrics', () => {
  it('are summed up by period, whatever the order in which they came', async () => {
    await put(
      { MetricName: 'Lag', Value: 5, Timestamp: at(7) },
      { MetricName: 'Lag', Values: [1, 3], Counts: [1, 2], Timestamp: at(1), Unit: 'Seconds' },
    );
    await put({ MetricName: 'Lag', Value: 8, Timestamp: at(4) });
    const { Datapoints } = await statistics();
    expect(Datapoints).toMatchObject([
      {
        Timestamp: at(0),
        Sum: 15,
        Average: 3.75,
        Minimum: 1,
        Maximum: 8,
        SampleCount: 4,
        Unit: 'Seconds',
      },
      { Timestamp: at(5), Sum: 5, SampleCount: 1 },
    ]);
  });

  it('are kept apart by name, namespace and dimensions', async () => {
    const Dimensions = [{ Name: 'source', Value: 'shop-db' }];
    await put(
      { MetricName: 'Lag', Value: 1 },
      { MetricName: 'Lag', Value: 2, Dimensions },
      { MetricName: 'Age', Value: 3 },
    );
    expect((await statistics({ Dimensions })).Datapoints).toMatchObject([{ Sum: 2 }]);
    expect((await statistics({ Namespace: 'Other' })).Datapoints).toEqual([]);
    expect(await call('ListMetrics', { MetricName: 'Lag', Dimensions: [{ Name: 'source' }] })).toEqual({
      Metrics: [{ Namespace: 'Lifeboat', MetricName: 'Lag', Dimensions }],
    });
  });

  it('of functions arrive in the embedded format, without a permission, at region time', async () => {
    const body = `exports.handler = async () => {
      console.log(JSON.stringify({ _aws: { Timestamp: Date.now(), CloudWatchMetrics: [{ Namespace: 'Lifeboat', Dimensions: [['source']],
        Metrics: [{ Name: 'Lag', Unit: 'Seconds' }] }] }, source: 'shop-db', Lag: [4, 6] }));
    };`;
    await createFunction(world, 'measure', body);
    await world.clock.advanceTo(at(30));
    await invoke(world, 'measure');
    const { Datapoints } = await statistics({ Dimensions: [{ Name: 'source', Value: 'shop-db' }] });
    expect(Datapoints).toMatchObject([{ Timestamp: at(30), Sum: 10, SampleCount: 2, Unit: 'Seconds' }]);
    const errors = {
      Namespace: 'AWS/Lambda',
      MetricName: 'Errors',
      Dimensions: [{ Name: 'FunctionName', Value: 'measure' }],
    };
    expect((await statistics(errors)).Datapoints).toMatchObject([{ Sum: 0, SampleCount: 1 }]);
  });

  it.each([
    ["AWS's own namespace", () => call('PutMetricData', { Namespace: 'AWS/Lambda', MetricData: [] })],
    ['a value that is no number', () => put({ MetricName: 'Lag', Value: Number.NaN })],
    ['no value', () => put({ MetricName: 'Lag' })],
    ['a period of ten seconds', () => statistics({ Period: 10 })],
    ['times the wrong way round', () => statistics({ EndTime: at(-1) })],
    ['percentiles', () => statistics({ ExtendedStatistics: ['p50'] })],
  ])('are refused with %s', async (_, ask) => {
    await expect(ask()).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
  });

  it('are refused with more than 1440 data points in one answer', async () => {
    await expect(statistics({ EndTime: at(1441), Period: 60 })).rejects.toMatchObject({
      name: 'InvalidParameterCombinationException',
    });
  });
});
