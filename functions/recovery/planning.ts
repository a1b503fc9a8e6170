// The plan of a failover into this region, and the runbook written from it. Everything in it is asked or computed; nothing is
// touched but the two documents.
import { z } from 'zod';
import { writeArtifact } from '../../shared/artifacts/artifacts.ts';
import { now } from '../../shared/clock.ts';
import { configuration, kafkaSourceNamed, redisSourceNamed } from '../../shared/config/platform.ts';
import type { Recovery } from '../../shared/config/recovery.ts';
import { settings } from '../../shared/config/settings.ts';
import type { Assessment, Readiness } from '../../shared/recovery/assessment.ts';
import type { Phase } from '../../shared/recovery/documents.ts';
import { Plan, type PlannedPhase, planKey, runbookKey } from '../../shared/recovery/plan.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { assessmentsBefore } from './assessment.ts';
import { pathOf } from './declarations.ts';
import { recoveryPlan } from './epoch.ts';
import { headlineOf } from './headlines.ts';
import { BROKERS, lookAround, neverChecked, type Seen } from './looks.ts';
import { notRecovered } from './not-recovered.ts';
import { expectationOf, pastPhases } from './past-phases.ts';
import { permissionChecker } from './permission-checks.ts';
import { CALLERS, callsOf } from './planned-calls.ts';
import { epochThere, livesHere } from './residence.ts';
import { runbookOf } from './runbook.ts';

export const PlanRequest = z.strictObject({});

export const makePlan = async (): Promise<Plan> => {
  const plan = await look(recoveryPlan());
  const { region } = settings();
  await writeArtifact(planKey(region), JSON.stringify(plan, null, 2));
  const { uri } = await writeArtifact(runbookKey(region), runbookOf(plan, settings().service), {
    contentType: 'text/markdown; charset=utf-8',
  });
  logger.info('plan written', { uri, headline: plan.headline });
  return plan;
};

const look = async (recovery: Recovery): Promise<Plan> => {
  const { platform } = configuration();
  const { region: to, peer } = settings();
  const at = now();
  const [assessment] = await assessmentsBefore(at);
  const seen = await lookAround(recovery);
  const phases = await phasesOf(recovery, seen);
  const plan = {
    ...{ at: at.toISOString(), platform, from: peer.region, to },
    phases,
    expected: expectedOf(phases, recovery),
    assessedAt: assessment?.at ?? null,
    dataLoss: dataLossOf(recovery, assessment),
    readiness: [...ofTheAssessment(assessment), ...seen.readiness],
    quotas: seen.quotas,
    notChecked: [
      ...(assessment
        ? []
        : ['data loss, and whether the replica answers: nothing was assessed in the last 20 minutes']),
      ...seen.notChecked,
      ...neverChecked(recovery),
    ],
    notRecovered: notRecovered(configuration(), recovery),
  };
  return Plan.parse({ ...plan, headline: headlineOf(plan, await residence()) });
};

/** As the machine goes through them. */
const phasesOf = async (recovery: Recovery, { situation }: Seen): Promise<PlannedPhase[]> => {
  const past = await pastPhases();
  const check = permissionChecker();
  const phases: PlannedPhase[] = [];
  for (const phase of ['declare', 'approve', ...pathOf(recovery), 'announce'] satisfies Phase[]) {
    const caller = CALLERS[phase];
    phases.push({
      ...{ phase, function: caller },
      calls: await check(caller, callsOf(phase, situation)),
      ...expectationOf(phase, recovery, past),
    });
  }
  return phases;
};

/** Phases one after the other, database, cache, streams and infrastructure at once, up to the moment at which customers are served. */
const expectedOf = (phases: readonly PlannedPhase[], { objectives }: Recovery): Plan['expected'] => {
  const secondsOf = (of: Phase): number => phases.find(({ phase }) => phase === of)?.expectedSeconds ?? 0;
  const inTurn = (['declare', 'approve', 'fence', 'workloads', 'dns', 'health'] as const).map(secondsOf);
  const atOnce = Math.max(...(['database', 'cache', 'streams', 'infrastructure'] as const).map(secondsOf));
  return {
    rtoSeconds: inTurn.reduce((sum, seconds) => sum + seconds, atOnce),
    decidingSeconds: secondsOf('approve'),
    objectiveSeconds: objectives.rto,
  };
};

/** Caches and streams have objectives of their own: they are backed up now and then. */
const dataLossOf = (
  { database, cache, streams, objectives }: Recovery,
  assessment: Assessment | undefined,
): Plan['dataLoss'] => {
  const sources: [string, number][] = [
    [database.source, objectives.rpo],
    ...(cache ? [[cache.source, redisSourceNamed(cache.source).objectives.rpo] as [string, number]] : []),
    ...(streams ? [[streams.source, kafkaSourceNamed(streams.source).objectives.rpo] as [string, number]] : []),
  ];
  return sources.map(([source, objectiveSeconds]) => {
    const seconds = assessment?.dataLossSeconds[source] ?? null;
    return { source, seconds, objectiveSeconds, late: seconds === null || seconds > objectiveSeconds };
  });
};

/** What an assessment knows and a plan does not ask: what the replica says of itself, and what brokers answer. */
const ofTheAssessment = (assessment: Assessment | undefined): Readiness =>
  (assessment?.readiness ?? []).filter(({ step }) => step.startsWith('promote ') || step.startsWith(BROKERS));

const residence = async (): Promise<boolean | 'unknown'> => {
  const there = await epochThere();
  return there === 'unknown' ? there : livesHere(there);
};
