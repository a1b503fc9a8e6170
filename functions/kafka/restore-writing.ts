// Records that wait to be written into a partition, in batches packed as they were; one batch is on its way while the next is filled.
import type { Cluster, Partition, Topic } from '../../shared/kafka/cluster.ts';
import { encodeBatch, type Sequence } from '../../shared/kafka/encoding.ts';
import type { KafkaRecord } from '../../shared/kafka/records.ts';

/** Brokers take a megabyte at once unless they are told otherwise; a single record that is larger goes alone. */
const BATCH_BYTES = 512 * 1024;
const BATCH_RECORDS = 5000;

export class PartWriting {
  readonly #cluster: Cluster;
  readonly #topic: Topic;
  readonly #partition: Partition;
  readonly #sequence: Sequence;
  #waiting: KafkaRecord[] = [];
  /** How they are packed. */
  #codec = 0;
  #bytes = 0;
  #sending: Promise<void> = Promise.resolve();

  constructor(cluster: Cluster, topic: Topic, partition: Partition, sequence: Sequence) {
    this.#cluster = cluster;
    this.#topic = topic;
    this.#partition = partition;
    this.#sequence = { ...sequence };
  }

  /** What waits has to be written before this one is added. */
  isFull(record: KafkaRecord, codec: number): boolean {
    if (this.#waiting.length === 0) return false;
    const full = this.#bytes + sizeOf(record) > BATCH_BYTES || this.#waiting.length >= BATCH_RECORDS;
    return full || this.#codec !== codec;
  }

  add(record: KafkaRecord, codec: number): void {
    this.#waiting.push(record);
    this.#codec = codec;
    this.#bytes += sizeOf(record);
  }

  /** What waits goes on its way, once what went before has arrived. */
  async flush(): Promise<void> {
    await this.#sending;
    if (this.#waiting.length === 0) return;
    const batch = encodeBatch(this.#waiting, this.#codec, this.#sequence);
    this.#sending = this.#cluster.produce(this.#topic, this.#partition, batch);
    // Whoever sends the next one hears of it, or who ends.
    this.#sending.catch(() => undefined);
    this.#sequence.number += this.#waiting.length;
    this.#waiting = [];
    this.#bytes = 0;
  }

  /** Everything that was added has arrived. */
  async end(): Promise<void> {
    await this.flush();
    await this.#sending;
  }
}

const sizeOf = ({ key, value }: KafkaRecord): number => (key?.length ?? 0) + (value?.length ?? 0) + 100;
