// What engines wrote over the years, built byte by byte: every way to write a value gives the digest of the value.
import { describe, expect, it } from 'vitest';
import { type RdbKey, readRdb } from '../../../../shared/redis/rdb/file.ts';
import { summarise } from '../../../../shared/redis/rdb/summary.ts';
import {
  compressed,
  double,
  intset,
  key,
  length,
  listpack,
  lzf,
  rdb,
  text,
  u64,
  ziplist,
  zipmap,
} from '../../../support/rdb.ts';
import { piecesOf } from '../../../support/redis.ts';

const keysOf = async (file: Buffer): Promise<RdbKey[]> => {
  const keys: RdbKey[] = [];
  await readRdb(piecesOf(file, file.length < 10_000 ? 11 : 10_007), 'shop-cache', (each) => void keys.push(each));
  return keys;
};
const one = async (value: Buffer): Promise<RdbKey> => {
  const [only, ...more] = await keysOf(rdb([value]));
  expect(more).toEqual([]);
  return only as RdbKey;
};

const MS = 1000n;
const id = (ms: bigint, seq: bigint): Buffer => {
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64BE(ms, 0);
  bytes.writeBigUInt64BE(seq, 8);
  return bytes;
};
/** Two entries, 1000-1 and 1005-0, with one group that has one message pending for one consumer. */
const stream = (type: 15 | 19 | 21): Buffer =>
  key(
    type,
    'k',
    length(1),
    text(id(MS, 1n)),
    text(listpack([2, 1, 1, 'n', 0, 2, 0, 0, 'first', 1, 3, 1, 0, 'gone', 4, 0, 5, -1, 1, 'other', 'second', 6])),
    length(2),
    length(1005),
    length(0),
    ...(type === 15 ? [] : [length(1000), length(1), length(1001), length(1), length(3)]),
    length(1),
    text('group'),
    length(1000),
    length(1),
    ...(type === 15 ? [] : [length(1)]),
    length(1),
    id(MS, 1n),
    u64(777),
    length(2),
    length(1),
    text('ann'),
    u64(800),
    ...(type === 21 ? [u64(801)] : []),
    length(1),
    id(MS, 1n),
  );

const PAIRS: [string, string][] = [
  ['name', 'Ann'],
  ['long', 'v'.repeat(300)],
];
const FLAT = PAIRS.flat();
const SCORES: [string, number][] = [
  ['one', 1],
  ['half', 2.5],
  ['least', Number.NEGATIVE_INFINITY],
  ['most', Number.POSITIVE_INFINITY],
];

