// What real engines write, and what digests make of it.
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RedisServer } from '../../../../local/engines/redis.ts';
import { readDump } from '../../../../shared/redis/rdb/dump.ts';
import { type RdbKey, readRdb } from '../../../../shared/redis/rdb/file.ts';
import { summarise } from '../../../../shared/redis/rdb/summary.ts';
import { EVERY_TYPE, everyType, openRedisLaboratory, piecesOf, type RedisLaboratory } from '../../../support/redis.ts';
import { withRedisBytes } from '../../../support/redis-client.ts';

const EXPIRES = 4_000_000_000;

let lab: RedisLaboratory;
let server: RedisServer;
let file: Buffer;
beforeAll(async () => {
  lab = await openRedisLaboratory();
  server = await lab.server();
  await lab.run(server, ...everyType(EXPIRES));
  file = await lab.save(server);
});
afterAll(() => lab[Symbol.asyncDispose]());

const keysOf = async (bytes: Buffer): Promise<Map<string, RdbKey>> => {
  const keys = new Map<string, RdbKey>();
  await readRdb(piecesOf(bytes), 'shop-cache', (key) => void keys.set(`${key.db} ${key.key}`, key));
  return keys;
};

describe('a file of a real engine', () => {
  it('is counted by type, by time to end and by database', async () => {
    const summary = await summarise(piecesOf(file), 'shop-cache');
    expect(summary).toMatchObject({
      ...EVERY_TYPE,
      bytes: file.length,
      checksum: 'verified',
      empty: 0,
      incomparable: 0,
      functions: 1,
      databases: { 0: { keys: EVERY_TYPE.keys - 1, expiring: 2 }, 3: { keys: 1, types: { string: 1 } } },
    });
    expect(summary.engineVersion).toMatch(/^\d+\.\d+/);
    expect(summary.writtenAt).toMatch(/^20\d\d-\d\d-\d\dT/);
    expect(summary.persistent.reduce((sum, { keys }) => sum + keys, 0)).toBe(EVERY_TYPE.keys - EVERY_TYPE.expiring);
  });

  it('is the same however it comes in: byte by byte, in odd pieces, at once', async () => {
    const whole = await summarise(piecesOf(file, file.length), 'shop-cache');
    for (const size of [1, 7, 4096]) expect(await summarise(piecesOf(file, size), 'shop-cache')).toEqual(whole);
  });

  it('keeps the time to end of each key', async () => {
    const keys = await keysOf(file);
    expect(keys.get('0 string:expiring')?.expiresAt).toBe(EXPIRES * 1000 + 123);
    expect(keys.get('0 hash:large')?.expiresAt).toBe(EXPIRES * 1000);
    expect(keys.get('0 hash:small')?.expiresAt).toBeUndefined();
  });

  it('counts elements as the engine does', async () => {
    const keys = await keysOf(file);
    const elements = Object.fromEntries([...keys].map(([name, { elements }]) => [name.slice(2), elements]));
    expect(elements).toMatchObject({
      'list:large': 5000,
      'list:plain': 2,
      'set:int64': 2,
      'zset:small': 5,
      'hash:large': 2000,
      'stream:full': 249,
      'stream:emptied': 0,
    });
  });
});

