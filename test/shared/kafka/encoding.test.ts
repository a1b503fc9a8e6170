import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchesIn } from '../../../shared/kafka/batches.ts';
import { canonical, encodeBatch, RecordDigest } from '../../../shared/kafka/encoding.ts';
import { codecOf, type KafkaRecord, recordsIn } from '../../../shared/kafka/records.ts';

const bytes = fc.option(
  fc.uint8Array({ maxLength: 200 }).map((each) => Buffer.from(each)),
  { nil: null },
);
/** Text, or what some clients write where it should be. */
const name = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant(Buffer.from([0x61, 0xff, 0xfe])));
const record = fc.record({
  ...{ timestamp: fc.maxSafeInteger(), key: bytes, value: bytes },
  headers: fc.array(fc.tuple(name, bytes), { maxLength: 5 }),
});
type Written = Pick<KafkaRecord, 'timestamp' | 'key' | 'value' | 'headers'>;
const writtenOf = ({ timestamp, key, value, headers }: KafkaRecord): Written => ({ timestamp, key, value, headers });

describe('a batch that is written', () => {
  it('is read as it was, packed in any way', () => {
    const codecs = fc.constantFrom(0, 1, 2, 3, 4);
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 30 }), codecs, (records, codec) => {
        const written = encodeBatch(records, codec, { producerId: 7n, epoch: 3, number: 5 });
        const [batch, ...more] = batchesIn(written, 'orders-0');
        if (!batch) return expect.unreachable('no batch');
        expect(more).toEqual([]);
        expect(batch).toMatchObject({ baseOffset: 0, lastOffset: records.length - 1, producerId: 7, control: false });
        expect(batch.bytes.length).toBe(written.length);
        expect(codecOf(batch)).toBe(codec);
        expect([...recordsIn(batch, 'orders-0')].map(writtenOf)).toEqual(records);
      }),
    );
  });

  it('is packed in no way that there is not', () => {
    expect(() =>
      encodeBatch([{ timestamp: 0, key: null, value: null, headers: [] }], 6, { producerId: 0n, epoch: 0, number: 0 }),
    ).toThrow(/no compression 6/);
  });
});

describe('the digest of records', () => {
  const large = fc.nat({ max: 200_000 }).map(
    (length): Written => ({
      ...{ timestamp: length, key: null, value: Buffer.alloc(length, length % 251), headers: [] },
    }),
  );
  it('is that of all of them one after the other, however long they are', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(record, large), { maxLength: 30 }), (records) => {
        const digest = new RecordDigest();
        const whole = Buffer.concat(records.map(canonical));
        expect(records.reduce((sum, each) => sum + digest.add(each), 0)).toBe(whole.length);
        expect(digest.hex()).toBe(createHash('sha256').update(whole).digest('hex'));
      }),
    );
  });
});
