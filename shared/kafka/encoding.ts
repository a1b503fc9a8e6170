// Records written as a batch (Apache Kafka documentation, "Message Format", 2026-11). The client's own encoder puts timestamps wrong
// that are far apart, and takes headers as a map.
import { createHash } from 'node:crypto';
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
/** Bytes of records that are given to a digest at once. */
const DIGESTED_AT_ONCE = 64 * 1024;

/** @param codec as in a batch's attributes; @param records one or more, whose timestamps are those of their creation */
export const encodeBatch = (records: readonly Written[], codec: number, sequence: Sequence): Buffer => {
  const base = records[0]?.timestamp ?? 0;
  const lengths = records.map((record, delta) => lengthOf(record, delta, base));
  const plain = new Writing(
    lengths.reduce((sum, length) => sum + varintBytes(length) + length, HEADER),
    HEADER,
  );
  for (const [delta, record] of records.entries()) plain.record(record, delta, base, lengths[delta] ?? 0);
  const batch = codec === 0 ? plain.bytes : packed(plain.bytes.subarray(HEADER), codec);
  batch.fill(0, 0, HEADER);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt32BE(-1, 12); // leader epoch: the broker's to say
  batch.writeInt8(2, 16);
  batch.writeInt16BE(codec, 21);
  batch.writeInt32BE(records.length - 1, 23);
  batch.writeBigInt64BE(BigInt(base), 27);
  batch.writeBigInt64BE(BigInt(records.reduce((max, { timestamp }) => (timestamp > max ? timestamp : max), base)), 35);
  batch.writeBigInt64BE(sequence.producerId, 43);
  batch.writeInt16BE(sequence.epoch, 51);
  batch.writeInt32BE(sequence.number % 2 ** 31, 53);
  batch.writeInt32BE(records.length, 57);
  batch.writeUInt32BE(crc32c(batch.subarray(21)) >>> 0, 17);
  return batch;
};

const packed = (content: Buffer, codec: number): Buffer => {
  const compressed = compressionsAlgorithmsByBitmask[codec]?.compressSync(content);
  if (!compressed) throw new RangeError(`There is no compression ${codec}.`);
  return Buffer.concat([Buffer.allocUnsafe(HEADER), compressed]);
};

/** Everything of a record that is kept, in one way and no other: what digests are made of. */
export const canonical = (record: Written): Buffer => {
  const length = lengthOf(record, 0, 0);
  const writing = new Writing(varintBytes(length) + length);
  writing.record(record, 0, 0, length);
  return writing.bytes;
};

/** SHA-256 over records as `canonical` has them, which are made in one place that is used again and again. */
export class RecordDigest {
  readonly #hash = createHash('sha256');
  readonly #writing = new Writing(DIGESTED_AT_ONCE);

  /** @returns how many bytes it came to */
  add(record: Written): number {
    const length = lengthOf(record, 0, 0);
    const whole = varintBytes(length) + length;
    if (whole > this.#writing.room) this.#flush();
    if (whole > this.#writing.room) this.#hash.update(canonical(record));
    else this.#writing.record(record, 0, 0, length);
    return whole;
  }

  /** Ends it. */
  hex(): string {
    this.#flush();
    return this.#hash.digest('hex');
  }

  #flush(): void {
    this.#hash.update(this.#writing.taken());
  }
}

/** Of a record, without the length that stands before it. */
const lengthOf = ({ timestamp, key, value, headers }: Written, delta: number, base: number | bigint): number => {
  let length = 1 + varintBytes(sinceBase(timestamp, base)) + varintBytes(delta) + sizedBytes(key) + sizedBytes(value);
  length += varintBytes(headers.length);
  for (const [name, of] of headers) {
    const bytes = Buffer.byteLength(name);
    length += varintBytes(bytes) + bytes + sizedBytes(of);
  }
  return length;
};

/** Doubled and with its sign a number still counts exactly up to here; what is larger is reckoned in 64 bits. */
const EXACT = 2 ** 51;

const sinceBase = (timestamp: number | bigint, base: number | bigint): number | bigint =>
  isExact(timestamp) && isExact(base) ? timestamp - base : BigInt.asIntN(64, BigInt(timestamp) - BigInt(base));

const isExact = (time: number | bigint): time is number => typeof time === 'number' && Math.abs(time) < EXACT / 2;

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

/** Records, written one behind the other. */
class Writing {
  readonly bytes: Buffer;
  readonly #from: number;
  #at: number;

  constructor(length: number, from = 0) {
    this.bytes = Buffer.allocUnsafe(length);
    this.#from = from;
    this.#at = from;
  }

  get room(): number {
    return this.bytes.length - this.#at;
  }

  /** What was written; what is written next takes its place. */
  taken(): Buffer {
    const written = this.bytes.subarray(this.#from, this.#at);
    this.#at = this.#from;
    return written;
  }

  record({ timestamp, key, value, headers }: Written, delta: number, base: number | bigint, length: number): void {
    this.#varint(length);
    this.#varint(0); // attributes: none are defined, a byte of zero either way
    this.#varint(sinceBase(timestamp, base));
    this.#varint(delta);
    this.#sized(key);
    this.#sized(value);
    this.#varint(headers.length);
    for (const [name, of] of headers) {
      this.#varint(Buffer.byteLength(name));
      this.#at += typeof name === 'string' ? this.bytes.write(name, this.#at) : name.copy(this.bytes, this.#at);
      this.#sized(of);
    }
  }

  /** Seven bits a byte. */
  #varint(value: number | bigint): void {
    let left = zigzag(value);
    if (typeof left === 'bigint') {
      for (; left >= 0x80n; left >>= 7n) this.bytes[this.#at++] = Number(left & 0x7fn) | 0x80;
      left = Number(left);
    }
    for (; left >= 0x80; left = Math.floor(left / 0x80)) this.bytes[this.#at++] = (left % 0x80) | 0x80;
    this.bytes[this.#at++] = left;
  }

  /** A length and that many bytes; minus one is null. */
  #sized(bytes: Buffer | null): void {
    this.#varint(bytes?.length ?? -1);
    if (bytes) this.#at += bytes.copy(this.bytes, this.#at);
  }
}
