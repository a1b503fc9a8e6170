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

/** @param codec as in a batch's attributes; @param records one or more, whose timestamps are those of their creation */
export const encodeBatch = (records: readonly Written[], codec: number, sequence: Sequence): Buffer => {
  const base = records[0]?.timestamp ?? 0;
  const plain = Buffer.concat(records.map((record, delta) => recordBytes(record, delta, base)));
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
  batch.writeInt32BE(sequence.number % 2 ** 31, 53);
  batch.writeInt32BE(records.length, 57);
  batch.writeUInt32BE(crc32c(batch.subarray(21)) >>> 0, 17);
  return batch;
};

/** Everything of a record that is kept, in one way and no other: what digests are made of. */
export const canonical = (record: Written): Buffer => recordBytes(record, 0, 0);

const recordBytes = ({ timestamp, key, value, headers }: Written, delta: number, base: number): Buffer => {
  const since = sinceBase(timestamp, base);
  const names = headers.map(([name]) => Buffer.from(name));
  let length = 1 + varintBytes(since) + varintBytes(delta) + sizedBytes(key) + sizedBytes(value);
  length += varintBytes(headers.length);
  for (const [at, [, of]] of headers.entries()) length += sizedBytes(names[at] ?? null) + sizedBytes(of);
  const writing = new Writing(varintBytes(length) + length);
  writing.varint(length);
  writing.varint(0); // attributes: none are defined, a byte of zero either way
  writing.varint(since);
  writing.varint(delta);
  writing.sized(key);
  writing.sized(value);
  writing.varint(headers.length);
  for (const [at, [, of]] of headers.entries()) {
    writing.sized(names[at] ?? null);
    writing.sized(of);
  }
  return writing.bytes;
};

/** Doubled and with its sign a number still counts exactly up to here; what is larger is reckoned in 64 bits. */
const EXACT = 2 ** 51;

const sinceBase = (timestamp: number, base: number): number | bigint =>
  Math.abs(timestamp) < EXACT / 2 && Math.abs(base) < EXACT / 2 ? timestamp - base : BigInt(timestamp) - BigInt(base);

/** The sign in the lowest bit. */
const zigzag = (value: number | bigint): number | bigint => {
  if (typeof value === 'bigint') return value < 0n ? (-value << 1n) - 1n : value << 1n;
  return value < 0 ? -2 * value - 1 : 2 * value;
};

const varintBytes = (value: number | bigint): number => {
  let bytes = 1;
  let left = zigzag(value);
  if (typeof left === 'bigint') for (; left >= 0x80n; left >>= 7n) bytes += 1;
  else for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes += 1;
  return bytes;
};

const sizedBytes = (bytes: Buffer | null): number => (bytes ? varintBytes(bytes.length) + bytes.length : 1);

/** One record, written from its beginning to its end. */
class Writing {
  readonly bytes: Buffer;
  #at = 0;

  constructor(length: number) {
    this.bytes = Buffer.allocUnsafe(length);
  }

  /** Seven bits a byte. */
  varint(value: number | bigint): void {
    let left = zigzag(value);
    if (typeof left === 'bigint') {
      for (; left >= 0x80n; left >>= 7n) this.bytes[this.#at++] = Number(left & 0x7fn) | 0x80;
      left = Number(left);
    }
    for (; left >= 0x80; left = Math.floor(left / 0x80)) this.bytes[this.#at++] = (left % 0x80) | 0x80;
    this.bytes[this.#at++] = left;
  }

  /** A length and that many bytes; minus one is null. */
  sized(bytes: Buffer | null): void {
    this.varint(bytes?.length ?? -1);
    if (bytes) this.#at += bytes.copy(this.bytes, this.#at);
  }
}
