// CRC-64 as Redis computes it ("Jones" polynomial, reflected, no inversion: redis/src/crc64.c), eight bytes at a time. A
// number of JavaScript has no 64 bits, and BigInt is twenty times slower: each table holds two halves.
const POLYNOMIAL_HIGH = 0x95ac9329;
const POLYNOMIAL_LOW = 0xac4bc9b5;

const HIGH = new Int32Array(8 * 256);
const LOW = new Int32Array(8 * 256);

for (let byte = 0; byte < 256; byte++) {
  let high = 0;
  let low = byte;
  for (let bit = 0; bit < 8; bit++) {
    const carry = low & 1;
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
    if (carry) {
      high ^= POLYNOMIAL_HIGH;
      low ^= POLYNOMIAL_LOW;
    }
  }
  HIGH[byte] = high;
  LOW[byte] = low;
}
for (let at = 256; at < 8 * 256; at++) {
  const [high, low] = [HIGH[at - 256] as number, LOW[at - 256] as number];
  HIGH[at] = (high >>> 8) ^ (HIGH[low & 255] as number);
  LOW[at] = (low >>> 8) ^ (high << 24) ^ (LOW[low & 255] as number);
}

export class Crc64 {
  #high = 0;
  #low = 0;

  /** Bytes from `start` to before `end`. */
  update(bytes: Uint8Array, start = 0, end = bytes.length): this {
    const at = (index: number): number => bytes[index] as number;
    const high = (table: number, index: number): number => HIGH[table * 256 + (index & 255)] as number;
    const low = (table: number, index: number): number => LOW[table * 256 + (index & 255)] as number;
    let h = this.#high;
    let l = this.#low;
    let i = start;
    for (; i + 8 <= end; i += 8) {
      const a = l ^ (at(i) | (at(i + 1) << 8) | (at(i + 2) << 16) | (at(i + 3) << 24));
      const b = h ^ (at(i + 4) | (at(i + 5) << 8) | (at(i + 6) << 16) | (at(i + 7) << 24));
      h =
        high(7, a) ^
        high(6, a >>> 8) ^
        high(5, a >>> 16) ^
        high(4, a >>> 24) ^
        high(3, b) ^
        high(2, b >>> 8) ^
        high(1, b >>> 16) ^
        high(0, b >>> 24); // prettier keeps rows of four
      l =
        low(7, a) ^
        low(6, a >>> 8) ^
        low(5, a >>> 16) ^
        low(4, a >>> 24) ^
        low(3, b) ^
        low(2, b >>> 8) ^
        low(1, b >>> 16) ^
        low(0, b >>> 24);
    }
    for (; i < end; i++) {
      const index = l ^ at(i);
      l = ((l >>> 8) | (h << 24)) ^ low(0, index);
      h = (h >>> 8) ^ high(0, index);
    }
    this.#high = h;
    this.#low = l;
    return this;
  }

  /** The eight bytes of an RDB's trailer: little-endian. */
  digest(): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeInt32LE(this.#low, 0);
    bytes.writeInt32LE(this.#high, 4);
    return bytes;
  }
}
