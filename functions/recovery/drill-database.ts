// The database of a drill: a copy of the replica as it is now, under a name of its own. A promotion cannot be rehearsed on
// the replica itself, which would be none afterwards; where there is none, the newest snapshot is restored as in a failover.

import {
  CreateDBSnapshotCommand,
  type DBInstance,
  DBInstanceAlreadyExistsFault,
  DBSnapshotAlreadyExistsFault,
  RestoreDBInstanceFromDBSnapshotCommand,
} from '@aws-sdk/client-rds';
import { rds } from '../../shared/aws/clients.ts';
import { snapshotIn } from '../../shared/catalog/snapshots.ts';
import { now, secondsBetween } from '../../shared/clock.ts';
import { rdsSourceNamed } from '../../shared/config/platform.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import { DatabaseUnreachable, QueryTimedOut } from '../../shared/postgres/errors.ts';
import type { Session } from '../../shared/postgres/session.ts';
import { findInstance, instanceIn } from '../../shared/rds/instances.ts';
import { openInstance, readLogin } from '../../shared/rds/logins.ts';
import { privateNetwork, THROWAWAY } from '../../shared/rds/placement.ts';
import type { Facts } from '../../shared/recovery/documents.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { newestBeat } from './canary.ts';
import { newestHere } from './database-restores.ts';
import { copyName, copyTags, demandOurs, findSnapshot } from './drill-copies.ts';
import { InstanceUnusable } from './errors.ts';
import { STUCK } from './instance-states.ts';
import type { PhaseContext, Step } from './phases.ts';

const LOOK_AGAIN_SECONDS = 5;
const waiting = (found: string, facts: Facts = {}): Step => ({
  done: false,
  waitSeconds: LOOK_AGAIN_SECONDS,
  found,
  facts,
});

/** @throws {InstanceUnusable} {CopyForeign} {RecoveryPointMissing} and what logging in may throw. */
export const rehearseDatabase = async (context: PhaseContext, { signal }: Work): Promise<Step> => {
  const { plan, to, failoverId, noted, declaredAt } = context;
  const { source } = plan.database;
  const name = copyName(source, failoverId);
  const copy = await findInstance(name);
  if (copy) return confirm(context, copy, signal);
  if (typeof noted.from === 'string') return restore(context, name, noted.from);
  const replica = await findInstance(instanceIn(rdsSourceNamed(source), to));
  if (replica?.ReadReplicaSourceDBInstanceIdentifier) return copyReplica(context, name, replica, signal);
  const point = await newestHere(source, to);
  const facts = { how: 'snapshot', recoveryPoint: point.id, from: snapshotIn(point, to) ?? null };
  return waiting(`there is no replica: ${point.id} is restored`, { ...facts, momentAt: declaredAt.toISOString() });
};

/** Its snapshot is one of this region: nothing is asked of the database that customers use. */
const copyReplica = async (
  { failoverId, noted, plan, stillHeld }: PhaseContext,
  name: string,
  instance: DBInstance,
  signal: AbortSignal,
): Promise<Step> => {
  const { DBInstanceIdentifier: replica, DBInstanceStatus } = instance;
  if (!noted.momentAt)
    return waiting(`${replica} is copied`, {
      how: 'copy of the replica',
      // What a promotion at this moment would have had. The copy is taken later, and has more.
      beatThen: (await beatOf(plan.database.source, instance, signal))?.toISOString() ?? null,
      momentAt: now().toISOString(),
    });
  const snapshot = await findSnapshot(name);
  if (snapshot) {
    demandOurs(failoverId, name, snapshot.TagList);
    if (snapshot.Status === 'available') return waiting(`${replica} is copied to ${name}`, { from: name });
    if (snapshot.Status === 'failed') throw unusable(name, 'its snapshot failed');
    return waiting(`the snapshot ${name} is ${snapshot.Status}`);
  }
  if (DBInstanceStatus !== 'available') return waiting(`${replica} is ${DBInstanceStatus}: it can be copied later`);
  await stillHeld();
  try {
    await rds().send(
      new CreateDBSnapshotCommand({
        DBInstanceIdentifier: replica,
        DBSnapshotIdentifier: name,
        Tags: copyTags(failoverId),
      }),
    );
  } catch (error) {
    if (!(error instanceof DBSnapshotAlreadyExistsFault)) throw error;
  }
  return waiting(`${replica} is being copied to ${name}`);
};

