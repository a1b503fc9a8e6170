// The bytes of objects and parts: files that are written once, as streams, under names that nobody else uses.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { link, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Digest } from './checksums.ts';

/** Requests come in pieces of 64 KiB; a call to the system for each is most of what writing them takes. */
const WRITTEN_AT_ONCE = 1024 * 1024;

/** An object has one, or as many as it was uploaded in. */
export interface Piece {
  file: string;
  bytes: number;
}

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
): Promise<Piece> => {
  const file = join(directory, randomUUID());
  const handle = await open(file, 'wx');
  let bytes = 0;
  let written = 0;
  let waiting: Uint8Array[] = [];
  const write = async (): Promise<void> => {
    const { bytesWritten } = await handle.writev(waiting);
    if (bytesWritten !== bytes - written) throw new Error(`${bytesWritten} of ${bytes - written} bytes were written.`);
    written = bytes;
    waiting = [];
  };
  try {
    for await (const chunk of body) {
      signal.throwIfAborted();
      for (const digest of digests) digest.update(chunk);
      waiting.push(chunk);
      bytes += chunk.byteLength;
      if (bytes - written >= WRITTEN_AT_ONCE) await write();
    }
    if (waiting.length > 0) await write();
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

/** The bytes from `start` up to and including `end`. Every file is open before this returns, so a delete does not end the reading. */
export const readPieces = async (pieces: readonly Piece[], start: number, end: number): Promise<Readable> => {
  const streams: Readable[] = [];
  let at = 0;
  for (const { file, bytes } of pieces) {
    const [from, to] = [Math.max(start - at, 0), Math.min(end - at, bytes - 1)];
    at += bytes;
    if (from > to) continue;
    const stream = createReadStream(file, { start: from, end: to, highWaterMark: 256 * 1024 });
    await once(stream, 'open');
    streams.push(stream);
  }
  const [first] = streams;
  return first && streams.length === 1 ? first : Readable.from(oneAfterTheOther(streams), { objectMode: false });
};

async function* oneAfterTheOther(streams: readonly Readable[]): AsyncGenerator<Uint8Array> {
  try {
    for (const stream of streams) yield* stream;
  } finally {
    for (const stream of streams) stream.destroy();
  }
}

/** The same bytes under names of their own: what becomes of the others does not matter to them. */
export const linked = async (directory: string, pieces: readonly Piece[]): Promise<Piece[]> => {
  const links: Piece[] = [];
  try {
    for (const { file, bytes } of pieces) {
      const own = join(directory, randomUUID());
      await link(file, own);
      links.push({ file: own, bytes });
    }
    return links;
  } catch (error) {
    await removePieces(links);
    throw error;
  }
};

export const removeFile = (file: string): Promise<void> => rm(file, { force: true });

export const removePieces = async (pieces: readonly Piece[]): Promise<void> => {
  await Promise.all(pieces.map(({ file }) => removeFile(file)));
};

/** Flips every bit of one byte, as rot would. */
export const flipByte = async (pieces: readonly Piece[], offset: number): Promise<void> => {
  let at = offset;
  for (const { file, bytes } of pieces) {
    if (at < bytes) return flipIn(file, at);
    at -= bytes;
  }
  throw new RangeError(`no byte at offset ${offset}`);
};

const flipIn = async (file: string, offset: number): Promise<void> => {
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
