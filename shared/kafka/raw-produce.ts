// Produce, version 9 (Kafka 2.4 and newer), of a batch that is encoded already. The client's own takes messages and encodes them.
import { createAPI, type Reader, Writer } from '@platformatic/kafka';

export interface Produced {
  errorCode: number;
  /** What the broker says of it, and of the first record that it does not want. */
  message: string | null;
  baseOffset: number;
}

const PRODUCE = 0;
const VERSION = 9;
/** Every replica that is in sync has it before the broker answers. */
const ALL = -1;
const TIMEOUT_MS = 20_000;

const createRequest = (topic: string, partition: number, batch: Buffer): Writer =>
  Writer.create()
    .appendString(null)
    .appendInt16(ALL)
    .appendInt32(TIMEOUT_MS)
    .appendArray([topic], (topics, name) =>
      topics
        .appendString(name)
        .appendArray([partition], (partitions, number) => partitions.appendInt32(number).appendBytes(batch)),
    )
    .appendTaggedFields();

const parse = (_correlation: number, _key: number, _version: number, reader: Reader): Produced => {
  const [answer] = reader.readArray((topic) => {
    topic.readString();
    return topic.readArray(readPartition)[0];
  });
  reader.readInt32(); // throttled for so long: the broker has waited already
  reader.readTaggedFields();
  return answer ?? { errorCode: -1, message: 'no answer about the partition', baseOffset: -1 };
};

const readPartition = (reader: Reader): Produced => {
  reader.readInt32(); // partition
  const errorCode = reader.readInt16();
  const baseOffset = Number(reader.readInt64());
  reader.readInt64(); // time of appending
  reader.readInt64(); // first offset there is
  const [first] = reader.readArray((record) => {
    record.readInt32();
    return record.readNullableString();
  });
  return { errorCode, baseOffset, message: reader.readNullableString() ?? first ?? null };
};

export const rawProduce = createAPI<Parameters<typeof createRequest>, Produced>(PRODUCE, VERSION, createRequest, parse);
