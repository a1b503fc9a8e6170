import { createHash } from 'node:crypto';
import { Crc64Nvme } from '../../../shared/artifacts/crc64nvme.ts';
import type { Bucket, Upload, UploadedPart } from './bucket.ts';
import { type Algorithm, assertSame, type ChecksumMembers, compositeChecksum, digestFor } from './checksums.ts';
import { type Contents, opaqueTag } from './contents.ts';
import { invalidRequest } from './errors.ts';
import { linked, type Piece, readPieces } from './files.ts';

/** The parts as one object; a checksum of the whole that the request gives has to agree. */
export const assemble = async (
  bucket: Bucket,
  upload: Upload,
  parts: UploadedPart[],
  request: ChecksumMembers & { MpuObjectSize?: number | undefined },
): Promise<Contents> => {
  const { algorithm, checksumType: type } = upload;
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  if (request.MpuObjectSize !== undefined && request.MpuObjectSize !== bytes)
    throw invalidRequest(
      `The provided 'x-amz-mp-object-size' header says ${request.MpuObjectSize} bytes, the parts have ${bytes}.`,
    );
  const given = request[`Checksum${algorithm}`];
  const composite = await compositeChecksum(
    algorithm,
    parts.map(({ checksum }) => checksum.value),
  );
  const value = type === 'COMPOSITE' ? composite : await checksumOfAll(algorithm, parts);
  if (type === 'FULL_OBJECT' || `${given}-${parts.length}` !== composite) assertSame(algorithm, given, value);
  const pieces = await linked(
    bucket.directory,
    parts.flatMap((part) => part.pieces),
  );
  const etag = upload.encryption.ServerSideEncryption === 'AES256' ? tagOfParts(parts) : opaqueTag();
  return { pieces, bytes, etag: `"${etag}-${parts.length}"`, checksum: { algorithm, type, value } };
};

/** Of CRC-64 it follows from those of the parts. */
const checksumOfAll = async (algorithm: Algorithm, parts: UploadedPart[]): Promise<string> => {
  if (algorithm === 'CRC64NVME')
    return parts.reduce((sum, { checksum, bytes }) => sum.append(checksum.value, bytes), new Crc64Nvme()).base64();
  const digest = digestFor(algorithm);
  const pieces: Piece[] = parts.flatMap((part) => part.pieces);
  for await (const chunk of await readPieces(pieces, 0, Number.POSITIVE_INFINITY)) digest.update(chunk);
  return digest.value();
};

const tagOfParts = (parts: UploadedPart[]): string => {
  const md5 = createHash('md5');
  for (const { etag } of parts) md5.update(Buffer.from(etag.replaceAll('"', ''), 'hex'));
  return md5.digest('hex');
};
