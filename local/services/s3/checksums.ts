import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Crc32c } from '@aws-sdk/checksums/crc';
import type { ChecksumType } from '@aws-sdk/client-s3';
import { Crc64Nvme } from '../../../shared/artifacts/crc64nvme.ts';
import { badDigest, invalidRequest } from './errors.ts';

export const ALGORITHMS = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

export interface Digest {
  update(chunk: Uint8Array): void;
  /** Base64, as S3 writes it. */
  value(): Promise<string>;
}

const ofHash = (name: string): Digest => {
  const hash = createHash(name);
  return { update: (chunk) => void hash.update(chunk), value: async () => hash.digest('base64') };
};

const ofCrc32 = (): Digest => {
  let crc = 0;
  return {
    update: (chunk) => {
      crc = crc32(chunk, crc);
    },
    value: async () => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(crc);
      return bytes.toString('base64');
    },
  };
};

const ofSdk = (checksum: { update(chunk: Uint8Array): void; digest(): Promise<Uint8Array> }): Digest => ({
  update: (chunk) => checksum.update(chunk),
  value: async () => Buffer.from(await checksum.digest()).toString('base64'),
});

const ofCrc64Nvme = (): Digest => {
  const crc = new Crc64Nvme();
  return { update: (chunk) => void crc.update(chunk), value: async () => crc.base64() };
};

const DIGESTS: Record<Algorithm | 'MD5', () => Digest> = {
  CRC32: ofCrc32,
  CRC32C: () => ofSdk(new Crc32c()),
  CRC64NVME: ofCrc64Nvme,
  SHA1: () => ofHash('sha1'),
  SHA256: () => ofHash('sha256'),
  MD5: () => ofHash('md5'),
};

export const digestFor = (algorithm: Algorithm | 'MD5'): Digest => DIGESTS[algorithm]();

/** The members `ChecksumCRC32`, … that requests and answers of S3 have in common. */
export type ChecksumMembers = { [A in Algorithm as `Checksum${A}`]?: string | undefined };

export const checksumMembers = ({ algorithm, value }: { algorithm: Algorithm; value: string }): ChecksumMembers => ({
  [`Checksum${algorithm}`]: value,
});

/** Which checksum a request declares, with its value unless that only follows the body. */
export const declaredChecksum = (
  input: ChecksumMembers & { ChecksumAlgorithm?: string | undefined },
): { algorithm: Algorithm; value?: string } | undefined => {
  const given = ALGORITHMS.filter((algorithm) => input[`Checksum${algorithm}`] !== undefined);
  if (given.length > 1) throw invalidRequest(`Expecting a single x-amz-checksum- header. Found ${given.join(', ')}.`);
  const [algorithm] = given;
  const value = algorithm && input[`Checksum${algorithm}`];
  if (algorithm && value) return { algorithm, value };
  return input.ChecksumAlgorithm ? { algorithm: asAlgorithm(input.ChecksumAlgorithm) } : undefined;
};

export const asAlgorithm = (name: string): Algorithm => {
  const algorithm = ALGORITHMS.find((each) => each === name);
  if (algorithm) return algorithm;
  throw invalidRequest(
    `Checksum algorithm provided is unsupported. Expected one of ${ALGORITHMS.join(', ')}, found ${name}.`,
  );
};

/** What S3 chooses where a multipart upload names no type. */
export const defaultChecksumType = (algorithm: Algorithm): ChecksumType =>
  algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE';

/** The checksum of the parts' checksums, as `<digest>-<parts>`. */
export const compositeChecksum = async (algorithm: Algorithm, parts: string[]): Promise<string> => {
  const digest = digestFor(algorithm);
  for (const part of parts) digest.update(Buffer.from(part, 'base64'));
  return `${await digest.value()}-${parts.length}`;
};

export const assertSame = (what: string, expected: string | undefined, found: string | undefined): void => {
  if (expected !== undefined && expected !== found) throw badDigest(what);
};
