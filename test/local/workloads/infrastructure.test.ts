import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Build } from '@aws-sdk/client-codebuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createShopInfrastructure, receiptsBucket } from '../../../local/workloads/projects.ts';
import { createWorld, type LocalRegion, type LocalWorld } from '../../../local/world.ts';

let directory: string;
let world: LocalWorld;
let region: LocalRegion;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'infrastructure-'));
  world = await createWorld({ directory, regions: ['us-east-1', 'us-west-2'] });
  region = world.region('us-west-2');
  await createShopInfrastructure(region, 'shop-infrastructure');
});
afterAll(async () => {
  await world.close();
  await rm(directory, { recursive: true, force: true });
});

const ask = <T>(service: string, operation: string, input: object): Promise<T> =>
  region.call<T>(service, operation, input, world.iam.operator);
const build = async (failover: string): Promise<Build & { id: string }> => {
  const started = await ask<{ build: { id: string } }>('codebuild', 'StartBuild', {
    projectName: 'shop-infrastructure',
    environmentVariablesOverride: [{ name: 'LIFEBOAT_FAILOVER_ID', value: failover, type: 'PLAINTEXT' }],
  });
  await world.clock.advanceTo(new Date(world.clock.now().getTime() + 60_000));
  const { builds } = await ask<{ builds: (Build & { id: string })[] }>('codebuild', 'BatchGetBuilds', {
    ids: [started.build.id],
  });
  return builds[0] as Build & { id: string };
};
const versioning = () => ask('s3', 'GetBucketVersioning', { Bucket: receiptsBucket(region) });

it('makes the shop’s bucket with versions, and finds it the next time', async () => {
  const first = await build('drill-1');
  expect(region.codebuild.log(first.id).filter((line) => !line.startsWith('[Container]'))).toEqual([
    'infrastructure of us-west-2 for failover drill-1',
    'shop-receipts-111122223333-us-west-2: created',
    'shop-receipts-111122223333-us-west-2: versioning switched on',
  ]);
  expect(first.buildStatus).toBe('SUCCEEDED');
  await expect(versioning()).resolves.toMatchObject({ Status: 'Enabled' });

  const second = await build('drill-2');
  expect(region.codebuild.log(second.id).slice(-2)).toEqual([
    'shop-receipts-111122223333-us-west-2: is there',
    'shop-receipts-111122223333-us-west-2: is versioned',
  ]);
  expect(second.buildStatus).toBe('SUCCEEDED');
  await expect(versioning()).resolves.toMatchObject({ Status: 'Enabled' });
});

it('may do no more than that', () => {
  const granted = world.iam.permissions().filter(({ role }) => role.endsWith('/shop-infrastructure'));
  const here = granted.filter(({ resource }) => resource.endsWith('-us-west-2'));
  expect(here.map(({ action, used }) => [action, used])).toEqual([
    ['s3:ListBucket', true],
    ['s3:CreateBucket', true],
    ['s3:GetBucketVersioning', true],
    ['s3:PutBucketVersioning', true],
  ]);
});
