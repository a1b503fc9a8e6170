// Who may do what in a cluster, how much clients may take, and what is set at its brokers. Passwords and keys are not asked for: brokers
// keep them to themselves, and settings that they call sensitive are left out.
import {
  alterClientQuotasV1,
  createAclsV3,
  describeAclsV3,
  describeClientQuotasV1,
  describeConfigsV4,
  metadataV12,
} from '@platformatic/kafka';
import { z } from 'zod';
import type { Brokers } from './brokers.ts';
import { BrokersUnreachable, KafkaAccessDenied, KafkaRefused } from './errors.ts';

const number = z.int().nonnegative();

/** As the protocol writes it: numbers stand for what Kafka's own tools have words for. */
export const Acl = z.strictObject({
  resourceType: number,
  resourceName: z.string(),
  resourcePatternType: number,
  principal: z.string(),
  host: z.string(),
  operation: number,
  permissionType: number,
});
export type Acl = z.output<typeof Acl>;

/** Limits of a client id, a user, an address, or of several of them together; a name that is null is everybody's. */
export const Quota = z.strictObject({
  entity: z.array(z.strictObject({ entityType: z.string(), entityName: z.string().nullable() })),
  values: z.record(z.string(), z.number()),
});
export type Quota = z.output<typeof Quota>;

/** Null where it could not be asked; `missing` says why. */
export const ArchivedAccess = z.strictObject({
  takenAt: z.iso.datetime(),
  acls: z.array(Acl).nullable(),
  quotas: z.array(Quota).nullable(),
  /** By the number of the broker: what is set there and differs from the default. */
  brokers: z.record(z.string(), z.record(z.string(), z.string())).nullable(),
  missing: z.array(z.string()),
});
export type ArchivedAccess = z.output<typeof ArchivedAccess>;

export const TOPIC = 2;
export const LITERAL = 3;
export const PREFIXED = 4;
const ANY = 1;
const BROKER = 4;
const FILTER = { resourceType: ANY, resourcePatternType: ANY, operation: ANY, permissionType: ANY } as const;
/** Of one broker, of all of them, or in their files (DescribeConfigs, config_source). */
const OF_THE_BROKER: readonly number[] = [2, 3, 4];

export const aclsOf = async (brokers: Brokers): Promise<Acl[]> => {
  const { resources } = await brokers.anywhere((connection) =>
    describeAclsV3.api.async(connection, { ...FILTER, resourceName: null, principal: null, host: null }),
  );
  return resources
    .flatMap(({ acls, resourceType, resourceName, resourcePatternType }) =>
      acls.map((acl): Acl => ({ resourceType, resourceName, resourcePatternType, ...acl })),
    )
    .toSorted(byText);
};

export const quotasOf = async (brokers: Brokers): Promise<Quota[]> => {
  const { entries } = await brokers.anywhere((connection) => describeClientQuotasV1.api.async(connection, [], false));
  return (entries ?? [])
    .map(({ entity, values }) => ({
      entity: entity
        .map(({ entityType, entityName }) => ({ entityType, entityName: entityName ?? null }))
        .toSorted(byText),
      values: Object.fromEntries(values.map(({ key, value }) => [key, value])),
    }))
    .toSorted(byText);
};

const brokerSettings = async (brokers: Brokers): Promise<Record<string, Record<string, string>>> => {
  const all = await brokers.anywhere((connection) => metadataV12.api.async(connection, [], false, false));
  const settings: Record<string, Record<string, string>> = {};
  for (const { nodeId, host, port } of all.brokers) {
    const asked = [{ resourceType: BROKER, resourceName: `${nodeId}` } as const];
    const { results } = await brokers.ask(`${host}:${port}`, (connection) =>
      describeConfigsV4.api.async(connection, asked, false, false),
    );
    settings[nodeId] = Object.fromEntries(
      results
        .flatMap(({ configs }) => configs)
        .filter(({ configSource, isSensitive }) => OF_THE_BROKER.includes(configSource) && !isSensitive)
        .flatMap(({ name, value }): [string, string][] =>
          value === null || value === undefined ? [] : [[name, value]],
        )
        .toSorted(byText),
    );
  }
  return settings;
};

/** Everything that one may ask for. What the brokers refuse is told in the document, and holds nothing up. */
export const accessOf = async (brokers: Brokers, takenAt: string): Promise<ArchivedAccess> => {
  const missing: string[] = [];
  const known = async <T>(what: string, ask: () => Promise<T>): Promise<T | null> => {
    try {
      return await ask().catch(onceMore(ask));
    } catch (error) {
      // A broker that is down is asked for its settings in vain; the others have its partitions.
      const isTold =
        error instanceof KafkaRefused || error instanceof KafkaAccessDenied || error instanceof BrokersUnreachable;
      if (!isTold) throw error;
      const found = String(error.facts.found);
      missing.push(found === 'SECURITY_DISABLED' ? `${what}: the cluster has no authorizer` : `${what}: ${found}`);
      return null;
    }
  };
  return {
    takenAt,
    acls: await known('ACLs', () => aclsOf(brokers)),
    quotas: await known('quotas', () => quotasOf(brokers)),
    brokers: await known('settings of brokers', () => brokerSettings(brokers)),
    missing,
  };
};

/** A connection that was cut off says nothing about the broker. */
const onceMore =
  <T>(ask: () => Promise<T>) =>
  (error: unknown): Promise<T> => {
    if (error instanceof BrokersUnreachable) return ask();
    throw error;
  };

/** Those that are there already stay as they are. */
export const createAcls = async (brokers: Brokers, acls: readonly Acl[]): Promise<void> => {
  await brokers.anywhere((connection) =>
    createAclsV3.api.async(connection, acls as Parameters<typeof createAclsV3.createRequest>[0]),
  );
};

type Entries = Parameters<typeof alterClientQuotasV1.createRequest>[0];

export const setQuotas = async (brokers: Brokers, quotas: readonly Quota[]): Promise<void> => {
  const entries = quotas.map(({ entity, values }) => ({
    entities: entity,
    ops: Object.entries(values).map(([key, value]) => ({ key, value, remove: false })),
  })) as Entries;
  await brokers.anywhere((connection) => alterClientQuotasV1.api.async(connection, entries, false));
};

const byText = (a: unknown, b: unknown): number => JSON.stringify(a).localeCompare(JSON.stringify(b), 'en');
