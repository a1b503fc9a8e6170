// Record batches made and taken apart without this service's own code (Apache Kafka documentation, "Message Format", 2026-11): every
// bit of them is the test's to say.
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { compressionsAlgorithms, crc32c } from '@platformatic/kafka';

export interface TestRecord {
  timestamp: bigint;
  key: Buffer | null;
  value: Buffer | null;
  headers: [name: string, value: Buffer | null][];
}

export interface TestBatch {
  /** Where in `CODECS`. */
  codec: number;
  transactional: boolean;
  /** Minus one throughout: of nobody. */
  producerId: bigint;
  epoch: number;
  sequence: number;
}

export const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
const PLAIN = { compress: (bytes: Buffer) => bytes, decompress: (bytes: Buffer) => bytes };
const client = (name: 'snappy' | 'lz4') => ({
  compress: compressionsAlgorithms[name].compressSync,
  decompress: compressionsAlgorithms[name].decompressSync,
});
const PACKING: { compress(bytes: Buffer): Buffer; decompress(bytes: Buffer): Buffer }[] = [
  PLAIN,
  { compress: gzipSync, decompress: gunzipSync },
  client('snappy'),
  client('lz4'),
  { compress: zstdCompressSync, decompress: zstdDecompressSync },
];
const HEADER = 61;

const varint = (value: bigint | number): Buffer => {
  const bytes: number[] = [];
  // Differences of times go round where 64 bits end.
  const whole = BigInt.asIntN(64, BigInt(value));
  let left = BigInt.asUintN(64, (whole << 1n) ^ (whole >> 63n));
  for (; left >= 0x80n; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(left)]);
};
const sized = (bytes: Buffer | null): Buffer => (bytes ? Buffer.concat([varint(bytes.length), bytes]) : varint(-1));

/** @param records one or more */
export const makeBatch = (records: readonly TestRecord[], of: TestBatch): Buffer => {
  const base = records[0]?.timestamp ?? 0n;
  const plain = records.map(({ timestamp, key, value, headers }, delta) => {
    const body = Buffer.concat([
      ...[Buffer.alloc(1), varint(timestamp - base), varint(delta), sized(key), sized(value), varint(headers.length)],
      ...headers.flatMap(([name, content]) => [sized(Buffer.from(name)), sized(content)]),
    ]);
    return Buffer.concat([varint(body.length), body]);
  });
  const packed = PACKING[of.codec]?.compress(Buffer.concat(plain)) ?? Buffer.alloc(0);
  const batch = Buffer.concat([Buffer.alloc(HEADER), packed]);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt32BE(-1, 12);
  batch.writeInt8(2, 16);
  batch.writeInt16BE(of.codec | (of.transactional ? 1 << 4 : 0), 21);
  batch.writeInt32BE(records.length - 1, 23);
  batch.writeBigInt64BE(base, 27);
  batch.writeBigInt64BE(
    records.reduce((most, { timestamp }) => (timestamp > most ? timestamp : most), base),
    35,
  );
  batch.writeBigInt64BE(of.producerId, 43);
  batch.writeInt16BE(of.epoch, 51);
  batch.writeInt32BE(of.sequence, 53);
  batch.writeInt32BE(records.length, 57);
  batch.writeUInt32BE(crc32c(batch.subarray(21)) >>> 0, 17);
  return batch;
};

/** Every record of a log as a broker has it on its disk, without the markers of transactions. */
export function* recordsOfLog(log: Buffer): Generator<TestRecord & { offset: number }> {
  for (let at = 0; at + HEADER <= log.length; at += log.readInt32BE(at + 8) + 12) {
    const length = log.readInt32BE(at + 8) + 12;
    // Files are made longer than what is in them.
    if (length <= 12) return;
    const batch = log.subarray(at, at + length);
    const attributes = batch.readInt16BE(21);
    if (attributes & (1 << 5)) continue;
    const content = PACKING[attributes & 7]?.decompress(batch.subarray(HEADER)) ?? Buffer.alloc(0);
    const [base, max] = [batch.readBigInt64BE(27), batch.readBigInt64BE(35)];
    const reading = new Reading(content);
    for (let left = batch.readInt32BE(57); left > 0; left--) {
      reading.varint();
      reading.at += 1;
      const since = reading.varint();
      const offset = Number(batch.readBigInt64BE(0) + reading.varint());
      const [key, value] = [reading.sized(), reading.sized()];
      const headers: TestRecord['headers'] = [];
      for (let names = reading.varint(); names > 0n; names--) headers.push([`${reading.sized()}`, reading.sized()]);
      yield { offset, timestamp: attributes & (1 << 3) ? max : BigInt.asIntN(64, base + since), key, value, headers };
    }
  }
}

class Reading {
  readonly #bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#bytes[this.at++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
    }
  }

  sized(): Buffer | null {
    const length = Number(this.varint());
    if (length < 0) return null;
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }
}
