import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DescribeEventsCommand, HealthClient } from '@aws-sdk/client-health';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createWorld, type LocalWorld } from '../../../../local/world.ts';

let world: LocalWorld;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'health-'));
  world = await createWorld({ directory, regions: ['us-east-1'] });
});
afterAll(async () => {
  await world.close();
  await rm(directory, { recursive: true, force: true });
});

it('answers the SDK with the events that a filter asks for, and refuses an account without a support plan', async () => {
  const region = world.region('us-east-1');
  const { accessKeyId, secretAccessKey } = world.iam.operatorCredentials;
  const client = new HealthClient({
    // Its second endpoint, in a region that is not here.
    region: 'us-east-2',
    endpoint: region.endpoint,
    credentials: { accessKeyId, secretAccessKey },
  });
  const issue = { service: 'RDS', region: 'us-east-1', statusCode: 'open', eventTypeCategory: 'issue' } as const;
  region.health.events.push(
    { ...issue, eventTypeCode: 'AWS_RDS_OPERATIONAL_ISSUE' },
    { ...issue, statusCode: 'closed' },
  );
  const ask = (filter: object) => client.send(new DescribeEventsCommand({ filter }));
  expect((await ask({ eventStatusCodes: ['open'], services: ['RDS'] })).events).toMatchObject([
    { eventTypeCode: 'AWS_RDS_OPERATIONAL_ISSUE' },
  ]);
  expect((await ask({ regions: ['us-west-2'] })).events).toEqual([]);
  expect((await ask({})).events).toHaveLength(2);
  region.health.subscribed = false;
  await expect(ask({})).rejects.toMatchObject({ name: 'SubscriptionRequiredException' });
});
