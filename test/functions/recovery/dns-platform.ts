// The two functions that move customers' names, deployed with their own roles to both regions of a local world: bundled from
// this tree, with the switches, health checks and records that resources/dns.ts makes, and a customer's zone.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { strToU8, zipSync } from 'fflate';
import shop from '../../../examples/shop.config.ts';
import { deploy } from '../../../local/deploy/deploy.ts';
import { createWorld, type LocalRegion, type LocalWorld } from '../../../local/world.ts';
import { describeDeployment } from '../../../resources/deployment.ts';
import { dns } from '../../../resources/dns.ts';
import { functionRoles } from '../../../resources/functions.ts';
import { deploymentOf, type Role, roleLogicalId } from '../../../resources/names.ts';
import type { Recovery } from '../../../shared/config/recovery.ts';
import type { Platform } from '../../../shared/config/schema.ts';
import { type Epoch, epochKey } from '../../../shared/recovery/documents.ts';

export const MINUTE = 60_000;
const ROOT = path.resolve(import.meta.dirname, '../../..');
const EXAMPLE = path.join(ROOT, 'examples/shop.config.ts');
const ENTRIES = { recoverySwitchDns: 'switch-dns', recoveryHoldDns: 'hold-dns' } as const;
/** What the load balancers of a region are reached at. */
const ADDRESSES = { primary: '127.77.0.1', recovery: '127.77.0.2' } as const;

export type Mode = 'health-check' | 'records';
type Key = keyof typeof ENTRIES;
export const settings = shop.recovery?.dns as NonNullable<Recovery['dns']>;
export const NAMES = settings.records.map(({ name }) => name);

export interface Invoked {
  error: string | undefined;
  value: {
    done?: boolean;
    found?: string;
    facts?: Record<string, unknown>;
    errorMessage?: string;
    [name: string]: unknown;
  };
}

export interface DnsPlatform extends AsyncDisposable {
  world: LocalWorld;
  region(role: Role): LocalRegion;
  /** Gives the epoch to a failover into the region of a role. */
  declare(into: Role, epoch: Partial<Epoch>): Promise<void>;
  invoke(role: Role, key: Key, event?: object): Promise<Invoked>;
  /** Calls the phase, lets a minute go by, and so on, until it is done. At most ten times. */
  switchTo(role: Role, failoverId?: string): Promise<Invoked>;
  /** The role whose region every name leads to; throws where they disagree. */
  leadsTo(): Role;
  pass(minutes: number): Promise<void>;
  ask<T = Record<string, unknown>>(role: Role, service: string, operation: string, input: object): Promise<T>;
}

