// Regions that hold only the services under test, on the real clock and the real IAM.
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createClock } from '../../../../local/clock.ts';
import { createFaults } from '../../../../local/faults.ts';
import { createIam } from '../../../../local/iam/iam.ts';
import { createDns } from '../../../../local/services/route53/dns.ts';
import type { Caller, PolicyStatement, Region, Service, World } from '../../../../local/types.ts';

export const ACCOUNT = '111122223333';
export const START = new Date('2026-11-20T00:00:00Z');

export interface TestWorld extends World {
  /** Calls an operation of the first region as the operator. */
  call<T = Record<string, unknown>>(service: string, operation: string, input: object): Promise<T>;
  home: Region;
  role(name: string, principal: string, statements: PolicyStatement[]): string;
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

export const createRegions = (creators: ((region: Region) => Service)[], names = ['us-east-1']): TestWorld => {
  const directory = mkdtempSync(path.join(tmpdir(), 'lifeboat-services-'));
  const clock = createClock({ start: START });
  const faults = createFaults();
  const iam = createIam({ account: ACCOUNT });
  const regions = new Map<string, Region>();
  const regionOf = (name: string): Region => {
    const region = regions.get(name);
    if (!region) throw new Error(`no region ${name}`);
    return region;
  };

  const build = (name: string): Region => {
    const services = new Map<string, Service>();
    const call = async (signingName: string, operation: string, input: object, caller: Caller): Promise<never> => {
      if (!region.alive) throw new Error(`the region ${name} does not answer`);
      const service = services.get(signingName);
      const run = service?.operations[operation];
      if (!service || !run) throw new Error(`no operation ${signingName}.${operation}`);
      return faults.around({ region: name, service: signingName, operation, caller }, async () => {
        const context = { region, caller, requestId: randomUUID(), signal: new AbortController().signal };
        for (const { policy, ...check } of service.authorize?.(operation, input, context) ?? [])
          iam.authorize(caller, check, policy);
        return run(input, context) as never;
      });
    };
    const region: Region = {
      ...{
        name,
        account: ACCOUNT,
        directory: path.join(directory, name),
        clock,
        world,
        endpoint: 'http://127.0.0.1:9',
        alive: true,
      },
      ...{
        services,
        call,
        emit: (event) => (services.get('events') as { put?(event: object): void } | undefined)?.put?.(event),
      },
    };
    mkdirSync(region.directory);
    return region;
  };

  const world: TestWorld = {
    ...{ account: ACCOUNT, clock, faults, iam, regions, region: regionOf },
    dns: undefined as unknown as World['dns'],
    get home() {
      return regionOf(names[0] ?? '');
    },
    call: (service, operation, input) => world.home.call(service, operation, input, iam.operator),
    role: (name, principal, statements) => {
      const arn = `arn:aws:iam::${ACCOUNT}:role/${name}`;
      iam.putRole({
        arn,
        trust: [{ Effect: 'Allow', Principal: { Service: principal }, Action: 'sts:AssumeRole' }],
        statements,
      });
      return arn;
    },
    advance: (ms) => clock.advanceTo(new Date(clock.now().getTime() + ms)),
    close: async () => {
      clock.close();
      await dns.close();
      for (const region of regions.values()) for (const service of region.services.values()) await service.close?.();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  const dns = createDns(world);
  world.dns = dns;
  for (const name of names) {
    const region = build(name);
    regions.set(name, region);
    for (const create of creators) {
      const service = create(region);
      region.services.set(service.signingName, service);
    }
  }
  return world;
};

/** Yields to everything that is due now, however long it takes. */
export const settle = async (world: World): Promise<void> => world.clock.advanceTo(world.clock.now());
