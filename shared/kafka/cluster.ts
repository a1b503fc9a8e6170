// What is asked of a Kafka cluster: which topics it has, from where to where, and the batches themselves.
import { setTimeout as delay } from 'node:timers/promises';
import {
  createTopicsV7,
  deleteTopicsV6,
  describeConfigsV4,
  initProducerIdV4,
  listOffsetsV7,
  metadataV12,
  ResponseError,
} from '@platformatic/kafka';
import type { KafkaSource } from '../config/schema.ts';
import {
  type Acl,
  type ArchivedAccess,
  accessOf,
  aclsOf,
  createAcls,
  type Quota,
  quotasOf,
  setQuotas,
} from './access.ts';
import { openBrokers } from './brokers.ts';
import type { Sequence } from './encoding.ts';
import { KafkaNotReady, KafkaRefused } from './errors.ts';
import { refusalOf } from './failures.ts';
import { commitOffsets, committedOffsets, type GroupOffsets, groupOffsets } from './groups.ts';
import { type RawPartition, rawFetch } from './raw-fetch.ts';
import { rawProduce } from './raw-produce.ts';

export interface Topic {
  /** Of this topic and no later one of the same name. */
  id: string;
  name: string;
  partitions: Partition[];
}

export interface Partition {
  partition: number;
  leader: number;
  replicas: number;
}

export interface Range {
  /** First offset that the brokers still have. */
  from: number;
  /** High watermark: the next offset to be written. */
  to: number;
}

export interface Cluster extends AsyncDisposable {
  /** What the cluster calls itself. */
  id(): Promise<string>;
  /** Topics whose names are wanted, without Kafka's own. @throws {BrokersUnreachable} {KafkaNotReady} */
  topics(wanted: (name: string) => boolean): Promise<Topic[]>;
  /** Of each partition of a topic, by its number. @throws {KafkaNotReady} {KafkaRefused} */
  ranges(topic: Topic): Promise<Map<number, Range>>;
  /** The first offset whose record is of that time or later, in milliseconds; undefined where there is none. */
  offsetAt(topic: Topic, partition: Partition, time: number | bigint): Promise<number | undefined>;
  /** What is configured for a topic and differs from the broker's own: name → value. */
  settingsOf(topic: Topic): Promise<Record<string, string>>;
  /** At least one batch where there is one; whole batches and perhaps the beginning of another. */
  fetch(topic: Topic, partition: Partition, offset: number): Promise<Fetched>;
  /** False where one of this name is there. @throws {KafkaRefused} with what the brokers dislike of it */
  create(topic: NewTopic): Promise<boolean>;
  /** Those that are there no longer are none to remove. @throws {KafkaRefused} */
  remove(topics: readonly string[]): Promise<void>;
  /** An idempotent producer: its sequence numbers are taken once. */
  producer(): Promise<Pick<Sequence, 'producerId' | 'epoch'>>;
  /** Appends one batch. @throws {KafkaNotReady} {KafkaRefused} */
  produce(topic: Topic, partition: Partition, batch: Buffer): Promise<void>;
  /** What every consumer group has committed. */
  groups(): Promise<GroupOffsets[]>;
  /** What one group has committed. */
  committed(group: string): Promise<GroupOffsets>;
  /** Sets offsets of a group that nobody is in. @throws {KafkaRefused} while it has members */
  commit(offsets: GroupOffsets): Promise<void>;
  /** ACLs, quotas and settings of brokers, as far as one may ask for them. */
  access(takenAt: string): Promise<ArchivedAccess>;
  acls(): Promise<Acl[]>;
  quotas(): Promise<Quota[]>;
  /** Adds ACLs to those that are there. */
  permit(acls: readonly Acl[]): Promise<void>;
  /** Sets quotas of these clients. */
  limit(quotas: readonly Quota[]): Promise<void>;
}

export interface NewTopic {
  name: string;
  partitions: number;
  replicas: number;
  settings: Record<string, string>;
}

export type Fetched =
  | ({ outOfRange: false } & Omit<RawPartition, 'errorCode' | 'throttledMs'>)
  | { outOfRange: true; logStart: number };

