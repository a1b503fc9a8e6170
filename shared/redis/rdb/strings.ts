// Lengths and strings, in every way they are written (redis/src/rdb.c, rdbLoadLenByRef and rdbGenericLoadStringObject, 2026-11).
import { RdbNotUnderstood } from './errors.ts';
import { inflate, inflateInto, ratioAllows } from './lzf.ts';
import type { Reader } from './reader.ts';

/** Larger strings pass through in pieces. */
const WHOLE = 1024 * 1024;
/** Keys and packed values are looked at whole. No engine packs so much: it would take seconds to change one element. */
const PACKED = 64 * 1024 * 1024;

const ENCODED = { int8: 0, int16: 1, int32: 2, lzf: 3 } as const;

/** A length; below zero, how the string that follows is encoded: -1 - encoding. Call `ahead` before. */
const readPrefix = (reader: Reader): number => {
  const first = reader.byte();
  switch (first >> 6) {
    case 0:
      return first;
    case 1:
      return ((first & 0x3f) << 8) | reader.byte();
    case 3:
      return -1 - (first & 0x3f);
  }
  if (first === 0x80) return reader.take(4).readUInt32BE();
  if (first === 0x81) return Number(reader.take(8).readBigUInt64BE());
  throw reader.damaged('a length', `the byte 0x${first.toString(16)}`);
};

/** @throws {RdbDamaged} for a string's encoding in the place of a length. */
export const readLength = async (reader: Reader): Promise<number> => {
  await reader.ahead();
  const length = readPrefix(reader);
  if (length < 0) throw reader.damaged('a length', `the encoding ${-1 - length}`);
  return length;
};

/** A length that is a 64-bit number: an id, a module's value. */
export const readLength64 = async (reader: Reader): Promise<bigint> => {
  await reader.ahead();
  if (reader.peek() === 0x81) {
    reader.byte();
    return reader.take(8).readBigUInt64BE();
  }
  return BigInt(await readLength(reader));
};

/** Takes a string in one or more pieces. A piece is good until it returns. */
export type Sink = (piece: Buffer) => void;

/**
 * A string of any size, in pieces. Most are short and at hand: then there is nothing to wait for, and it returns nothing,
 * which makes files of small values be read in half the time.
 */
export const readString = (reader: Reader, sink: Sink): void | Promise<void> => {
  if (!reader.isAhead) return reader.ahead().then(() => readStringAhead(reader, sink));
  return readStringAhead(reader, sink);
};

const readStringAhead = (reader: Reader, sink: Sink): void | Promise<void> => {
  const length = readPrefix(reader);
  if (length > reader.available) return pass(reader, length, sink);
  if (length >= 0) return sink(reader.take(length));
  const encoding = -1 - length;
  if (encoding === ENCODED.lzf) return readCompressedString(reader, sink);
  return sink(Buffer.from(String(readInteger(reader, encoding))));
};

const readCompressedString = async (reader: Reader, sink: Sink): Promise<void> => {
  const { compressed, size } = await readCompressed(reader);
  if (size > WHOLE) return inflate(reader, compressed, size, sink);
  await reader.need(compressed);
  sink(inflateInto(reader, compressed, size));
};

/** A string that is looked at whole. It is a copy of its own. @throws {RdbNotUnderstood} where it is larger than any engine makes it. */
export const readWhole = async (reader: Reader): Promise<Buffer> => {
  if (!reader.isAhead) await reader.ahead();
  const length = readPrefix(reader);
  if (length >= 0) {
    demandPacked(reader, length);
    if (length > reader.available) await reader.need(length);
    return Buffer.from(reader.take(length));
  }
  const encoding = -1 - length;
  if (encoding !== ENCODED.lzf) return Buffer.from(String(readInteger(reader, encoding)));
  const { compressed, size } = await readCompressed(reader);
  demandPacked(reader, size);
  await reader.need(compressed);
  return inflateInto(reader, compressed, size);
};

const demandPacked = (reader: Reader, size: number): void => {
  if (size <= PACKED) return;
  throw new RdbNotUnderstood('a key or a packed value is too large to be looked at.', {
    source: reader.source,
    expected: `at most ${PACKED} bytes`,
    found: `${size} bytes, near byte ${reader.offset}`,
    next: 'If the engine really keeps such values, lower its *-max-listpack-* or stream-node-max-bytes settings.',
  });
};

const pass = async (reader: Reader, length: number, sink: Sink): Promise<void> => {
  for (let left = length; left > 0; ) {
    if (reader.available === 0) await reader.need(1);
    const piece = reader.take(Math.min(left, reader.available));
    left -= piece.length;
    sink(piece);
  }
};

const readCompressed = async (reader: Reader): Promise<{ compressed: number; size: number }> => {
  const compressed = await readLength(reader);
  const size = await readLength(reader);
  if (compressed === 0 || !ratioAllows(compressed, size))
    throw reader.damaged('a compressed string', `${size} bytes made of ${compressed}`);
  return { compressed, size };
};

const readInteger = (reader: Reader, encoding: number): number => {
  switch (encoding) {
    case ENCODED.int8:
      return reader.take(1).readInt8();
    case ENCODED.int16:
      return reader.take(2).readInt16LE();
    case ENCODED.int32:
      return reader.take(4).readInt32LE();
  }
  throw reader.damaged('a string', `the encoding ${encoding}`);
};
