import { crc32c } from '@platformatic/kafka';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchesIn } from '../../../shared/kafka/batches.ts';

/** A batch as the documentation of Kafka draws it, around bytes that nobody reads here. */
const batch = (baseOffset: number, records: number, body = Buffer.from('records')): Buffer => {
  const bytes = Buffer.concat([Buffer.alloc(61), body]);
  bytes.writeBigInt64BE(BigInt(baseOffset), 0);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt8(2, 16);
  bytes.writeInt16BE(0, 21);
  bytes.writeInt32BE(records - 1, 23);
  bytes.writeBigInt64BE(1_700_000_000_000n, 27);
  bytes.writeBigInt64BE(1_700_000_000_005n, 35);
  bytes.writeBigInt64BE(-1n, 43);
  bytes.writeInt32BE(records, 57);
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)) >>> 0, 17);
  return bytes;
};
const read = (bytes: Buffer) => [...batchesIn(bytes, 'orders-0')];

describe('record batches', () => {
  it('are read one after the other, wherever the answer was cut', () => {
    const both = Buffer.concat([batch(10, 3), batch(13, 1, Buffer.alloc(200, 1))]);
    const first = { baseOffset: 10, lastOffset: 12, records: 3, maxTimestamp: 1_700_000_000_005, control: false };
    expect(read(both)).toMatchObject([first, { baseOffset: 13, lastOffset: 13 }]);
    fc.assert(
      fc.property(fc.nat(both.length - 1), (length) => {
        expect(read(both.subarray(0, length)).length).toBe(length < batch(10, 3).length ? 0 : 1);
      }),
    );
  });

  it('with any bit flipped are named, or not taken for a whole batch', () => {
    const whole = batch(10, 3, Buffer.alloc(40, 7));
    fc.assert(
      fc.property(fc.nat(whole.length * 8 - 1), (bit) => {
        const flipped = Buffer.from(whole);
        const at = bit >> 3;
        flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << (bit & 7)), at);
        // Written by the broker, and outside of what the producer's checksum covers.
        if (at < 8 || (at >= 12 && at < 16)) return;
        const found = (() => {
          try {
            return read(flipped);
          } catch (error) {
            return (error as Error).name;
          }
        })();
        // A length that is too long is a batch that was cut off: whoever knows how long it was sees that.
        expect(found).toEqual(at >= 8 && at < 12 && Array.isArray(found) ? [] : 'BatchDamaged');
      }),
    );
  });

  it('of an older format are named', () => {
    const old = batch(0, 1);
    old.writeInt8(1, 16);
    expect(() => read(old)).toThrow(/orders-0.*magic 2.*Found magic 1/s);
  });
});
