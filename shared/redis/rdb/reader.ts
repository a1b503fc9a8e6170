// Bytes of a stream, read in order and checksummed. Never more is held than what is asked for and the chunk it came in;
// what is asked for and does not come is found before anything is allocated for it.
import { Crc64 } from './crc64.ts';
import { RdbDamaged } from './errors.ts';

/** Enough for any length, number or time; asked for ahead, so that what is small is read without waiting. */
const AHEAD = 16;

export class Reader {
  readonly source: string;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #crc = new Crc64();
  #ended = false;
  #buffer: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Up to here the buffer is in the checksum. */
  #summed = 0;
  /** Place of the buffer's first byte in the stream. */
  #start = 0;

  /** @param source who is named in errors */
  constructor(chunks: AsyncIterable<Uint8Array>, source: string) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.source = source;
  }

  get offset(): number {
    return this.#start + this.#at;
  }

  get available(): number {
    return this.#buffer.length - this.#at;
  }

  /** Waits until `count` bytes are at hand. @throws {RdbDamaged} when the stream ends before. */
  async need(count: number): Promise<void> {
    await this.#gather(count);
    if (this.available < count) throw this.#truncated(count);
  }

  /** Whether a length, a number or a byte can be read now; where not, wait for `ahead`. */
  get isAhead(): boolean {
    return this.#buffer.length - this.#at >= AHEAD;
  }

  async ahead(): Promise<void> {
    await this.#gather(AHEAD);
  }

  /** Bytes that are at hand; they are good until the next call that waits. @throws {RdbDamaged} */
  take(count: number): Buffer {
    if (this.available < count) throw this.#truncated(count);
    const bytes = this.#buffer.subarray(this.#at, this.#at + count);
    this.#at += count;
    return bytes;
  }

  byte(): number {
    const byte = this.#buffer[this.#at];
    if (byte === undefined) throw this.#truncated(1);
    this.#at += 1;
    return byte;
  }

  /** The next byte, which stays; undefined where none is at hand. */
  peek(): number | undefined {
    return this.#buffer[this.#at];
  }

  /** Checksum of everything taken so far, as the trailer of a file writes it. */
  checksum(): Buffer {
    this.#sum();
    return this.#crc.digest();
  }

  async isAtEnd(): Promise<boolean> {
    await this.#gather(1);
    return this.available === 0;
  }

  /** Lets go of the stream, whether it was read to its end or not. */
  async close(): Promise<void> {
    if (!this.#ended) await this.#chunks.return?.();
    this.#ended = true;
  }

  damaged(expected: string, found: string): RdbDamaged {
    return new RdbDamaged('the bytes are not what an engine writes.', {
      source: this.source,
      expected,
      found: `${found}, near byte ${this.offset}`,
      next: 'Do not restore from it: use its replica in the other region or an older archive, and keep it as evidence.',
    });
  }

  async #gather(count: number): Promise<void> {
    if (this.available >= count || this.#ended) return;
    this.#sum();
    const parts: Uint8Array[] = [this.#buffer.subarray(this.#at)];
    let bytes = this.available;
    while (bytes < count) {
      const { value, done } = await this.#chunks.next();
      if (done) {
        this.#ended = true;
        break;
      }
      parts.push(value);
      bytes += value.byteLength;
    }
    this.#start += this.#at;
    this.#buffer = joined(parts, bytes);
    this.#at = 0;
    this.#summed = 0;
  }

  #sum(): void {
    this.#crc.update(this.#buffer, this.#summed, this.#at);
    this.#summed = this.#at;
  }

  #truncated(count: number): RdbDamaged {
    return new RdbDamaged('the file ends too early.', {
      source: this.source,
      expected: `${count} bytes more at byte ${this.offset}`,
      found: `${this.available} bytes`,
      next: 'Copy it again from where it came; if it is short there, use an older archive.',
    });
  }
}

/** A chunk that stands alone is not copied. */
const joined = (parts: Uint8Array[], bytes: number): Buffer => {
  const [only, ...more] = parts.filter(({ length }) => length > 0);
  return only && more.length === 0
    ? Buffer.from(only.buffer, only.byteOffset, only.length)
    : Buffer.concat(parts, bytes);
};
