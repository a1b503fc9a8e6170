import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { EKSClient } from '@aws-sdk/client-eks';
import { RDSClient } from '@aws-sdk/client-rds';
import { S3Client } from '@aws-sdk/client-s3';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { functionEntries } from '../../resources/functions.ts';
import { stubEnvironment } from '../support/environment.ts';
import { contextFor } from '../support/lambda-context.ts';
import { watchTelemetry } from '../support/telemetry.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
/** Files whose `handler` is deployed, as `rds/snapshot`. */
const handlers = globSync('functions/*/*.ts', { cwd: ROOT })
  .filter((file) => /^export const handler\b/m.test(readFileSync(path.join(ROOT, file), 'utf8')))
  .map((file) => file.slice('functions/'.length, -'.ts'.length))
  .sort();
const keyOf = (name: string): string => name.replaceAll(/[/-](\w)/g, (_, letter: string) => letter.toUpperCase());

beforeEach(() => {
  stubEnvironment();
  watchTelemetry();
  for (const client of [
    CloudWatchClient,
    EKSClient,
    RDSClient,
    S3Client,
    SchedulerClient,
    SecretsManagerClient,
    SFNClient,
    SNSClient,
  ])
    mockClient(client as typeof S3Client)
      .onAnyCommand()
      .rejects(new Error('there is no world behind this test'));
});

describe('functions', () => {
  it('have a key each, named after folder and file; and every key has its file', () => {
    const entries = Object.entries(functionEntries()).map(([key, { handler }]) => [key, handler]);
    const files = handlers.map((name) => [keyOf(name), `functions/${name}.handler`]);
    expect(entries.toSorted()).toEqual(files.toSorted());
  });

  it('have a sample event each, and every sample has its function', () => {
    const samples = globSync('events/samples/*/*.json', { cwd: ROOT }).map((file) =>
      file.slice('events/samples/'.length, -'.json'.length),
    );
    expect(samples.sort()).toEqual(handlers);
  });
});

describe.each(handlers)('the sample of %s', (name) => {
  const run = async (change: object): Promise<string> => {
    const { handler } = await import(path.join(ROOT, 'functions', `${name}.ts`));
    const file = path.join(ROOT, 'events/samples', `${name}.json`);
    expect(existsSync(file), file).toBe(true);
    const sample = JSON.parse(readFileSync(file, 'utf8'));
    try {
      await handler({ ...sample, ...change }, contextFor(name));
      return 'done';
    } catch (error) {
      return (error as Error).name;
    }
  };

  it('is accepted', async () => {
    expect(await run({})).not.toBe('RequestInvalid');
  });

  // What AWS sends grows; what we send ourselves does not by itself.
  if (!['rds/on-event', 'notification/on-execution', 'notification/forward'].includes(name)) {
    it('is refused with a field nobody knows', async () => {
      expect(await run({ unheardOf: true })).toBe('RequestInvalid');
    });
  }
});
