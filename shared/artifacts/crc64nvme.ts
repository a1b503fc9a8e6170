// CRC-64/NVME as S3 wants it, eight bytes at a time in WebAssembly: the SDK's own in JavaScript reads about 225 MB/s, which was most
// of what archiving a topic took; this one a gigabyte or more.

/** Reflected polynomial. */
const POLYNOMIAL = 0x9a6c9329ac4bc9b5n;
const TABLE_BYTES = 256 * 8;
const TABLES = 8;
const DATA_AT = TABLES * TABLE_BYTES;
const CHUNK = 7 * 65_536 - DATA_AT;
const ONES = 0xffff_ffff_ffff_ffffn;

const I32 = 0x7f;
const I64 = 0x7e;
const section = (id: number, bytes: readonly number[]): number[] => [id, ...unsigned(bytes.length), ...bytes];
const unsigned = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
const get = (local: number): number[] => [0x20, local];
const set = (local: number): number[] => [0x21, local];
const LOAD = [0x29, 0];
const XOR = 0x85;

/** The entry of the table for one byte of the eight in local 2. */
const lookUp = (byte: number): number[] => [
  ...[...get(2), 0x42, 8 * byte, 0x88, 0xa7], // shift right, wrap to 32 bits
  ...[0x41, 0xff, 0x01, 0x71, 0x41, 3, 0x74], // and 255, times eight
  ...[...LOAD, ...unsigned((TABLES - 1 - byte) * TABLE_BYTES)],
];

/** `update(from, to, crc)`: local 0 goes from the first byte to the last in steps of eight, local 2 is the remainder. */
const UPDATE = [
  ...[0x02, 0x40, 0x03, 0x40], // block, loop
  ...[...get(0), ...get(1), 0x4f, 0x0d, 1], // out of the block at the end
  ...[...get(2), ...get(0), ...LOAD, ...unsigned(DATA_AT), XOR, ...set(2)],
  ...lookUp(0),
  ...[1, 2, 3, 4, 5, 6, 7].flatMap((byte) => [...lookUp(byte), XOR]),
  ...[...set(2), ...get(0), 0x41, 8, 0x6a, ...set(0), 0x0c, 0],
  ...[0x0b, 0x0b, ...get(2), 0x0b],
];

const MODULE = new Uint8Array([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...section(1, [1, 0x60, 3, I32, I32, I64, 1, I64]),
  ...section(3, [1, 0]),
  ...section(5, [1, 0, 7]),
  ...section(7, [2, 1, 0x6d, 2, 0, 1, 0x75, 0, 0]), // memory "m", function "u"
  ...section(10, [1, ...unsigned(UPDATE.length + 1), 0, ...UPDATE]),
]);

interface Machine {
  table: BigUint64Array;
  data: Uint8Array;
  update(from: number, to: number, crc: bigint): bigint;
}

/** What is used of it: types of Node name it without its constructors. */
interface Assembly {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: { m: { buffer: ArrayBuffer }; u: Machine['update'] } };
}

const start = (): Machine => {
  const { WebAssembly: assembly } = globalThis as unknown as { WebAssembly: Assembly };
  const { m, u } = new assembly.Instance(new assembly.Module(MODULE)).exports;
  const table = new BigUint64Array(m.buffer, 0, DATA_AT / 8);
  for (let entry = 0; entry < DATA_AT / 8; entry++) {
    // Of one byte in the first table; each further table has it pushed on by another byte of zeros.
    let crc = entry < 256 ? BigInt(entry) : (table[entry - 256] ?? 0n);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ POLYNOMIAL : crc >> 1n;
    table[entry] = crc;
  }
  return { table, data: new Uint8Array(m.buffer, DATA_AT, CHUNK), update: u };
};

let started: Machine | undefined;
const machine = (): Machine => {
  started ??= start();
  return started;
};

/** The highest power first, as in the table: x to the power of zero is the highest bit. */
const ONE = 1n << 63n;

/** Product of two polynomials modulo that of the checksum, as in zlib's crc32_combine. */
const times = (a: bigint, b: bigint): bigint => {
  let product = 0n;
  for (let bit = ONE, shifted = b; bit > 0n; bit >>= 1n) {
    if (a & bit) product ^= shifted;
    shifted = shifted & 1n ? (shifted >> 1n) ^ POLYNOMIAL : shifted >> 1n;
  }
  return product;
};

/** What a checksum is multiplied by when that many bytes come behind it: x to the power of eight times as many. */
const zeros = (bytes: number): bigint => {
  let [power, square] = [ONE, ONE >> 8n];
  for (let left = BigInt(bytes); left > 0n; left >>= 1n) {
    if (left & 1n) power = times(power, square);
    square = times(square, square);
  }
  return power;
};

export class Crc64Nvme {
  readonly #machine = machine();
  #crc = ONES;

  update(bytes: Uint8Array): this {
    const { table, data, update } = this.#machine;
    const whole = bytes.length - (bytes.length % 8);
    for (let at = 0; at < whole; at += CHUNK) {
      const chunk = bytes.subarray(at, Math.min(at + CHUNK, whole));
      data.set(chunk);
      this.#crc = BigInt.asUintN(64, update(0, chunk.length, this.#crc));
    }
    for (const byte of bytes.subarray(whole))
      this.#crc = (table[Number((this.#crc ^ BigInt(byte)) & 0xffn)] ?? 0n) ^ (this.#crc >> 8n);
    return this;
  }

  /** As if the bytes had come next whose checksum that is. @param next as S3 writes it; @param length of those bytes */
  append(next: string, length: number): this {
    const behind = Buffer.from(next, 'base64').readBigUInt64BE() ^ ONES;
    this.#crc = times(this.#crc ^ ONES, zeros(length)) ^ behind;
    return this;
  }

  /** As S3 writes it. More may come after it was asked for. */
  base64(): string {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(this.#crc ^ ONES);
    return bytes.toString('base64');
  }
}