/** Of the class that the database has, as in a failover: the one configured is for tests. */
const restore = async ({ plan, failoverId, stillHeld }: PhaseContext, name: string, from: string): Promise<Step> => {
  const { source } = plan.database;
  await stillHeld();
  try {
    await rds().send(
      new RestoreDBInstanceFromDBSnapshotCommand({
        DBInstanceIdentifier: name,
        DBSnapshotIdentifier: from,
        ...privateNetwork(rdsSourceNamed(source)),
        ...THROWAWAY,
        Tags: copyTags(failoverId),
      }),
    );
    logger.info('restore for the drill started', { source, instance: name, snapshot: from });
  } catch (error) {
    if (!(error instanceof DBInstanceAlreadyExistsFault)) throw error;
  }
  return waiting(`${name} is being restored from ${from}`);
};

/** It is there once it lets us in, and takes writes; what it holds says what would have been lost. */
const confirm = async (context: PhaseContext, copy: DBInstance, signal: AbortSignal): Promise<Step> => {
  const { plan, noted, failoverId } = context;
  const { DBInstanceIdentifier: name = '', DBInstanceStatus: status = '' } = copy;
  demandOurs(failoverId, name, copy.TagList);
  if (STUCK.includes(status)) throw unusable(plan.database.source, status);
  if (status !== 'available') return waiting(`${name} is ${status}`);
  await using session = await open(plan.database.source, copy, signal);
  const { standby, bytes } = await session.row(
    'SELECT pg_is_in_recovery() AS standby, pg_database_size(current_database())::text AS bytes',
  );
  if (standby !== 'f') return waiting('the copy still replays');
  const beat = await newestBeat(session);
  return {
    done: true,
    facts: {
      host: copy.Endpoint?.Address ?? '',
      port: copy.Endpoint?.Port ?? 5432,
      instance: name,
      bytes: Number(bytes),
      // What was restored from a copy says nothing of how long a promotion takes.
      ...(noted.how === 'snapshot' ? {} : { rehearsal: true }),
      canaryAt: beat?.toISOString() ?? null,
      ...lossOf(beat, noted),
    },
  };
};

/** What would have been lost at the moment that was chosen; the copy has to have at least what was seen then. */
const lossOf = (beat: Date | undefined, { beatThen, momentAt }: Facts): Facts => {
  const then = typeof beatThen === 'string' ? new Date(beatThen) : undefined;
  const last = then ?? beat;
  return {
    lossSeconds: last ? Math.max(0, secondsBetween(last, new Date(String(momentAt)))) : null,
    ...(then && !(beat && beat >= then)
      ? { trouble: `the copy lacks what its replica had: the canary of ${then.toISOString()}` }
      : {}),
  };
};

/** Of a replica that cannot be read now, the copy tells. */
const beatOf = async (name: string, instance: DBInstance, signal: AbortSignal): Promise<Date | undefined> => {
  try {
    await using session = await open(name, instance, signal);
    return await newestBeat(session);
  } catch (error) {
    if (!(error instanceof DatabaseUnreachable || error instanceof QueryTimedOut)) throw error;
    return undefined;
  }
};

const open = async (name: string, instance: DBInstance, signal: AbortSignal): Promise<Session> => {
  const { database, secret } = rdsSourceNamed(name);
  return openInstance(name, instance, database, await readLogin(name, secret), { statementSeconds: 30, signal });
};

const unusable = (source: string, found: string): InstanceUnusable =>
  new InstanceUnusable('RDS could not make the copy for the drill.', {
    source,
    expected: 'a copy that is available',
    found,
    next: 'Look at its events (aws rds describe-events), mend the cause and start another drill: a failover may meet the same.',
  });
