// Lengths and strings, in every way they are written (redis/src/rdb.c, rdbLoadLenByRef and rdbGenericLoadStringObject, 2026-11).
import { RdbNotUnderstood } from './errors.ts';
import { inflate, inflateInto, ratioAllows } from './lzf.ts';
import type { Reader } from './reader.ts';

/** Larger strings pass through in pieces. */
const WHOLE = 1024 * 1024;
/** Keys and packed values are looked at whole. No engine packs so much: it would take seconds to change one element. */
const PACKED = 64 * 1024 * 1024;

const ENCODED = { int8: 0, int16: 1, int32: 2, lzf: 3 } as const;

/** A length, or `encoded`: how the string that follows is written. Call `ahead` before. */
const readPrefix = (reader: Reader): { length: number; encoded: boolean } => {
  const first = reader.byte();
  switch (first >> 6) {
    case 0:
      return { length: first & 0x3f, encoded: false };
    case 1:
      return { length: ((first & 0x3f) << 8) | reader.byte(), encoded: false };
    case 3:
      return { length: first & 0x3f, encoded: true };
  }
  if (first === 0x80) return { length: reader.take(4).readUInt32BE(), encoded: false };
  if (first === 0x81) return { length: Number(reader.take(8).readBigUInt64BE()), encoded: false };
  throw reader.damaged('a length', `the byte 0x${first.toString(16)}`);
};

/** @throws {RdbDamaged} for a string's encoding in the place of a length. */
export const readLength = async (reader: Reader): Promise<number> => {
  await reader.ahead();
  const { length, encoded } = readPrefix(reader);
  if (encoded) throw reader.damaged('a length', `the encoding ${length}`);
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

/** A string of any size, in pieces. */
export const readString = async (reader: Reader, sink: Sink): Promise<void> => {
  if (reader.available < 16) await reader.ahead();
  const { length, encoded } = readPrefix(reader);
  if (!encoded) {
    if (length <= reader.available) sink(reader.take(length));
    else await pass(reader, length, sink);
  } else if (length === ENCODED.lzf) {
    const { compressed, size } = await readCompressed(reader);
    if (size > WHOLE) return inflate(reader, compressed, size, sink);
    await reader.need(compressed);
    sink(inflateInto(reader, compressed, size));
  } else sink(Buffer.from(String(readInteger(reader, length))));
};

/** A string that is looked at whole. It is a copy of its own. @throws {RdbNotUnderstood} where it is larger than any engine makes it. */
export const readWhole = async (reader: Reader): Promise<Buffer> => {
  await reader.ahead();
  const { length, encoded } = readPrefix(reader);
  if (!encoded) {
    demandPacked(reader, length);
    await reader.need(length);
    return Buffer.from(reader.take(length));
  }
  if (length !== ENCODED.lzf) return Buffer.from(String(readInteger(reader, length)));
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