const same: Record<string, Buffer[]> = {
  string: [
    key(0, 'k', text('12345')),
    key(0, 'k', Buffer.of(0xc1, 0x39, 0x30)),
    key(0, 'k', Buffer.of(0xc2, 0x39, 0x30, 0, 0)),
    key(0, 'k', Buffer.of(0x80, 0, 0, 0, 5), '12345'),
    key(0, 'k', Buffer.of(0x81, 0, 0, 0, 0, 0, 0, 0, 5), '12345'),
  ],
  'long string': [
    key(0, 'k', text('ab'.repeat(500))),
    key(0, 'k', compressed(lzf(['ab', [2, 264], [2, 264], [264, 264], [2, 206]]), 1000)),
    key(0, 'k', compressed(lzf(['ab'.repeat(16), [32, 200], [1000 - 768, 200], [4, 200], [2, 200], [2, 168]]), 1000)),
  ],
  'very long string': [
    key(0, 'k', text('x'.repeat(2_000_000))),
    key(
      0,
      'k',
      compressed(lzf(['x', ...Array.from({ length: 7575 }, (): [number, number] => [1, 264]), [1, 199]]), 2_000_000),
    ),
  ],
  list: [
    key(1, 'k', length(4), ...['a', '-1', '300', 'b'.repeat(100)].map((element) => text(element))),
    key(10, 'k', text(ziplist(['a', -1, 300, 'b'.repeat(100)]))),
    key(14, 'k', length(2), text(ziplist(['a', -1])), text(ziplist([300, 'b'.repeat(100)]))),
    key(18, 'k', length(2), length(2), text(listpack(['a', -1, 300])), length(1), text('b'.repeat(100))),
  ],
  set: [
    key(2, 'k', length(3), text('7'), text('-9'), text('70000')),
    key(2, 'k', length(3), text('70000'), text('7'), text('-9')),
    key(11, 'k', text(intset(4, [-9, 7, 70000]))),
    key(11, 'k', text(intset(8, [-9, 7, 70000]))),
    key(20, 'k', text(listpack([7, 70000, -9]))),
  ],
  zset: [
    key(3, 'k', length(4), text('one'), text('1.0'), text('half'), text('2.5'), text('least'), 255, text('most'), 254),
    key(5, 'k', length(4), ...SCORES.flatMap(([member, score]) => [text(member), double(score)])),
    key(12, 'k', text(ziplist(['least', '-inf', 'one', 1, 'half', '2.5', 'most', 'inf']))),
    key(17, 'k', text(listpack(['least', '-inf', 'one', 1, 'half', '2.5', 'most', 'inf']))),
  ],
  hash: [
    key(4, 'k', length(2), ...FLAT.map((each) => text(each))),
    key(9, 'k', text(zipmap(PAIRS))),
    key(9, 'k', text(zipmap(PAIRS, 3))),
    key(13, 'k', text(ziplist(FLAT))),
    key(16, 'k', text(listpack(FLAT))),
  ],
  'hash with fields that end': [
    key(
      22,
      'k',
      length(2),
      ...PAIRS.flatMap(([field, value]) => [length(field === 'name' ? 9000 : 0), text(field), text(value)]),
    ),
    key(23, 'k', text(listpack(PAIRS.flatMap(([field, value]) => [field, value, 9000])))),
    key(24, 'k', u64(9000), length(2), ...PAIRS.flatMap(([field, value]) => [length(1), text(field), text(value)])),
    key(25, 'k', u64(9000), text(listpack(PAIRS.flatMap(([field, value]) => [field, value, 0])))),
  ],
  stream: [stream(15), stream(19), stream(21)],
};

describe.each(Object.entries(same))('a %s', (name, values) => {
  it(`has one digest in each of its ${values.length} encodings`, async () => {
    const keys = await Promise.all(values.map(one));
    for (const each of keys) expect(each).toEqual(keys[0]);
    expect(keys[0]?.comparable).toBe(name !== 'hash with fields that end');
  });

  it('is damaged when it is cut short anywhere', async () => {
    for (const value of values) {
      const step = Math.max(1, Math.floor(value.length / 40));
      for (let end = 3; end < value.length; end += step) {
        await expect(one(value.subarray(0, end)), `${end} of ${value.length}`).rejects.toMatchObject({
          name: expect.stringMatching(/^Rdb/),
        });
      }
    }
  });
});

describe('a module', () => {
  const value = key(
    7,
    'k',
    length(1),
    length(1),
    length(5),
    length(2),
    Buffer.of(0x81),
    u64(9),
    length(3),
    'abcd',
    length(4),
    double(1),
    length(5),
    text('json'),
    0,
  );

  it('is walked through by its own opcodes, and its content is not judged', async () => {
    expect(await one(value)).toMatchObject({ type: 'module', elements: 1, comparable: false });
    expect(await summarise(piecesOf(rdb([value])), 'x')).toMatchObject({
      keys: 1,
      incomparable: 1,
      types: { module: 1 },
    });
  });

  it.each([6, 63])('with the opcode %i is damaged', async (opcode) => {
    await expect(one(key(7, 'k', length(1), length(opcode)))).rejects.toMatchObject({ name: 'RdbDamaged' });
  });
});

