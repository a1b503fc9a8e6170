// Whether the vault has what a restore is going to read: asked of S3 for every segment, without reading any, before something is made
// or written. The bytes themselves are compared when they are read.
import { HeadObjectCommand, S3ServiceException } from '@aws-sdk/client-s3';
import { locate } from '../../shared/artifacts/artifacts.ts';
import { ArtifactDamaged } from '../../shared/artifacts/errors.ts';
import { mapAtOnce } from '../../shared/at-once.ts';
import { s3 } from '../../shared/aws/clients.ts';
import type { Artifact } from '../../shared/catalog/recovery-point.ts';
import type { ArchiveIndex } from '../../shared/kafka/archive.ts';
import type { Vault } from '../../shared/vault/documents.ts';

/** @throws {ArtifactDamaged} that names the first segment with parts of these topics that is missing, or is not what was written. */
export const requireSegments = async (
  vault: Vault,
  { segments, recoveryPoint }: Pick<ArchiveIndex, 'segments' | 'recoveryPoint'>,
  topicIds: ReadonlySet<string>,
): Promise<void> => {
  const wanted = segments.filter(({ parts }) => parts.some(({ topicId }) => topicIds.has(topicId)));
  await mapAtOnce(wanted, ({ artifact }) => requireSegment(vault, recoveryPoint, artifact));
};

const requireSegment = async ({ bucket, region }: Vault, recoveryPoint: string, artifact: Artifact): Promise<void> => {
  const { Key, VersionId } = locate(artifact);
  // A replica has the version of its original; a copy of the vault may have others.
  const version = artifact.uri.startsWith(`s3://${bucket}/`) ? { VersionId } : {};
  const found = await s3(region)
    .send(new HeadObjectCommand({ Bucket: bucket, Key, ...version, ChecksumMode: 'ENABLED' }))
    .catch((error: unknown) => {
      if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return undefined;
      throw error;
    });
  const { ContentLength: bytes, ChecksumCRC64NVME: checksum = artifact.crc64nvme } = found ?? {};
  if (bytes === artifact.bytes && checksum === artifact.crc64nvme) return;
  throw new ArtifactDamaged('a segment of the archive is not what was written.', {
    ...{ source: `s3://${bucket}/${Key}`, recoveryPoint },
    expected: `${artifact.bytes} bytes, CRC64NVME ${artifact.crc64nvme}`,
    found: found ? `${bytes} bytes, CRC64NVME ${checksum}` : 'no such object or version',
    next: 'Nothing was made or written. Restore from the replica in the other region; keep this version as evidence.',
  });
};
