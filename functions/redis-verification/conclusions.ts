// Ends a verification: judges by what its steps left, keeps the evidence, records the verdict on the recovery point and tells
// people. Everything before the message can be repeated without harm; the message goes out once more then.
import { z } from 'zod';
import { VERDICTS } from '../../shared/catalog/recovery-point.ts';
import { now, secondsBetween } from '../../shared/clock.ts';
import { redisSourceNamed } from '../../shared/config/platform.ts';
import { notify } from '../../shared/notify/notify.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { measureVerdict, recordVerdict } from '../../shared/verification/recording.ts';
import type { Concluded, ConcludeRequest } from '../../shared/verification/requests.ts';
import { findDocument, writeOnce } from '../../shared/verification/step-documents.ts';
import { evidenceKey } from '../../shared/verification/steps.ts';
import { endTroubles, type VerdictFacts, verdictMessage } from '../../shared/verification/telling.ts';
import { Comparison, comparisonKey } from './comparisons.ts';
import { type Evidence, judge, lineOf } from './verdict.ts';

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
    recoveryPoint: z.string().optional(),
    troubles: z.array(z.strictObject({ step: z.string(), error: z.string(), cause: z.string() })),
    comparison: Comparison.optional(),
    minimumKeys: z.int(),
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
  const { comparison } = evidence;
  const point = await recordVerdict(
    recoveryPoint,
    {
      at: value.at,
      verdict,
      reason,
      checks: comparison ? 1 : 0,
      failedChecks: (comparison?.differences ?? []).slice(0, 20).map(lineOf),
      restoreSeconds: comparison?.restoreSeconds,
      execution,
    },
    artifact,
  );
  measureVerdict(source, verdict, secondsBetween(new Date(startedAt), new Date(value.at)));
  logger.info('verification ended', { source, recoveryPoint, verdict, reason });
  const since = new Date(point.pointInTime ?? point.startedAt);
  await tell(
    { source, recoveryPoint, since, verdict, reason, worthRepeating, attempt, evidenceUri: artifact.uri },
    comparison,
  );
  if (verdict === 'PROVEN') await endTroubles(source, recoveryPoint);
  return {
    verdict,
    reason,
    recoveryPoint,
    evidence: artifact.uri,
    ...(worthRepeating === undefined ? {} : { worthRepeating }),
  };
};

const judged = async (request: ConcludeRequest, recoveryPoint: string): Promise<z.output<typeof Conclusion>> => {
  const { source, execution, startedAt, troubles } = request;
  const evidence: Evidence = {
    recoveryPoint,
    troubles,
    comparison: (await findDocument(comparisonKey(recoveryPoint, execution), Comparison))?.value,
    minimumKeys: redisSourceNamed(source).checks.minimumKeys,
  };
  return {
    schemaVersion: 1,
    source,
    recoveryPoint,
    execution,
    startedAt,
    at: now().toISOString(),
    ...judge(evidence),
    evidence,
  };
};

type Told = Omit<VerdictFacts, 'machine' | 'live' | 'found'>;

const tell = async (facts: Told, comparison: Comparison | undefined): Promise<void> => {
  const found = comparison
    ? [
        `keys that had to be there: ${comparison.keys}, found: ${comparison.found}`,
        `compared by value: ${comparison.equal} equal, in ${comparison.buckets} of 256 buckets`,
        ...comparison.differences.slice(0, 10).map((difference) => `differs: ${lineOf(difference)}`),
      ]
    : [];
  await notify(verdictMessage({ ...facts, machine: 'verify-redis', live: 'cache', found }));
};

const tellNothingToVerify = async ({
  source,
  troubles,
  startedAt,
  execution,
  attempt,
}: ConcludeRequest): Promise<Concluded> => {
  const judgement = judge({ recoveryPoint: undefined, troubles, comparison: undefined, minimumKeys: 0 });
  const { verdict, reason } = judgement;
  measureVerdict(source, verdict, secondsBetween(new Date(startedAt), now()));
  logger.warn('verification ended', { source, execution, verdict, reason });
  await tell({ source, since: new Date(startedAt), ...judgement, attempt }, undefined);
  return judgement;
};
