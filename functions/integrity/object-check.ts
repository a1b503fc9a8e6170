import { InvalidObjectState, S3ServiceException } from '@aws-sdk/client-s3';
import { digestObject, headObject } from '../../shared/artifacts/artifacts.ts';
import type { Artifact } from '../../shared/catalog/recovery-point.ts';
import type { Finding } from './progress.ts';

export interface ObjectChecked {
  findings: Pick<Finding, 'problem' | 'expected' | 'found'>[];
  reread: boolean;
  /** In an archive class: was read while it was not, and cannot be read now without being brought back. */
  archived: boolean;
}

/** Existence, size and stored checksum; and the content, where `reread` says so. */
export const checkObject = async (artifact: Artifact, reread: boolean, signal: AbortSignal): Promise<ObjectChecked> => {
  const findings: ObjectChecked['findings'] = [];
  try {
    const head = await headObject(artifact.uri, artifact.versionId);
    if (head.ContentLength !== artifact.bytes) {
      findings.push({ problem: 'size', expected: `${artifact.bytes} bytes`, found: `${head.ContentLength} bytes` });
    }
    if (head.ChecksumCRC64NVME !== undefined && head.ChecksumCRC64NVME !== artifact.crc64nvme) {
      findings.push({ problem: 'stored checksum', expected: artifact.crc64nvme, found: head.ChecksumCRC64NVME });
    }
    if (!reread) return { findings, reread: false, archived: false };
    const { bytes, sha256 } = await digestObject(artifact.uri, artifact.versionId, signal);
    if (bytes !== artifact.bytes || sha256 !== artifact.sha256) {
      findings.push({
        problem: 'content',
        expected: `${artifact.bytes} bytes, SHA-256 ${artifact.sha256}`,
        found: `${bytes} bytes, SHA-256 ${sha256}`,
      });
    }
    return { findings, reread: true, archived: false };
  } catch (error) {
    if (error instanceof InvalidObjectState) return { findings, reread: false, archived: true };
    if (isMissing(error)) {
      return {
        findings: [{ problem: 'missing', expected: `${artifact.bytes} bytes`, found: 'no such object or version' }],
        reread: false,
        archived: false,
      };
    }
    throw error;
  }
};

/** No such key, or no such version of it: S3 has several names for that. */
export const isMissing = (error: unknown): boolean =>
  error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404;
