// Copies of snapshots in the other region, made from here: each re-encrypted with that region's key.
import {
  CopyDBSnapshotCommand,
  type DBSnapshot,
  DBSnapshotAlreadyExistsFault,
  DBSnapshotNotFoundFault,
  DeleteDBSnapshotCommand,
  paginateDescribeDBSnapshots,
  SnapshotQuotaExceededFault,
} from '@aws-sdk/client-rds';
import { rds } from '../../shared/aws/clients.ts';
import { COPIES_IN_FLIGHT } from '../../shared/aws/limits.ts';
import { isUnreachable } from '../../shared/aws/unreachable.ts';
import { changePoint } from '../../shared/catalog/catalog.ts';
import type { Copy, RecoveryPoint, Telling } from '../../shared/catalog/recovery-point.ts';
import { snapshotTags } from '../../shared/catalog/tags.ts';
import { now, secondsBetween } from '../../shared/clock.ts';
import { rdsSourceNamed } from '../../shared/config/platform.ts';
import { settings } from '../../shared/config/settings.ts';
import { startCommand } from '../../shared/notify/commands.ts';
import { notify, recovered } from '../../shared/notify/notify.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { record } from '../../shared/telemetry/metrics.ts';
import { describeSnapshot } from './snapshots.ts';
import { noting, tellNoted } from './tellings.ts';

const ATTEMPTS = 3;

/**
 * Moves every copy of a stored point one step on. Does nothing where nothing is to do, and waits for a region that does not
 * answer: after a failover the other one may not for days, and the snapshot itself is no worse for it.
 */
export const settleCopies = async (point: RecoveryPoint): Promise<RecoveryPoint> => {
  let current = point;
  // A copy in this region was asked for from the other one, where its snapshot is; that one carries it on.
  for (const copy of point.copies.filter(({ region }) => region !== settings().region)) {
    if (!['waiting', 'copying'].includes(copy.status)) continue;
    const existing = await askAbroad(() => describeSnapshot(copy.snapshotId, copy.region));
    if (existing === 'silent') current = waits(current, `${copy.region} does not answer`);
    else if (copy.status === 'waiting') current = await requestCopy(current, copy, existing);
    else current = await followCopy(current, copy, existing);
  }
  return current;
};

const askAbroad = async <T>(ask: () => Promise<T>): Promise<T | 'silent'> => {
  try {
    return await ask();
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    return 'silent';
  }
};

const requestCopy = async (
  point: RecoveryPoint,
  copy: Copy,
  existing: DBSnapshot | undefined,
): Promise<RecoveryPoint> => {
  if (existing?.Status === 'failed') {
    await deleteQuietly(copy);
    return point;
  }
  if (!existing) {
    // 20 copies may be in flight in a region of an account; what does not fit waits for the next look.
    if ((await copiesInFlight(copy.region)) >= COPIES_IN_FLIGHT) return waits(point, 'copies in flight');
    try {
      const { account, region, peer } = settings();
      await rds(copy.region).send(
        new CopyDBSnapshotCommand({
          // As an ARN: from it the SDK makes the presigned URL without which RDS refuses a copy across regions.
          SourceDBSnapshotIdentifier: `arn:aws:rds:${region}:${account}:snapshot:${point.nativeId}`,
          TargetDBSnapshotIdentifier: copy.snapshotId,
          KmsKeyId: peer.vaultKeyArn,
          Tags: snapshotTags(point),
        }),
      );
    } catch (error) {
      if (error instanceof SnapshotQuotaExceededFault) return waits(point, 'manual snapshots or copies');
      if (!(error instanceof DBSnapshotAlreadyExistsFault)) throw error;
    }
    logger.info('copy started', { source: point.source, recoveryPoint: point.id, region: copy.region });
  }
  return changeCopy(point, copy, (c) =>
    c.status === 'waiting'
      ? { ...c, status: 'copying', requestedAt: now().toISOString(), attempts: c.attempts + 1 }
      : c,
  );
};

