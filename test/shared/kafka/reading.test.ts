// How much of an archive is read to know what it holds, with a vault that counts.
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { GetObjectCommand, type GetObjectCommandInput, S3Client } from '@aws-sdk/client-s3';
import { crc32c } from '@platformatic/kafka';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Part } from '../../../shared/kafka/archive.ts';
import { encodeBatch } from '../../../shared/kafka/encoding.ts';
import { findPlaces, type Place, readPartition, type Selection } from '../../../shared/kafka/reading.ts';
import { PRIMARY } from '../../support/environment.ts';

const s3 = mockClient(S3Client);
const VAULT = { bucket: 'vault', region: PRIMARY };
const TOPIC = { topic: 'orders', topicId: 'an-id', partition: 0 };
const TRANSACTIONAL = 1 << 4;
const CONTROL = 1 << 5;

const batch = (at: number, values: string[], producer = 7n, attributes = 0): Buffer => {
  const records = values.map((value) => ({ timestamp: at, key: null, value: Buffer.from(value), headers: [] }));
  return finish(encodeBatch(records, 0, { producerId: producer, epoch: 0, number: 0 }), at, attributes);
};
const sent = (at: number, value: string, producer: bigint) => batch(at, [value], producer, TRANSACTIONAL);
const marker = (at: number, producer: bigint, end: 'commit' | 'abort'): Buffer => {
  const key = Buffer.from([0, 0, 0, end === 'commit' ? 1 : 0]);
  const record = { timestamp: at, key, value: Buffer.alloc(6), headers: [] };
  const bytes = encodeBatch([record], 0, { producerId: producer, epoch: 0, number: -1 });
  return finish(bytes, at, TRANSACTIONAL | CONTROL);
};
const finish = (bytes: Buffer, at: number, attributes: number): Buffer => {
  bytes.writeBigInt64BE(BigInt(at), 0);
  bytes.writeInt16BE(attributes, 21);
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)) >>> 0, 17);
  return bytes;
};

/** Every part in a segment of its own; `read` says which were read, in that order. */
const archived = (...parts: { from: number; to: number; batches: Buffer[] }[]) => {
  const read: number[] = [];
  const places = parts.map(({ from, to, batches }, number): Place => {
    const bytes = Buffer.concat(batches);
    s3.on(GetObjectCommand, { Key: `segment-${number}` }).callsFake(async ({ Range }: GetObjectCommandInput) => {
      expect(Range).toBe(`bytes=0-${bytes.length - 1}`);
      read.push(number);
      return { Body: Readable.from([bytes.subarray(0, 50), bytes.subarray(50)]) };
    });
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return {
      artifact: {
        uri: `s3://vault/segment-${number}`,
        bytes: bytes.length,
        sha256,
        crc64nvme: 'AAAAAAAAAAA=',
        writer: 'lifeboat',
      },
      part: {
        ...{ ...TOPIC, from, to, at: 0, bytes: bytes.length, batches: batches.length, records: 0, sha256 },
        ...{ transactions: batches.some((each) => each.readInt16BE(21) !== 0), maxTimestamp: to },
      } satisfies Part,
    };
  });
  return { places, read };
};
const valuesOf = async (places: readonly Place[], selection: Partial<Selection> = {}) => {
  const values: string[] = [];
  for await (const { records } of readPartition(VAULT, places, { ...TOPIC, ...selection }))
    values.push(...records.map(({ value }) => `${value}`));
  return values;
};

beforeEach(() => s3.reset());

