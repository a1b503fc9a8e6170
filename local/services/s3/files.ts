// The bytes of objects and parts: one file each, written once as a stream under a name that nobody else uses.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Digest } from './checksums.ts';

export type Body = AsyncIterable<Uint8Array | string> | Uint8Array | string | undefined;

/**
 * Writes a body to a new file and feeds the digests on the way; `check` sees the size before the file counts as written.
 * Whatever fails, no file stays behind.
 */
export const writeFile = async (
  directory: string,
  body: AsyncIterable<Uint8Array>,
  digests: Digest[],
  signal: AbortSignal,
): Promise<{ file: string; bytes: number }> => {
  const file = join(directory, randomUUID());
  const handle = await open(file, 'wx');
  let bytes = 0;
  try {
    for await (const chunk of body) {
      signal.throwIfAborted();
      for (const digest of digests) digest.update(chunk);
      for (let offset = 0; offset < chunk.byteLength; ) offset += (await handle.write(chunk, offset)).bytesWritten;
      bytes += chunk.byteLength;
    }
  } catch (error) {
    await handle.close();
    await removeFile(file);
    throw error;
  }
  await handle.close();
  return { file, bytes };
};

export const chunksOf = async function* (body: Body): AsyncGenerator<Uint8Array> {
  if (body === undefined) return;
  if (typeof body === 'string' || body instanceof Uint8Array) yield typeof body === 'string' ? Buffer.from(body) : body;
  else for await (const chunk of body) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
};

/** The bytes from `start` up to and including `end`. The file is open before this returns, so a delete does not end the reading. */
export const readFile = async (file: string, start: number, end: number): Promise<Readable> => {
  if (end < start) return Readable.from([]);
  const stream = createReadStream(file, { start, end, highWaterMark: 256 * 1024 });
  await once(stream, 'open');
  return stream;
};

/** The contents of several files, one after the other. */
export const concatenated = async function* (files: string[]): AsyncGenerator<Uint8Array> {
  for (const file of files) yield* createReadStream(file, { highWaterMark: 256 * 1024 });
};

export const removeFile = (file: string): Promise<void> => rm(file, { force: true });

/** Flips every bit of one byte, as rot would. */
export const flipByte = async (file: string, offset: number): Promise<void> => {
  const handle = await open(file, 'r+');
  try {
    const byte = Buffer.alloc(1);
    const { bytesRead } = await handle.read(byte, 0, 1, offset);
    if (bytesRead === 0) throw new RangeError(`no byte at offset ${offset} of ${file}`);
    byte[0] = 255 - (byte[0] ?? 0);
    await handle.write(byte, 0, 1, offset);
  } finally {
    await handle.close();
  }
};