describe('digests', () => {
  it('are those of the live keys, as DUMP gives them', async () => {
    const keys = await keysOf(file);
    await withRedisBytes(server, async (send) => {
      for (const [name, key] of keys) {
        await send('SELECT', `${key.db}`);
        const live = await readDump((await send('DUMP', key.key)) as Buffer, 'shop-cache');
        expect({ name, ...live }).toMatchObject({ name, type: key.type, digest: key.digest, elements: key.elements });
      }
    });
  });

  it('survive a restore to an engine that packs differently', async () => {
    const seed = `${lab.directory}/seed.rdb`;
    await writeFile(seed, file);
    const other = await lab.server({}, seed);
    const settings = ['hash-max-listpack-entries', 'zset-max-listpack-entries', 'set-max-intset-entries'];
    await lab.run(
      other,
      ...settings.map((name) => ['CONFIG', 'SET', name, '1']),
      ['CONFIG', 'SET', 'list-max-listpack-size', '3'],
      ['CONFIG', 'SET', 'rdbcompression', 'no'],
      ...everyType(EXPIRES)
        .filter(([command]) => ['RPUSH', 'SELECT'].includes(command ?? ''))
        .flatMap((command) => (command[0] === 'RPUSH' ? [['DEL', command[1] as string], command] : [command])),
      ['HSET', 'hash:small', 'then', 'gone'],
      ['HDEL', 'hash:small', 'then'],
      ['ZADD', 'zset:small', '3', 'then'],
      ['ZREM', 'zset:small', 'then'],
      ['SADD', 'set:int', 'then'],
      ['SREM', 'set:int', 'then'],
    );
    const saved = await lab.save(other);
    expect(saved.length).toBeGreaterThan(file.length * 1.2);
    const [before, after] = [await keysOf(file), await keysOf(saved)];
    expect([...after.keys()].sort()).toEqual([...before.keys()].sort());
    for (const [name, { digest }] of before)
      expect({ name, digest: after.get(name)?.digest }).toEqual({ name, digest });
    const summaries = await Promise.all([file, saved].map((bytes) => summarise(piecesOf(bytes), 'x')));
    expect(summaries[1]?.persistent).toEqual(summaries[0]?.persistent);
  });

  it.each([
    ['string:short', ['APPEND', 'string:short', '!']],
    ['string:compressed', ['SETRANGE', 'string:compressed', '2500', 'X']],
    ['list:large', ['LSET', 'list:large', '2500', 'another']],
    ['set:large', ['SADD', 'set:large', 'one more']],
    ['zset:large', ['ZINCRBY', 'zset:large', '0.25', 'member-500']],
    ['hash:large', ['HSET', 'hash:large', 'field-999', 'another']],
    ['stream:full', ['XADD', 'stream:full', '6000-1', 'n', '1']],
    ['stream:full', ['XACK', 'stream:full', 'readers', '1001-1']],
    ['stream:full', ['XGROUP', 'SETID', 'stream:full', 'idle', '5000-0']],
  ])('of %s, and of nothing else, change with %j', async (name, command) => {
    const before = await keysOf(await lab.save(server));
    await lab.run(server, command);
    const after = await keysOf(await lab.save(server));
    const changed = [...before].filter(([key, { digest }]) => after.get(key)?.digest !== digest).map(([key]) => key);
    expect(changed).toEqual([`0 ${name}`]);
  });

  it('do not depend on the order in which what has none was written', async () => {
    const [one, other] = [await lab.server(), await lab.server()];
    const members = Array.from({ length: 600 }, (_, i) => `member ${i}`);
    const pairs = (list: string[]) => list.flatMap((member) => [member, `${member}!`]);
    const fill = (list: string[]) => [
      ['SADD', 's', ...list],
      ['HSET', 'h', ...pairs(list)],
      ['ZADD', 'z', ...list.flatMap((member) => ['1', member])],
    ];
    await lab.run(one, ...fill(members));
    await lab.run(other, ...fill(members.toReversed()));
    const [a, b] = [await keysOf(await lab.save(one)), await keysOf(await lab.save(other))];
    expect([...a.values()].map(({ digest }) => digest).sort()).toEqual(
      [...b.values()].map(({ digest }) => digest).sort(),
    );
    await lab.run(other, ['DEL', 'l'], ['RPUSH', 'l', 'a', 'b']);
    await lab.run(one, ['DEL', 'l'], ['RPUSH', 'l', 'b', 'a']);
    const [c, d] = [await keysOf(await lab.save(one)), await keysOf(await lab.save(other))];
    expect(c.get('0 l')?.digest).not.toBe(d.get('0 l')?.digest);
  });
});
