// LibLZF's format, as Redis compresses strings (redis/src/lzf_d.c): a control byte below 32 is followed by that many
// literal bytes and one more; any other refers back at most 8192 bytes.
import type { Reader } from './reader.ts';
import type { Sink } from './strings.ts';

const WINDOW = 8192;
/** The longest that one operation makes: seven and 255 and two. */
const LONGEST = 264;
const PIECE = 64 * 1024;

/** Three bytes make at most 264, and what would not become shorter is not compressed: another claim is none of the engine's. */
export const ratioAllows = (compressed: number, size: number): boolean => size > compressed && size <= compressed * 88;

class Output {
  bytes: Buffer;
  length = 0;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size);
  }

  append(literal: Buffer): void {
    this.bytes.set(literal, this.length);
    this.length += literal.length;
  }

  /** Byte by byte: what is copied may begin in what is being written. */
  repeat(from: number, count: number): void {
    const { bytes } = this;
    for (let i = 0, to = this.length; i < count; i++) bytes[to + i] = bytes[from + i] as number;
    this.length += count;
  }
}

/** One operation; all its bytes are at hand. Returns how many it took. */
const step = (reader: Reader, left: number, size: number, output: Output): number => {
  const control = reader.byte();
  const literal = control < 32 ? control + 1 : 0;
  if (literal) {
    if (literal > left - 1 || output.length + literal > size) throw broken(reader);
    output.append(reader.take(literal));
    return literal + 1;
  }
  const long = control >> 5 === 7;
  if (left < (long ? 3 : 2)) throw broken(reader);
  const count = (long ? 7 + reader.byte() : control >> 5) + 2;
  const back = (((control & 31) << 8) | reader.byte()) + 1;
  if (back > output.length || output.length + count > size) throw broken(reader);
  output.repeat(output.length - back, count);
  return long ? 3 : 2;
};

const broken = (reader: Reader) => reader.damaged('a string that LZF compressed', 'something else');

/** A string whose compressed bytes are at hand, as a whole. */
export const inflateInto = (reader: Reader, compressed: number, size: number): Buffer => {
  const output = new Output(size);
  for (let left = compressed; left > 0; ) left -= step(reader, left, size, output);
  if (output.length !== size) throw broken(reader);
  return output.bytes;
};

/** A string of any size, piece by piece: only what may be referred to is kept. */
export const inflate = async (reader: Reader, compressed: number, size: number, sink: Sink): Promise<void> => {
  const output = new Output(WINDOW + PIECE + LONGEST);
  /** What is in the output and was given away before. */
  let given = 0;
  let total = 0;
  for (let left = compressed; left > 0; ) {
    const needed = Math.min(left, 34);
    if (reader.available < needed) await reader.need(needed);
    const before = output.length;
    left -= step(reader, left, Math.min(output.bytes.length, before + size - total), output);
    total += output.length - before;
    if (output.length < WINDOW + PIECE) continue;
    sink(output.bytes.subarray(given, output.length));
    output.bytes.copyWithin(0, output.length - WINDOW, output.length);
    output.length = WINDOW;
    given = WINDOW;
  }
  sink(output.bytes.subarray(given, output.length));
  if (total !== size) throw broken(reader);
};
