// Consumers of the shop's order events: whoever packs parcels reads each event once, and goes on after the failover with the next one.
import { Admin, Consumer } from '@platformatic/kafka';
import type { Streams } from '../events.ts';
import type { LocalPlatform } from '../platform.ts';
import { startMachine, untilEnded } from './observations.ts';
import type { Progress } from './progress.ts';

const GROUP = 'fulfilment';
const LATEST = -1n;

/** Ids of orders by partition, in the order of their offsets. */
type Read = Map<number, number[]>;

const count = (read: Read): number => [...read.values()].reduce((sum, ids) => sum + ids.length, 0);
const idsOf = (read: Read, partition: number): number[] => read.get(partition) ?? [];

export interface Fulfilment {
  /** Some of the events are packed, then all that there are so far are archived. Nothing is packed from then on. */
  packAndArchive(): Promise<void>;
  /** What no archive has is lost with the region: counted before it goes. */
  beforeTheLoss(): Promise<void>;
  /**
   * Packs what is left, in the other region.
   * @param ordered ids that were acknowledged since the other region serves; @param restored records, as the failover says
   */
  goOn(ordered: readonly number[], restored: unknown): Promise<void>;
}

export const fulfil = (platform: LocalPlatform, streams: Streams, progress: Progress): Fulfilment => {
  const { clock } = platform.world;
  const packed: Read = new Map();
  let told: Read = new Map();

  /** Reads up to `most` events as the group would, or only looks at all there are. */
  const read = async (broker: string, groupId: string, most: number): Promise<Read> => {
    const found: Read = new Map();
    const all = await standing(broker, streams.topic);
    const consumer = new Consumer<Buffer, Buffer, Buffer, Buffer>({
      ...{ clientId: 'shop', bootstrapBrokers: [broker], groupId, autocommit: false, maxWaitTime: 100 },
    });
    const committed = await consumer
      .listCommittedOffsets({ topics: [{ topic: streams.topic, partitions: [...all.keys()] }] })
      .then((offsets) => offsets.get(streams.topic) ?? []);
    const left = [...all].reduce((sum, [partition, end]) => sum + end - Number(max(committed[partition] ?? 0n)), 0);
    const wanted = Math.min(most, left);
    if (wanted > 0) {
      const stream = await consumer.consume({ topics: [streams.topic], mode: 'committed', fallbackMode: 'earliest' });
      for await (const message of stream) {
        const { id } = JSON.parse(message.value.toString()) as { id: number };
        found.set(message.partition, [...idsOf(found, message.partition), id]);
        await message.commit();
        if (count(found) >= wanted) break;
      }
      await stream.close();
    }
    await consumer.close();
    return found;
  };

  return {
    packAndArchive: async () => {
      const some = Math.floor((await ended(streams.primary, streams.topic)) / 2);
      for (const [partition, ids] of await read(streams.primary, GROUP, some)) packed.set(partition, ids);
      const scheduledAt = `${clock.now().toISOString().slice(0, 19)}Z`;
      const request = { source: streams.source, scheduledAt, purpose: 'on-demand' };
      const status = await untilEnded(platform, await startMachine(platform, 'archive-kafka', request));
      progress.claim('the order events are archived, byte for byte as the brokers keep them', status === 'SUCCEEDED');
      // Until it is in the vault of the other region, too.
      await clock.advanceTo(new Date(clock.now().getTime() + 60_000));
      await platform.wakeStreams();
      progress.step(clock.now(), `${count(packed)} orders are packed by the group ${GROUP}; then it rests`);
    },
    beforeTheLoss: async () => {
      told = await read(streams.primary, 'auditor', Number.MAX_SAFE_INTEGER);
    },
    goOn: async (ordered, restored) => {
      const rest = await read(streams.recovery, GROUP, Number.MAX_SAFE_INTEGER);
      const since = new Set(ordered);
      const wrong: string[] = [];
      let kept = 0;
      for (const partition of told.keys()) {
        const before = idsOf(told, partition).slice(idsOf(packed, partition).length);
        const read = idsOf(rest, partition);
        const other = read.findIndex((id, at) => before[at] !== id);
        const fresh = other < 0 ? [] : read.slice(other);
        kept += read.length - fresh.length;
        // Numbers of lost orders are given out again: a fresh event is one of an order taken since.
        wrong.push(...fresh.filter((id) => !since.has(id)).map((id) => `partition ${partition}: order ${id}`));
      }
      const all = count(told);
      progress.step(
        clock.now(),
        `of ${all} order events ${count(packed) + kept} had been archived and are there again, ${all - count(packed) - kept} came after the newest archive and are lost`,
      );
      progress.claim(
        `${GROUP} goes on with exactly the next event: ${count(packed)} before, ${kept} archived ones and ${count(rest) - kept} new ones after, none twice, none left out`,
        wrong.length === 0 && kept > 0 && count(rest) > kept && count(packed) + kept === restored,
        [...wrong, `restored: ${restored}`].join('; '),
      );
    },
  };
};

const max = (offset: bigint): bigint => (offset < 0n ? 0n : offset);

/** Where each partition ends. */
const standing = async (broker: string, topic: string): Promise<Map<number, number>> => {
  const admin = new Admin({ clientId: 'shop', bootstrapBrokers: [broker] });
  const metadata = await admin.metadata({ topics: [topic] });
  const partitions = Array.from({ length: metadata.topics.get(topic)?.partitionsCount ?? 0 }, (_, number) => ({
    ...{ partitionIndex: number, timestamp: LATEST },
  }));
  const [listed] = await admin.listOffsets({ topics: [{ name: topic, partitions }] });
  await admin.close();
  return new Map(listed?.partitions.map(({ partitionIndex, offset }) => [partitionIndex, Number(offset)]));
};

const ended = async (broker: string, topic: string): Promise<number> =>
  [...(await standing(broker, topic)).values()].reduce((sum, end) => sum + end, 0);
