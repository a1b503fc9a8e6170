// Listpacks (redis/src/listpack.c, 2026-11): elements one after the other, each followed by its own length for reading
// backwards. Everything that can be checked is.
import type { Visit } from './packed.ts';

const HEADER = 6;
const END = 0xff;
/** In the header, where there are more elements than it can say. */
const UNCOUNTED = 0xffff;

/** Number of elements; undefined where the bytes are no listpack. */
export const visitListpack = (bytes: Buffer, visit: Visit): number | undefined => {
  if (bytes.length < HEADER + 1 || bytes.readUInt32LE(0) !== bytes.length || bytes.at(-1) !== END) return undefined;
  let at = HEADER;
  let count = 0;
  while (at < bytes.length - 1) {
    const entry = entryAt(bytes, at);
    if (!entry) return undefined;
    const next = entry.end + backLength(bytes, entry.end, entry.end - at);
    if (next === entry.end || next >= bytes.length) return undefined;
    visit(entry.element);
    at = next;
    count += 1;
  }
  const said = bytes.readUInt16LE(4);
  return said === UNCOUNTED || said === count ? count : undefined;
};

interface Entry {
  element: Buffer;
  end: number;
}

const entryAt = (bytes: Buffer, at: number): Entry | undefined => {
  const first = bytes[at] as number;
  if (first < 0x80) return integer(first, at + 1);
  if (first < 0xc0) return text(bytes, at + 1, first & 0x3f);
  if (first < 0xe0)
    return at + 2 > bytes.length ? undefined : integer(signed13(first, bytes[at + 1] as number), at + 2);
  if (first < 0xf0)
    return at + 2 > bytes.length ? undefined : text(bytes, at + 2, ((first & 0x0f) << 8) | (bytes[at + 1] as number));
  if (first === 0xf0) return at + 5 > bytes.length ? undefined : text(bytes, at + 5, bytes.readUInt32LE(at + 1));
  const width = { 241: 2, 242: 3, 243: 4, 244: 8 }[first];
  if (!width || at + 1 + width > bytes.length) return undefined;
  const value = width === 8 ? bytes.readBigInt64LE(at + 1) : bytes.readIntLE(at + 1, width);
  return integer(value, at + 1 + width);
};

const signed13 = (first: number, second: number): number => (((first & 0x1f) << 27) >> 19) | second;

const integer = (value: number | bigint, end: number): Entry => ({ element: Buffer.from(String(value)), end });

const text = (bytes: Buffer, start: number, length: number): Entry | undefined =>
  start + length < bytes.length ? { element: bytes.subarray(start, start + length), end: start + length } : undefined;

/** Bytes the length itself takes; 0 where it is another one. Older engines take one byte more than needed at the limits. */
const backLength = (bytes: Buffer, at: number, length: number): number => {
  const least = length <= 127 ? 1 : length < 16383 ? 2 : length < 2097151 ? 3 : length < 268435455 ? 4 : 5;
  for (const size of [least, least - 1]) {
    if (size > 0 && at + size <= bytes.length && decodeBack(bytes, at, size) === length) return size;
  }
  return 0;
};

const decodeBack = (bytes: Buffer, at: number, size: number): number => {
  let length = 0;
  for (let i = 0; i < size; i++) {
    const byte = bytes[at + i] as number;
    if ((i === 0) !== byte < 0x80) return -1;
    length = length * 128 + (byte & 0x7f);
  }
  return length;
};
