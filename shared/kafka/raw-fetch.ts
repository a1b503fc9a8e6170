// Fetch, version 13 (Kafka 3.1 and newer: topics by id), whose answer is kept as bytes. The client's own reads the records and
// forgets the batches, and does not compare their checksums.
import { createAPI, fetchV13, type Reader } from '@platformatic/kafka';

export interface RawPartition {
  errorCode: number;
  /** The broker withholds its answer so long because of a quota: nothing follows from what is not in it. */
  throttledMs: number;
  highWatermark: number;
  /** First offset that the broker still has. */
  logStart: number;
  records: Buffer;
}

const FETCH = 1;
const VERSION = 13;
const NOTHING = Buffer.alloc(0);

/** Of one partition: the answer to a request that asked for one. */
const parse = (_correlation: number, _key: number, _version: number, reader: Reader): RawPartition => {
  const throttledMs = reader.readInt32();
  const error = reader.readInt16();
  reader.readInt32(); // session
  const [answer] = reader.readArray((topic) => {
    topic.readUUID();
    return topic.readArray(readPartition)[0];
  });
  reader.readTaggedFields();
  if (error === 0 && answer) return { throttledMs, ...answer };
  const nothing = { throttledMs, highWatermark: -1, logStart: -1, records: NOTHING };
  return { ...nothing, errorCode: error || (throttledMs > 0 ? 0 : -1) };
};

const readPartition = (reader: Reader): Omit<RawPartition, 'throttledMs'> => {
  reader.readInt32(); // partition
  const errorCode = reader.readInt16();
  const highWatermark = Number(reader.readInt64());
  reader.readInt64(); // last stable offset
  const logStart = Number(reader.readInt64());
  reader.readNullableArray((aborted) => [aborted.readInt64(), aborted.readInt64()]);
  reader.readInt32(); // preferred replica
  // Compact: zero is null, and every other length is one more than the bytes.
  const length = Math.max(0, reader.readUnsignedVarInt() - 1);
  const records = length > 0 ? reader.buffer.slice(reader.position, reader.position + length) : NOTHING;
  reader.skip(length);
  return { errorCode, highWatermark, logStart, records };
};

export const rawFetch = createAPI<Parameters<typeof fetchV13.createRequest>, RawPartition>(
  FETCH,
  VERSION,
  fetchV13.createRequest,
  parse,
);
