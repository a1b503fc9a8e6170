// The cache of the region that takes over: made once, from the newest archive whose content was read and found whole. What
// the customers did since is lost, and said in seconds. Every call looks at the group as it is and takes the next step.
import { ArtifactDamaged } from '../../shared/artifacts/errors.ts';
import { readPoint } from '../../shared/catalog/catalog.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { now } from '../../shared/clock.ts';
import { redisSourceNamed } from '../../shared/config/platform.ts';
import { chooseArchive, isChecked } from '../../shared/redis/archives.ts';
import { ArchiveMissing } from '../../shared/redis/errors.ts';
import { readToken } from '../../shared/redis/logins.ts';
import { configuredTarget, type Restore, type RestoreTarget, restoreFromArchive } from '../../shared/redis/restores.ts';
import { openCache } from '../../shared/redis/session.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { cacheCopyTarget } from './drill-copies.ts';
import { CacheRestoreFailed } from './errors.ts';
import { lossSince } from './losses.ts';
import type { PhaseContext, Step } from './phases.ts';

const LOOK_AGAIN_SECONDS = 5;

/** @throws {RecoveryPointMissing} {NameTaken} {CacheRestoreFailed} {CacheTokenMissing} and what logging in may throw. */
export const restoreCache = async (context: PhaseContext): Promise<Step> => {
  const { plan, noted, failoverId, rehearsal, stillHeld } = context;
  if (!plan.cache) return { done: true, facts: { skipped: 'no cache is configured' } };
  const { source: name } = plan.cache;
  // Noted before the act: what is newest moves on while the vault of the other region still replicates.
  if (typeof noted.recoveryPoint !== 'string') return choose(name, passedOver(context));
  const source = redisSourceNamed(name);
  const point = await readPoint(noted.recoveryPoint);
  const target = rehearsal ? cacheCopyTarget(name, failoverId) : configuredTarget(source, failoverId);
  await stillHeld();
  try {
    const restore = await restoreFromArchive(source, point, target);
    if (restore.state === 'available') return await confirm(context, point, restore);
    if (restore.state === 'failed') throw failed(point, target, restore.status);
    const found = `${target.replicationGroup} is ${restore.status}, from ${point.id}`;
    return { done: false, waitSeconds: LOOK_AGAIN_SECONDS, found };
  } catch (error) {
    if (!(error instanceof ArtifactDamaged || error instanceof ArchiveMissing)) throw error;
    logger.error('archive passed over', error);
    return {
      done: false,
      waitSeconds: 1,
      found: `${point.id} cannot be used: ${error.message}`,
      facts: { recoveryPoint: null, passedOver: [...passedOver(context), point.id] },
    };
  }
};

/** Archives that were begun with and found damaged, newest first. */
const passedOver = ({ noted }: PhaseContext): string[] =>
  Array.isArray(noted.passedOver) ? noted.passedOver.map(String) : [];

const choose = async (source: string, without: readonly string[]): Promise<Step> => {
  const usable = (point: RecoveryPoint): boolean => isChecked(point) && !without.includes(point.id);
  const { id } = await chooseArchive(source, { before: now(), usable });
  return { done: false, waitSeconds: 1, found: `${id} is the newest archive here`, facts: { recoveryPoint: id } };
};

/** Available is what ElastiCache says; a cache is there when it answers whoever has its token. */
const confirm = async (
  context: PhaseContext,
  point: RecoveryPoint,
  { host, port, replicationGroup }: Restore & { state: 'available' },
): Promise<Step> => {
  const token = await readToken(point.source, redisSourceNamed(point.source));
  await using session = await openCache({ source: point.source, host, port, tls: true, token });
  const keys = Number(await session.send('DBSIZE'));
  const pointInTime = point.pointInTime ?? point.scheduledAt;
  const proven = point.status === 'verified';
  const lossSeconds = lossSince(pointInTime, context);
  return { done: true, facts: { host, port, replicationGroup, keys, pointInTime, proven, lossSeconds } };
};

const failed = ({ source, id }: RecoveryPoint, { replicationGroup }: RestoreTarget, status: string) =>
  new CacheRestoreFailed('ElastiCache did not make the cache from its archive.', {
    source,
    recoveryPoint: id,
    expected: `${replicationGroup} available`,
    found: status,
    next: `Look at the events of ${replicationGroup} (aws elasticache describe-events), mend the cause, and delete the group (aws elasticache delete-replication-group --replication-group-id ${replicationGroup}); then start the machine again with the same failoverId.`,
  });