describe('opcodes', () => {
  it('that speak of the next key or of nothing an engine keeps are read over', async () => {
    const file = rdb([
      Buffer.of(250),
      text('redis-ver'),
      text('7.2.4'),
      Buffer.of(250),
      text('ctime'),
      Buffer.of(0xc2, 0x00, 0x5e, 0xd0, 0x5f),
      Buffer.of(247),
      length(1),
      length(2),
      length(1),
      length(5),
      text('aux of a module'),
      0,
      Buffer.of(245),
      text('#!lua name=lib'),
      Buffer.of(254),
      length(2),
      Buffer.of(251),
      length(3),
      length(1),
      Buffer.of(244),
      length(5),
      length(3),
      length(1),
      Buffer.of(252),
      u64(1_700_000_000_123n),
      Buffer.of(248),
      length(100),
      key(0, 'a', text('1')),
      Buffer.of(253, 0, 0x5e, 0xd0, 0x5f),
      Buffer.of(249, 7),
      key(0, 'b', text('2')),
      key(0, 'c', text('3')),
    ]);
    expect(await keysOf(file)).toMatchObject([
      { db: 2, expiresAt: 1_700_000_000_123 },
      { db: 2, expiresAt: 0x5fd05e00 * 1000 },
      { db: 2, expiresAt: undefined },
    ]);
    expect(await summarise(piecesOf(file), 'x')).toMatchObject({
      rdbVersion: 11,
      engineVersion: '7.2.4',
      writtenAt: new Date(0x5fd05e00 * 1000).toISOString(),
      functions: 1,
      keys: 3,
      expiring: 2,
    });
  });

  it.each([
    [8, 'a type that was never used'],
    [26, 'a type of a newer engine'],
    [6, 'modules of a release candidate'],
    [246, 'functions of a release candidate'],
    [243, 'an opcode of a newer engine'],
  ])('%i, %s, is not understood', async (code) => {
    await expect(keysOf(rdb([key(code, 'k', text('v'))]))).rejects.toMatchObject({ name: 'RdbNotUnderstood' });
  });

  it('that give a time to no key are damage', async () => {
    await expect(keysOf(rdb([Buffer.of(252), u64(1)]))).rejects.toMatchObject({ name: 'RdbDamaged' });
  });

  it.each([
    ['a length that is none', Buffer.of(254, 0x82)],
    ['an encoding in its place', Buffer.of(254, 0xc0)],
  ])('with %s are damage', async (_, bytes) => {
    await expect(keysOf(rdb([bytes]))).rejects.toMatchObject({ name: 'RdbDamaged' });
  });
});

describe('a file', () => {
  const value = key(0, 'k', text('v'));

  it.each([1, 2, 3, 4])('of version %i has no checksum', async (version) => {
    expect(await summarise(piecesOf(rdb([value], { version })), 'x')).toMatchObject({ keys: 1, checksum: 'disabled' });
  });

  it.each([5, 9, 10, 11, 12])('of version %i has one', async (version) => {
    expect(await summarise(piecesOf(rdb([value], { version })), 'x')).toMatchObject({ keys: 1, checksum: 'verified' });
  });

  it('whose engine was told to write no checksum says so', async () => {
    const file = rdb([value], { checksum: false });
    expect(await summarise(piecesOf(file), 'x')).toMatchObject({ keys: 1, checksum: 'disabled' });
  });

  it.each([
    ['REDIS0013', /version 13/],
    ['REDIS0099', /version 99/],
    ['VALKEY080', /version 080 of Valkey/],
  ])('that begins with %s was written by a newer engine, and that is what is said', async (header, found) => {
    const reading = keysOf(Buffer.concat([Buffer.from(header), Buffer.of(255), Buffer.alloc(8)]));
    await expect(reading).rejects.toMatchObject({ name: 'RdbNotUnderstood' });
    await expect(reading).rejects.toThrow(found);
    await expect(reading).rejects.toThrow(/Upgrade this service/);
  });

  it.each(['REDIS0000', 'REDISabcd', 'PK\u0003\u0004     ', 'redis0011'])(
    'that begins with %j is none',
    async (header) => {
      await expect(keysOf(Buffer.from(`${header}\xff`, 'latin1'))).rejects.toMatchObject({ name: 'RdbDamaged' });
    },
  );

  it('without a single key is whole, and empty', async () => {
    expect(await summarise(piecesOf(rdb([])), 'x')).toMatchObject({ keys: 0, types: {}, databases: {} });
  });

  it('that goes on after its end is damaged', async () => {
    const file = Buffer.concat([rdb([value]), Buffer.of(0)]);
    await expect(keysOf(file)).rejects.toThrow(/Expected the end of the file/);
  });

  it('of no bytes at all is damaged', async () => {
    await expect(keysOf(Buffer.alloc(0))).rejects.toMatchObject({ name: 'RdbDamaged' });
  });

  it('counts keys that an engine drops while loading apart from keys', async () => {
    const file = rdb([key(2, 'none', length(0)), key(17, 'nothing', text(listpack([]))), value]);
    expect(await summarise(piecesOf(file), 'x')).toMatchObject({ keys: 1, empty: 2 });
  });
});

