// Request bodies: documents are read whole, data is handed on as a stream.
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { ApiError } from '../service.ts';
import { isFramed, trailingAlgorithm, unframed } from './chunked.ts';

/** Documents only; data is streamed. A function's zip is the largest. */
const LARGEST_DOCUMENT = 128 * 1024 * 1024;

/** The body as the client meant it. Whoever stops reading it early does not cut the connection: an answer is still to come. */
export const streamed = (request: IncomingMessage): Readable => {
  const bytes = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  return Readable.from(isFramed(request.headers) ? unframed(bytes, request.headers) : bytes, { objectMode: false });
};

export const document = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of streamed(request) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_DOCUMENT)
      throw new ApiError('RequestEntityTooLarge', 413, `The request is larger than ${LARGEST_DOCUMENT} bytes.`);
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  // SDKs compress metric data of more than about 10 KB.
  return request.headers['content-encoding'] === 'gzip'
    ? gunzipSync(body, { maxOutputLength: LARGEST_DOCUMENT })
    : body;
};

/** Headers as they would stand without the framing: length and encoding of the data itself, and its checksum's algorithm. */
export const plainHeaders = (headers: IncomingHttpHeaders): IncomingHttpHeaders => {
  if (!isFramed(headers)) return headers;
  const { 'content-length': _, 'content-encoding': encoding = '', ...plain } = headers;
  const length = headers['x-amz-decoded-content-length'];
  const algorithm = trailingAlgorithm(headers);
  const encodings = encoding.split(',').map((each) => each.trim());
  const kept = encodings.filter((each) => each !== '' && each !== 'aws-chunked').join(', ');
  return {
    ...(algorithm && { 'x-amz-sdk-checksum-algorithm': algorithm }),
    ...plain,
    ...(length !== undefined && { 'content-length': String(length) }),
    ...(kept && { 'content-encoding': kept }),
  };
};

/** Clients that asked whether to send their body, and were not told to yet. */
const waiting = new WeakSet<IncomingMessage>();

/** Answers `Expect: 100-continue` when an operation first reads: a refusal must not be preceded by 256 MiB of upload. */
export const continueOnRead = (request: IncomingMessage, response: ServerResponse): void => {
  waiting.add(request);
  const read = request.read.bind(request);
  request.read = (size?: number) => {
    if (waiting.delete(request) && !response.headersSent) response.writeContinue();
    return read(size);
  };
};

/** Whether the client still waits for a word, and so will never send the rest of this request. */
export const neverContinued = (request: IncomingMessage): boolean => waiting.has(request);
