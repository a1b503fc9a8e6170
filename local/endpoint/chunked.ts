// S3's own framing of a body, aws-chunked: sizes, signatures and trailers taken off, the trailing checksum verified.
import type { IncomingHttpHeaders } from 'node:http';
import { ApiError } from '../service.ts';
import { ALGORITHMS, type Algorithm, type Digest, digestFor } from '../services/s3/checksums.ts';

const CRLF = Buffer.from('\r\n');
/** A size line is short; one that does not end is no size line. */
const LONGEST_LINE = 8192;

export const isFramed = (headers: IncomingHttpHeaders): boolean =>
  (headers['content-encoding'] ?? '').includes('aws-chunked') ||
  String(headers['x-amz-content-sha256'] ?? '').startsWith('STREAMING-');

/** Which checksum follows the body. */
export const trailingAlgorithm = (headers: IncomingHttpHeaders): Algorithm | undefined => {
  const trailer = String(headers['x-amz-trailer'] ?? '').toLowerCase();
  return ALGORITHMS.find((algorithm) => trailer === `x-amz-checksum-${algorithm.toLowerCase()}`);
};

/** The data alone. @throws {ApiError} IncompleteBody, or BadDigest where the trailer names another checksum. */
export async function* unframed(body: AsyncIterable<Buffer>, headers: IncomingHttpHeaders): AsyncGenerator<Buffer> {
  const algorithm = trailingAlgorithm(headers);
  const digest = algorithm ? digestFor(algorithm) : undefined;
  const input = reader(body);
  try {
    for (;;) {
      const size = Number.parseInt((await input.line()).split(';')[0] ?? '', 16);
      if (!Number.isInteger(size)) throw incomplete('a chunk without a size');
      if (size === 0) break;
      for await (const piece of input.bytes(size)) {
        digest?.update(piece);
        yield piece;
      }
      if ((await input.line()) !== '') throw incomplete('a chunk longer than its size');
    }
    await verifyTrailers(input, algorithm, digest);
  } finally {
    await input.close(); // what is left of a broken body is for the endpoint to skip
  }
}

const verifyTrailers = async (
  input: ReturnType<typeof reader>,
  algorithm: Algorithm | undefined,
  digest: Digest | undefined,
): Promise<void> => {
  let declared: string | undefined;
  for (let line = await input.line(true); line !== ''; line = await input.line(true)) {
    const [name = '', value = ''] = line.split(/:(.*)/s);
    if (name.trim().toLowerCase() === `x-amz-checksum-${algorithm?.toLowerCase()}`) declared = value.trim();
  }
  if (!algorithm || !digest) return;
  const found = await digest.value();
  if (declared !== found) {
    throw new ApiError(
      'BadDigest',
      400,
      `The ${algorithm} you specified did not match what we received: expected ${declared ?? 'a trailer'}, found ${found}.`,
    );
  }
};

const incomplete = (found: string): ApiError =>
  new ApiError('IncompleteBody', 400, `The aws-chunked body cannot be read: ${found}.`);

/** Lines and runs of bytes out of a stream, with no more in memory than one piece of it. */
const reader = (body: AsyncIterable<Buffer>) => {
  const pieces = body[Symbol.asyncIterator]();
  let buffer: Buffer = Buffer.alloc(0);
  const more = async (): Promise<boolean> => {
    const { done, value } = await pieces.next();
    if (done) return false;
    buffer = buffer.length === 0 ? value : Buffer.concat([buffer, value]);
    return true;
  };
  return {
    close: async () => void (await pieces.return?.()),
    line: async (endIsEmpty = false): Promise<string> => {
      for (;;) {
        const end = buffer.indexOf(CRLF);
        if (end >= 0) {
          const text = buffer.subarray(0, end).toString('latin1');
          buffer = buffer.subarray(end + 2);
          return text;
        }
        if (buffer.length > LONGEST_LINE) throw incomplete('a line that does not end');
        if (!(await more())) {
          if (endIsEmpty && buffer.length === 0) return '';
          throw incomplete('the body ended early');
        }
      }
    },
    bytes: async function* (count: number): AsyncGenerator<Buffer> {
      let left = count;
      while (left > 0) {
        if (buffer.length === 0 && !(await more())) throw incomplete('the body ended early');
        const piece = buffer.subarray(0, left);
        buffer = buffer.subarray(piece.length);
        left -= piece.length;
        yield piece;
      }
    },
  };
};
