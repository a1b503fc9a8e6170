// Every truncation and every flipped bit of a small file is found; nothing that is thrown at the reader makes it crash,
// hang or take more memory than the stream brings.
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { Crc64 } from '../../../../shared/redis/rdb/crc64.ts';
import { readDump } from '../../../../shared/redis/rdb/dump.ts';
import { summarise } from '../../../../shared/redis/rdb/summary.ts';
import { compressed, key, length, rdb, text } from '../../../support/rdb.ts';
import { everyType, openRedisLaboratory, piecesOf } from '../../../support/redis.ts';

let small: Buffer;
let full: Buffer;
let dump: Buffer;
beforeAll(async () => {
  await using lab = await openRedisLaboratory();
  const server = await lab.server();
  await lab.run(server, ...everyType(4_000_000_000));
  full = await lab.save(server);
  await lab.run(
    server,
    ['FLUSHALL'],
    ['SET', 'greeting', 'hello'],
    ['SET', 'again', 'abc'.repeat(20), 'EX', '5000'],
    ['HSET', 'h', 'a', '1', 'b', '2'],
    ['ZADD', 'z', '1.5', 'm'],
    ['XADD', 's', '5-1', 'f', 'v'],
    ['RPUSH', 'l', 'x', '7'],
  );
  small = await lab.save(server);
  const value = key(4, '', length(1), text('f'), text('v'));
  const body = Buffer.concat([Buffer.of(4), value.subarray(2), Buffer.of(11, 0)]);
  dump = Buffer.concat([body, new Crc64().update(body).digest()]);
});

const outcome = async (bytes: Uint8Array, size = 64 * 1024): Promise<string> => {
  try {
    await summarise(piecesOf(bytes, size), 'x');
    return 'accepted';
  } catch (error) {
    return (error as Error).name;
  }
};
const NAMED = ['RdbDamaged', 'RdbNotUnderstood'];

describe('a small file', () => {
  it('is found short at every length', async () => {
    for (let end = 0; end < small.length; end++)
      expect(await outcome(small.subarray(0, end)), `${end}`).toBe('RdbDamaged');
    expect(await outcome(small)).toBe('accepted');
  });

  it('is found altered whichever bit is flipped', async () => {
    for (let bit = 0; bit < small.length * 8; bit++) {
      const copy = Buffer.from(small);
      copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(NAMED, `bit ${bit}`).toContain(await outcome(copy));
    }
  });

  it('is found altered when two of its bytes change places, or one is doubled or left out', async () => {
    for (let at = 0; at + 1 < small.length; at++) {
      const swapped = Buffer.from(small);
      [swapped[at], swapped[at + 1]] = [small[at + 1] as number, small[at] as number];
      if (!swapped.equals(small)) expect(NAMED, `swapped ${at}`).toContain(await outcome(swapped));
      const doubled = Buffer.concat([small.subarray(0, at + 1), small.subarray(at)]);
      expect(NAMED, `doubled ${at}`).toContain(await outcome(doubled));
      const without = Buffer.concat([small.subarray(0, at), small.subarray(at + 1)]);
      expect(NAMED, `without ${at}`).toContain(await outcome(without));
    }
  });
});

describe('a value that DUMP gave', () => {
  it('is whole, and found altered whichever bit is flipped, and short at every length', async () => {
    await expect(readDump(dump, 'x')).resolves.toMatchObject({ type: 'hash', elements: 1 });
    for (let bit = 0; bit < dump.length * 8; bit++) {
      const copy = Buffer.from(dump);
      copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
      await expect(readDump(copy, 'x'), `bit ${bit}`).rejects.toMatchObject({ name: 'RdbDamaged' });
    }
    for (let end = 0; end < dump.length; end++)
      await expect(readDump(dump.subarray(0, end), 'x'), `${end}`).rejects.toMatchObject({ name: 'RdbDamaged' });
  });
});

describe('the reader', () => {
  it('names what is wrong with any bytes, and survives them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 64 }), async (bytes, size) => {
        expect(['accepted', ...NAMED]).toContain(await outcome(Buffer.concat([Buffer.from('REDIS0011'), bytes]), size));
      }),
      { numRuns: 3000 },
    );
  });

  it('survives a real file with several bytes altered, whose checksum is made to fit', async () => {
    const alteration = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
    await fc.assert(
      fc.asyncProperty(fc.array(alteration, { minLength: 1, maxLength: 6 }), async (alterations) => {
        const copy = Buffer.from(full.subarray(0, -8));
        for (const [at, byte] of alterations) copy[9 + (at % (copy.length - 10))] = byte;
        const file = Buffer.concat([copy, new Crc64().update(copy).digest()]);
        expect(['accepted', ...NAMED]).toContain(await outcome(file));
      }),
      { numRuns: 100 },
    );
  });

  const CLAIMS: [string, Buffer][] = [
    ['a string of 2^60 bytes', key(0, 'k', Buffer.of(0x81, 0x10, 0, 0, 0, 0, 0, 0, 0))],
    ['a key of four gigabytes', Buffer.concat([Buffer.of(0, 0x80, 0xff, 0xff, 0xff, 0xff)])],
    ['a packed value of a gigabyte', key(16, 'k', Buffer.of(0x80, 0x40, 0, 0, 0))],
    ['a set of 2^62 members', key(2, 'k', Buffer.of(0x81, 0x40, 0, 0, 0, 0, 0, 0, 0))],
    ['a list of 2^62 nodes', key(18, 'k', Buffer.of(0x81, 0x40, 0, 0, 0, 0, 0, 0, 0))],
    ['a string that ten bytes unpack to half a gigabyte', key(0, 'k', compressed(Buffer.alloc(10), 500_000_000))],
    [
      'a packed value that unpacks to what it may be and does not come',
      key(16, 'k', Buffer.of(0xc3), length(5_000_000), length(60_000_000)),
    ],
  ];
  it.each(CLAIMS)('allocates nothing for %s that does not come', async (_, claim) => {
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const watched = async function* () {
      for await (const piece of piecesOf(rdb([claim]), 4)) {
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
        yield piece;
      }
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    };
    await expect(summarise(watched(), 'x')).rejects.toMatchObject({ name: expect.stringMatching(/^Rdb/) });
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    expect(most).toBeLessThan(16 * 1024 * 1024);
  });

  it('holds no more of a value of 300 megabytes than a piece of it', async () => {
    const megabyte = Buffer.alloc(1024 * 1024, 'v');
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const endless = async function* () {
      yield Buffer.concat([Buffer.from('REDIS0011'), Buffer.of(0), text('k'), Buffer.of(0x80, 0x12, 0xc0, 0, 0)]);
      for (let i = 0; i < 300; i++) {
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
        yield megabyte;
      }
      yield Buffer.concat([Buffer.of(255), Buffer.alloc(8)]);
    };
    expect(await summarise(endless(), 'x')).toMatchObject({ keys: 1, bytes: 300 * 1024 * 1024 + 9 + 3 + 5 + 9 });
    expect(most).toBeLessThan(100 * 1024 * 1024);
  });
});
