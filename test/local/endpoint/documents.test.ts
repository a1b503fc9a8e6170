import { CloudWatchClient, ListMetricsCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeDBSnapshotsCommand, RDSClient } from '@aws-sdk/client-rds';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { as, createTestWorld, type TestWorld } from './regions.ts';
import { authorization, raw } from './wire.ts';

let test: TestWorld;
beforeAll(async () => {
  test = await createTestWorld();
});
afterAll(() => test[Symbol.asyncDispose]());

describe('a document', () => {
  it('that a client compresses is read, as SDKs do with much metric data', async () => {
    const client = new CloudWatchClient(as(test.east));
    const encodings: unknown[] = [];
    client.middlewareStack.add(
      (next) => (args) => {
        encodings.push((args.request as { headers: Record<string, string> }).headers['content-encoding']);
        return next(args);
      },
      { step: 'finalizeRequest', name: 'seen', priority: 'low' },
    );
    const MetricData = Array.from({ length: 400 }, (_, index) => ({ MetricName: `Metric${index}`, Value: index }));
    await client.send(new PutMetricDataCommand({ Namespace: 'Compressed', MetricData }));
    expect(encodings).toEqual(['gzip']);
    const { Metrics } = await client.send(new ListMetricsCommand({ Namespace: 'Compressed', MetricName: 'Metric399' }));
    expect(Metrics).toHaveLength(1);
    client.destroy();
  });

  it('of form fields is read in every way clients write lists, and from the query of a GET', async () => {
    const seen: unknown[] = [];
    const rds = test.west.services.get('rds');
    if (!rds) throw new Error('no rds');
    rds.operations.DescribeDBSnapshots = async (input: { Filters: unknown }) => {
      seen.push(input.Filters);
      return {};
    };
    const headers = { authorization: authorization('rds', 'us-west-2') };
    const Filters = [{ Name: 'engine', Values: ['postgres'] }];
    const body = (list: string) =>
      `Action=DescribeDBSnapshots&Filters.${list}.1.Name=engine&Filters.${list}.1.Values.Value.1=postgres`;
    await raw(test.west, 'POST', '/', { headers, body: body('Filter') });
    await raw(test.west, 'POST', '/', { headers, body: body('member') });
    await raw(test.west, 'POST', '/', {
      headers,
      body: body('Filter').replaceAll('.Filter', '').replaceAll('.Value.', '.'),
    });
    await raw(test.west, 'GET', `/?${body('Filter')}`, { headers });
    const client = new RDSClient(as(test.west));
    await client.send(new DescribeDBSnapshotsCommand({ Filters }));
    client.destroy();
    expect(seen).toEqual([Filters, Filters, Filters, Filters, Filters]);
  });
});
