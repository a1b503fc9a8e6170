import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import platform from '../../../lifeboat.config.ts';
import { type DeployedStack, deploy } from '../../../local/deploy/deploy.ts';
import { createWorld, type LocalWorld } from '../../../local/world.ts';
import { packageFolder } from '../../../scripts/package.ts';

const PRIMARY = 'us-east-1';
const RECOVERY = 'us-west-2';
const stackName = 'lifeboat-shop-dev';

describe('the packaged service', () => {
  let directory: string;
  let world: LocalWorld;
  let recovery: DeployedStack;
  let primary: DeployedStack;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'lifeboat-deploy-'));
    world = await createWorld({ directory, regions: [PRIMARY, RECOVERY] });
    const dns = platform.recovery?.dns;
    if (dns) world.dns.host({ id: dns.zoneId, name: dns.zone });
    recovery = await deploy(world.region(RECOVERY), { packageDirectory: packageFolder('recovery'), stackName });
    const key = { Name: '/lifeboat/shop/dev/vault-key-arn', Type: 'String', Value: recovery.outputs.VaultKeyArn };
    await world.region(PRIMARY).call('ssm', 'PutParameter', key, world.iam.operator);
    primary = await deploy(world.region(PRIMARY), { packageDirectory: packageFolder('primary'), stackName });
  });
  afterAll(async () => {
    await world?.close();
    await rm(directory, { recursive: true, force: true });
  });

  const ask = (region: string, service: string, operation: string, input: object) =>
    world.region(region).call(service, operation, input, world.iam.operator);

  it('deploys into both regions, with one multi-region key', () => {
    expect(primary.outputs.VaultKeyArn).toBe(recovery.outputs.VaultKeyArn?.replace(RECOVERY, PRIMARY));
    expect(primary.outputs.VaultBucketName).toContain(PRIMARY);
  });

  it('leaves a locked vault that replicates into the recovery region', async () => {
    const Bucket = primary.outputs.VaultBucketName;
    expect(await ask(PRIMARY, 's3', 'GetObjectLockConfiguration', { Bucket })).toMatchObject({
      ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 30 } } },
    });
    expect(await ask(PRIMARY, 's3', 'GetBucketReplication', { Bucket })).toMatchObject({
      ReplicationConfiguration: { Rules: [{ Destination: { Bucket: recovery.outputs.VaultBucketArn } }] },
    });
  });

  it('runs its schedules in the primary region; the recovery region watches it, plans, holds its names and follows messages up', async () => {
    const awake = async (region: string) => {
      const answer = await ask(region, 'scheduler', 'ListSchedules', { GroupName: stackName, State: 'ENABLED' });
      return (answer.Schedules as { Name: string }[]).map(({ Name }) => Name).sort();
    };
    expect(await awake(PRIMARY)).toEqual(expect.arrayContaining(['reconcile', 'shop-db-snapshot', 'follow-up']));
    expect(await awake(RECOVERY)).toEqual(['assess', 'drills', 'follow-up', 'guard', 'hold-dns', 'plan', 'updates']);
  });

  it('gives every function a role of its own, which Lambda can take on and which may do something', async () => {
    const roles = new Set<string>();
    for (const [logicalId, { type, physicalId }] of primary.resources) {
      if (type !== 'AWS::Lambda::Function') continue;
      const { Role } = await ask(PRIMARY, 'lambda', 'GetFunctionConfiguration', { FunctionName: physicalId });
      expect(roles, logicalId).not.toContain(Role);
      roles.add(Role as string);
      world.iam.assume(Role as string, 'lambda.amazonaws.com', { actor: physicalId });
      expect(world.iam.permissions().filter(({ role }) => role === Role)).not.toEqual([]);
    }
    expect(roles.size).toBeGreaterThan(10);
  });
});
