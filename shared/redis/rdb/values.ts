// Values of every type, read through to a digest (redis/src/rdb.c, rdbLoadObject, 2026-11). A value is never held whole.
import { Canonical, Unordered } from './canonical.ts';
import { RdbNotUnderstood } from './errors.ts';
import { visitListpack } from './listpack.ts';
import { skipModuleValue } from './modules.ts';
import { visitIntset, visitZiplist, visitZipmap } from './packed.ts';
import type { Reader } from './reader.ts';
import { readStream } from './streams.ts';
import { readLength, readLength64, readString, readWhole } from './strings.ts';

/** As the command TYPE answers; modules answer names of their own. */
export const KEY_TYPES = ['string', 'list', 'set', 'zset', 'hash', 'stream', 'module'] as const;
export type KeyType = (typeof KEY_TYPES)[number];

export interface Value {
  type: KeyType;
  /** Elements, fields, entries; 1 for strings and modules. Engines skip a key whose value has none. */
  elements: number;
  /** 16 bytes, one character each. Equal for equal values, whatever their encoding and the order of what has none. */
  digest: string;
  /** False where equal values may have other digests: only modules know their own content, and fields with a time of their own end. */
  comparable: boolean;
}

type Kind = { type: KeyType; read(reader: Reader, code: number): Promise<Omit<Value, 'type'>> };

/** @throws {RdbDamaged} {RdbNotUnderstood} */
export const readValue = async (reader: Reader, code: number): Promise<Value> => {
  const kind = KINDS[code];
  if (!kind) {
    throw new RdbNotUnderstood('a value is of a type that is not known here.', {
      source: reader.source,
      expected: `one of the types ${Object.keys(KINDS).join(', ')}`,
      found: `type ${code}, near byte ${reader.offset}`,
      next: 'If the engine was upgraded, upgrade this service; if not, the file is damaged: use an older archive.',
    });
  }
  return { type: kind.type, ...(await kind.read(reader, code)) };
};

const shortened = (digest: string): string => digest.slice(0, 16);

/** A string into a digest. */
const digestString = (reader: Reader, digest: Canonical): void | Promise<void> => {
  let length = 0;
  const waiting = readString(reader, (piece) => {
    length += piece.length;
    digest.bytes(piece);
  });
  if (waiting) return waiting.then(() => void digest.number(length));
  digest.number(length);
};

const string: Kind['read'] = async (reader) => {
  const digest = new Canonical();
  await digestString(reader, digest);
  return { elements: 1, digest: shortened(digest.finish()), comparable: true };
};

const ordered = async (read: (digest: Canonical) => Promise<number>): Promise<Omit<Value, 'type'>> => {
  const digest = new Canonical();
  const elements = await read(digest);
  return { elements, digest: shortened(digest.number(elements).finish()), comparable: true };
};

const list: Kind['read'] = (reader) =>
  ordered(async (digest) => {
    const elements = await readLength(reader);
    for (let i = 0; i < elements; i++) await digestString(reader, digest);
    return elements;
  });

const QUICKLIST_2 = 18;
const PLAIN = 1;
const PACKED = 2;

/** Nodes of packed elements; in the second version a node may be one large element as it is. */
const quicklist: Kind['read'] = (reader, code) =>
  ordered(async (digest) => {
    const nodes = await readLength(reader);
    let elements = 0;
    for (let i = 0; i < nodes; i++) {
      const container = code === QUICKLIST_2 ? await readLength(reader) : PACKED;
      if (container === PLAIN) {
        await digestString(reader, digest);
        elements += 1;
      } else if (container === PACKED) {
        elements += await visitPacked(reader, code === QUICKLIST_2 ? 'listpack' : 'ziplist', (e) => digest.text(e));
      } else throw reader.damaged('a list node', `the container ${container}`);
    }
    return elements;
  });

const ziplist: Kind['read'] = (reader) =>
  ordered((digest) => visitPacked(reader, 'ziplist', (element) => digest.text(element)));

const VISIT = { listpack: visitListpack, ziplist: visitZiplist, intset: visitIntset, zipmap: visitZipmap } as const;
type Packing = keyof typeof VISIT;

const visitPacked = async (reader: Reader, packing: Packing, visit: (element: Buffer) => void): Promise<number> => {
  const bytes = await readWhole(reader);
  const count = VISIT[packing](bytes, visit);
  if (count === undefined) throw reader.damaged(`a ${packing}`, 'something else');
  return count;
};

const unordered = (elements: Unordered, comparable = true): Omit<Value, 'type'> => ({
  elements: elements.count,
  digest: shortened(new Canonical().bytes(elements.bytes).number(elements.count).finish()),
  comparable,
});

const set: Kind['read'] = async (reader) => {
  const members = new Unordered();
  const digest = new Canonical();
  for (let left = await readLength(reader); left > 0; left--) {
    await digestString(reader, digest);
    members.add(digest.finish());
  }
  return unordered(members);
};

const packedSet =
  (packing: Packing): Kind['read'] =>
  async (reader) => {
    const members = new Unordered();
    const digest = new Canonical();
    await visitPacked(reader, packing, (member) => members.add(digest.text(member).finish()));
    return unordered(members);
  };

const ZSET_2 = 5;