const followCopy = async (
  point: RecoveryPoint,
  copy: Copy,
  snapshot: DBSnapshot | undefined,
): Promise<RecoveryPoint> => {
  if (snapshot?.Status === 'available') return completeCopy(point, copy);
  if (snapshot && snapshot.Status !== 'failed') return point;
  const found = snapshot ? 'RDS says that the copy failed' : 'RDS has no copy of this name';
  if (copy.attempts < ATTEMPTS) {
    if (snapshot) await deleteQuietly(copy);
    logger.warn('copy tried again', { source: point.source, recoveryPoint: point.id, region: copy.region, found });
    return changeCopy(point, copy, (c) => (c.status === 'copying' ? { ...c, status: 'waiting' } : c));
  }
  return failCopy(point, copy, found);
};

/** Ends the copies that are still open, and tells people. */
export const failOpenCopies = async (point: RecoveryPoint, found: string): Promise<RecoveryPoint> => {
  let current = point;
  for (const copy of point.copies.filter(isCopyOpen)) current = await failCopy(current, copy, found);
  return current;
};

export const isCopyOpen = ({ status }: Copy): boolean => status === 'waiting' || status === 'copying';

const failCopy = async (point: RecoveryPoint, copy: Copy, found: string): Promise<RecoveryPoint> => {
  await notify({
    topic: 'critical',
    what: `Snapshot of ${point.source} is not in ${copy.region}: ${found}`.slice(0, 200),
    source: point.source,
    recoveryPoint: point.id,
    since: new Date(point.storedAt ?? point.startedAt),
    impact: `If ${settings().region} were lost now, this point would be lost with it.`,
    evidence: [found, `attempts: ${copy.attempts}`],
    next: `Look at the key and its policy in ${copy.region}, then start a snapshot on demand: lifeboat copies it: ${startCommand('backup-database', { source: point.source, scheduledAt: now().toISOString(), purpose: 'on-demand' })}`,
    trouble: 'copy-failed',
  });
  record('CopyFailed', 1, point.source);
  return changeCopy(point, copy, (c) => (isCopyOpen(c) ? { ...c, status: 'failed' } : c));
};

const completeCopy = async (point: RecoveryPoint, copy: Copy): Promise<RecoveryPoint> => {
  const completedAt = now();
  const lagSeconds = Math.max(0, secondsBetween(new Date(point.pointInTime ?? point.startedAt), completedAt));
  const isLate = lagSeconds > rdsSourceNamed(point.source).objectives.copy;
  const completed = { status: 'available' as const, completedAt: completedAt.toISOString(), lagSeconds };
  const changed = await changeCopy(
    point,
    copy,
    (c) => (c.status === 'available' ? c : { ...c, ...completed }),
    isLate ? ['copied late'] : [],
  );
  if (changed.copies.find(({ region }) => region === copy.region)?.completedAt !== completed.completedAt)
    return changed;
  record('CopyLag', lagSeconds, point.source);
  logger.info('copy available', { source: point.source, recoveryPoint: point.id, region: copy.region, lagSeconds });
  const evidence = [`copied: ${point.id}, ${Math.round(lagSeconds)} s behind`];
  if (!isLate) await recovered({ source: point.source, trouble: 'copy-late', evidence });
  await recovered({ source: point.source, trouble: 'copy-failed', evidence });
  return tellNoted(changed);
};

const copiesInFlight = async (region: string): Promise<number> => {
  let count = 0;
  for await (const page of paginateDescribeDBSnapshots({ client: rds(region) }, { SnapshotType: 'manual' })) {
    for (const snapshot of page.DBSnapshots ?? []) {
      if (snapshot.Status === 'copying' || (snapshot.Status === 'creating' && snapshot.SourceRegion)) count += 1;
    }
  }
  return count;
};

const deleteQuietly = async ({ snapshotId, region }: Copy): Promise<void> => {
  try {
    await rds(region).send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: snapshotId }));
  } catch (error) {
    if (!(error instanceof DBSnapshotNotFoundFault)) throw error;
  }
};

const waits = (point: RecoveryPoint, quota: string): RecoveryPoint => {
  logger.info('copy waits for quota', { source: point.source, recoveryPoint: point.id, quota });
  return point;
};

const changeCopy = (
  point: RecoveryPoint,
  copy: Copy,
  change: (copy: Copy) => Copy,
  toTell: Telling['what'][] = [],
): Promise<RecoveryPoint> =>
  changePoint(point.id, (current) => {
    const copies = current.copies.map((c) => (c.region === copy.region ? change(c) : c));
    return copies.every((c, index) => c === current.copies[index])
      ? current
      : noting({ ...current, copies }, ...toTell);
  });
