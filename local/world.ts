// Two or more regions on one machine: one clock, one account, one decision about permissions; engines of their own.

import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { createClock, type LocalClock } from './clock.ts';
import { type Endpoint, startEndpoint } from './endpoint/server.ts';
import { ConnectionCut, createFaults } from './faults.ts';
import { createIam } from './iam/iam.ts';
import { ApiError } from './service.ts';
import { createCloudFormation } from './services/cloudformation/service.ts';
import { createCloudWatch } from './services/cloudwatch/service.ts';
import { createCodeBuild } from './services/codebuild/service.ts';
import { createEks } from './services/eks/service.ts';
import { createElastiCache } from './services/elasticache/service.ts';
import { createEventBridge } from './services/eventbridge/service.ts';
import { createHealth } from './services/health/service.ts';
import { createIamService } from './services/iam/service.ts';
import { createKms } from './services/kms/service.ts';
import { createLambda } from './services/lambda/service.ts';
import { createRds } from './services/rds/service.ts';
import { createDns, type WorldDns } from './services/route53/dns.ts';
import { createRoute53 } from './services/route53/service.ts';
import { createS3 } from './services/s3/service.ts';
import { createScheduler } from './services/scheduler/service.ts';
import { createSecretsManager } from './services/secrets-manager/service.ts';
import { createSns } from './services/sns/service.ts';
import { createSsm } from './services/ssm/service.ts';
import { createStepFunctions } from './services/step-functions/service.ts';
import { createSts } from './services/sts/service.ts';
import type { CallContext, Caller, Faults, Iam, Region, Service, World } from './types.ts';

/** A region with its services as they are, for whoever tests or tells a story with them. */
export interface LocalRegion extends Region {
  s3: ReturnType<typeof createS3>;
  rds: ReturnType<typeof createRds>;
  elasticache: ReturnType<typeof createElastiCache>;
  sns: ReturnType<typeof createSns>;
  lambda: ReturnType<typeof createLambda>;
  events: ReturnType<typeof createEventBridge>;
  eks: ReturnType<typeof createEks>;
  health: ReturnType<typeof createHealth>;
  codebuild: ReturnType<typeof createCodeBuild>;
}

export interface LocalWorld extends World {
  clock: LocalClock;
  dns: WorldDns;
  region(name: string): LocalRegion;
  /** The region and its engines stop at once; whoever calls it finds nobody. */
  killRegion(name: string): Promise<void>;
  /**
   * The region is dark: whoever calls it finds nobody, databases and pods end as they do when the power fails. Their disks stay, and
   * `restorePower` starts them again. Caches run on, and cannot be reached.
   */
  cutPower(name: string): Promise<void>;
  restorePower(name: string): Promise<void>;
  /** Cut off from everybody, its engines still running: calls into it fail until it is joined again. */
  cutOff(name: string): void;
  rejoin(name: string): void;
  close(): Promise<void>;
}

export interface WorldOptions {
  directory: string;
  regions: readonly string[];
  account?: string;
  /** Region time at the beginning; the machine's where left out. */
  start?: Date;
  /** Fixed ports by region, for `npm run local`. */
  ports?: Record<string, number>;
}

