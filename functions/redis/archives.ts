// From the exchange bucket into the vault: the file is read from end to end once, checked, counted and digested; only then
// does S3 copy it, and the copy's checksum must be that of what was read.
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { writeArtifact } from '../../shared/artifacts/artifacts.ts';
import { type Digests, digesting } from '../../shared/artifacts/digesting.ts';
import { copyObject } from '../../shared/artifacts/object-copies.ts';
import { s3 } from '../../shared/aws/clients.ts';
import { changePoint } from '../../shared/catalog/catalog.ts';
import { backupWorks } from '../../shared/catalog/failures.ts';
import type { Artifact, RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { now, secondsBetween } from '../../shared/clock.ts';
import { settings } from '../../shared/config/settings.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import { notify, recovered } from '../../shared/notify/notify.ts';
import { RdbDamaged, RdbNotUnderstood } from '../../shared/redis/rdb/errors.ts';
import { type RdbSummary, summarise } from '../../shared/redis/rdb/summary.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { record } from '../../shared/telemetry/metrics.ts';
import { removeExported } from './exchange.ts';
import { archiveKey, summaryKey } from './points.ts';

interface Read {
  digests: Digests;
  /** Undefined where a newer engine wrote the file. */
  summary: RdbSummary | undefined;
}

/** A damaged file is removed: ElastiCache is asked for it again. */
export const archive = async (point: RecoveryPoint, key: string, work: Work): Promise<RecoveryPoint> => {
  const from = `s3://${settings().exchangeBucket}/${key}`;
  let read: Read;
  try {
    read = await readThrough(point, key, work.signal);
  } catch (error) {
    if (!(error instanceof RdbDamaged)) throw error;
    record('ArtifactsDamaged', 1, point.source);
    logger.error('exported file is damaged', error);
    await removeExported(key);
    return point;
  }
  const artifacts = await intoVault(point, from, read);
  const stored = await store(point, artifacts, read);
  await removeExported(key);
  return stored;
};

const readThrough = async (point: RecoveryPoint, Key: string, abortSignal: AbortSignal): Promise<Read> => {
  const { exchangeBucket: Bucket } = settings();
  const { Body } = await s3().send(new GetObjectCommand({ Bucket, Key }), { abortSignal });
  const { chunks, digests } = digesting(Body as AsyncIterable<Uint8Array>);
  try {
    const summary = await summarise(chunks, point.id);
    return { digests: await digests(), summary };
  } catch (error) {
    if (!(error instanceof RdbNotUnderstood)) throw error;
    await tellNotUnderstood(point, error);
    return { digests: await digests(), summary: undefined };
  }
};

/** The file and what is known of it. Done again, it is the same file in a new version. */
const intoVault = async (point: RecoveryPoint, from: string, { digests, summary }: Read): Promise<Artifact[]> => {
  const { vaultBucket, vaultKeyArn } = settings();
  const key = archiveKey(point);
  const copied = await copyObject({
    from: { uri: from, ...digests },
    to: { Bucket: vaultBucket, Key: key },
    settings: {
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: vaultKeyArn,
      Metadata: {
        sha256: digests.sha256,
        'source-node': point.cache?.node ?? 'unknown',
        'engine-version': point.engineVersion ?? summary?.engineVersion ?? 'unknown',
        ...(summary ? { keys: String(summary.keys) } : {}),
      },
    },
  });
  const file: Artifact = { uri: `s3://${vaultBucket}/${key}`, ...copied, ...digests, writer: 'aws' };
  return summary ? [file, await writeArtifact(summaryKey(point), JSON.stringify(summary))] : [file];
};

const store = async (
  point: RecoveryPoint,
  artifacts: Artifact[],
  { digests, summary }: Read,
): Promise<RecoveryPoint> => {
  const storedAt = now().toISOString();
  const durationSeconds = Math.max(0, secondsBetween(new Date(point.startedAt), new Date(storedAt)));
  const stored = await changePoint(point.id, (current) =>
    current.status === 'started' && current.cache
      ? {
          ...current,
          status: 'stored',
          storedAt,
          durationSeconds,
          sizeBytes: digests.bytes,
          cache: { ...current.cache, archive: archiveFacts(summary, artifacts[1]) },
          artifacts,
        }
      : current,
  );
  if (stored.storedAt !== storedAt) return stored;
  record('BackupStored', 1, point.source);
  logger.info('archive stored', {
    source: point.source,
    recoveryPoint: point.id,
    bytes: digests.bytes,
    keys: summary?.keys,
  });
  await backupWorks(stored);
  if (summary) await recovered({ source: point.source, trouble: 'archive-not-understood' });
  return stored;
};

const archiveFacts = (summary: RdbSummary | undefined, document: Artifact | undefined) =>
  summary && document
    ? {
        checked: 'whole' as const,
        keys: summary.keys,
        expiring: summary.expiring,
        rdbVersion: summary.rdbVersion,
        summary: document.uri,
      }
    : { checked: 'not understood' as const };

const tellNotUnderstood = (point: RecoveryPoint, error: RdbNotUnderstood): Promise<void> =>
  notify({
    topic: 'warning',
    what: `Archives of ${point.source} cannot be checked: their format is newer than this service`,
    source: point.source,
    recoveryPoint: point.id,
    since: now(),
    impact:
      'They are kept and replicated, and can be restored from; that they are whole is not known before a restore.',
    evidence: [error.message],
    next: 'Upgrade this service to a version that knows the format of the engine.',
    trouble: 'archive-not-understood',
  });
