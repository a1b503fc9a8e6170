// Records written as a batch (Apache Kafka documentation, "Message Format", 2026-11). The client's own encoder puts timestamps wrong
// that are far apart, and takes headers as a map.
import { compressionsAlgorithmsByBitmask, crc32c } from '@platformatic/kafka';
import type { KafkaRecord } from './records.ts';

/** Of an idempotent producer: a broker takes each sequence number of a partition once. */
export interface Sequence {
  producerId: bigint;
  epoch: number;
  /** Of the first record. */
  number: number;
}

type Written = Pick<KafkaRecord, 'timestamp' | 'key' | 'value' | 'headers'>;

const HEADER = 61;
const NULL = Buffer.from([1]);

/** @param codec as in a batch's attributes; @param records one or more, whose timestamps are those of their creation */
export const encodeBatch = (records: readonly Written[], codec: number, sequence: Sequence): Buffer => {
  const base = records[0]?.timestamp ?? 0;
  const plain = Buffer.concat(records.flatMap((record, delta) => recordParts(record, delta, base)));
  const packed = codec === 0 ? plain : compressionsAlgorithmsByBitmask[codec]?.compressSync(plain);
  if (!packed) throw new RangeError(`There is no compression ${codec}.`);
  const batch = Buffer.concat([Buffer.alloc(HEADER), packed]);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt32BE(-1, 12); // leader epoch: the broker's to say
  batch.writeInt8(2, 16);
  batch.writeInt16BE(codec, 21);
  batch.writeInt32BE(records.length - 1, 23);
  batch.writeBigInt64BE(BigInt(base), 27);
  batch.writeBigInt64BE(BigInt(records.reduce((max, { timestamp }) => Math.max(max, timestamp), base)), 35);
  batch.writeBigInt64BE(sequence.producerId, 43);
  batch.writeInt16BE(sequence.epoch, 51);
  batch.writeInt32BE(sequence.number, 53);
  batch.writeInt32BE(records.length, 57);
  batch.writeUInt32BE(crc32c(batch.subarray(21)) >>> 0, 17);
  return batch;
};

/** Everything of a record that is kept, in one way and no other: what digests are made of. */
export const canonical = (record: Written): Buffer => Buffer.concat(recordParts(record, 0, 0));

const recordParts = ({ timestamp, key, value, headers }: Written, delta: number, base: number): Buffer[] => {
  const body = [
    Buffer.alloc(1),
    varint(BigInt(timestamp) - BigInt(base)),
    varint(BigInt(delta)),
    ...sized(key),
    ...sized(value),
    varint(BigInt(headers.length)),
    ...headers.flatMap(([name, of]) => [...sized(Buffer.from(name)), ...sized(of)]),
  ];
  return [varint(BigInt(body.reduce((sum, { length }) => sum + length, 0))), ...body];
};

const sized = (bytes: Buffer | null): Buffer[] => (bytes ? [varint(BigInt(bytes.length)), bytes] : [NULL]);

/** Seven bits a byte, the sign in the lowest. */
const varint = (value: bigint): Buffer => {
  const bytes: number[] = [];
  let left = value < 0n ? (-value << 1n) - 1n : value << 1n;
  for (; left >= 0x80n; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(left)]);
};
