// The database that takes writes from now on: the replica of this region, promoted once, or, where there is none, the newest
// snapshot that was copied here. Every call looks at the instance as it is and takes the next step.
import { type DBInstance, InvalidDBInstanceStateFault, PromoteReadReplicaCommand } from '@aws-sdk/client-rds';
import { rds } from '../../shared/aws/clients.ts';
import { now } from '../../shared/clock.ts';
import { rdsSourceNamed } from '../../shared/config/platform.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import { findInstance, instanceIn } from '../../shared/rds/instances.ts';
import { openInstance, readLogin } from '../../shared/rds/logins.ts';
import type { Facts } from '../../shared/recovery/documents.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { restoredBy, restoreNewestCopy } from './database-restores.ts';
import { rehearseDatabase } from './drill-database.ts';
import { InstanceUnusable, ReplicaForeign } from './errors.ts';
import { openTo } from './fences.ts';
import { STUCK } from './instance-states.ts';
import type { PhaseContext, Step } from './phases.ts';
import { observeReplica } from './replica-state.ts';

const DAY = 86_400;
const SETTLING = 3;

/** @throws {InstanceUnusable} {ReplicaForeign} {RecoveryPointMissing} and what logging in may throw. */
export const promoteDatabase = async (context: PhaseContext, work: Work): Promise<Step> => {
  if (context.rehearsal) return rehearseDatabase(context, work);
  const { signal } = work;
  const { plan, to, noted } = context;
  const id = instanceIn(rdsSourceNamed(plan.database.source), to);
  const instance = await findInstance(id);
  if (!instance) return restoreNewestCopy(context, id);
  assertUsable(plan.database.source, instance);
  if (instance.DBInstanceStatus !== 'available') return settling(instance);
  if (!instance.ReadReplicaSourceDBInstanceIdentifier) return takeOver(context, instance, signal);
  return noted.observedAt ? promote(context, id) : observeReplica(context, instance, signal);
};

const settling = ({ DBInstanceIdentifier: id, DBInstanceStatus: status }: DBInstance): Step => ({
  done: false,
  waitSeconds: SETTLING,
  found: `${id} is ${status}`,
});

/** It cannot be promoted, either. */
const UNUSABLE = [...STUCK, 'stopped', 'stopping', 'deleting'];

const assertUsable = (
  source: string,
  { DBInstanceIdentifier: id, DBInstanceStatus: status = '' }: DBInstance,
): void => {
  if (!UNUSABLE.includes(status)) return;
  throw new InstanceUnusable('the instance that should take over is in a state it does not leave by itself.', {
    source,
    expected: `${id} available`,
    found: status,
    next: `Mend it, or delete ${id}: then the newest snapshot that was copied here is restored in its place. Start the machine again with the same failoverId.`,
  });
};

/** Asked at most once as long as RDS obeys: an instance that is being promoted is no longer available. */
const promote = async ({ plan, noted, stillHeld }: PhaseContext, id: string): Promise<Step> => {
  const { posture } = rdsSourceNamed(plan.database.source);
  const wait = (found: string, facts: Facts = {}): Step => ({ done: false, waitSeconds: SETTLING, found, facts });
  if (noted.promotionAskedAt && secondsSince(noted.promotionAskedAt) < ASK_AGAIN_SECONDS)
    return wait(`${id} was asked to become a database of its own`);
  await stillHeld();
  try {
    await rds().send(
      new PromoteReadReplicaCommand({
        DBInstanceIdentifier: id,
        // Without a retention it would have no automated backups from the moment it matters most.
        BackupRetentionPeriod: posture.backupRetention / DAY,
        PreferredBackupWindow: posture.window,
      }),
    );
  } catch (error) {
    // Being promoted already, by a call whose answer was lost: the next look tells.
    if (!(error instanceof InvalidDBInstanceStateFault)) throw error;
  }
  logger.info('promotion started', { source: plan.database.source, instance: id });
  return wait(`${id} is being promoted`, { promotionAskedAt: now().toISOString() });
};

/** RDS shows the old state for a moment after it was asked. */
const ASK_AGAIN_SECONDS = 120;
const secondsSince = (time: unknown): number => (now().getTime() - Date.parse(String(time))) / 1000;

/** The last step: it is no standby any more, and the application may log in. */
const takeOver = async (context: PhaseContext, instance: DBInstance, signal: AbortSignal): Promise<Step> => {
  const { plan, noted, stillHeld } = context;
  const { source: name, fence } = plan.database;
  const source = rdsSourceNamed(name);
  const restored = await restoredBy(context, instance);
  // What was not a replica when we came holds data of some other day.
  if (!restored && !noted.observedAt) throw foreign(name, instance);
  await using session = await openInstance(name, instance, source.database, await readLogin(name, source.secret), {
    statementSeconds: 10,
    signal,
    writes: true,
  });
  const { standby, lsn, fork } = await session.row(
    `SELECT pg_is_in_recovery() AS standby, CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_lsn()::text END AS lsn,
       pg_snapshot_xmin(pg_current_snapshot())::text AS fork`,
  );
  if (standby !== 'f') return { done: false, waitSeconds: SETTLING, found: 'the server still replays' };
  await stillHeld();
  const roles = await openTo(session, fence.roles);
  return {
    done: true,
    facts: {
      host: instance.Endpoint?.Address ?? '',
      port: instance.Endpoint?.Port ?? 5432,
      instance: instance.DBInstanceIdentifier ?? '',
      lsn: lsn ?? null,
      // Before the application is let in: what it writes from here on has a later number.
      forkXid: fork ?? null,
      promoted: true,
      promotedAt: now().toISOString(),
      roles,
      ...(restored ?? { how: 'replica' }),
    },
  };
};

const foreign = (source: string, { DBInstanceIdentifier: id }: DBInstance): ReplicaForeign =>
  new ReplicaForeign('the instance that should take over is no replica, and this failover did not make it one.', {
    source,
    expected: `${id} as a replica of the old primary`,
    found: 'a database of its own, promoted or made by somebody else',
    next: `Find out what ${id} holds. If it is of no use, delete it: then the newest snapshot that was copied here is restored in its place. Start the machine again with the same failoverId.`,
  });
