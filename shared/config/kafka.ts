import { z } from 'zod';
import { duration, kept, schedule } from './units.ts';

const broker = z
  .string()
  .regex(/^[A-Za-z0-9.-]+:\d{1,5}$/, 'a broker is written like "b-1.shop.kafka.us-east-1.amazonaws.com:9098"');
const brokers = z.array(broker).min(1);
/** A topic has letters, digits, dots, underscores and hyphens; `*` stands for any of them. */
const pattern = z.string().regex(/^[A-Za-z0-9._*-]{1,249}$/, 'the name of a topic, or a pattern with *');
const ca = z.string().startsWith('-----BEGIN CERTIFICATE-----', 'a certificate as PEM');
const topics = z.strictObject({ include: z.array(pattern).min(1), exclude: z.array(pattern).default([]) });

// What is in an address is in every log: a login belongs into a secret.
const url = z
  .url({ protocol: /^https?$/ })
  .refine((text) => !/[@?#]/.test(text), 'an address like "https://connect.shop.internal:8083", without login or query')
  .transform((text) => text.replace(/\/+$/, ''));
/** An interface over HTTP: its address, in each region where they differ, and the secret with `username` and `password`. */
const endpoint = {
  url: z.union([url, z.strictObject({ primary: url, recovery: url })], {
    error: 'an address like "https://connect.shop.internal:8083", or { primary, recovery }',
  }),
  secret: z.string().min(1).max(512).optional(),
};
export const Endpoint = z.strictObject(endpoint);
export type Endpoint = z.output<typeof Endpoint>;

/** A cluster of Apache Kafka 3.1 or newer: Amazon MSK, or one's own. */
export const Kafka = z.strictObject({
  kind: z.literal('kafka'),
  /** Brokers to begin with; one that answers names the others. Where each region has a cluster, those of either. */
  bootstrap: z.union([brokers, z.strictObject({ primary: brokers, recovery: brokers })], {
    error: 'brokers like ["b-1.shop.kafka.us-east-1.amazonaws.com:9098"], or { primary: […], recovery: […] }',
  }),
  /** `iam` is MSK's, by the role of the function; `scram` takes `username` and `password` from the secret; `none` has no login. */
  auth: z
    .discriminatedUnion('mode', [
      z.strictObject({ mode: z.literal('iam') }),
      z.strictObject({ mode: z.literal('scram'), secret: z.string().min(1).max(512) }),
      z.strictObject({ mode: z.literal('none') }),
    ])
    .prefault({ mode: 'iam' }),
  /** Plain connections carry what everybody on the way may read. `ca` is PEM: the authority of brokers that Node.js does not know. */
  tls: z
    .union([z.boolean(), z.strictObject({ ca })], { error: 'true, false, or { ca: "-----BEGIN CERTIFICATE-----…" }' })
    .default(true),
  topics,
  schedules: z.strictObject({ archive: schedule, verify: schedule.prefault('cron(0 5 ? * SUN *)') }),
  /** A source of kind `kafka`, a test cluster: archives are replayed there. Without one they are read through. */
  verify: z.strictObject({ into: z.string().optional() }).prefault({}),
  retention: z.strictObject({ archive: kept }),
  objectives: z.strictObject({
    /** Age that the newest archive may reach. */
    rpo: duration,
    /** Age that the newest archive may reach that was replayed; it counts where there is a test cluster. */
    proven: duration.prefault('9 days'),
    rto: duration,
  }),
  /** Kafka Connect 3.6 or newer; `values` is a secret with what connectors need and no archive holds: `{ connector: { key: value } }`. */
  connect: z.strictObject({ ...endpoint, values: z.string().min(1).max(512).optional() }).optional(),
  /** A schema registry with Confluent's interface. */
  registry: Endpoint.optional(),
  /** MirrorMaker 2 into the cluster of another source, by the Kafka Connect of that one. */
  mirror: z
    .strictObject({
      target: z.string().min(1),
      /** `identity` keeps the names of topics: they must not be mirrored back. `default` puts the name of this source before them. */
      policy: z.enum(['default', 'identity']),
      /** Those that are archived, where left out. */
      topics: topics.optional(),
      groups: z.array(pattern).min(1).default(['*']),
      tasks: z.int().min(1).max(1000).default(1),
      /** Of mirrored and internal topics. */
      replicas: z.int().min(1).max(100).default(3),
      /** The workers have to support it (`exactly.once.source.support=enabled`). */
      exactlyOnce: z.boolean().default(false),
      /** Added to every connector, over ours: logins as references of a config provider. */
      settings: z.record(z.string(), z.string()).default({}),
      /** Messages that it may be behind. */
      maxLag: z.int().nonnegative().default(1000),
    })
    .optional(),
  /** Functions that archive at once, each a share of the partitions. */
  concurrency: z.int().min(1).max(40).default(4),
});
