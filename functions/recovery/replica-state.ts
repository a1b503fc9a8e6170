// What a replica has of its source, noted before it is promoted: afterwards nobody can tell any more.
import type { DBInstance } from '@aws-sdk/client-rds';
import { now, secondsBetween } from '../../shared/clock.ts';
import { rdsSourceNamed } from '../../shared/config/platform.ts';
import { DatabaseUnreachable, QueryTimedOut } from '../../shared/postgres/errors.ts';
import { openInstance, readLogin } from '../../shared/rds/logins.ts';
import type { Facts } from '../../shared/recovery/documents.ts';
import { newestBeat } from './canary.ts';
import type { PhaseContext, Step } from './phases.ts';

/**
 * Where the old primary was fenced while it could be asked, the replica gets `catchUp` to apply what was written there;
 * where not, it has what it has.
 */
export const observeReplica = async (
  context: PhaseContext,
  instance: DBInstance,
  signal: AbortSignal,
): Promise<Step> => {
  const { plan, startedAt, factsOf } = context;
  const fence = factsOf('fence');
  const wanted = fence?.confirmed === true && typeof fence.lsn === 'string' ? fence.lsn : undefined;
  const state = await look(context, instance, wanted, signal);
  const missing = wanted !== undefined && !(state.behindBytes !== null && state.behindBytes <= 0);
  if (missing && secondsBetween(startedAt, now()) < plan.database.catchUp)
    return { done: false, waitSeconds: 1, found: `the replica is behind: ${state.found}` };
  const facts: Facts = {
    observedAt: now().toISOString(),
    replayedLsn: state.lsn,
    oldestXid: state.oldestXid,
    caughtUp: wanted !== undefined && !missing,
    behindBytes: state.behindBytes,
    lossSeconds: wanted !== undefined && !missing ? 0 : lossOf(state.idleSeconds, factsOf('declare')?.downSince, now()),
  };
  return { done: false, waitSeconds: 1, found: `the replica has what it can have: ${state.found}`, facts };
};

interface ReplicaState {
  lsn: string | null;
  /** Transactions from here on may end differently on the two sides; what was before is the same on both. */
  oldestXid: string | null;
  /** What it lacks of the fenced primary; null where there is nothing to compare with. */
  behindBytes: number | null;
  /** Age of the newest commit it has: of the canary's, where one beats. */
  idleSeconds: number | null;
  found: string;
}

const look = async (
  { plan }: PhaseContext,
  instance: DBInstance,
  wanted: string | undefined,
  signal: AbortSignal,
): Promise<ReplicaState> => {
  const { source: name } = plan.database;
  const source = rdsSourceNamed(name);
  const login = await readLogin(name, source.secret);
  try {
    await using session = await openInstance(name, instance, source.database, login, { statementSeconds: 10, signal });
    const { lsn, oldest, behind, idle } = await session.row(
      `SELECT pg_last_wal_replay_lsn()::text AS lsn, pg_snapshot_xmin(pg_current_snapshot())::text AS oldest,
         pg_wal_lsn_diff($1::pg_lsn, pg_last_wal_replay_lsn())::text AS behind,
         extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::text AS idle`,
      [wanted ?? '0/0'],
    );
    const beat = await newestBeat(session);
    const idleSeconds = beat ? secondsBetween(beat, now()) : idle == null ? null : Number(idle);
    const age = idleSeconds === null ? 'of unknown age' : `${Math.round(idleSeconds)} s old`;
    return {
      lsn: lsn ?? null,
      oldestXid: oldest ?? null,
      behindBytes: wanted === undefined || behind == null ? null : Number(behind),
      idleSeconds,
      found: `replayed to ${lsn}${wanted ? ` of ${wanted}` : ''}, newest commit ${age}`,
    };
  } catch (error) {
    // A replica that cannot be read can be promoted all the same; what it lacked is then not known.
    if (!(error instanceof DatabaseUnreachable || error instanceof QueryTimedOut)) throw error;
    return { lsn: null, oldestXid: null, behindBytes: null, idleSeconds: null, found: error.message };
  }
};

/**
 * At most so many seconds of commits are lost: from the newest one the replica has until the region was first found down. What
 * happened between the two was not shipped, if it happened; a region that is in trouble only is still written to.
 */
export const lossOf = (idleSeconds: number | null, downSince: unknown, at: Date): number | null => {
  if (idleSeconds === null) return null;
  const down = typeof downSince === 'string' ? Math.max(0, secondsBetween(new Date(downSince), at)) : 0;
  return Math.max(0, Math.ceil(idleSeconds - down));
};
