// Records of a batch (Apache Kafka documentation, "Message Format", record, 2026-11).
import { isUtf8 } from 'node:buffer';
import { compressionsAlgorithmsByBitmask } from '@platformatic/kafka';
import type { Batch } from './batches.ts';
import { BatchDamaged } from './errors.ts';

/** Text by the protocol; bytes where a client wrote others than UTF-8. */
export type HeaderName = string | Buffer;

export interface KafkaRecord {
  offset: number;
  /** Milliseconds since 1970, as producers say: in nanoseconds it is more than a number holds, and then all 64 bits. */
  timestamp: number | bigint;
  timestampType: 'CreateTime' | 'LogAppendTime';
  key: Buffer | null;
  value: Buffer | null;
  /** In their order; a name may come more than once. */
  headers: [name: HeaderName, value: Buffer | null][];
}

const HEADER = 61;
const ATTRIBUTES_AT = 21;
const BASE_TIMESTAMP_AT = 27;
const CODEC = 0b111;
const LOG_APPEND_TIME = 1 << 3;

/** @throws {BatchDamaged} where its content is none. */
export function* recordsIn(batch: Batch, place: string): Generator<KafkaRecord> {
  const attributes = batch.bytes.readInt16BE(ATTRIBUTES_AT);
  const base = batch.bytes.readBigInt64BE(BASE_TIMESTAMP_AT);
  const appended = (attributes & LOG_APPEND_TIME) !== 0;
  const reading = new Reading(contentOf(batch, codecOf(batch), place), `${place}, batch at ${batch.baseOffset}`);
  for (let read = 0; read < batch.records; read++) {
    reading.varint(); // length: everything in it is read
    reading.skip(1); // attributes of a record: none are defined
    const sinceBase = reading.varlong();
    const offset = batch.baseOffset + reading.varint();
    const [key, value] = [reading.bytes(), reading.bytes()];
    const headers: KafkaRecord['headers'] = [];
    for (let left = reading.varint(); left > 0; left--) headers.push([nameOf(reading.bytes()), reading.bytes()]);
    yield {
      offset,
      // The broker overwrites the time of the whole batch, and leaves what the producer said in its records.
      timestamp: appended ? batch.maxTimestamp : exact(base + sinceBase),
      timestampType: appended ? 'LogAppendTime' : 'CreateTime',
      key,
      value,
      headers,
    };
  }
}

const nameOf = (bytes: Buffer | null): HeaderName => (bytes && !isUtf8(bytes) ? bytes : (bytes?.toString() ?? ''));

const exact = (time: bigint): number | bigint => {
  // Differences go round where 64 bits end.
  const whole = BigInt.asIntN(64, time);
  return Number.isSafeInteger(Number(whole)) ? Number(whole) : whole;
};

/** How a batch is packed, as in its attributes. */
export const codecOf = ({ bytes }: Batch): number => bytes.readInt16BE(ATTRIBUTES_AT) & CODEC;

/** Whether a marker ends its transaction well; the one record of a control batch says so in its key. */
export const commits = (batch: Batch, place: string): boolean => {
  const [marker] = recordsIn(batch, place);
  return marker?.key?.readInt16BE(2) === 1;
};

const contentOf = ({ bytes, baseOffset }: Batch, codec: number, place: string): Buffer => {
  const content = bytes.subarray(HEADER);
  const algorithm = compressionsAlgorithmsByBitmask[codec];
  try {
    if (algorithm) return codec === 0 ? content : algorithm.decompressSync(content);
  } catch (cause) {
    throw damaged(`${place}, batch at ${baseOffset}`, 'content that can be unpacked', String(cause));
  }
  throw damaged(`${place}, batch at ${baseOffset}`, 'a known compression', `codec ${codec}`);
};

/** Numbers as Kafka writes them: seven bits a byte, the sign in the lowest. */
class Reading {
  readonly #bytes: Buffer;
  readonly #place: string;
  #at = 0;

  constructor(bytes: Buffer, place: string) {
    this.#bytes = bytes;
    this.#place = place;
  }

  skip(bytes: number): void {
    this.#at += bytes;
  }

  varint(): number {
    const [first, second] = [this.#bytes[this.#at], this.#bytes[this.#at + 1]];
    // Lengths and offsets have one byte or two nearly always.
    if (first !== undefined && first < 0x80) {
      this.#at += 1;
      return (first >> 1) ^ -(first & 1);
    }
    if (first !== undefined && second !== undefined && second < 0x80) {
      this.#at += 2;
      const low = (first & 0x7f) | (second << 7);
      return (low >> 1) ^ -(low & 1);
    }
    return Number(this.varlong());
  }

  /** Up to 64 bits. */
  varlong(): bigint {
    let low = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined || shift > 63n) throw damaged(this.#place, 'a number', 'the end of the batch');
      low |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return (low >> 1n) ^ -(low & 1n);
  }

  /** A length and that many bytes; minus one is null. */
  bytes(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    const end = this.#at + length;
    if (end > this.#bytes.length) throw damaged(this.#place, `${length} bytes`, 'the end of the batch');
    const found = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return found;
  }
}

const damaged = (place: string, expected: string, found: string): BatchDamaged =>
  new BatchDamaged('a record batch cannot be read.', {
    ...{ source: place, expected, found },
    next: 'Its checksum holds, so it is as its producer sent it: look at that producer, or read the batch with kafka-dump-log.',
  });