describe('a partition of an archive', () => {
  it('is read once, transactions with it, where each ends in the next part', async () => {
    const { places, read } = archived(
      { from: 0, to: 2, batches: [sent(0, 'kept', 1n), sent(1, 'dropped', 2n)] },
      { from: 2, to: 5, batches: [marker(2, 1n, 'commit'), marker(3, 2n, 'abort'), sent(4, 'later', 1n)] },
      { from: 5, to: 7, batches: [marker(5, 1n, 'commit'), batch(6, ['plain'])] },
    );
    expect(await valuesOf(places)).toEqual(['kept', 'later', 'plain']);
    expect(read).toEqual([0, 1, 2]);
    expect(await valuesOf(places, { undecided: true })).toEqual(['kept', 'dropped', 'later', 'plain']);
  });

  it('is looked at ahead no further than the first marker, and says that time passes', async () => {
    const { places, read } = archived(
      { from: 0, to: 1, batches: [sent(0, 'kept', 1n)] },
      { from: 1, to: 2, batches: [sent(1, 'other', 2n)] },
      { from: 2, to: 3, batches: [marker(2, 1n, 'commit')] },
      { from: 3, to: 4, batches: [marker(3, 2n, 'commit')] },
    );
    const steps = readPartition(VAULT, places, TOPIC);
    const first = { next: 0, codec: 0, records: [] };
    for (const parts of [[0], [0, 1], [0, 1, 2]]) {
      expect((await steps.next()).value).toEqual(first);
      expect(read).toEqual(parts);
    }
    expect((await steps.next()).value).toMatchObject({ next: 1, records: [{ offset: 0 }] });
    expect(read).toEqual([0, 1, 2]);
    const rest = await Array.fromAsync(steps);
    expect(rest.flatMap(({ records }) => records.map(({ offset }) => offset))).toEqual([1]);
    expect(rest.at(-1)?.next).toBe(4);
  });

  it('whose transactions never end is looked through to its end once', async () => {
    const open = Array.from({ length: 50 }, (_, at) => ({
      ...{ from: at, to: at + 1, batches: [sent(at, `open ${at}`, BigInt(at % 3))] },
    }));
    const { places, read } = archived(...open, { from: 50, to: 51, batches: [batch(50, ['plain'])] });
    expect(await valuesOf(places)).toEqual(['plain']);
    expect(read.length).toBeLessThanOrEqual(2 * 50 + 1);
  });

  it('has the markers of a producer with thousands of transactions in their order', async () => {
    const batches = Array.from({ length: 3000 }, (_, at) => [
      sent(2 * at, `${at}`, 1n),
      marker(2 * at + 1, 1n, at % 3 === 0 ? 'commit' : 'abort'),
    ]);
    const { places, read } = archived({ from: 0, to: 6000, batches: batches.flat() });
    expect(await valuesOf(places)).toEqual(Array.from({ length: 1000 }, (_, nth) => `${3 * nth}`));
    expect(read).toEqual([0]);
  });

  it('up to an offset has what was committed behind it, and is read no further', async () => {
    const { places, read } = archived(
      { from: 0, to: 2, batches: [sent(0, 'kept', 1n), sent(1, 'behind', 1n)] },
      { from: 2, to: 3, batches: [marker(2, 1n, 'commit')] },
      { from: 3, to: 4, batches: [sent(3, 'far behind', 1n)] },
    );
    expect(await valuesOf(places, { offsets: { to: 1 } })).toEqual(['kept']);
    expect(read).toEqual([0, 1]);
  });

  it('goes on from an offset in the middle of a batch', async () => {
    const { places } = archived({ from: 0, to: 5, batches: [batch(0, ['a', 'b', 'c']), batch(3, ['d', 'e'])] });
    const steps = await Array.fromAsync(readPartition(VAULT, places, { ...TOPIC, offsets: { from: 1 } }));
    expect(steps.map(({ next, records }) => [next, ...records.map(({ value }) => `${value}`)])).toEqual([
      [3, 'b', 'c'],
      [5, 'd', 'e'],
    ]);
  });

  it.each([
    ['more', (bytes: Buffer) => Buffer.concat([bytes, bytes])],
    ['less', (bytes: Buffer) => bytes.subarray(1)],
    ['other', (bytes: Buffer) => Buffer.alloc(bytes.length)],
  ])('of which the vault has %s bytes is refused', async (_, change) => {
    const { places } = archived({ from: 0, to: 1, batches: [batch(0, ['a'])] });
    const bytes = batch(0, ['a']);
    s3.on(GetObjectCommand).callsFake(async () => ({ Body: Readable.from([bytes.subarray(0, 9), change(bytes)]) }));
    await expect(valuesOf(places)).rejects.toMatchObject({ name: 'ArtifactDamaged' });
  });
});

describe('the places of many partitions', () => {
  const indexOf = (id: string, base: string | null, parts: Part[]) => ({
    ...{ schemaVersion: 1, recoveryPoint: id, base, takenAt: '2026-11-20T03:00:00Z', topics: [], groups: [] },
    ...{ gaps: [], next: {} },
    segments: [
      {
        artifact: {
          uri: `s3://vault/${id}`,
          bytes: 9,
          sha256: '0'.repeat(64),
          crc64nvme: 'AAAAAAAAAAA=',
          writer: 'lifeboat',
        },
        parts,
      },
    ],
  });
  const part = (partition: number, from: number, to: number, transactions = false): Part => ({
    ...{ topic: 'orders', topicId: 'an-id', partition, from, to, at: 0, bytes: 9, batches: 1, records: 1 },
    ...{ transactions, maxTimestamp: 0, sha256: '0'.repeat(64) },
  });
  const id = (minute: number): string => `shop-events-20261120t03${String(minute).padStart(2, '0')}00z-scheduled`;

  it('are found by one walk, as far back as is said, each in the order of its offsets', async () => {
    let walked = 0;
    for (let minute = 0; minute < 4; minute++)
      s3.on(GetObjectCommand, { Key: `kafka-archive/shop-events/2026/11/20/${id(minute)}/index.json` }).callsFake(
        async () => {
          walked += 1;
          const parts = [0, 1].map((partition) => part(partition, 10 * minute, 10 * minute + 10, partition === 1));
          const index = indexOf(id(minute), minute > 0 ? id(minute - 1) : null, parts);
          return { ETag: 'e', Body: { transformToString: async () => JSON.stringify(index) } };
        },
      );
    const of = (partition: number, offsets?: Selection['offsets']) => ({ ...TOPIC, partition, offsets });
    const found = await findPlaces(VAULT, id(3), [of(0), of(1, { to: 15 }), of(0, { from: 30 }), of(9)]);
    expect(found.map((places) => places.map(({ part: { from } }) => from))).toEqual([
      [0, 10, 20, 30],
      // Markers of transactions may be behind the end.
      [0, 10, 20, 30],
      [30],
      [],
    ]);
    expect(walked).toBe(4);
    const [newer] = await findPlaces(VAULT, id(3), [of(0)], 2);
    expect(newer?.map(({ part: { from } }) => from)).toEqual([20, 30]);
    expect(walked).toBe(6);
  });
});
