import { createHash } from 'node:crypto';
import { Crc64Nvme } from './crc64nvme.ts';

export interface Digests {
  bytes: number;
  sha256: string;
  crc64nvme: string;
}

/**
 * A stream that is digested while somebody else reads it. `digests` reads what that reader left, so they are those of
 * the whole stream in any case.
 */
export const digesting = (
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): { chunks: AsyncIterable<Uint8Array>; digests: () => Promise<Digests> } => {
  const sha = createHash('sha256');
  const crc = new Crc64Nvme();
  const iterator = eachOf(source);
  let bytes = 0;
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    const result = await iterator.next();
    if (result.done) return result;
    sha.update(result.value);
    crc.update(result.value);
    bytes += result.value.byteLength;
    return result;
  };
  return {
    // Without `return`: a reader that stops early must not end the stream.
    chunks: { [Symbol.asyncIterator]: () => ({ next }) },
    digests: async () => {
      while (!(await next()).done);
      return { bytes, sha256: sha.digest('hex'), crc64nvme: crc.base64() };
    },
  };
};

async function* eachOf(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* source;
}
