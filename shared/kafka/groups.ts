// Consumer groups: how far each of them has committed, and setting it.
import { findCoordinatorV4, listGroupsV4, offsetCommitV8, offsetFetchV8 } from '@platformatic/kafka';
import type { Brokers } from './brokers.ts';
import { KafkaRefused } from './errors.ts';
import { refusalOf } from './failures.ts';

export interface Committed {
  topic: string;
  partition: number;
  /** The next one the group would read. */
  offset: number;
  metadata: string;
}

export interface GroupOffsets {
  group: string;
  offsets: Committed[];
}

/** What consumers call theirs; groups of Connect workers and the like have other types, and no offsets. */
const CONSUMERS = ['consumer', ''];
const GROUP = 0;
/** Of nobody: a group without members takes offsets from outside. */
const OUTSIDE = -1;

const hasMembers = (source: string, group: string): KafkaRefused =>
  new KafkaRefused('consumers are in the group, and would go on where they are.', {
    ...{ source, expected: `no member in ${group}`, found: 'one or more' },
    next: 'Stop its consumers, then set it again.',
  });

/** Each group is listed by its coordinator, which has its offsets, too. */
export const groupOffsets = async (brokers: Brokers): Promise<GroupOffsets[]> => {
  const all: GroupOffsets[] = [];
  for (const address of brokers.addresses()) {
    const { groups } = await brokers.ask(address, (connection) => listGroupsV4.api.async(connection, [], []));
    for (const { groupId, protocolType } of groups)
      if (CONSUMERS.includes(protocolType)) all.push(await offsetsAt(brokers, address, groupId));
  }
  return all.filter(({ offsets }) => offsets.length > 0).toSorted((a, b) => a.group.localeCompare(b.group, 'en'));
};

export const committedOffsets = async (brokers: Brokers, group: string): Promise<GroupOffsets> =>
  offsetsAt(brokers, await coordinatorOf(brokers, group), group);

const offsetsAt = async (brokers: Brokers, address: string, group: string): Promise<GroupOffsets> => {
  const asked = [{ groupId: group, memberId: null, memberEpoch: OUTSIDE, topics: null }];
  const { groups } = await brokers.ask(address, (connection) => offsetFetchV8.api.async(connection, asked, false));
  return {
    group,
    offsets: groups.flatMap(({ topics }) =>
      topics.flatMap(({ name: topic, partitions }) =>
        partitions
          .filter(({ committedOffset }) => committedOffset >= 0n)
          .map(({ partitionIndex: partition, committedOffset, metadata }) => ({
            ...{ topic, partition, offset: Number(committedOffset), metadata: metadata ?? '' },
          })),
      ),
    ),
  };
};

const coordinatorOf = async (brokers: Brokers, group: string): Promise<string> => {
  const { coordinators } = await brokers.anywhere((connection) =>
    findCoordinatorV4.api.async(connection, GROUP, [group]),
  );
  const [found] = coordinators;
  if (found?.errorCode !== 0)
    throw refusalOf(brokers.source, `group ${group}`, found?.errorCode ?? 'COORDINATOR_NOT_AVAILABLE');
  return `${found.host}:${found.port}`;
};

export const commitOffsets = async (brokers: Brokers, { group, offsets }: GroupOffsets): Promise<void> => {
  const topics = [...Map.groupBy(offsets, ({ topic }) => topic)].map(([topic, of]) => ({
    name: topic,
    partitions: of.map(({ partition, offset, metadata }) => ({
      ...{ partitionIndex: partition, committedOffset: BigInt(offset), committedLeaderEpoch: -1 },
      committedMetadata: metadata,
    })),
  }));
  const answer = await brokers
    .ask(await coordinatorOf(brokers, group), (connection) =>
      offsetCommitV8.api.async(connection, group, OUTSIDE, '', null, topics),
    )
    .catch((error: unknown) => {
      if (error instanceof KafkaRefused && error.facts.found === 'UNKNOWN_MEMBER_ID')
        throw hasMembers(brokers.source, group);
      throw error;
    });
  for (const { name: topic, partitions } of answer.topics)
    for (const { partitionIndex, errorCode } of partitions)
      if (errorCode !== 0) throw refusalOf(brokers.source, `group ${group}, ${topic}-${partitionIndex}`, errorCode);
};
