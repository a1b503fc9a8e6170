// Digests of values as users see them: what an engine packs, compresses or numbers differently after a restore, and the
// order of what has none, does not change them.
import { createHash, type Hash, hash } from 'node:crypto';

const FIRST = 128;
const LARGEST = 16 * 1024;

/** SHA-256 over pieces, each followed by its length, so that no two sequences of pieces look the same. */
export class Canonical {
  /** Small at first: most values are, and there are many. */
  #scratch = Buffer.allocUnsafe(FIRST);
  #length = 0;
  #hash: Hash | undefined;

  bytes(piece: Uint8Array): this {
    this.#makeRoom(piece.length);
    if (piece.length > LARGEST) this.#hash?.update(piece);
    else {
      this.#scratch.set(piece, this.#length);
      this.#length += piece.length;
    }
    return this;
  }

  /** A number: a length, a score, a time. Minus zero is zero: engines do not keep them apart. */
  number(value: number): this {
    this.#makeRoom(8);
    this.#length = this.#scratch.writeDoubleBE(value === 0 ? 0 : value, this.#length);
    return this;
  }

  /** A digest, or other text of one byte a character. */
  binary(text: string): this {
    this.#makeRoom(text.length);
    this.#length += this.#scratch.write(text, this.#length, 'latin1');
    return this;
  }

  /** A whole string. */
  text(piece: Uint8Array): this {
    return this.bytes(piece).number(piece.length);
  }

  /** The digest of everything since the last one, one character a byte: made to be added up, not to be read. */
  finish(): string {
    const rest = this.#scratch.subarray(0, this.#length);
    this.#length = 0;
    // One call for what is small: an object for each element would take five times as long.
    if (!this.#hash) return hash('sha256', rest, 'binary');
    const digest = this.#hash.update(rest).digest('binary');
    this.#hash = undefined;
    return digest;
  }

  #makeRoom(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#scratch.length) return;
    if (needed <= LARGEST) {
      const larger = Buffer.allocUnsafe(Math.min(LARGEST, needed * 2));
      this.#scratch.copy(larger, 0, 0, this.#length);
      this.#scratch = larger;
      return;
    }
    this.#hash ??= createHash('sha256');
    this.#hash.update(this.#scratch.subarray(0, this.#length));
    this.#length = 0;
    if (bytes <= LARGEST && bytes > this.#scratch.length) this.#scratch = Buffer.allocUnsafe(LARGEST);
  }
}

/** Sum of the digests of elements that have no order, and their count. Lanes of 32 bits, so that equal ones do not cancel. */
export class Unordered {
  readonly #lanes = new Uint32Array(4);
  count = 0;

  add(digest: string): void {
    for (let lane = 0; lane < 4; lane++) {
      const at = lane * 4;
      const word =
        (digest.charCodeAt(at) << 24) |
        (digest.charCodeAt(at + 1) << 16) |
        (digest.charCodeAt(at + 2) << 8) |
        digest.charCodeAt(at + 3);
      this.#lanes[lane] = (this.#lanes[lane] as number) + word;
    }
    this.count += 1;
  }

  /** 16 bytes. */
  get bytes(): Uint8Array {
    return new Uint8Array(this.#lanes.buffer);
  }

  get hex(): string {
    return Buffer.from(this.#lanes.buffer).toString('hex');
  }
}
