// Artefacts: objects in the vault whose digests are known from before they were written, and what reads them back.
import { createHash } from 'node:crypto';
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { s3 } from '../aws/clients.ts';
import type { Artifact } from '../catalog/recovery-point.ts';
import { settings } from '../config/settings.ts';
import { type Digests, digesting } from './digesting.ts';
import { ArtifactDamaged } from './errors.ts';

/** Both digests in one pass over a stream, with bounded memory. */
export const digestsOf = (body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Digests> =>
  digesting(body).digests();

/**
 * Writes one object and returns what the catalogue keeps of it. S3 checks the CRC64NVME it is sent before it confirms.
 * Written again with the same bytes it is the same artefact; with other bytes it is a new version, and the older stays.
 */
export const writeArtifact = async (
  key: string,
  content: string | Uint8Array,
  {
    contentType = 'application/json',
    onlyNew = false,
    replaces,
  }: { contentType?: string; onlyNew?: boolean; replaces?: string | undefined } = {},
): Promise<Artifact> => {
  const body = typeof content === 'string' ? Buffer.from(content) : content;
  const digests = await digestsOf([body]);
  const { vaultBucket, vaultKeyArn } = settings();
  const answer = await s3().send(
    new PutObjectCommand({
      Bucket: vaultBucket,
      Key: key,
      Body: body,
      ContentType: contentType,
      ContentLength: digests.bytes,
      ChecksumCRC64NVME: digests.crc64nvme,
      Metadata: { sha256: digests.sha256 },
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: vaultKeyArn,
      // S3 answers 412 where the key is taken, or is not the version with the ETag `replaces` any more (see lostTheRace).
      ...(onlyNew ? { IfNoneMatch: '*' } : {}),
      ...(replaces ? { IfMatch: replaces } : {}),
    }),
  );
  return {
    uri: `s3://${vaultBucket}/${key}`,
    ...(answer.VersionId ? { versionId: answer.VersionId } : {}),
    ...digests,
    writer: 'lifeboat',
  };
};

/**
 * The whole content of a small artefact, checked before it is handed on.
 * @throws {ArtifactDamaged} when size or digest differ. Meant for documents, not for data: at most `limit` bytes.
 */
export const readArtifact = async (artifact: Artifact, limit = 64 * 1024 * 1024): Promise<Buffer> => {
  if (artifact.bytes > limit) throw damaged(artifact, `at most ${limit} bytes`, `${artifact.bytes} bytes`);
  const answer = await s3().send(new GetObjectCommand(locate(artifact)));
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.Body as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > artifact.bytes) break;
    chunks.push(chunk);
  }
  const content = Buffer.concat(chunks);
  const found = createHash('sha256').update(content).digest('hex');
  if (bytes !== artifact.bytes || found !== artifact.sha256) {
    throw damaged(artifact, `${artifact.bytes} bytes, SHA-256 ${artifact.sha256}`, `${bytes} bytes, SHA-256 ${found}`);
  }
  return content;
};

/** Reads an object from end to end and returns its digests, and the version that was read. */
export const digestObject = async (
  uri: string,
  versionId?: string,
  signal?: AbortSignal,
): Promise<Digests & { versionId?: string }> => {
  const answer = await s3().send(
    new GetObjectCommand(locate({ uri, versionId })),
    signal ? { abortSignal: signal } : {},
  );
  const digests = await digestsOf(answer.Body as AsyncIterable<Uint8Array>);
  return { ...digests, ...(answer.VersionId ? { versionId: answer.VersionId } : {}) };
};

/** Size and checksum as S3 stores them, without reading the content. */
export const headObject = async (uri: string, versionId?: string) =>
  s3().send(new HeadObjectCommand({ ...locate({ uri, versionId }), ChecksumMode: 'ENABLED' }));

/** `s3://bucket/key` → what S3 commands take. The key stands there as it is: names of tables may hold any character. */
export const locate = ({ uri, versionId }: { uri: string; versionId?: string | undefined }) => {
  const at = uri.indexOf('/', 's3://'.length);
  return {
    Bucket: uri.slice('s3://'.length, at),
    Key: uri.slice(at + 1),
    ...(versionId ? { VersionId: versionId } : {}),
  };
};

/** Where this region has an object of the vaults: the recovery region has a replica of what the primary wrote, under the same key. */
export const uriHere = (uri: string): string => {
  const { role, peer, vaultBucket } = settings();
  return role === 'recovery' ? uri.replace(`s3://${peer.vaultBucket}/`, `s3://${vaultBucket}/`) : uri;
};

const damaged = (artifact: Artifact, expected: string, found: string): ArtifactDamaged =>
  new ArtifactDamaged('an artefact is not what was written.', {
    source: artifact.uri,
    expected,
    found,
    next: 'Do not restore from it; use its replica in the other region or an older recovery point, and keep this version as evidence.',
  });