export const dnsPlatform = async (mode: Mode): Promise<DnsPlatform> => {
  const platform: Platform = { ...shop, recovery: { ...(shop.recovery as Recovery), dns: { ...settings, mode } } };
  const regions = shop.regions;
  const directory = mkdtempSync(path.join(tmpdir(), 'lifeboat-dns-'));
  const world = await createWorld({ directory, regions: Object.values(regions) });
  const region = (role: Role): LocalRegion => world.region(regions[role]);
  const ask: DnsPlatform['ask'] = (role, service, operation, input) =>
    region(role).call(service, operation, input, world.iam.operator);

  world.dns.host({ id: settings.zoneId, name: settings.zone });
  for (const record of settings.records)
    for (const role of ['primary', 'recovery'] as const) world.dns.register(record[role], () => [ADDRESSES[role]]);
  const folder = await bundle(directory, mode);
  const { KeyMetadata } = await ask<{ KeyMetadata: { KeyId: string } }>('recovery', 'kms', 'CreateKey', {
    MultiRegion: true,
  });
  await ask('recovery', 'kms', 'ReplicateKey', { KeyId: KeyMetadata.KeyId, ReplicaRegion: regions.primary });
  for (const role of ['recovery', 'primary'] as const) {
    const deployment = deploymentOf(platform, role, 'test');
    const Bucket = `${deployment.service}-vault-${world.account}-${deployment.region}`;
    await ask(role, 's3', 'CreateBucket', { Bucket });
    const Resources = { ...functionsFor(platform, role), ...dns(deployment) };
    // The key is of another part of the stack, which is not deployed here.
    const template = JSON.stringify({ Resources }).replaceAll(`\${VaultKey}`, KeyMetadata.KeyId);
    writeFileSync(path.join(folder, 'cloudformation-template-update-stack.json'), template);
    await deploy(region(role), { packageDirectory: folder, stackName: deployment.service });
  }
  if (mode === 'records') await simpleRecords(ask);
  const pass = (minutes: number): Promise<void> =>
    world.clock.advanceTo(new Date(world.clock.now().getTime() + minutes * MINUTE));
  await pass(1);

  const service = deploymentOf(platform, 'primary', 'test').service;
  const invoke: DnsPlatform['invoke'] = async (role, key, event = { failoverId: FAILOVER }) => {
    const answer = await ask<{ FunctionError?: string; Payload: Uint8Array }>(role, 'lambda', 'Invoke', {
      FunctionName: `${service}-${key}`,
      Payload: Buffer.from(JSON.stringify(event)),
    });
    const value = JSON.parse(Buffer.from(answer.Payload).toString());
    return { error: answer.FunctionError ? value.errorType : undefined, value };
  };
  return {
    ...{ world, region, ask, invoke, pass },
    declare: async (into, epoch) => {
      const other = into === 'primary' ? 'recovery' : 'primary';
      const full: Epoch = {
        ...{ epoch: 1, failoverId: FAILOVER, kind: 'failover', from: regions[other], to: regions[into] },
        ...{ execution: 'test', status: 'running', declaredAt: world.clock.now().toISOString(), reason: 'a test' },
        ...epoch,
      };
      const Bucket = `${service}-vault-${world.account}-${regions[into]}`;
      await ask(into, 's3', 'PutObject', { Bucket, Key: epochKey(regions[into]), Body: JSON.stringify(full) });
    },
    switchTo: async (role, failoverId = FAILOVER) => {
      for (let call = 1; ; call += 1) {
        const answer = await invoke(role, 'recoverySwitchDns', { failoverId });
        if (answer.error || answer.value.done || call === 10) return answer;
        await pass(1);
      }
    },
    leadsTo: () => {
      const found = new Set(NAMES.flatMap((name) => world.dns.resolve(name)));
      const role = (Object.keys(ADDRESSES) as Role[]).find((each) => found.has(ADDRESSES[each]));
      if (found.size === 1 && role) return role;
      throw new Error(`the names lead to ${[...found].join(', ') || 'nothing'}`);
    },
    [Symbol.asyncDispose]: async () => {
      await world.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};

const FAILOVER = 'failover-20261120-1200';

/** The archives as packaging would make them of these two functions; made once for each mode. */
const archives = new Map<Mode, Promise<[name: string, content: Uint8Array][]>>();

const archivesOf = (directory: string, mode: Mode): Promise<[name: string, content: Uint8Array][]> => {
  const config = path.join(directory, 'platform.ts');
  writeFileSync(
    config,
    `import shop from ${JSON.stringify(EXAMPLE)};
     export default { ...shop, recovery: { ...shop.recovery, dns: { ...shop.recovery.dns, mode: ${JSON.stringify(mode)} } } };`,
  );
  return Promise.all(
    Object.values(ENTRIES).map(async (file): Promise<[string, Uint8Array]> => {
      const { outputFiles } = await build({
        ...{ entryPoints: [path.join(ROOT, `functions/recovery/${file}.ts`)], bundle: true, write: false },
        ...{ platform: 'node', target: 'node24', format: 'cjs', keepNames: true, alias: { '#platform': config } },
      });
      const text = strToU8(outputFiles[0]?.text ?? '');
      return [`${file}.zip`, zipSync({ [`functions/recovery/${file}.cjs`]: text })];
    }),
  );
};

const bundle = async (directory: string, mode: Mode): Promise<string> => {
  const made = archives.get(mode) ?? archivesOf(directory, mode);
  archives.set(mode, made);
  const folder = mkdtempSync(path.join(directory, 'package-'));
  for (const [name, content] of await made) writeFileSync(path.join(folder, name), content);
  return folder;
};

const functionsFor = (platform: Platform, role: Role): Record<string, object> => {
  const deployment = deploymentOf(platform, role, 'test');
  const roles: Record<string, object | undefined> = functionRoles(deployment);
  const { environment } = describeDeployment(platform, role, 'test');
  const resources: Record<string, object> = {};
  for (const [key, file] of Object.entries(ENTRIES)) {
    const Role = roleLogicalId(key);
    resources[Role] = roles[Role] ?? {};
    resources[key] = {
      Type: 'AWS::Lambda::Function',
      Properties: {
        ...{ FunctionName: `${deployment.service}-${key}`, Role: { 'Fn::GetAtt': [Role, 'Arn'] } },
        ...{ Runtime: 'nodejs24.x', Handler: `functions/recovery/${file}.handler`, Timeout: 60, MemorySize: 256 },
        Code: { S3Bucket: 'package', S3Key: `${file}.zip` },
        Environment: { Variables: { ...environment, EXPORT_ROLE_ARN: 'arn:aws:iam::111122223333:role/export' } },
      },
    };
  }
  return resources;
};

/** What stands in the zone before a failover by changed records: names that lead to the primary region. */
const simpleRecords = (ask: DnsPlatform['ask']): Promise<unknown> =>
  ask('primary', 'route53', 'ChangeResourceRecordSets', {
    HostedZoneId: settings.zoneId,
    ChangeBatch: {
      Changes: settings.records.map(({ name, primary }) => ({
        Action: 'CREATE',
        ResourceRecordSet: { Name: name, Type: 'CNAME', TTL: settings.ttl, ResourceRecords: [{ Value: primary }] },
      })),
    },
  });
