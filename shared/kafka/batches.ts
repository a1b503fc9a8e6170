// Record batches as brokers keep them (Apache Kafka documentation, "Message Format", record batch, magic 2, 2026-11). They are
// archived as they are: keys, values, headers, timestamps, producer ids and transaction markers, compressed as they came.
import { crc32c } from '@platformatic/kafka';
import { BatchDamaged } from './errors.ts';

export interface Batch {
  baseOffset: number;
  lastOffset: number;
  /** Records in it. Compaction leaves fewer than offsets. */
  records: number;
  /** Milliseconds; of the record with the latest one. */
  maxTimestamp: number;
  producerId: number;
  transactional: boolean;
  /** Holds a marker of a transaction instead of records. */
  control: boolean;
  bytes: Buffer;
}

const MAGIC = 2;
const LENGTH_AT = 8;
const MAGIC_AT = 16;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const LAST_DELTA_AT = 23;
const HEADER = 61;
/** Length counts from behind itself. */
const BEFORE_LENGTH = 12;
const TRANSACTIONAL = 1 << 4;
const CONTROL = 1 << 5;

/**
 * The whole batches at the beginning of what a broker sent or an archive holds, each with its checksum compared. What is left at
 * the end is the beginning of the next one: brokers cut their answers anywhere.
 * @param place named in errors
 * @throws {BatchDamaged}
 */
export function* batchesIn(records: Buffer, place: string): Generator<Batch> {
  let at = 0;
  while (records.length - at >= HEADER) {
    const length = records.readInt32BE(at + LENGTH_AT) + BEFORE_LENGTH;
    if (length < HEADER) throw damaged(place, at, 'a batch of 61 bytes or more', `${length} bytes`);
    if (records.readInt8(at + MAGIC_AT) !== MAGIC)
      throw damaged(place, at, 'a record batch of magic 2', `magic ${records.readInt8(at + MAGIC_AT)}`);
    if (records.length - at < length) return;
    yield parse(records.subarray(at, at + length), place, at);
    at += length;
  }
}

/** The offset behind the last whole batch, nothing compared; undefined where there is none. What to ask for next is known before those are. */
export const offsetBehind = (records: Buffer): number | undefined => {
  let behind: number | undefined;
  for (let at = 0; records.length - at >= HEADER; ) {
    const length = records.readInt32BE(at + LENGTH_AT) + BEFORE_LENGTH;
    if (length < HEADER || records.length - at < length) break;
    behind = Number(records.readBigInt64BE(at)) + records.readInt32BE(at + LAST_DELTA_AT) + 1;
    at += length;
  }
  return behind;
};

const parse = (bytes: Buffer, place: string, at: number): Batch => {
  const expected = bytes.readUInt32BE(CRC_AT);
  const found = crc32c(bytes.subarray(ATTRIBUTES_AT)) >>> 0;
  if (found !== expected) throw damaged(place, at, `CRC32C ${expected}`, `${found}`);
  const attributes = bytes.readInt16BE(ATTRIBUTES_AT);
  const baseOffset = Number(bytes.readBigInt64BE(0));
  return {
    baseOffset,
    lastOffset: baseOffset + bytes.readInt32BE(LAST_DELTA_AT),
    records: bytes.readInt32BE(57),
    maxTimestamp: Number(bytes.readBigInt64BE(35)),
    producerId: Number(bytes.readBigInt64BE(43)),
    transactional: (attributes & TRANSACTIONAL) !== 0,
    control: (attributes & CONTROL) !== 0,
    bytes,
  };
};

const damaged = (place: string, at: number, expected: string, found: string): BatchDamaged =>
  new BatchDamaged('a record batch is not what was written.', {
    source: place,
    expected: `${expected} at byte ${at}`,
    found,
    next: 'If a broker sent it, look at its disk (kafka-dump-log --deep-iteration) and read from another replica; if the archive holds it, use the replica in the other region.',
  });
