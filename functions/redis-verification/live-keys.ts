// Every key of a restored cache: counted by type, and those of the sampled buckets with their values. A restored cache is
// nobody's: to read it through disturbs no one.
import { readDump } from '../../shared/redis/rdb/dump.ts';
import { bucketOf } from '../../shared/redis/rdb/summary.ts';
import type { KeyType } from '../../shared/redis/rdb/values.ts';
import { KEY_TYPES } from '../../shared/redis/rdb/values.ts';
import type { CacheSession, Reply } from '../../shared/redis/session.ts';

export interface LiveKey {
  type: KeyType;
  digest: string;
  /** Milliseconds since 1970 by the cache's own clock; undefined for a key that does not expire. */
  expiresAt: number | undefined;
}

export interface LiveCache {
  /** By database and type, `0 string`. */
  counts: Map<string, number>;
  /** Of the sampled buckets, by database and name. */
  sampled: Map<string, LiveKey>;
  /** The cache's clock when the reading began and when it ended. */
  from: number;
  to: number;
}

const PAGE = '1000';

/** Databases that hold anything, by number: `db0:keys=1,expires=0,…` (INFO keyspace). */
const databasesOf = async (session: CacheSession): Promise<number[]> =>
  [...String(await session.send('INFO', 'keyspace')).matchAll(/^db(\d+):/gm)].map(([, db]) => Number(db));

const clockOf = async (session: CacheSession): Promise<number> => {
  const [seconds, microseconds] = (await session.send('TIME')) as Reply[];
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
};

export const liveKeyId = (db: number, key: Buffer): string => `${db} ${key.toString('latin1')}`;

/** @throws {CacheUnreachable} */
export const readLive = async (
  session: CacheSession,
  source: string,
  sampled: ReadonlySet<number>,
  signal: AbortSignal,
): Promise<LiveCache> => {
  const live: LiveCache = { counts: new Map(), sampled: new Map(), from: await clockOf(session), to: 0 };
  for (const db of await databasesOf(session)) {
    await session.send('SELECT', String(db));
    for await (const keys of pagesOf(session, signal)) {
      const types = (await Promise.all(keys.map((key) => session.send('TYPE', key)))).map((type) =>
        typeOf(String(type)),
      );
      // A key whose time came between the two commands is gone.
      for (const type of types.filter((each) => each !== undefined))
        live.counts.set(`${db} ${type}`, (live.counts.get(`${db} ${type}`) ?? 0) + 1);
      const chosen = keys.flatMap((key, index) => {
        const type = types[index];
        return type && sampled.has(bucketOf(db, key)) ? [{ key, type }] : [];
      });
      for (const [id, key] of await valuesOf(session, source, db, chosen)) live.sampled.set(id, key);
    }
  }
  live.to = await clockOf(session);
  return live;
};

/** While a table grows or shrinks, SCAN may give a key twice: a page gives each of its own once. */
async function* pagesOf(session: CacheSession, signal: AbortSignal): AsyncGenerator<Buffer[]> {
  let cursor: Reply = '0';
  do {
    signal.throwIfAborted();
    const [next, keys] = (await session.send('SCAN', String(cursor), 'COUNT', PAGE)) as [Reply, Buffer[]];
    yield [...new Map(keys.map((key) => [key.toString('latin1'), key])).values()];
    cursor = next;
  } while (String(cursor) !== '0');
}

/** TYPE answers a module's own name for a type of its own, and `none` for no key. */
const typeOf = (answer: string): KeyType | undefined => {
  if (answer === 'none') return undefined;
  return KEY_TYPES.find((type) => type === answer) ?? 'module';
};

const valuesOf = async (
  session: CacheSession,
  source: string,
  db: number,
  keys: { key: Buffer; type: KeyType }[],
): Promise<[string, LiveKey][]> => {
  if (keys.length === 0) return [];
  const [at, ...answers] = await Promise.all([
    clockOf(session),
    ...keys.map(({ key }) => Promise.all([session.send('DUMP', key), session.send('PTTL', key)])),
  ]);
  const values = await Promise.all(
    answers.map(async ([dump, ttl], index): Promise<[string, LiveKey] | undefined> => {
      const chosen = keys[index];
      if (!chosen || !Buffer.isBuffer(dump)) return undefined;
      const { digest } = await readDump(dump, source);
      const expiresAt = Number(ttl) < 0 ? undefined : at + Number(ttl);
      return [liveKeyId(db, chosen.key), { type: chosen.type, digest, expiresAt }];
    }),
  );
  return values.filter((value) => value !== undefined);
};
