// A world of two regions in which only RDS is real: KMS, S3 and CloudWatch are maps, and everybody may do everything
// except who is in `refused`.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClock } from '../../../../local/clock.ts';
import { createRds, type RdsService } from '../../../../local/services/rds/service.ts';
import type { BusEvent, Caller, Region, Service, World } from '../../../../local/types.ts';

const ACCOUNT = '111122223333';
export const OPERATOR: Caller = { arn: `arn:aws:iam::${ACCOUNT}:user/operator`, account: ACCOUNT };

export interface FakeRegion extends Region {
  rds: RdsService;
  events: BusEvent[];
  objects: Map<string, Uint8Array>;
  metrics: { MetricName: string; Value: number }[];
}

export interface FakeWorld extends World {
  primary: FakeRegion;
  recovery: FakeRegion;
  /** States of keys by ARN; others are not known. */
  keys: Map<string, string>;
  /** `service:Operation` that is answered with AccessDenied. */
  refused: Set<string>;
  close(): Promise<void>;
}

export const createFakeWorld = async (): Promise<FakeWorld> => {
  const directory = await mkdtemp(join(tmpdir(), 'lifeboat-rds-'));
  const clock = createClock({ start: new Date('2026-11-20T10:00:00Z') });
  const regions = new Map<string, FakeRegion>();
  const world = {
    account: ACCOUNT,
    clock,
    regions,
    keys: new Map<string, string>(),
    refused: new Set<string>(),
    region: (name: string) => regions.get(name),
    iam: { assume: (arn: string) => ({ arn, account: ACCOUNT, roleArn: arn }) },
  } as unknown as FakeWorld;
  for (const name of ['us-east-1', 'us-west-2'])
    regions.set(name, createFakeRegion(world, name, join(directory, name)));
  return Object.assign(world, {
    primary: regions.get('us-east-1'),
    recovery: regions.get('us-west-2'),
    async close() {
      for (const { rds } of regions.values()) await rds.close();
      clock.close();
      await rm(directory, { recursive: true, force: true });
    },
  });
};

const createFakeRegion = (world: FakeWorld, name: string, directory: string): FakeRegion => {
  const region = { name, account: ACCOUNT, directory, clock: world.clock, world, alive: true } as unknown as FakeRegion;
  Object.assign(region, { events: [], objects: new Map(), metrics: [], services: new Map() });
  region.emit = (event) => void region.events.push(event);
  region.call = async (service, operation, input, caller) => {
    if (world.refused.has(`${service}:${operation}`))
      throw Object.assign(new Error('AccessDenied'), { name: 'AccessDenied' });
    const run = service === 'rds' ? region.rds.operations[operation] : fakes(region)[`${service}:${operation}`];
    if (!run) throw new Error(`${service}:${operation} is not offered.`);
    return run(input, { region, caller, requestId: 'r', signal: new AbortController().signal });
  };
  region.rds = createRds(region);
  for (const name of ['kms', 'monitoring']) {
    const operations = Object.entries(fakes(region)).map(([key, run]) => [key.split(':')[1], run]);
    region.services.set(name, { operations: Object.fromEntries(operations) } as unknown as Service);
  }
  return region;
};

// biome-ignore lint/suspicious/noExplicitAny: inputs of three services.
const fakes = (region: FakeRegion): Record<string, (input: any, context: object) => Promise<any>> => ({
  async 'kms:DescribeKey'({ KeyId }) {
    const state = (region.world as FakeWorld).keys.get(KeyId);
    if (!state) throw new Error(`Key ${KeyId} does not exist.`);
    return { KeyMetadata: { Arn: KeyId, KeyState: state } };
  },
  'kms:CreateGrant': async () => ({}),
  's3:ListObjectsV2': async () => ({}),
  async 's3:PutObject'({ Bucket, Key, Body }) {
    region.objects.set(`${Bucket}/${Key}`, Body);
  },
  async 'monitoring:PutMetricData'({ MetricData }) {
    region.metrics.push(...MetricData);
  },
});
