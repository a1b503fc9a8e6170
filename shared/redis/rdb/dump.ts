import { Crc64 } from './crc64.ts';
import { RdbDamaged } from './errors.ts';
import { Reader } from './reader.ts';
import { readValue, type Value } from './values.ts';

/** Two bytes of version and eight of checksum. */
const FOOTER = 10;

/**
 * The value in an answer of the command DUMP: a live key and a key in a file have the same digest when they are equal.
 * @throws {RdbDamaged} {RdbNotUnderstood}
 */
export const readDump = async (payload: Buffer, source: string): Promise<Value> => {
  const [code, footer] = [payload[0], payload.subarray(-FOOTER)];
  const body = payload.subarray(1, -8);
  if (code === undefined || payload.length <= FOOTER) throw notWhole(source, `${payload.length} bytes`);
  const written = footer.subarray(2);
  const computed = new Crc64().update(payload, 0, payload.length - 8).digest();
  if (!written.equals(computed) && written.some((byte) => byte !== 0)) throw notWhole(source, 'another checksum');
  const reader = new Reader(once(body.subarray(0, -2)), source);
  const value = await readValue(reader, code);
  if (!(await reader.isAtEnd())) throw notWhole(source, 'bytes after the value');
  return value;
};

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

const notWhole = (source: string, found: string): RdbDamaged =>
  new RdbDamaged('the answer to DUMP is not a value.', {
    source,
    expected: 'a value, a version and their checksum',
    found,
    next: 'Ask again; if it repeats, the engine answers with a format of its own.',
  });
