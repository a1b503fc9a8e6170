import { randomBytes } from 'node:crypto';
import { ApiError } from '../../service.ts';
import type { Checksum, Encryption } from './bucket.ts';
import { assertSame, type ChecksumMembers, declaredChecksum, digestFor } from './checksums.ts';
import { type Body, chunksOf, type Piece, removeFile, writeFile } from './files.ts';

export interface ContentRequest extends ChecksumMembers {
  ChecksumAlgorithm?: string | undefined;
  ContentMD5?: string | undefined;
  ContentLength?: number | undefined;
}

export interface Contents {
  pieces: Piece[];
  bytes: number;
  etag: string;
  checksum: Checksum;
}

/**
 * Writes a body to disk and checks it against everything the request declares about it: length, MD5, checksum.
 * @throws BadDigest or IncompleteBody; nothing is left behind then.
 */
export const takeContents = async (
  directory: string,
  body: Body,
  request: ContentRequest,
  encryption: Encryption,
  signal: AbortSignal,
): Promise<Contents> => {
  const declared = declaredChecksum(request) ?? { algorithm: 'CRC64NVME' as const };
  const opaque = encryption.ServerSideEncryption !== 'AES256';
  const checksum = digestFor(declared.algorithm);
  const md5 = opaque && request.ContentMD5 === undefined ? undefined : digestFor('MD5');
  const { file, bytes } = await writeFile(directory, chunksOf(body), md5 ? [checksum, md5] : [checksum], signal);
  try {
    if (request.ContentLength !== undefined && request.ContentLength !== bytes)
      throw new ApiError(
        'IncompleteBody',
        400,
        `Content-Length says ${request.ContentLength} bytes, the body had ${bytes}.`,
      );
    const value = await checksum.value();
    assertSame(declared.algorithm, declared.value, value);
    const md5Value = await md5?.value();
    assertSame('Content-MD5', request.ContentMD5, md5Value);
    const hex = md5Value === undefined || opaque ? opaqueTag() : Buffer.from(md5Value, 'base64').toString('hex');
    return {
      ...{ pieces: [{ file, bytes }], bytes, etag: `"${hex}"` },
      checksum: { algorithm: declared.algorithm, value, type: 'FULL_OBJECT' },
    };
  } catch (error) {
    await removeFile(file);
    throw error;
  }
};

/** Under KMS an ETag looks like an MD5 and is none. */
export const opaqueTag = (): string => randomBytes(16).toString('hex');
