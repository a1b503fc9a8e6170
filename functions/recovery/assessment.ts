// The assessment: is the other region lost? Several independent signals, a quorum, and the same answer twice in a row. It
// runs in the region that would take over, and every assessment is kept.
import { z } from 'zod';
import { keysUnder, newestBefore } from '../../shared/catalog/catalog.ts';
import { now, secondsBetween } from '../../shared/clock.ts';
import { rdsSourceNamed } from '../../shared/config/platform.ts';
import type { Recovery } from '../../shared/config/recovery.ts';
import { settings } from '../../shared/config/settings.ts';
import { isStoredArchive } from '../../shared/kafka/newest.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import type { Session } from '../../shared/postgres/session.ts';
import { describeInstance, instanceIn } from '../../shared/rds/instances.ts';
import { openInstance, readLogin } from '../../shared/rds/logins.ts';
import { ASSESSMENTS, Assessment, assessmentKey } from '../../shared/recovery/assessment.ts';
import { isChecked } from '../../shared/redis/archives.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { findDocument, openDocument } from '../../shared/vault/documents.ts';
import { newestBeat } from './canary.ts';
import { recoveryPlan } from './epoch.ts';
import { confirm, judge } from './judgement.ts';
import { actUpon } from './pre-authorised.ts';
import { readinessOf } from './readiness.ts';
import { databaseApiSignal, healthSignals, metricsSignal, probeSignals, replicaSignal } from './signals.ts';

export const AssessRequest = z.strictObject({
  /** Named after its scheduled minute: doubled events make one assessment. Left out, it is one more, of now. */
  scheduledAt: z.iso.datetime().optional(),
});

/** Assessments further apart than this are not "in a row". */
const ROW_SECONDS = 10 * 60;

/** Looks, judges, keeps the assessment, and acts upon it where that is configured. */
export const assess = async (
  { scheduledAt }: z.output<typeof AssessRequest>,
  { signal }: Pick<Work, 'signal'>,
): Promise<Assessment> => {
  const plan = recoveryPlan();
  const at = scheduledAt ? new Date(scheduledAt) : now();
  const standing = await findDocument(assessmentKey(at), Assessment);
  const assessment = standing ?? (await keep(await look(plan, at, signal)));
  await actUpon(plan, assessment, (await assessmentsBefore(new Date(assessment.at)))[0]);
  return assessment;
};

const look = async (plan: Recovery, at: Date, signal: AbortSignal): Promise<Assessment> => {
  await using replica = await openReplica(plan, signal);
  const signals = await Promise.all([
    ...probeSignals(plan),
    databaseApiSignal(plan),
    metricsSignal(plan),
    ...healthSignals(plan),
    replicaSignal(plan, replica.session),
  ]);
  const judgement = judge(signals, plan.assessment.quorum);
  const row = confirm(
    { verdict: judgement.verdict, at: at.toISOString() },
    await assessmentsBefore(at),
    plan.assessment.confirmations,
    ROW_SECONDS,
  );
  return {
    at: at.toISOString(),
    ...judgement,
    signals,
    ...row,
    dataLossSeconds: await dataLoss(plan, at, replica.session),
    readiness: await readinessOf(plan, replica.session),
  };
};

/** The first writer of a scheduled minute wins; its assessment is everybody's. */
const keep = async (assessment: Assessment): Promise<Assessment> => {
  const { value, created } = await openDocument(assessmentKey(new Date(assessment.at)), Assessment, assessment);
  if (created)
    logger.info('assessed', { verdict: value.verdict, confirmed: value.confirmed, confidence: value.confidence });
  return value;
};

/** Those of the last ten minutes or so before a time, newest first. */
export const assessmentsBefore = async (at: Date): Promise<Assessment[]> => {
  const from = new Date(at.getTime() - 2 * ROW_SECONDS * 1000);
  const keys: string[] = [];
  for await (const key of keysUnder(ASSESSMENTS, assessmentKey(from))) if (key < assessmentKey(at)) keys.push(key);
  const documents = await Promise.all(keys.reverse().map((key) => findDocument(key, Assessment)));
  return documents.filter((document) => document !== undefined);
};

interface Replica extends AsyncDisposable {
  /** Why not, where it could not be opened: a signal that could not be asked, not the end of the assessment. */
  session: Session | Error;
}

const openReplica = async ({ database }: Recovery, signal: AbortSignal): Promise<Replica> => {
  const source = rdsSourceNamed(database.source);
  try {
    const instance = await describeInstance(database.source, instanceIn(source, settings().region));
    const login = await readLogin(database.source, source.secret);
    const options = { statementSeconds: 5, signal };
    const session = await openInstance(database.source, instance, source.database, login, options);
    return { session, [Symbol.asyncDispose]: () => session[Symbol.asyncDispose]() };
  } catch (error) {
    const reason = error instanceof Error ? error : new Error(String(error));
    return { session: reason, [Symbol.asyncDispose]: async () => undefined };
  }
};

/** Age of what this region holds of each source: what a failover begun now would lose. */
const dataLoss = async (
  { database, cache, streams }: Recovery,
  at: Date,
  replica: Session | Error,
): Promise<Record<string, number | null>> => {
  const point = await newestBefore(
    database.source,
    at,
    ({ copies, status }) =>
      status !== 'expired' && copies.some((copy) => copy.region === settings().region && copy.status === 'available'),
  );
  const age = (since: Date | undefined): number | null => (since ? Math.max(0, secondsBetween(since, at)) : null);
  const beat = replica instanceof Error ? undefined : await newestBeat(replica);
  const cached = cache && (await newestBefore(cache.source, at, isChecked));
  const archived = streams && (await newestBefore(streams.source, at, isStoredArchive));
  return {
    [database.source]: age(beat ?? (point && new Date(point.pointInTime ?? point.scheduledAt))),
    ...(cache ? { [cache.source]: age(cached && new Date(cached.pointInTime ?? cached.scheduledAt)) } : {}),
    ...(streams ? { [streams.source]: age(archived && new Date(archived.pointInTime ?? archived.scheduledAt)) } : {}),
  };
};
