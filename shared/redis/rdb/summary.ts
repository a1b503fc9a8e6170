// What is kept of an RDB file: how many keys of which kind, and digests by which another copy can be compared with it.
import { z } from 'zod';
import { Canonical, Unordered } from './canonical.ts';
import { type RdbFile, type RdbKey, readRdb } from './file.ts';
import { KEY_TYPES } from './values.ts';

/** Keys are spread over this many buckets by their hash, the same for every file: bucket by bucket copies are compared. */
export const BUCKETS = 256;

const Counts = z.strictObject({
  keys: z.int().nonnegative(),
  /** Of them, those with a time to end. */
  expiring: z.int().nonnegative(),
  types: z.partialRecord(z.enum(KEY_TYPES), z.int().nonnegative()),
});

export const RdbSummary = z.strictObject({
  rdbVersion: z.int(),
  engineVersion: z.string().optional(),
  /** When the engine began to write the file. */
  writtenAt: z.iso.datetime().optional(),
  bytes: z.int(),
  checksum: z.enum(['verified', 'disabled']),
  ...Counts.shape,
  /** Keys without any element, which an engine drops while it loads; not counted as keys. */
  empty: z.int().nonnegative(),
  /** Keys whose digest says nothing, because only their module knows their content, or because their fields end by themselves. */
  incomparable: z.int().nonnegative(),
  functions: z.int().nonnegative(),
  databases: z.record(z.string(), Counts),
  /** By bucket: the digest of all keys that do not expire, and their number. */
  persistent: z.array(z.strictObject({ digest: z.string(), keys: z.int().nonnegative() })).length(BUCKETS),
});
export type RdbSummary = z.output<typeof RdbSummary>;
type Counts = z.output<typeof Counts>;

/** The bucket of a key, from its database and name alone: FNV-1a, folded. */
export const bucketOf = (db: number, key: Uint8Array): number => {
  let hash = Math.imul(0x811c9dc5 ^ db, 0x01000193);
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ (key[i] as number), 0x01000193);
  return (hash ^ (hash >>> 8) ^ (hash >>> 16) ^ (hash >>> 24)) & (BUCKETS - 1);
};

const newCounts = (): Counts => ({ keys: 0, expiring: 0, types: {} });

const count = (counts: Counts, { type, expiresAt }: RdbKey): void => {
  counts.keys += 1;
  counts.types[type] = (counts.types[type] ?? 0) + 1;
  if (expiresAt !== undefined) counts.expiring += 1;
};

/** Reads the stream to its end and says what is in it. @throws {RdbDamaged} {RdbNotUnderstood} */
export const summarise = async (chunks: AsyncIterable<Uint8Array>, source: string): Promise<RdbSummary> => {
  const all = newCounts();
  const databases: Record<string, Counts> = {};
  const buckets = Array.from({ length: BUCKETS }, () => new Unordered());
  const canonical = new Canonical();
  let [empty, incomparable] = [0, 0];
  const file = await readRdb(chunks, source, (key) => {
    // A stream may be empty and is a key all the same.
    if (key.elements === 0 && key.type !== 'stream') {
      empty += 1;
      return;
    }
    count(all, key);
    databases[key.db] ??= newCounts();
    count(databases[key.db] as Counts, key);
    if (!key.comparable) incomparable += 1;
    else if (key.expiresAt === undefined) {
      const digest = canonical
        .number(key.db)
        .text(key.key)
        .number(KEY_TYPES.indexOf(key.type))
        .binary(key.digest)
        .finish();
      buckets[bucketOf(key.db, key.key)]?.add(digest);
    }
  });
  return {
    ...aboutEngine(file),
    bytes: file.bytes,
    checksum: file.checksum,
    ...all,
    empty,
    incomparable,
    functions: file.functions,
    databases,
    persistent: buckets.map((bucket) => ({ digest: bucket.hex, keys: bucket.count })),
  };
};

const aboutEngine = ({ version, aux }: RdbFile) => {
  const engineVersion = aux['redis-ver'] ?? aux['valkey-ver'];
  const seconds = Number(aux.ctime);
  return {
    rdbVersion: version,
    ...(engineVersion ? { engineVersion } : {}),
    ...(seconds > 0 && seconds < 1e11 ? { writtenAt: new Date(seconds * 1000).toISOString() } : {}),
  };
};
