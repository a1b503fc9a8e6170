// What the story asks of the platform to see what happened: the catalogue, executions, messages, metrics.
import { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import type { LocalPlatform } from '../platform.ts';
import type { LocalRegion } from '../world.ts';

export interface Execution {
  executionArn: string;
  status: string;
  startDate: Date;
}

export const readObject = async (
  { ask }: LocalPlatform,
  region: LocalRegion,
  bucket: string,
  key: string,
): Promise<string> => {
  const { Body } = await ask<{ Body: AsyncIterable<Uint8Array> }>(region, 's3', 'GetObject', {
    Bucket: bucket,
    Key: key,
  });
  const chunks: Uint8Array[] = [];
  for await (const chunk of Body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
};

export const keysIn = async (
  { ask }: LocalPlatform,
  region: LocalRegion,
  bucket: string,
  prefix: string,
): Promise<string[]> => {
  const keys: string[] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await ask<{ Contents?: { Key: string }[]; NextContinuationToken?: string }>(
      region,
      's3',
      'ListObjectsV2',
      {
        Bucket: bucket,
        Prefix: prefix,
        ContinuationToken,
      },
    );
    for (const { Key } of page.Contents ?? []) keys.push(Key);
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken);
  return keys;
};

/** Every recovery point as the vault of a region has it. */
export const catalogOf = async (
  platform: LocalPlatform,
  region: LocalRegion = platform.primary,
): Promise<RecoveryPoint[]> => {
  const { outputs } = region === platform.primary ? platform.stacks.primary : platform.stacks.recovery;
  const bucket = outputs.VaultBucketName as string;
  const keys = await keysIn(platform, region, bucket, 'catalog/');
  return Promise.all(
    keys.map(async (key) => RecoveryPoint.parse(JSON.parse(await readObject(platform, region, bucket, key)))),
  );
};

const machineArn = ({ service }: LocalPlatform, { name: region, account }: LocalRegion, name: string): string =>
  `arn:aws:states:${region}:${account}:stateMachine:${service}-${name}`;

export const executionsOf = async (
  platform: LocalPlatform,
  machine: string,
  region = platform.primary,
): Promise<Execution[]> => {
  const { executions } = await platform.ask<{ executions: Execution[] }>(region, 'states', 'ListExecutions', {
    stateMachineArn: machineArn(platform, region, machine),
  });
  return executions;
};

export const startMachine = async (
  platform: LocalPlatform,
  machine: string,
  input: object,
  region = platform.primary,
): Promise<string> => {
  const { executionArn } = await platform.ask<{ executionArn: string }>(region, 'states', 'StartExecution', {
    stateMachineArn: machineArn(platform, region, machine),
    input: JSON.stringify(input),
  });
  return executionArn;
};

/** The region of an execution stands in its ARN. */
export const describeExecution = <T = { status: string }>(
  { ask, world }: LocalPlatform,
  executionArn: string,
): Promise<T> =>
  ask<T>(world.region(executionArn.split(':')[3] ?? ''), 'states', 'DescribeExecution', { executionArn });

export const statusOf = async (platform: LocalPlatform, executionArn: string): Promise<string> =>
  (await describeExecution(platform, executionArn)).status;

/** Lets region time go on until the execution has ended, in steps, for at most `hours`. */
export const untilEnded = async (platform: LocalPlatform, executionArn: string, hours = 4): Promise<string> => {
  const { clock } = platform.world;
  const deadline = clock.now().getTime() + hours * 3_600_000;
  for (;;) {
    await clock.settled();
    const status = await statusOf(platform, executionArn);
    if (status !== 'RUNNING' || clock.now().getTime() >= deadline) return status;
    await clock.advanceTo(new Date(clock.now().getTime() + 30_000));
  }
};

/** Invokes a function as the operator and returns what it answered; a function's error is an error here. */
export const invoke = async <T>(
  platform: LocalPlatform,
  key: string,
  payload: object,
  region = platform.primary,
): Promise<T> => {
  const { Payload, FunctionError } = await platform.ask<{ Payload: Uint8Array; FunctionError?: string }>(
    region,
    'lambda',
    'Invoke',
    {
      FunctionName: `${platform.service}-${key}`,
      Payload: Buffer.from(JSON.stringify(payload)),
    },
  );
  const text = Buffer.from(Payload).toString('utf8');
  if (FunctionError) throw new Error(`${key}: ${text}`);
  return JSON.parse(text) as T;
};

/** Lets region time go on in small steps until something holds; whether it came to hold within these minutes. */
export const until = async (
  { world: { clock } }: LocalPlatform,
  holds: () => unknown,
  minutes: number,
): Promise<boolean> => {
  const deadline = clock.now().getTime() + minutes * 60_000;
  for (;;) {
    await clock.settled();
    if (await holds()) return true;
    if (clock.now().getTime() > deadline) return false;
    await clock.advanceTo(new Date(clock.now().getTime() + 2_000));
  }
};

/** The first message of the recovery region that holds all of these words, subject first. */
export const mailAbout = ({ recovery }: LocalPlatform, ...words: string[]): string | undefined =>
  recovery.sns
    .inbox()
    .map(({ subject, message }) => `${subject}\n${message}`)
    .find((text) => words.every((word) => text.includes(word)));
