// MirrorMaker 2 between two configured clusters: its connectors as data, and how far it is. The workers are those of the target: their
// producers write into the cluster that the workers belong to, whatever a connector calls its target (KIP-382; Apache Kafka 4.3,
// "Geo-Replication", 2026-11).
import { z } from 'zod';
import type { KafkaSource } from '../config/schema.ts';
import type { Range } from './cluster.ts';
import type { ConnectorOffset } from './connect.ts';
import { asExpression } from './patterns.ts';

export type Mirror = NonNullable<KafkaSource['mirror']>;

/** What a configuration says of one cluster, with the brokers of the region that asks. */
export interface MirrorEnd extends Pick<KafkaSource, 'auth' | 'tls'> {
  name: string;
  brokers: readonly string[];
}

export interface MirrorConnector {
  name: string;
  config: Record<string, string>;
}

export interface MirrorConnectors {
  /** Copies records. */
  source: MirrorConnector;
  /** Translates offsets of groups, and sets them in the target while nobody is in the group. */
  checkpoint: MirrorConnector;
  heartbeat: MirrorConnector;
}

const PACKAGE = 'org.apache.kafka.connect.mirror';
const POLICIES = { default: 'DefaultReplicationPolicy', identity: 'IdentityReplicationPolicy' };
/** Those of MirrorMaker's own default ("Configuration of MirrorSourceConnector", topics.exclude), and ours behind them. */
const NEVER = ['mm2.*\\.internal', '.*\\.replica', '__.*'];

export const mirrorConnectors = (
  source: MirrorEnd,
  target: MirrorEnd,
  mirror: Mirror & { topics: KafkaSource['topics'] },
): MirrorConnectors => {
  const replicas = `${mirror.replicas}`;
  const common = {
    ...{ 'source.cluster.alias': source.name, 'target.cluster.alias': target.name },
    ...clientOf('source.cluster', source),
    ...clientOf('target.cluster', target),
    'replication.policy.class': `${PACKAGE}.${POLICIES[mirror.policy]}`,
    // Nothing is written into the source, and what is needed after its loss is not lost with it.
    'offset-syncs.topic.location': 'target',
    'offset-syncs.topic.replication.factor': replicas,
  };
  const connector = (kind: string, own: Record<string, string>): MirrorConnector => {
    const name = `lifeboat-${source.name}-${kind.toLowerCase()}`;
    const config = { 'connector.class': `${PACKAGE}.Mirror${kind}Connector`, ...common, ...own, ...mirror.settings };
    return { name, config: { ...config, name } };
  };
  return {
    source: connector('Source', {
      topics: mirror.topics.include.map(asExpression).join(','),
      'topics.exclude': [...NEVER, ...mirror.topics.exclude.map(asExpression)].join(','),
      'tasks.max': `${mirror.tasks}`,
      'replication.factor': replicas,
      'refresh.topics.interval.seconds': '60',
      // Rights in the target are another cluster's affair, and it may have no authorizer.
      'sync.topic.acls.enabled': 'false',
      // Bytes as they are: what a converter does to them, it does not undo.
      ...asTheyAre,
      ...(mirror.exactlyOnce
        ? { 'exactly.once.support': 'required', 'consumer.isolation.level': 'read_committed' }
        : {}),
    }),
    checkpoint: connector('Checkpoint', {
      groups: mirror.groups.map(asExpression).join(','),
      'tasks.max': '1',
      'checkpoints.topic.replication.factor': replicas,
      'emit.checkpoints.interval.seconds': '10',
      'sync.group.offsets.enabled': 'true',
      'sync.group.offsets.interval.seconds': '10',
      'refresh.groups.interval.seconds': '60',
      ...asTheyAre,
    }),
    heartbeat: connector('Heartbeat', {
      'tasks.max': '1',
      'heartbeats.topic.replication.factor': replicas,
      'emit.heartbeats.interval.seconds': '10',
      ...asTheyAre,
    }),
  };
};

const BYTES = 'org.apache.kafka.connect.converters.ByteArrayConverter';
const asTheyAre = { 'key.converter': BYTES, 'value.converter': BYTES, 'header.converter': BYTES };

