// What a restore wrote, read from the target and compared with what the archive has.
import { batchesIn, offsetBehind } from '../../shared/kafka/batches.ts';
import type { Cluster, Fetched, Partition, Topic } from '../../shared/kafka/cluster.ts';
import { RecordDigest } from '../../shared/kafka/encoding.ts';
import { KafkaNotReady } from '../../shared/kafka/errors.ts';
import { recordsIn } from '../../shared/kafka/records.ts';
import type { RestorePart, Stretch } from '../../shared/kafka/restore.ts';
import { RestoreDisturbed } from './errors.ts';

export interface Target {
  cluster: Cluster;
  topic: Topic;
  partition: Partition;
  part: RestorePart;
  isTimeUp(): boolean;
}

/**
 * @param from offset in the target of the first record
 * @returns false where time was up before the last one
 * @throws {RestoreDisturbed} where it is not what the archive has. @throws {KafkaNotReady}
 */
export const compare = async (
  { cluster, topic, partition, part, isTimeUp }: Target,
  { records, sha256 }: Stretch,
  from: number,
): Promise<boolean> => {
  const digest = new RecordDigest();
  const end = from + records;
  let next = from;
  for await (const answer of answersFrom(cluster, { topic, partition }, { from, end })) {
    if (isTimeUp()) return false;
    if (answer.outOfRange)
      throw disturbed(part, `offsets ${from} to ${end} to read back`, `the first is ${answer.logStart}`);
    const before: number = next;
    for (const batch of batchesIn(answer.records, `${topic.name}-${partition.partition}`))
      for (const record of batch.control ? [] : recordsIn(batch, topic.name))
        if (record.offset >= next && record.offset < end) {
          digest.add(record);
          next = record.offset + 1;
        }
    if (next === before && answer.highWatermark < end)
      throw new KafkaNotReady('the leader does not show yet what was written.', {
        ...{ source: `${part.as}-${part.partition}`, expected: `offsets up to ${end}`, found: answer.highWatermark },
        next: 'It is asked again.',
      });
    if (next === before) throw disturbed(part, `a record at offset ${next}`, 'none');
  }
  const found = digest.hex();
  if (found !== sha256) throw disturbed(part, `SHA-256 ${sha256} of ${records} records from offset ${from}`, found);
  return true;
};

/** What the leader answers, the next of it asked for while one is worked on. */
async function* answersFrom(
  cluster: Cluster,
  { topic, partition }: Pick<Target, 'topic' | 'partition'>,
  { from, end }: { from: number; end: number },
): AsyncGenerator<Fetched> {
  let next = from;
  let asked = next < end ? cluster.fetch(topic, partition, next) : undefined;
  while (asked) {
    const answer: Fetched = await asked;
    next = answer.outOfRange ? end : (offsetBehind(answer.records) ?? next);
    asked = next < end ? cluster.fetch(topic, partition, next) : undefined;
    // Perhaps nobody comes for it: what was answered before is not right.
    asked?.catch(() => undefined);
    yield answer;
  }
}

export const disturbed = ({ as, partition, base }: RestorePart, expected: string, found: unknown): RestoreDisturbed =>
  new RestoreDisturbed('the target does not hold what was restored, and only that.', {
    ...{ source: `${as}-${partition} from offset ${base}`, expected, found },
    next: 'Let nobody else write to it; delete the topic, and restore again under another restore id.',
  });
