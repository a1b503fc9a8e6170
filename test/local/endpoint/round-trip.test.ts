import { NormalizedSchema } from '@smithy/core/schema';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Service } from '../../../local/types.ts';
import { generate } from './generated.ts';
import { as, createTestWorld, type TestWorld } from './regions.ts';

let test: TestWorld;
beforeAll(async () => {
  test = await createTestWorld();
});
afterAll(() => test[Symbol.asyncDispose]());

const SERVICES = [
  's3',
  'rds',
  'elasticache',
  'kms',
  'sns',
  'lambda',
  'states',
  'events',
  'scheduler',
  'monitoring',
  'secretsmanager',
  'ssm',
  'sts',
  'cloudformation',
  'route53',
  'eks',
  'codebuild',
  'health',
];

/** Bytes however they come, as one kind of bytes. */
const normal = async (value: unknown): Promise<unknown> => {
  if (value instanceof Uint8Array) return [...value];
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if ('transformToByteArray' in value) return [...(await (value.transformToByteArray as () => Promise<Uint8Array>)())];
  if (Symbol.asyncIterator in value)
    return [...Buffer.concat(await Array.fromAsync(value as AsyncIterable<Uint8Array>))];
  if (Array.isArray(value)) return Promise.all(value.map(normal));
  const entries = Object.entries(value).map(async ([key, each]) => [key, await normal(each)] as const);
  return Object.fromEntries(await Promise.all(entries));
};

const valuesFor = (service: Service, name: string) => {
  const [, , , , input, output] = service.sdk[`${name}$`];
  return {
    input: generate(NormalizedSchema.of(input)) as Record<string, unknown>,
    output: generate(NormalizedSchema.of(output)) as Record<string, unknown>,
  };
};

describe('a request and its answer', () => {
  it.each(SERVICES)('of %s arrive with every member, for every operation offered', async (name) => {
    const service = test.east.services.get(name) as Service;
    const operations = Object.keys(service.operations);
    expect(operations.length).toBeGreaterThan(0);
    delete (service as { authorize?: unknown }).authorize;
    // Only what an operation itself says travels: no host names or checksums of the client's own.
    const client = new service.sdk[service.clientName]({
      ...as(test.east),
      disableHostPrefix: true,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
    for (const operation of operations) {
      const { input, output } = valuesFor(service, operation);
      let arrived: unknown;
      service.operations[operation] = async (given: unknown) => {
        arrived = await normal(given);
        return output;
      };
      const { $metadata, ...returned } = await client.send(new service.sdk[`${operation}Command`](input));
      expect({ operation, input: arrived }).toMatchObject({ operation, input: (await normal(input)) as object });
      expect({ operation, output: await normal(returned) }).toMatchObject({
        operation,
        output: (await normal(output)) as object,
      });
      expect($metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);
    }
    client.destroy();
  });
});
