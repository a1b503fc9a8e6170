// Settings of connectors that no archive holds, because they are secrets that stood there in the clear: from a secret of
// Secrets Manager, or from the connector where that still stands.
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { secrets } from '../../shared/aws/clients.ts';
import { Json } from '../../shared/json.ts';
import type { Connect } from '../../shared/kafka/connect.ts';
import type { ArchivedConnector } from '../../shared/kafka/connectors.ts';
import { KafkaAccessDenied } from '../../shared/kafka/errors.ts';

type Named = Pick<ArchivedConnector, 'name' | 'config' | 'masked'>;
const Values = Json.pipe(z.record(z.string(), z.record(z.string(), z.string())));

/** By connector; none without a secret. @throws {KafkaAccessDenied} where its content is something else */
export const readValues = async (
  source: string,
  secret: string | undefined,
): Promise<ReadonlyMap<string, Record<string, string>>> => {
  if (!secret) return new Map();
  const { SecretString } = await secrets().send(new GetSecretValueCommand({ SecretId: secret }));
  const parsed = Values.safeParse(SecretString);
  if (parsed.success) return new Map(Object.entries(parsed.data));
  // Of a secret, nothing may be quoted.
  throw new KafkaAccessDenied('the secret does not hold values of connectors.', {
    ...{ source, expected: `{ connector: { key: value } } in the secret ${secret}`, found: 'another content' },
    next: 'Correct the secret.',
  });
};

/** `connector: key` of what is nowhere. */
export const missingValues = async (
  connectors: readonly Named[],
  connect: Connect,
  values: ReadonlyMap<string, Record<string, string>>,
): Promise<string[]> => {
  const missing: string[] = [];
  for (const connector of connectors) {
    const config = await filled(connector, connect, values);
    missing.push(
      ...connector.masked.filter((key) => config[key] === undefined).map((key) => `${connector.name}: ${key}`),
    );
  }
  return missing;
};

/** The configuration with everything that is known of what is left out of it. */
export const filled = async (
  { name, config, masked }: Named,
  connect: Connect,
  values: ReadonlyMap<string, Record<string, string>>,
): Promise<Record<string, string>> => {
  if (masked.length === 0) return config;
  const known = { ...(await connect.config(name)), ...values.get(name) };
  return {
    ...config,
    ...Object.fromEntries(masked.flatMap((key) => (known[key] === undefined ? [] : [[key, known[key]]]))),
  };
};
