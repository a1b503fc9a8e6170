// Streams: entries in nodes of a tree, each node one listpack relative to its master id; then groups, what is pending in
// them, and their consumers (redis/src/rdb.c and t_stream.c, 2026-11).
import { Canonical, Unordered } from './canonical.ts';
import { visitListpack } from './listpack.ts';
import type { Reader } from './reader.ts';
import { readLength, readLength64, readWhole } from './strings.ts';

const WITH_OFFSETS = 19;
const WITH_ACTIVE_TIME = 21;

/**
 * The digest covers entries with their ids in order, the last id, and groups with their position, what is pending in
 * them since when, how often delivered and to whom. It leaves out what older versions lack and an engine then makes up
 * (first id, highest deleted id, offsets) and when consumers were last seen.
 */
export const readStream = async (reader: Reader, code: number): Promise<{ digest: string; elements: number }> => {
  const digest = new Canonical();
  let elements = 0;
  for (let nodes = await readLength(reader); nodes > 0; nodes--) elements += await readNode(reader, digest);
  const length = await readLength(reader);
  if (length !== elements) throw reader.damaged(`a stream of ${length} entries`, `${elements} entries`);
  await readId(reader, digest);
  if (code >= WITH_OFFSETS) for (let i = 0; i < 5; i++) await readLength64(reader);
  const groups = new Unordered();
  const group = new Canonical();
  for (let left = await readLength(reader); left > 0; left--) {
    await readGroup(reader, code, group);
    groups.add(group.finish());
  }
  return { digest: digest.bytes(groups.bytes).number(groups.count).number(elements).finish(), elements };
};

const big = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt.asUintN(64, value));
  return bytes;
};

const readId = async (reader: Reader, digest: Canonical): Promise<void> => {
  digest.bytes(big(await readLength64(reader))).bytes(big(await readLength64(reader)));
};

const DELETED = 1;
const SAME_FIELDS = 2;

/** Number of entries that are not deleted. */
const readNode = async (reader: Reader, digest: Canonical): Promise<number> => {
  const key = await readWhole(reader);
  if (key.length !== 16) throw reader.damaged('the id of a stream node', `${key.length} bytes`);
  const master = { ms: key.readBigUInt64BE(0), seq: key.readBigUInt64BE(8) };
  const elements: Buffer[] = [];
  if (visitListpack(await readWhole(reader), (element) => void elements.push(element)) === undefined)
    throw reader.damaged('a listpack', 'something else');
  const next = (): Buffer => {
    const element = elements[at++];
    if (!element) throw reader.damaged('an entry of a stream', 'the end of its node');
    return element;
  };
  const number = (): bigint => {
    const written = next().toString('latin1');
    if (!/^-?\d{1,20}$/.test(written)) throw reader.damaged('a number in a stream', 'other text');
    return BigInt(written);
  };
  let at = 0;
  const [alive, deleted] = [number(), number()];
  const names = Array.from({ length: sane(reader, number(), elements.length) }, next);
  number(); // where the master entry ends
  let found = 0;
  let gone = 0;
  while (at < elements.length) {
    const flags = Number(number());
    const [ms, seq] = [master.ms + number(), master.seq + number()];
    const same = (flags & SAME_FIELDS) !== 0;
    const fields = same ? names.length : sane(reader, number(), elements.length);
    const pairs = Array.from({ length: fields }, (_, i) => [same ? (names[i] as Buffer) : next(), next()] as const);
    number(); // how far back the entry began
    if (flags & DELETED) {
      gone += 1;
      continue;
    }
    digest.bytes(big(ms)).bytes(big(seq)).number(fields);
    for (const [name, value] of pairs) digest.text(name).text(value);
    found += 1;
  }
  if (BigInt(found) !== alive || BigInt(gone) !== deleted)
    throw reader.damaged(`a node of ${alive} entries and ${deleted} deleted ones`, `${found} and ${gone}`);
  return found;
};

/** A count cannot be larger than what there is to count. */
const sane = (reader: Reader, count: bigint, most: number): number => {
  if (count < 0n || count > BigInt(most)) throw reader.damaged(`at most ${most} fields`, String(count));
  return Number(count);
};

const readGroup = async (reader: Reader, code: number, digest: Canonical): Promise<void> => {
  digest.text(await readWhole(reader));
  await readId(reader, digest);
  if (code >= WITH_OFFSETS) await readLength64(reader);
  const pending = new Unordered();
  const one = new Canonical();
  for (let left = await readLength(reader); left > 0; left--) {
    await reader.need(24);
    one.bytes(reader.take(24)); // id and time of delivery
    pending.add(one.number(await readLength(reader)).finish());
  }
  digest.bytes(pending.bytes).number(pending.count);
  const consumers = new Unordered();
  for (let left = await readLength(reader); left > 0; left--) consumers.add(await readConsumer(reader, code));
  digest.bytes(consumers.bytes).number(consumers.count);
};

const readConsumer = async (reader: Reader, code: number): Promise<string> => {
  const digest = new Canonical().text(await readWhole(reader));
  await reader.need(code >= WITH_ACTIVE_TIME ? 16 : 8);
  reader.take(code >= WITH_ACTIVE_TIME ? 16 : 8);
  for (let left = await readLength(reader); left > 0; left--) {
    await reader.need(16);
    digest.bytes(reader.take(16));
  }
  return digest.finish();
};
