// Ends a verification: judges by what its steps left, keeps the evidence, records the verdict on the recovery point and tells people.
// Everything before the message can be repeated without harm; the message goes out once more then.
import { z } from 'zod';
import { mapAtOnce } from '../../shared/at-once.ts';
import { VERDICTS } from '../../shared/catalog/recovery-point.ts';
import { now, secondsBetween } from '../../shared/clock.ts';
import { RestoredPart, restoredKey } from '../../shared/kafka/restore.ts';
import { notify } from '../../shared/notify/notify.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import * as vault from '../../shared/vault/documents.ts';
import { measureVerdict, recordVerdict } from '../../shared/verification/recording.ts';
import type { Concluded, ConcludeRequest } from '../../shared/verification/requests.ts';
import { findDocument, writeOnce } from '../../shared/verification/step-documents.ts';
import { evidenceKey } from '../../shared/verification/steps.ts';
import { endTroubles, type VerdictFacts, verdictMessage } from '../../shared/verification/telling.ts';
import { Plan, Progress, planKey, progressKey } from './documents.ts';
import { checksOf, type Evidence, judge } from './verdict.ts';

const Conclusion = z.strictObject({
  schemaVersion: z.literal(1),
  source: z.string(),
  recoveryPoint: z.string(),
  execution: z.string(),
  startedAt: z.iso.datetime(),
  at: z.iso.datetime(),
  verdict: z.enum(VERDICTS),
  reason: z.string(),
  worthRepeating: z.boolean().optional(),
  evidence: z.strictObject({
    plan: Plan.optional(),
    troubles: z.array(z.strictObject({ step: z.string(), error: z.string(), cause: z.string() })),
    damage: z.array(z.string()),
    checks: z.array(
      z.strictObject({
        name: z.string(),
        severity: z.literal('critical'),
        result: z.strictObject({ expected: z.string(), found: z.string(), passed: z.boolean(), seconds: z.number() }),
      }),
    ),
    /** Reports look for comparisons with the live source here: archives are compared with what they were. */
    comparisons: z.array(z.never()),
  }),
});

/** @throws what S3 or SNS refuse: a verdict that is not recorded or told is none. */
export const conclude = async (request: ConcludeRequest): Promise<Concluded> => {
  const { source, recoveryPoint, execution, startedAt, attempt } = request;
  if (!recoveryPoint) return tellNothingToVerify(request);
  const key = evidenceKey(recoveryPoint, execution);
  const { value, artifact } =
    (await findDocument(key, Conclusion)) ?? (await writeOnce(key, Conclusion, await judged(request, recoveryPoint)));
  const { verdict, reason, worthRepeating, evidence } = value;
  const point = await recordVerdict(
    recoveryPoint,
    {
      ...{ at: value.at, verdict, reason, execution, restoreSeconds: undefined },
      checks: evidence.checks.length,
      failedChecks: evidence.damage.slice(0, 20),
    },
    artifact,
  );
  measureVerdict(source, verdict, secondsBetween(new Date(startedAt), new Date(value.at)));
  logger.info('verification ended', { source, recoveryPoint, verdict, reason });
  const since = new Date(point.pointInTime ?? point.startedAt);
  const found = evidence.checks.map(
    ({ name, result }) => `${result.passed ? 'passed' : 'FAILED'}: ${name}: ${result.found}`,
  );
  await tell({
    ...{ source, recoveryPoint, since, verdict, reason, worthRepeating, attempt, evidenceUri: artifact.uri },
    found: [...evidence.damage.slice(0, 10), ...found.slice(0, 20)],
  });
  if (verdict === 'PROVEN' || verdict === 'INTACT') await endTroubles(source, recoveryPoint);
  return {
    ...{ verdict, reason, recoveryPoint, evidence: artifact.uri },
    ...(worthRepeating === undefined ? {} : { worthRepeating }),
  };
};

const judged = async (request: ConcludeRequest, recoveryPoint: string): Promise<z.output<typeof Conclusion>> => {
  const { source, execution, startedAt, troubles } = request;
  const plan = await vault.findDocument(planKey(recoveryPoint, execution), Plan);
  const groups = await Promise.all(
    (plan?.groups ?? []).map((_, group) => vault.findDocument(progressKey(recoveryPoint, execution, group), Progress)),
  );
  const { restoreId, parts } = plan?.replay ?? { restoreId: '', parts: 0 };
  const numbers = Array.from({ length: parts }, (_, part) => part);
  const replayed = await mapAtOnce(
    numbers,
    async (part) => (await vault.findDocument(restoredKey(restoreId, part), RestoredPart))?.records,
  );
  const evidence: Evidence = { plan, troubles, groups, replayed };
  return {
    ...{ schemaVersion: 1, source, recoveryPoint, execution, startedAt, at: now().toISOString() },
    ...judge(evidence),
    evidence: {
      ...{ plan, troubles, checks: checksOf(evidence), comparisons: [] },
      damage: [...(plan?.incomplete ?? []), ...groups.flatMap((group) => group?.damage ?? [])],
    },
  };
};

const tell = async (facts: Omit<VerdictFacts, 'machine' | 'live'>): Promise<void> => {
  await notify(verdictMessage({ ...facts, machine: 'verify-kafka', live: 'cluster' }));
};

const tellNothingToVerify = async ({
  source,
  troubles,
  startedAt,
  execution,
  attempt,
}: ConcludeRequest): Promise<Concluded> => {
  const judgement = judge({ plan: undefined, troubles, groups: [], replayed: [] });
  const { verdict, reason } = judgement;
  measureVerdict(source, verdict, secondsBetween(new Date(startedAt), now()));
  logger.warn('verification ended', { source, execution, verdict, reason });
  await tell({ source, since: new Date(startedAt), ...judgement, attempt, found: [] });
  return judgement;
};