/** One answer; a single batch larger than this comes all the same. */
const FETCH_BYTES = 4 * 1024 * 1024;
/** What a quota may withhold one answer; whoever waits longer had better come again. */
const THROTTLED_MS = 60_000;
const READ_UNCOMMITTED = 0;
const EARLIEST = -2n;
const LATEST = -1n;
const OFFSET_OUT_OF_RANGE = 1;
/** Sent twice, because an answer was lost: it is there. */
const DUPLICATE_SEQUENCE_NUMBER = 46;
const CREATING_MS = 20_000;
const TOPIC_RESOURCE = 2;
/** Set on the topic itself (DescribeConfigs, config_source DYNAMIC_TOPIC_CONFIG). */
const OF_THE_TOPIC = 1;

type MetadataResponse = Awaited<ReturnType<typeof metadataV12.api.async>>;

/** @throws {BrokersUnreachable} {KafkaAccessDenied} */
export const openCluster = async (name: string, source: KafkaSource): Promise<Cluster> => {
  const brokers = await openBrokers(name, source);
  const { anywhere, ask, addressOf } = brokers;

  return {
    async id() {
      const { clusterId } = await anywhere((connection) => metadataV12.api.async(connection, [], false, false));
      return clusterId ?? '';
    },

    async topics(wanted) {
      const answer = await anywhere((connection) =>
        metadataV12.api.async(connection, null, false, false).catch(partial),
      );
      brokers.note(answer.brokers);
      const found = answer.topics.filter(({ name: topic, isInternal }) => topic && !isInternal && wanted(topic));
      const unknown = found.find(({ errorCode }) => errorCode !== 0);
      if (unknown) throw refusalOf(name, unknown.name ?? '', unknown.errorCode);
      return found
        .map(({ name: topic, topicId, partitions }) => ({
          ...{ id: topicId, name: topic ?? '' },
          partitions: partitions
            .map(({ partitionIndex, leaderId, replicaNodes }) => ({
              ...{ partition: partitionIndex, leader: leaderId },
              replicas: replicaNodes.length,
            }))
            .toSorted((a, b) => a.partition - b.partition),
        }))
        .toSorted((a, b) => a.name.localeCompare(b.name, 'en'));
    },

    async ranges({ name: topic, partitions }) {
      const ranges = new Map<number, Range>();
      for (const [leader, led] of Map.groupBy(partitions, (each) => each.leader)) {
        const offsets = async (timestamp: bigint): Promise<Map<number, number>> => {
          const asked = led.map(({ partition }) => ({ partitionIndex: partition, currentLeaderEpoch: -1, timestamp }));
          const { topics } = await ask(addressOf(leader, topic), (connection) =>
            listOffsetsV7.api.async(connection, -1, READ_UNCOMMITTED, [{ name: topic, partitions: asked }]),
          );
          return new Map(
            topics.flatMap((each) =>
              each.partitions.map(({ partitionIndex, offset }) => [partitionIndex, Number(offset)]),
            ),
          );
        };
        const [earliest, latest] = [await offsets(EARLIEST), await offsets(LATEST)];
        for (const { partition } of led)
          ranges.set(partition, { from: earliest.get(partition) ?? 0, to: latest.get(partition) ?? 0 });
      }
      return ranges;
    },

    async offsetAt({ name: topic }, { partition, leader }, time) {
      const asked = [{ partitionIndex: partition, currentLeaderEpoch: -1, timestamp: BigInt(time) }];
      const { topics } = await ask(addressOf(leader, topic), (connection) =>
        listOffsetsV7.api.async(connection, -1, READ_UNCOMMITTED, [{ name: topic, partitions: asked }]),
      );
      const offset = topics[0]?.partitions[0]?.offset ?? -1n;
      return offset < 0n ? undefined : Number(offset);
    },

    async settingsOf({ name: topic }) {
      const { results } = await anywhere((connection) =>
        describeConfigsV4.api.async(connection, [{ resourceType: TOPIC_RESOURCE, resourceName: topic }], false, false),
      );
      const configs = results.flatMap((result) => result.configs);
      return Object.fromEntries(
        configs
          .filter(
            ({ configSource, value, isSensitive }) => configSource === OF_THE_TOPIC && value !== null && !isSensitive,
          )
          .map(({ name: setting, value }): [string, string] => [setting, value ?? ''])
          .toSorted(([a], [b]) => a.localeCompare(b, 'en')),
      );
    },

    async fetch({ id, name: topic }, { partition, leader }, offset) {
      const wanted = {
        ...{ partition, currentLeaderEpoch: -1, fetchOffset: BigInt(offset), lastFetchedEpoch: -1 },
        partitionMaxBytes: FETCH_BYTES,
      };
      const topics = [{ topicId: id, partitions: [wanted] }];
      const answerOnce = () =>
        ask(addressOf(leader, topic), (connection) =>
          rawFetch.async(connection, 500, 1, FETCH_BYTES, READ_UNCOMMITTED, 0, -1, topics, [], ''),
        );
      let { errorCode, throttledMs, ...answer } = await answerOnce();
      for (let waited = 0; throttledMs > 0 && answer.records.length === 0 && errorCode === 0; ) {
        if (waited > THROTTLED_MS) throw throttled(name, `${topic}-${partition}`, waited);
        await delay(throttledMs);
        waited += throttledMs;
        ({ errorCode, throttledMs, ...answer } = await answerOnce());
      }
      if (errorCode === OFFSET_OUT_OF_RANGE) return { outOfRange: true, logStart: answer.logStart };
      if (errorCode !== 0) throw refusalOf(name, `${topic}-${partition}`, errorCode);
      return { outOfRange: false, ...answer };
    },

    async create({ name: topic, partitions, replicas, settings }) {
      const wanted = {
        ...{ name: topic, numPartitions: partitions, replicationFactor: replicas, assignments: [] },
        configs: Object.entries(settings).map(([setting, value]) => ({ name: setting, value })),
      };
      try {
        await anywhere((connection) => createTopicsV7.api.async(connection, [wanted], CREATING_MS, false));
        return true;
      } catch (error) {
        if (error instanceof KafkaRefused && error.facts.found === 'TOPIC_ALREADY_EXISTS') return false;
        throw error;
      }
    },

    async remove(topics) {
      for (const topic of topics)
        try {
          await anywhere((connection) =>
            deleteTopicsV6.api.async(connection, [{ name: topic, topicId: null }], CREATING_MS),
          );
        } catch (error) {
          if (!(error instanceof KafkaNotReady && error.facts.found === 'UNKNOWN_TOPIC_OR_PARTITION')) throw error;
        }
    },

    async producer() {
      const { producerId, producerEpoch } = await anywhere((connection) =>
        initProducerIdV4.api.async(connection, null, CREATING_MS),
      );
      return { producerId, epoch: producerEpoch };
    },

    async produce({ name: topic }, { partition, leader }, batch) {
      const { errorCode, message } = await ask(addressOf(leader, topic), (connection) =>
        rawProduce.async(connection, topic, partition, batch),
      );
      if (errorCode !== 0 && errorCode !== DUPLICATE_SEQUENCE_NUMBER)
        throw refusalOf(name, `${topic}-${partition}`, errorCode, message ?? undefined);
    },

    async groups() {
      brokers.note((await anywhere((connection) => metadataV12.api.async(connection, [], false, false))).brokers);
      return groupOffsets(brokers);
    },
    committed: (group) => committedOffsets(brokers, group),
    commit: (offsets) => commitOffsets(brokers, offsets),
    access: (takenAt) => accessOf(brokers, takenAt),
    acls: () => aclsOf(brokers),
    quotas: () => quotasOf(brokers),
    permit: (acls) => createAcls(brokers, acls),
    limit: (quotas) => setQuotas(brokers, quotas),

    [Symbol.asyncDispose]: () => brokers[Symbol.asyncDispose](),
  };
};

/** The client throws where a partition of any topic has no leader; who asks about others is not concerned. */
const partial = (error: unknown): MetadataResponse => {
  if (error instanceof ResponseError) return error.response as MetadataResponse;
  throw error;
};

const throttled = (source: string, what: string, waited: number): KafkaNotReady =>
  new KafkaNotReady('the brokers withhold their answers because of a quota.', {
    ...{ source, expected: `records of ${what}`, found: `none in ${Math.round(waited / 1000)} s` },
    next: 'It is asked again. Raise consumer_byte_rate of this client (kafka-configs --describe --entity-type clients).',
  });
