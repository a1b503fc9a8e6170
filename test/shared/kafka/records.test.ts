import { gzipSync } from 'node:zlib';
import { crc32c } from '@platformatic/kafka';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchesIn } from '../../../shared/kafka/batches.ts';
import { type KafkaRecord, recordsIn } from '../../../shared/kafka/records.ts';

/** As Kafka's documentation has it: seven bits a byte, the sign in the lowest. */
const varint = (value: bigint): Buffer => {
  const bytes: number[] = [];
  let left = value < 0n ? (-value << 1n) - 1n : value << 1n;
  for (; left >= 0x80n; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(left)]);
};
const sized = (bytes: Buffer | null): Buffer =>
  bytes ? Buffer.concat([varint(BigInt(bytes.length)), bytes]) : varint(-1n);

type Given = Pick<KafkaRecord, 'key' | 'value' | 'headers'> & { timestamp: number };
const recordOf = ({ timestamp, key, value, headers }: Given, delta: number, base: number): Buffer => {
  const body = Buffer.concat([
    ...[Buffer.alloc(1), varint(BigInt(timestamp) - BigInt(base)), varint(BigInt(delta)), sized(key), sized(value)],
    ...[varint(BigInt(headers.length)), ...headers.flatMap(([name, of]) => [sized(Buffer.from(name)), sized(of)])],
  ]);
  return Buffer.concat([varint(BigInt(body.length)), body]);
};
const batchOf = (given: readonly Given[], { attributes = 0, max = 9 } = {}) => {
  const base = given[0]?.timestamp ?? 0;
  const plain = Buffer.concat(given.map((each, delta) => recordOf(each, delta, base)));
  const bytes = Buffer.concat([Buffer.alloc(61), attributes & 1 ? gzipSync(plain) : plain]);
  bytes.writeBigInt64BE(5n, 0);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt8(2, 16);
  bytes.writeInt16BE(attributes, 21);
  bytes.writeInt32BE(given.length - 1, 23);
  bytes.writeBigInt64BE(BigInt(base), 27);
  bytes.writeBigInt64BE(BigInt(max), 35);
  bytes.writeInt32BE(given.length, 57);
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)) >>> 0, 17);
  const [batch] = batchesIn(bytes, 'orders-0');
  return batch ?? expect.unreachable('no batch');
};

const bytes = fc.option(
  fc.uint8Array({ maxLength: 200 }).map((each) => Buffer.from(each)),
  { nil: null },
);
/** Text, or what some clients write where it should be. */
const name = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant(Buffer.from([0x61, 0xff, 0xfe])));
const given = fc.record({
  // Before 1970, and more than 32 bits of milliseconds apart.
  timestamp: fc.maxSafeInteger(),
  ...{ key: bytes, value: bytes },
  headers: fc.array(fc.tuple(name, bytes), { maxLength: 5 }),
});

describe('the records of a batch', () => {
  it('are read as they were written: nulls, empty ones, headers that repeat, any time, packed or not', () => {
    fc.assert(
      fc.property(fc.array(given, { minLength: 1, maxLength: 30 }), fc.constantFrom(0, 1), (records, attributes) => {
        const read = [...recordsIn(batchOf(records, { attributes }), 'orders-0')];
        expect(read.map(({ timestamp, key, value, headers }) => ({ timestamp, key, value, headers }))).toEqual(records);
        expect(read.map(({ offset }) => offset)).toEqual(records.map((_, delta) => 5 + delta));
      }),
    );
  });

  it('have the time of the batch where the broker set it', () => {
    const batch = batchOf([{ timestamp: 1, key: null, value: null, headers: [] }], { attributes: 1 << 3, max: 77 });
    expect([...recordsIn(batch, 'orders-0')]).toMatchObject([{ timestamp: 77, timestampType: 'LogAppendTime' }]);
  });

  it('are named where there are fewer than the batch says, or packed in no way that is known', () => {
    const batch = batchOf([{ timestamp: 1, key: null, value: Buffer.from('a'), headers: [] }]);
    expect(() => [...recordsIn({ ...batch, records: 2 }, 'orders-0')]).toThrow(
      /orders-0, batch at 5.*end of the batch/s,
    );
    const unknown = batchOf([{ timestamp: 1, key: null, value: null, headers: [] }], { attributes: 6 });
    expect(() => [...recordsIn(unknown, 'orders-0')]).toThrow(/codec 6/);
    const notPacked = batchOf([{ timestamp: 1, key: null, value: null, headers: [] }], { attributes: 2 });
    expect(() => [...recordsIn(notPacked, 'orders-0')]).toThrow(expect.objectContaining({ name: 'BatchDamaged' }));
  });
});