const zset: Kind['read'] = async (reader, code) => {
  const members = new Unordered();
  const digest = new Canonical();
  for (let left = await readLength(reader); left > 0; left--) {
    await digestString(reader, digest);
    await reader.ahead();
    members.add(digest.number(code === ZSET_2 ? reader.take(8).readDoubleLE() : await textScore(reader)).finish());
  }
  return unordered(members);
};

/** A length of one byte and digits; the highest three say what has no digits. */
const textScore = async (reader: Reader): Promise<number> => {
  const length = reader.byte();
  if (length === 255) return Number.NEGATIVE_INFINITY;
  if (length === 254) return Number.POSITIVE_INFINITY;
  await reader.need(length);
  return scoreOf(reader, reader.take(length));
};

const scoreOf = (reader: Reader, text: Buffer): number => {
  const written = text.toString('latin1');
  if (/^-?inf$/i.test(written)) return written.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const score = written.trim() === '' ? Number.NaN : Number(written);
  if (Number.isNaN(score)) throw reader.damaged('a score', 'other text');
  return score;
};

/** Elements that belong together: field and value, member and score. */
const groups = (reader: Reader, size: number, each: (group: Buffer[]) => void) => {
  let group: Buffer[] = [];
  return {
    visit: (element: Buffer): void => {
      group.push(element);
      if (group.length < size) return;
      each(group);
      group = [];
    },
    end: (): void => {
      if (group.length) throw reader.damaged(`groups of ${size} elements`, `${group.length} left over`);
    },
  };
};

const packedZset =
  (packing: Packing): Kind['read'] =>
  async (reader) => {
    const members = new Unordered();
    const digest = new Canonical();
    const pairs = groups(reader, 2, ([member, score]) =>
      members.add(
        digest
          .text(member as Buffer)
          .number(scoreOf(reader, score as Buffer))
          .finish(),
      ),
    );
    await visitPacked(reader, packing, pairs.visit);
    pairs.end();
    return unordered(members);
  };

const hash: Kind['read'] = async (reader) => {
  const fields = new Unordered();
  const digest = new Canonical();
  for (let left = await readLength(reader); left > 0; left--) {
    await digestString(reader, digest);
    await digestString(reader, digest);
    fields.add(digest.finish());
  }
  return unordered(fields);
};

const packedHash =
  (packing: Packing): Kind['read'] =>
  async (reader) => {
    const fields = new Unordered();
    const digest = new Canonical();
    const pairs = groups(reader, 2, ([field, value]) =>
      fields.add(
        digest
          .text(field as Buffer)
          .text(value as Buffer)
          .finish(),
      ),
    );
    await visitPacked(reader, packing, pairs.visit);
    pairs.end();
    return unordered(fields);
  };

const HASH_METADATA = 24;
const HASH_LISTPACK_EX = 25;

/** Fields with times of their own, each time before its field; 0 where a field has none. */
const timedHash: Kind['read'] = async (reader, code) => {
  const fields = new Unordered();
  const digest = new Canonical();
  if (code === HASH_METADATA) await reader.need(8).then(() => reader.take(8));
  for (let left = await readLength(reader); left > 0; left--) {
    await readLength64(reader);
    await digestString(reader, digest);
    await digestString(reader, digest);
    fields.add(digest.finish());
  }
  return unordered(fields, false);
};

const timedListpackHash: Kind['read'] = async (reader, code) => {
  const fields = new Unordered();
  const digest = new Canonical();
  if (code === HASH_LISTPACK_EX) await reader.need(8).then(() => reader.take(8));
  const triples = groups(reader, 3, ([field, value]) =>
    fields.add(
      digest
        .text(field as Buffer)
        .text(value as Buffer)
        .finish(),
    ),
  );
  await visitPacked(reader, 'listpack', triples.visit);
  triples.end();
  return unordered(fields, false);
};

const module: Kind['read'] = async (reader) => {
  await readLength64(reader);
  await skipModuleValue(reader);
  return { elements: 1, digest: '', comparable: false };
};

const stream: Kind['read'] = async (reader, code) => {
  const { digest, elements } = await readStream(reader, code);
  return { elements, digest: shortened(digest), comparable: true };
};

const KINDS: Record<number, Kind> = {
  0: { type: 'string', read: string },
  1: { type: 'list', read: list },
  2: { type: 'set', read: set },
  3: { type: 'zset', read: zset },
  4: { type: 'hash', read: hash },
  [ZSET_2]: { type: 'zset', read: zset },
  7: { type: 'module', read: module },
  9: { type: 'hash', read: packedHash('zipmap') },
  10: { type: 'list', read: ziplist },
  11: { type: 'set', read: packedSet('intset') },
  12: { type: 'zset', read: packedZset('ziplist') },
  13: { type: 'hash', read: packedHash('ziplist') },
  14: { type: 'list', read: quicklist },
  15: { type: 'stream', read: stream },
  16: { type: 'hash', read: packedHash('listpack') },
  17: { type: 'zset', read: packedZset('listpack') },
  [QUICKLIST_2]: { type: 'list', read: quicklist },
  19: { type: 'stream', read: stream },
  20: { type: 'set', read: packedSet('listpack') },
  21: { type: 'stream', read: stream },
  22: { type: 'hash', read: timedHash },
  23: { type: 'hash', read: timedListpackHash },
  [HASH_METADATA]: { type: 'hash', read: timedHash },
  [HASH_LISTPACK_EX]: { type: 'hash', read: timedListpackHash },
};