export const createWorld = async ({
  directory,
  regions,
  account = '111122223333',
  start,
  ports = {},
}: WorldOptions): Promise<LocalWorld> => {
  const clock = createClock(start ? { start } : {});
  const faults = createFaults();
  const iam = createIam({ account });
  const all = new Map<string, LocalRegion>();
  const endpoints: Endpoint[] = [];
  const killed = new Set<string>();
  const dark = new Set<string>();

  const region = (name: string): LocalRegion => {
    const found = all.get(name);
    if (!found) throw new Error(`There is no region ${name} here, only ${[...all.keys()].join(', ')}.`);
    return found;
  };
  const closeServices = async (of: LocalRegion): Promise<void> => {
    await Promise.all([...of.services.values()].map((service) => service.close?.()));
  };
  const world: LocalWorld = {
    account,
    clock,
    faults,
    iam,
    regions: all,
    region,
    get dns() {
      return dns;
    },
    killRegion: async (name) => {
      region(name).alive = false;
      killed.add(name);
      await closeServices(region(name));
    },
    cutPower: async (name) => {
      region(name).alive = false;
      dark.add(name);
      await Promise.all([...region(name).services.values()].map((service) => service.cutPower?.()));
    },
    restorePower: async (name) => {
      if (!dark.delete(name)) throw new Error(`The region ${name} has not lost its power.`);
      region(name).alive = true;
      await Promise.all([...region(name).services.values()].map((service) => service.restorePower?.()));
    },
    cutOff: (name) => {
      region(name).alive = false;
    },
    rejoin: (name) => {
      if (killed.has(name)) throw new Error(`The region ${name} was killed, not cut off: it does not come back.`);
      if (dark.has(name)) throw new Error(`The region ${name} has no power: restore it, then it answers by itself.`);
      region(name).alive = true;
    },
    close: async () => {
      clock.close();
      await dns.close();
      await Promise.all([...all.values()].map(closeServices));
      await Promise.all(endpoints.map((endpoint) => endpoint.close()));
    },
  };

  const dns = createDns(world);

  try {
    await dns.listen();
    for (const name of regions) {
      const created = regionOf(world, name, path.join(directory, name));
      const endpoint = await startEndpoint(world, () => created, ports[name] ?? 0);
      created.endpoint = endpoint.url;
      endpoints.push(endpoint);
      all.set(name, created);
      addServices(created);
    }
    return world;
  } catch (error) {
    await world.close();
    throw error;
  }
};

const regionOf = (world: LocalWorld, name: string, directory: string): LocalRegion => {
  mkdirSync(directory, { recursive: true });
  const services = new Map<string, Service>();
  const region = {
    name,
    account: world.account,
    directory,
    clock: world.clock,
    world,
    endpoint: '',
    alive: true,
    services,
    call: (service: string, operation: string, input: object, caller: Caller) =>
      perform(region, service, operation, input, caller),
    emit: (event: Parameters<Region['emit']>[0]) => region.events.put(event),
  } as unknown as LocalRegion;
  return region;
};

const addServices = (region: LocalRegion): void => {
  region.s3 = createS3(region);
  region.rds = createRds(region);
  region.elasticache = createElastiCache(region);
  region.sns = createSns(region);
  region.lambda = createLambda(region);
  region.events = createEventBridge(region);
  region.eks = createEks(region);
  region.health = createHealth();
  region.codebuild = createCodeBuild(region);
  const others = [
    createKms,
    createSecretsManager,
    createSsm,
    createSts,
    createIamService,
    createStepFunctions,
    createScheduler,
    createCloudWatch,
    createCloudFormation,
    createRoute53,
  ];
  for (const service of [
    region.s3,
    region.rds,
    region.elasticache,
    region.sns,
    region.lambda,
    region.events,
    region.eks,
    region.health,
    region.codebuild,
    ...others.map((create) => create(region)),
  ]) {
    region.services.set(service.signingName, service);
  }
};

/** Faults, then permissions, then the operation: for every call, wherever it comes from. */
const perform = async <T>(
  region: LocalRegion,
  signingName: string,
  name: string,
  input: object,
  caller: Caller,
): Promise<T> => {
  assertAlive(region);
  const service = region.services.get(signingName);
  const operation = service?.operations[name];
  if (!service || !operation)
    throw new ApiError('NotImplemented', 501, `The local region does not offer ${signingName}:${name}.`);
  const { faults, iam }: { faults: Faults; iam: Iam } = region.world;
  return faults.around({ region: region.name, service: signingName, operation: name, caller }, async () => {
    const context: CallContext = { region, caller, requestId: randomUUID(), signal: new AbortController().signal };
    // A fault may have held the call back until after the region was gone; and it may go while the call is under way.
    assertAlive(region);
    authorize(iam, service, name, input, context);
    const output = (await operation(input, context)) as T;
    assertAlive(region);
    return output;
  });
};

const assertAlive = ({ alive, name }: Region): void => {
  if (!alive) throw new ConnectionCut(`The region ${name} does not answer.`);
};

/** A service that says nothing of resources is decided by the role alone, for any resource. */
const authorize = (iam: Iam, service: Service, operation: string, input: object, context: CallContext): void => {
  const { caller } = context;
  if (service.authorize)
    for (const check of service.authorize(operation, input, context)) iam.authorize(caller, check, check.policy);
  else if (caller.roleArn) iam.authorize(caller, { action: `${service.iamPrefix}:${operation}`, resource: '*' });
};