/** How a connector signs in. The login of SCRAM is a reference in `settings`: none is written here. */
const clientOf = (prefix: string, { brokers, auth, tls }: MirrorEnd): Record<string, string> => {
  const own: Record<string, string> = {
    'bootstrap.servers': brokers.join(','),
    'security.protocol': `${auth.mode === 'none' ? '' : 'SASL_'}${tls ? 'SSL' : 'PLAINTEXT'}`,
    ...(auth.mode === 'scram' ? { 'sasl.mechanism': 'SCRAM-SHA-512' } : {}),
    // aws-msk-iam-auth, which has to be among the plugins of the workers.
    ...(auth.mode === 'iam'
      ? {
          'sasl.mechanism': 'AWS_MSK_IAM',
          'sasl.jaas.config': 'software.amazon.msk.auth.iam.IAMLoginModule required;',
          'sasl.client.callback.handler.class': 'software.amazon.msk.auth.iam.IAMClientCallbackHandler',
        }
      : {}),
  };
  return Object.fromEntries(Object.entries(own).map(([name, value]) => [`${prefix}.${name}`, value]));
};

/** What a topic of the source is called in the target. */
export const mirroredName = ({ policy }: Pick<Mirror, 'policy'>, source: string, topic: string): string =>
  policy === 'identity' ? topic : `${source}.${topic}`;

export const PartitionLag = z.strictObject({
  topic: z.string(),
  partition: z.int().nonnegative(),
  /** Of the source: the next offset to be written. */
  highWatermark: z.int().nonnegative(),
  /** The next offset to be mirrored, as the connector last noted it; null where it has noted none. */
  mirrored: z.int().nonnegative().nullable(),
  /** Offsets from `mirrored`, or from the first that the source has, to the high watermark. */
  lag: z.int().nonnegative(),
  /** The mirror has more than the source: that was made again, or lost records. */
  beyond: z.boolean(),
});
export type PartitionLag = z.output<typeof PartitionLag>;

/** A partition of the source, and what it has. */
export interface Standing {
  topic: string;
  ranges: ReadonlyMap<number, Range>;
}

/**
 * Per partition, the high watermark minus what the source connector has noted as mirrored. It notes the offset of the last record of
 * which the target has said that it is there, every `offset.flush.interval.ms` of the workers: so the lag is never told too small, and
 * at most that interval old. Offsets without a record (markers of transactions, what compaction took) count as long as they are the last.
 */
export const lagOf = (
  standing: readonly Standing[],
  source: string,
  offsets: readonly ConnectorOffset[],
): PartitionLag[] => {
  const noted = new Map(
    offsets.flatMap(({ partition: at, offset }) =>
      at.cluster === source && typeof offset?.offset === 'number'
        ? [[`${at.partition} ${at.topic}`, offset.offset + 1] as const]
        : [],
    ),
  );
  return standing.flatMap(({ topic, ranges }) =>
    [...ranges].map(([partition, { from, to }]) => {
      const mirrored = noted.get(`${partition} ${topic}`) ?? null;
      const lag = Math.max(0, to - Math.max(mirrored ?? from, from));
      return { ...{ topic, partition, highWatermark: to, mirrored, lag }, beyond: (mirrored ?? 0) > to };
    }),
  );
};

/** What was measured last: where the source is lost, this is what is known of it. */
export const MirrorMeasure = z.strictObject({ measuredAt: z.iso.datetime(), partitions: z.array(PartitionLag) });
export type MirrorMeasure = z.output<typeof MirrorMeasure>;
export const mirrorMeasureKey = (source: string): string => `kafka/mirrors/${source}.json`;

/** A failover to the mirror. */
export const MirrorFailover = z.strictObject({
  failoverId: z.string(),
  source: z.string(),
  target: z.string(),
  begunAt: z.iso.datetime(),
  /** Written once the source connector is stopped and has noted its last offsets; until then null. */
  loss: z
    .strictObject({
      /** `now`: the source was asked after the mirror was stopped. `last measured`: it does not answer. `unknown`: nobody ever measured. */
      known: z.enum(['now', 'last measured', 'unknown']),
      /** Of the high watermarks. */
      at: z.iso.datetime().nullable(),
      partitions: z.array(PartitionLag),
      messages: z.int().nonnegative(),
    })
    .nullable(),
  /** Written at the end; until then null. */
  groups: z
    .strictObject({
      standing: z.array(
        z.strictObject({
          group: z.string(),
          topic: z.string(),
          partition: z.int(),
          /** The next one it would read, and how many there are behind that. */
          offset: z.int(),
          ahead: z.int(),
        }),
      ),
      /** Groups of the source that have no offset in the target; null where the source does not answer. */
      missing: z.array(z.string()).nullable(),
    })
    .nullable(),
});
export type MirrorFailover = z.output<typeof MirrorFailover>;
export const mirrorFailoverKey = (failoverId: string): string => `kafka/restores/${failoverId}/mirror.json`;