describe('packed values that are not what they say', () => {
  const broken = (bytes: Buffer, change: (copy: Buffer) => void): Buffer => {
    const copy = Buffer.from(bytes);
    change(copy);
    return copy;
  };
  it.each([
    ['a listpack of another size', 16, broken(listpack(['a', 'b']), (b) => b.writeUInt32LE(99, 0))],
    ['a listpack of another count', 16, broken(listpack(['a', 'b']), (b) => b.writeUInt16LE(3, 4))],
    ['a listpack with a wrong way back', 16, broken(listpack(['a', 'b']), (b) => void b.writeUInt8(3, 8))],
    ['a listpack without an end', 16, listpack(['a', 'b']).subarray(0, -1)],
    ['a listpack with an unknown element', 16, broken(listpack(['a', 'b']), (b) => void b.writeUInt8(0xf7, 6))],
    ['a listpack of half a pair', 16, listpack(['a', 'b', 'c'])],
    ['a score that is no number', 17, listpack(['a', 'b'])],
    ['a score that is empty', 17, listpack(['a', ''])],
    ['a ziplist of another size', 10, broken(ziplist(['a']), (b) => b.writeUInt32LE(99, 0))],
    ['a ziplist with another tail', 10, broken(ziplist(['a', 'b']), (b) => b.writeUInt32LE(10, 4))],
    ['a ziplist with a wrong way back', 10, broken(ziplist(['a', 'b']), (b) => void b.writeUInt8(9, 13))],
    ['an intset of another width', 11, broken(intset(4, [1, 2]), (b) => b.writeUInt32LE(3, 0))],
    ['an intset that does not ascend', 11, intset(4, [2, 1])],
    ['an intset with a double', 11, intset(2, [1, 1])],
    ['a zipmap without an end', 9, zipmap(PAIRS).subarray(0, -1)],
    ['a zipmap of another count', 9, broken(zipmap(PAIRS), (b) => void b.writeUInt8(5, 0))],
  ])('%s', async (_, type, bytes) => {
    await expect(one(key(type, 'k', text(bytes)))).rejects.toMatchObject({ name: 'RdbDamaged' });
  });

  it.each([
    ['refers back to before its beginning', compressed(lzf(['a', [2, 100]]), 101)],
    ['is longer than it says', compressed(lzf(['a', [1, 100]]), 100)],
    ['is shorter than it says', compressed(lzf(['a', [1, 100]]), 102)],
    ['claims more than compression can do', compressed(lzf(['a', [1, 100]]), 5000)],
    ['is not compressed at all', compressed(Buffer.from('aaaa'), 3)],
    ['ends within an operation', compressed(Buffer.of(0, 0x61, 0xe0), 100)],
  ])('a compressed string that %s', async (_, bytes) => {
    await expect(one(key(0, 'k', bytes))).rejects.toMatchObject({ name: 'RdbDamaged' });
  });

  it.each([
    ['another number of entries', (b: Buffer) => void b.writeUInt8(3, b.indexOf(Buffer.of(2, 0x43, 0xed)))],
    ['a node that is no listpack', (b: Buffer) => void b.writeUInt8(0, b.indexOf('first') - 1)],
  ])('a stream with %s', async (_, change) => {
    await expect(one(broken(stream(19), change))).rejects.toMatchObject({ name: 'RdbDamaged' });
  });
});
