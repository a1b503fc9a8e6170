// What this service writes about recovery points: catalogue, manifests, fingerprints, evidence, reports. No list names
// these documents; each carries the checksum that was computed before it was written, and S3 keeps it.
import { digestObject, headObject } from '../../shared/artifacts/artifacts.ts';
import { keysUnder } from '../../shared/catalog/catalog.ts';
import { settings } from '../../shared/config/settings.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import { hasTime, type Run } from './progress.ts';

/** In order, so that the last key that was read says where to go on. */
const PREFIXES = ['catalog/', 'evidence/', 'fingerprints/', 'manifests/', 'missed-runs/', 'reports/'];

/**
 * Reads today's share of the documents from end to end and compares each with its stored checksum. False where time ran
 * out: the run's position says where to go on.
 */
export const checkDocuments = async (run: Run, isDue: (uri: string) => boolean, work: Work): Promise<boolean> => {
  const after = run.position.document;
  for (const prefix of PREFIXES) {
    if (after !== undefined && after > `${prefix}~`) continue;
    for await (const key of keysUnder(prefix, after || undefined)) {
      const uri = `s3://${settings().vaultBucket}/${key}`;
      if (!isDue(uri)) continue;
      if (!hasTime(work)) return false;
      const { versionId, bytes, crc64nvme } = await digestObject(uri, undefined, work.signal);
      const { ChecksumCRC64NVME: stored = 'a stored CRC64NVME', ContentLength } = await headObject(uri, versionId);
      run.counts.checked += 1;
      run.counts.reread += 1;
      run.counts.rereadBytes += bytes;
      run.position.document = key;
      if (stored === crc64nvme && ContentLength === bytes) continue;
      run.findings.push({
        uri,
        recoveryPoint: null,
        problem: 'content',
        expected: `${ContentLength} bytes, ${stored}`,
        found: `${bytes} bytes, ${crc64nvme}`,
      });
    }
  }
  return true;
};
