// Records that wait to be written into a partition, in batches packed as they were.
import type { Cluster, Partition, Topic } from '../../shared/kafka/cluster.ts';
import { encodeBatch, type Sequence } from '../../shared/kafka/encoding.ts';
import type { ArchivedRecord } from '../../shared/kafka/reading.ts';

/** Brokers take a megabyte at once unless they are told otherwise; a single record that is larger goes alone. */
const BATCH_BYTES = 512 * 1024;
const BATCH_RECORDS = 1000;

export class PartWriting {
  readonly #cluster: Cluster;
  readonly #topic: Topic;
  readonly #partition: Partition;
  readonly #sequence: Sequence;
  #waiting: ArchivedRecord[] = [];
  #bytes = 0;

  constructor(cluster: Cluster, topic: Topic, partition: Partition, sequence: Sequence) {
    this.#cluster = cluster;
    this.#topic = topic;
    this.#partition = partition;
    this.#sequence = { ...sequence };
  }

  /** What waits has to be written before this one is added. */
  isFull(record: ArchivedRecord): boolean {
    const [first] = this.#waiting;
    if (!first) return false;
    const full = this.#bytes + sizeOf(record) > BATCH_BYTES || this.#waiting.length >= BATCH_RECORDS;
    return full || first.codec !== record.codec;
  }

  add(record: ArchivedRecord): void {
    this.#waiting.push(record);
    this.#bytes += sizeOf(record);
  }

  async flush(): Promise<void> {
    const [first] = this.#waiting;
    if (!first) return;
    await this.#cluster.produce(this.#topic, this.#partition, encodeBatch(this.#waiting, first.codec, this.#sequence));
    this.#sequence.number += this.#waiting.length;
    this.#waiting = [];
    this.#bytes = 0;
  }
}

const sizeOf = ({ key, value }: ArchivedRecord): number => (key?.length ?? 0) + (value?.length ?? 0) + 100;
