// What older engines packed small values into: ziplists, intsets and zipmaps (redis/src/ziplist.c, intset.c, zipmap.c,
// 2026-11). Everything that can be checked is.

/** Is given each element in order, numbers as their decimal text. */
export type Visit = (element: Buffer) => void;

const ZIPLIST_HEADER = 10;
const END = 0xff;
const FAR = 0xfe;

/** Number of elements; undefined where the bytes are no ziplist. */
export const visitZiplist = (bytes: Buffer, visit: Visit): number | undefined => {
  if (bytes.length < ZIPLIST_HEADER + 1 || bytes.readUInt32LE(0) !== bytes.length || bytes.at(-1) !== END) {
    return undefined;
  }
  let [at, last, count] = [ZIPLIST_HEADER, ZIPLIST_HEADER, 0];
  while (at < bytes.length - 1) {
    const far = bytes[at] === FAR;
    const start = at + (far ? 5 : 1);
    if (start >= bytes.length) return undefined;
    const before = far ? bytes.readUInt32LE(at + 1) : (bytes[at] as number);
    if (before !== at - last) return undefined;
    const entry = ziplistEntry(bytes, start);
    if (!entry || entry.end >= bytes.length) return undefined;
    visit(entry.element);
    last = at;
    at = entry.end;
    count += 1;
  }
  const said = bytes.readUInt16LE(8);
  return bytes.readUInt32LE(4) === last && (said === count || said === 0xffff) ? count : undefined;
};

const WIDTHS: Record<number, number> = { 192: 2, 208: 4, 224: 8, 240: 3, 254: 1 };

const ziplistEntry = (bytes: Buffer, at: number): { element: Buffer; end: number } | undefined => {
  const first = bytes[at] as number;
  if (first < 0xc0) {
    const size = first < 0x40 ? 1 : first < 0x80 ? 2 : 5;
    if (at + size > bytes.length) return undefined;
    const length =
      size === 1 ? first : size === 2 ? ((first & 0x3f) << 8) | (bytes[at + 1] as number) : bytes.readUInt32BE(at + 1);
    const end = at + size + length;
    return end <= bytes.length ? { element: bytes.subarray(at + size, end), end } : undefined;
  }
  if (first >= 0xf1 && first <= 0xfd) return { element: Buffer.from(String(first - 0xf1)), end: at + 1 };
  const width = WIDTHS[first];
  if (!width || at + 1 + width > bytes.length) return undefined;
  const value = width === 8 ? bytes.readBigInt64LE(at + 1) : bytes.readIntLE(at + 1, width);
  return { element: Buffer.from(String(value)), end: at + 1 + width };
};

/** Number of members; undefined where the bytes are no intset: its members ascend. */
export const visitIntset = (bytes: Buffer, visit: Visit): number | undefined => {
  if (bytes.length < 8) return undefined;
  const [width, count] = [bytes.readUInt32LE(0), bytes.readUInt32LE(4)];
  if (![2, 4, 8].includes(width) || bytes.length !== 8 + width * count) return undefined;
  let before: bigint | number = Number.NEGATIVE_INFINITY;
  for (let at = 8; at < bytes.length; at += width) {
    const member = width === 8 ? bytes.readBigInt64LE(at) : bytes.readIntLE(at, width);
    if (member <= before) return undefined;
    visit(Buffer.from(String(member)));
    before = member;
  }
  return count;
};

/** Number of fields and values; undefined where the bytes are no zipmap. */
export const visitZipmap = (bytes: Buffer, visit: Visit): number | undefined => {
  let at = 1;
  let count = 0;
  for (; bytes[at] !== END; count += 1) {
    const length = zipmapLength(bytes, at);
    if (!length) return undefined;
    const spare = count % 2 === 1 ? bytes[length.end] : 0;
    const start = length.end + (count % 2);
    const end = start + length.value;
    if (spare === undefined || end + spare >= bytes.length) return undefined;
    visit(bytes.subarray(start, end));
    at = end + spare;
  }
  const said = bytes[0] as number;
  return at === bytes.length - 1 && count % 2 === 0 && (said === count / 2 || said >= FAR) ? count : undefined;
};

const zipmapLength = (bytes: Buffer, at: number): { value: number; end: number } | undefined => {
  const first = bytes[at];
  if (first === undefined) return undefined;
  if (first < FAR) return { value: first, end: at + 1 };
  return at + 5 <= bytes.length ? { value: bytes.readUInt32LE(at + 1), end: at + 5 } : undefined;
};
