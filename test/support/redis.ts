// Real Redis servers for tests, and what their files hold.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reachableDirectory } from '../../local/engines/engine-user.ts';
import { freePort } from '../../local/engines/ports.ts';
import { asRedisAdmin, type RedisServer, saveTo, startRedis } from '../../local/engines/redis.ts';
import type { RedisSettings } from '../../local/engines/redis-config.ts';

export interface RedisLaboratory extends AsyncDisposable {
  directory: string;
  /** A new server: empty, or with what an RDB file holds. */
  server(settings?: Partial<RedisSettings>, seed?: string): Promise<RedisServer>;
  /** Runs commands one after the other and returns the last answer. */
  run(server: RedisServer, ...commands: string[][]): Promise<unknown>;
  /** What the server would write into a file now. */
  save(server: RedisServer): Promise<Buffer>;
}

export const openRedisLaboratory = async (): Promise<RedisLaboratory> => {
  const root = await mkdtemp(join(tmpdir(), 'lifeboat-redis-'));
  const directory = reachableDirectory(join(root, 'engines'));
  const servers: RedisServer[] = [];
  let files = 0;
  const signal = (): AbortSignal => AbortSignal.timeout(60_000);
  return {
    directory,
    server: async (settings = {}, seed) => {
      const all = { port: await freePort(), passwords: [], ...settings };
      const server = await startRedis(join(directory, `server-${servers.length}`), all, signal(), seed);
      servers.push(server);
      return server;
    },
    run: (server, ...commands) =>
      asRedisAdmin(server, async (send) => {
        let answer: unknown;
        for (const command of commands) answer = await send(...command);
        return answer;
      }),
    save: async (server) => {
      const file = join(directory, `saved-${files++}.rdb`);
      await saveTo(server, file, signal());
      return readFile(file);
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(servers.map((server) => server.stop('immediate')));
      await rm(root, { recursive: true, force: true });
    },
  };
};

/** A file as a stream, in pieces of the given size. */
export async function* piecesOf(bytes: Uint8Array, size = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Commands that make keys of every type, in their small and in their large encodings, with and without a time to end. */
export const everyType = (expiresAtSeconds: number): string[][] => {
  const many = (count: number, each: (i: number) => string[]): string[] =>
    Array.from({ length: count }, (_, i) => each(i)).flat();
  return [
    ['SET', 'string:short', 'hello'],
    ['SET', 'string:empty', ''],
    ['SET', 'string:int8', '-7'],
    ['SET', 'string:int16', '-12345'],
    ['SET', 'string:int32', '1234567890'],
    ['SET', 'string:int64', '9223372036854775807'],
    ['SET', 'string:compressed', 'abcdefghij'.repeat(500)],
    ['SET', 'string:long', 'x'.repeat(40) + many(3000, (i) => [`${i * 7919}`]).join('-')],
    ['SET', 'string:expiring', 'soon'],
    ['PEXPIREAT', 'string:expiring', `${expiresAtSeconds * 1000 + 123}`],
    ['RPUSH', 'list:small', 'a', '1', '-1', '300', '-40000', '5000000', '99999999999', 'b'.repeat(100)],
    ['RPUSH', 'list:large', ...many(5000, (i) => [`element ${i}`])],
    ['RPUSH', 'list:plain', 'y'.repeat(20_000), 'tail'],
    ['SADD', 'set:int', '1', '2', '3', '-5'],
    ['SADD', 'set:int32', '1', '70000'],
    ['SADD', 'set:int64', '1', '7000000000'],
    ['SADD', 'set:text', 'a', 'b', 'c'],
    ['SADD', 'set:large', ...many(2000, (i) => [`member-${i}`])],
    ['ZADD', 'zset:small', '1', 'one', '2.5', 'two and a half', '-inf', 'least', 'inf', 'most', '1e100', 'huge'],
    ['ZADD', 'zset:large', ...many(1000, (i) => [`${i / 3}`, `member-${i}`])],
    ['HSET', 'hash:small', 'name', 'Ann', 'age', '42', 'note', 'n'.repeat(60)],
    ['HSET', 'hash:large', ...many(2000, (i) => [`field-${i}`, `value ${i}`])],
    ['EXPIREAT', 'hash:large', `${expiresAtSeconds}`],
    ...Array.from({ length: 250 }, (_, i) => ['XADD', 'stream:full', `${1000 + i}-1`, 'n', `${i}`, 'kind', 'same']),
    ['XADD', 'stream:full', '5000-1', 'other', 'fields', 'of', 'its', 'own', 'kind'],
    ['XDEL', 'stream:full', '1003-1', '1100-1'],
    ['XGROUP', 'CREATE', 'stream:full', 'readers', '0'],
    ['XREADGROUP', 'GROUP', 'readers', 'ann', 'COUNT', '5', 'STREAMS', 'stream:full', '>'],
    ['XREADGROUP', 'GROUP', 'readers', 'bob', 'COUNT', '3', 'STREAMS', 'stream:full', '>'],
    ['XGROUP', 'CREATE', 'stream:full', 'idle', '$'],
    ['XADD', 'stream:emptied', '1-1', 'a', 'b'],
    ['XDEL', 'stream:emptied', '1-1'],
    ['FUNCTION', 'LOAD', "#!lua name=lib\nredis.register_function('f', function() return 1 end)"],
    ['SELECT', '3'],
    ['SET', 'elsewhere', 'in another database'],
    ['SELECT', '0'],
  ];
};

/** Number of keys that `everyType` leaves, by type, over all databases. */
export const EVERY_TYPE = {
  keys: 24,
  expiring: 2,
  types: { string: 10, list: 3, set: 5, zset: 2, hash: 2, stream: 2 },
} as const;
