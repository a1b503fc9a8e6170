import { createHash } from 'node:crypto';
import type { Bucket, Upload, UploadedPart } from './bucket.ts';
import { assertSame, type ChecksumMembers, checksumMembers, compositeChecksum } from './checksums.ts';
import { type Contents, opaqueTag, takeContents } from './contents.ts';
import { invalidRequest } from './errors.ts';
import { concatenated, removeFile } from './files.ts';

/** The parts as one file, digested again on the way; a checksum of the whole that the request gives has to agree. */
export const assemble = async (
  bucket: Bucket,
  upload: Upload,
  parts: UploadedPart[],
  request: ChecksumMembers & { MpuObjectSize?: number | undefined },
  signal: AbortSignal,
): Promise<Contents> => {
  const { algorithm, checksumType: type } = upload;
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  if (request.MpuObjectSize !== undefined && request.MpuObjectSize !== bytes)
    throw invalidRequest(
      `The provided 'x-amz-mp-object-size' header says ${request.MpuObjectSize} bytes, the parts have ${bytes}.`,
    );
  const given = request[`Checksum${algorithm}`];
  const whole =
    type === 'FULL_OBJECT' && given ? checksumMembers({ algorithm, value: given }) : { ChecksumAlgorithm: algorithm };
  const body = concatenated(parts.map(({ file }) => file));
  const contents = await takeContents(bucket.directory, body, whole, upload.encryption, signal);
  const etag = upload.encryption.ServerSideEncryption === 'AES256' ? tagOfParts(parts) : opaqueTag();
  const composite = await compositeChecksum(
    algorithm,
    parts.map(({ checksum }) => checksum.value),
  );
  if (type === 'COMPOSITE' && given && given !== composite && `${given}-${parts.length}` !== composite) {
    await removeFile(contents.file);
    assertSame(algorithm, given, composite);
  }
  const value = type === 'COMPOSITE' ? composite : contents.checksum.value;
  return { ...contents, etag: `"${etag}-${parts.length}"`, checksum: { algorithm, type, value } };
};

const tagOfParts = (parts: UploadedPart[]): string => {
  const md5 = createHash('md5');
  for (const { etag } of parts) md5.update(Buffer.from(etag.replaceAll('"', ''), 'hex'));
  return md5.digest('hex');
};
