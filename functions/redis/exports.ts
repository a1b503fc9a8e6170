// Exports of snapshots: ElastiCache leaves an RDB file in the exchange bucket, and says nothing when it could not.
import {
  CopySnapshotCommand,
  InvalidParameterValueException,
  InvalidSnapshotStateFault,
} from '@aws-sdk/client-elasticache';
import { elasticache } from '../../shared/aws/clients.ts';
import { changePoint, readPoint } from '../../shared/catalog/catalog.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { now, secondsBetween } from '../../shared/clock.ts';
import { settings } from '../../shared/config/settings.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { archive } from './archives.ts';
import { exportedFile } from './exchange.ts';
import { failPoint } from './failures.ts';
import { describeSnapshot } from './snapshots.ts';

/** A file that came damaged, or not at all, is asked for again this often. */
const EXPORTS = 4;
const GIVEN_UP_AFTER_SECONDS = 12 * 3600;
/** What one function reads in its fifteen minutes, at half the speed that was measured (docs/redis.md). */
const READ_AT_MOST = 20 * 1024 ** 3;

const tooLarge = (bytes: number): string =>
  `the exported file has ${bytes} bytes, and one function reads at most ${READ_AT_MOST}`;

/** Looks at the exchange bucket and at ElastiCache, and moves a started archive on: asked for, stored, failed, or not yet. */
export const settleExport = async (point: RecoveryPoint, work: Work): Promise<RecoveryPoint> => {
  if (point.status !== 'started') return point;
  const file = await exportedFile(point);
  if (file && file.bytes > READ_AT_MOST) return failPoint(point, tooLarge(file.bytes));
  if (file) return archive(point, file.key, work);
  const snapshot = await describeSnapshot((await readPoint(point.parent ?? '')).nativeId);
  if (!snapshot) return failPoint(point, 'the snapshot to be exported is gone');
  // While a file is being written its snapshot is `copying`; what is restored from it does not hinder an export for long.
  const busy = snapshot.SnapshotStatus !== 'available';
  const exports = point.cache?.exports ?? 0;
  if (secondsBetween(new Date(point.startedAt), now()) > GIVEN_UP_AFTER_SECONDS || (!busy && exports >= EXPORTS))
    return failPoint(point, `ElastiCache wrote no file that could be used, asked ${exports} times`);
  return busy ? point : requestExport(point, snapshot.SnapshotName ?? '');
};

const requestExport = async (point: RecoveryPoint, snapshot: string): Promise<RecoveryPoint> => {
  try {
    await elasticache().send(
      new CopySnapshotCommand({
        SourceSnapshotName: snapshot,
        TargetSnapshotName: point.nativeId,
        TargetBucket: settings().exchangeBucket,
      }),
    );
  } catch (error) {
    // Another run asked meanwhile, or its file came while we looked: the next look finds it.
    if (error instanceof InvalidSnapshotStateFault) return point;
    if (!(error instanceof InvalidParameterValueException && (await exportedFile(point)))) throw error;
    return point;
  }
  logger.info('export started', { source: point.source, recoveryPoint: point.id });
  return changePoint(point.id, (current) =>
    current.cache ? { ...current, cache: { ...current.cache, exports: (current.cache.exports ?? 0) + 1 } } : current,
  );
};
