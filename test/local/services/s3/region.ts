// Two regions with nothing in them but S3, KMS and IAM; time stands still unless a test moves it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CreateKeyResponse } from '@aws-sdk/client-kms';
import { createIam } from '../../../../local/iam/iam.ts';
import { createKms } from '../../../../local/services/kms/service.ts';
import { createS3, type S3Service } from '../../../../local/services/s3/service.ts';
import type { BusEvent, Caller, Clock, PolicyStatement, Region, Service, World } from '../../../../local/types.ts';

const ACCOUNT = '111122223333';
export const START = new Date('2026-11-20T10:00:00.500Z');

export interface TestRegion {
  region: Region;
  s3: S3Service;
  /** ARN of a KMS key. */
  key: string;
  disableKey(): Promise<void>;
  events: BusEvent[];
  /** Calls S3 as the operator, or as somebody else. */
  // biome-ignore lint/suspicious/noExplicitAny: inputs and outputs of every operation stand in one signature.
  call(operation: string, input: object, caller?: Caller): Promise<any>;
}

export interface TestWorld extends AsyncDisposable {
  world: World;
  east: TestRegion;
  west: TestRegion;
  /** A caller under a role with these permissions. */
  role(name: string, statements: PolicyStatement[], principal?: string): Caller & { roleArn: string };
  advance(ms: number): Promise<void>;
  holds: string[];
}

export const createTestWorld = async (): Promise<TestWorld> => {
  const directory = await mkdtemp(join(tmpdir(), 's3-'));
  const iam = createIam({ account: ACCOUNT });
  const { clock, advance, holds } = createTestClock();
  const regions = new Map<string, Region>();
  const world = {
    account: ACCOUNT,
    clock,
    iam,
    regions,
    region: (name: string) => regions.get(name) as Region,
  } as World;

  const start = async (name: string): Promise<TestRegion> => {
    const events: BusEvent[] = [];
    const services = new Map<string, Service>();
    const region: Region = {
      name,
      account: ACCOUNT,
      directory: join(directory, name),
      clock,
      world,
      endpoint: 'http://127.0.0.1:1',
      alive: true,
      services,
      emit: (event) => void events.push(event),
      call: async (service, operation, input, caller) => {
        if (!region.alive) throw new Error(`the region ${name} is gone`);
        const target = services.get(service);
        const run = target?.operations[operation];
        if (!run) throw new Error(`${service} has no ${operation} here`);
        const context = { region, caller, requestId: 'test', signal: new AbortController().signal };
        for (const { policy, ...check } of target.authorize?.(operation, input, context) ?? [])
          iam.authorize(caller, check, policy);
        return run(input, context);
      },
    };
    regions.set(name, region);
    const s3 = createS3(region);
    services.set('s3', s3).set('kms', createKms(region));
    const { KeyMetadata } = await region.call<CreateKeyResponse>('kms', 'CreateKey', {}, iam.operator);
    const key = KeyMetadata?.Arn ?? '';
    return {
      region,
      s3,
      key,
      disableKey: async () => void (await region.call('kms', 'DisableKey', { KeyId: key }, iam.operator)),
      events,
      call: (operation, input, caller = iam.operator) => region.call('s3', operation, input, caller),
    };
  };

  const east = await start('us-east-1');
  const west = await start('us-west-2');
  return {
    world,
    east,
    west,
    holds,
    advance,
    role: (name, statements, principal = 'lambda.amazonaws.com') => {
      const arn = `arn:aws:iam::${ACCOUNT}:role/${name}`;
      const trust: PolicyStatement = { Effect: 'Allow', Principal: { Service: principal }, Action: 'sts:AssumeRole' };
      iam.putRole({ arn, trust: [trust], statements });
      return { ...iam.assume(arn, principal, { actor: name }), roleArn: arn };
    },
    [Symbol.asyncDispose]: async () => {
      for (const { s3 } of [east, west]) await s3.close?.();
      await rm(directory, { recursive: true, force: true });
    },
  };
};

const createTestClock = () => {
  let now = START.getTime();
  let timers: { time: number; task: () => void | Promise<void> }[] = [];
  const holds: string[] = [];
  const advance = async (ms: number): Promise<void> => {
    const end = now + ms;
    for (;;) {
      const [next] = timers.filter(({ time }) => time <= end).sort((a, b) => a.time - b.time);
      if (!next) break;
      timers = timers.filter((timer) => timer !== next);
      now = Math.max(now, next.time);
      await next.task();
    }
    now = end;
  };
  const clock = {
    now: () => new Date(now),
    at: (time: Date, task: () => void | Promise<void>) => {
      const timer = { time: time.getTime(), task };
      timers.push(timer);
      return () => {
        timers = timers.filter((each) => each !== timer);
      };
    },
    hold: (reason: string) => {
      holds.push(reason);
      return () => void holds.splice(holds.indexOf(reason), 1);
    },
  } as unknown as Clock;
  return { clock, advance, holds };
};

export const DAY = 86_400_000;

/** A bucket of the operator's, versioned unless told otherwise. */
export const bucketIn = async (
  { call, region }: TestRegion,
  name: string,
  options: { versioned?: boolean; locked?: boolean } = {},
) => {
  await call('CreateBucket', {
    Bucket: name,
    ...(options.locked && { ObjectLockEnabledForBucket: true }),
    ...(region.name !== 'us-east-1' && { CreateBucketConfiguration: { LocationConstraint: region.name } }),
  });
  if (options.versioned !== false)
    await call('PutBucketVersioning', { Bucket: name, VersioningConfiguration: { Status: 'Enabled' } });
  return name;
};

export const textOf = async (body: AsyncIterable<Uint8Array>): Promise<string> =>
  Buffer.concat(await Array.fromAsync(body)).toString();
