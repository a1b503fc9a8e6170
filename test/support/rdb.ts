// RDB files built byte by byte: what engines of other versions write.
import { Crc64 } from '../../shared/redis/rdb/crc64.ts';

type Part = Uint8Array | number | string;

const join = (...parts: Part[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.of(part) : Buffer.from(part as Uint8Array))));

export const length = (value: number): Buffer => {
  if (value < 64) return Buffer.of(value);
  if (value < 16384) return Buffer.of(0x40 | (value >> 8), value & 255);
  const bytes = Buffer.alloc(5, 0x80);
  bytes.writeUInt32BE(value, 1);
  return bytes;
};

export const text = (content: string | Uint8Array): Buffer => join(length(Buffer.from(content).length), content);

export const u64 = (value: number | bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};

export const double = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
};

/** A key with its value. */
export const key = (type: number, name: string, ...value: Part[]): Buffer => join(type, text(name), ...value);

/** A whole file: header, the parts, the end mark and, from version 5 on, its checksum. */
export const rdb = (parts: Part[], { version = 11, checksum = true } = {}): Buffer => {
  const body = join(`REDIS${String(version).padStart(4, '0')}`, ...parts, 255);
  if (version < 5) return body;
  return join(body, checksum ? new Crc64().update(body).digest() : Buffer.alloc(8));
};

export const listpack = (elements: (string | number)[]): Buffer => {
  const entries = elements.map((element) => {
    const entry = typeof element === 'number' ? listpackNumber(element) : listpackText(element);
    return join(entry, backLength(entry.length));
  });
  const header = Buffer.alloc(6);
  header.writeUInt32LE(
    entries.reduce((sum, entry) => sum + entry.length, 7),
    0,
  );
  header.writeUInt16LE(elements.length, 4);
  return join(header, ...entries, 255);
};

const listpackText = (content: string): Buffer => {
  const size = Buffer.byteLength(content);
  return size < 64 ? join(0x80 | size, content) : join(0xe0 | (size >> 8), size & 255, content);
};

const listpackNumber = (value: number): Buffer => {
  if (value >= 0 && value < 128) return Buffer.of(value);
  const bytes = Buffer.alloc(5, 0xf3);
  bytes.writeInt32LE(value, 1);
  return bytes;
};

const backLength = (size: number): Buffer => (size <= 127 ? Buffer.of(size) : Buffer.of(size >> 7, (size & 127) | 128));

export const ziplist = (elements: (string | number)[]): Buffer => {
  const entries: Buffer[] = [];
  for (const element of elements) {
    const before = entries.at(-1)?.length ?? 0;
    const far = Buffer.alloc(5, 0xfe);
    far.writeUInt32LE(before, 1);
    entries.push(join(before < 254 ? Buffer.of(before) : far, ziplistEntry(element)));
  }
  const header = Buffer.alloc(10);
  const size = entries.reduce((sum, entry) => sum + entry.length, 11);
  header.writeUInt32LE(size, 0);
  header.writeUInt32LE(entries.length ? size - 1 - (entries.at(-1) as Buffer).length : 10, 4);
  header.writeUInt16LE(elements.length, 8);
  return join(header, ...entries, 255);
};

const ziplistEntry = (element: string | number): Buffer => {
  if (typeof element === 'string') {
    const size = Buffer.byteLength(element);
    return size < 64 ? join(size, element) : join(0x40 | (size >> 8), size & 255, element);
  }
  if (element >= 0 && element <= 12) return Buffer.of(0xf1 + element);
  if (element >= -128 && element < 128) return Buffer.of(0xfe, element & 255);
  const bytes = Buffer.alloc(5, 0xd0);
  bytes.writeInt32LE(element, 1);
  return bytes;
};

export const intset = (width: 2 | 4 | 8, members: number[]): Buffer => {
  const bytes = Buffer.alloc(8 + width * members.length);
  bytes.writeUInt32LE(width, 0);
  bytes.writeUInt32LE(members.length, 4);
  members.forEach((member, i) => {
    if (width === 8) bytes.writeBigInt64LE(BigInt(member), 8 + 8 * i);
    else bytes.writeIntLE(member, 8 + width * i, width);
  });
  return bytes;
};

/** Pairs of field and value; each value with as many spare bytes as given. */
export const zipmap = (pairs: [string, string][], spare = 0): Buffer =>
  join(
    pairs.length,
    ...pairs.flatMap(([field, value]) => [
      zipmapLength(field),
      field,
      zipmapLength(value),
      spare,
      value,
      Buffer.alloc(spare, 0xaa),
    ]),
    255,
  );

const zipmapLength = (content: string): Buffer => {
  if (content.length < 254) return Buffer.of(content.length);
  const bytes = Buffer.alloc(5, 254);
  bytes.writeUInt32LE(content.length, 1);
  return bytes;
};

/** One of LZF's operations after the other: text as it is, or `[back, count]`. */
export const lzf = (operations: (string | [back: number, count: number])[]): Buffer =>
  join(
    ...operations.flatMap((operation): Part[] => {
      if (typeof operation === 'string') return [operation.length - 1, operation];
      const [back, count] = [operation[0] - 1, operation[1] - 2];
      return count < 7 ? [(count << 5) | (back >> 8), back & 255] : [(7 << 5) | (back >> 8), count - 7, back & 255];
    }),
  );

export const compressed = (bytes: Buffer, size: number): Buffer =>
  join(0xc3, length(bytes.length), length(size), bytes);
