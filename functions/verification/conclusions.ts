// Ends a verification: gathers what its steps left, judges, keeps the evidence, records the verdict on the recovery point and
// tells people. Everything before the message can be repeated without harm; the message goes out once more then.
import { z } from 'zod';
import { readPoint } from '../../shared/catalog/catalog.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { now, secondsBetween } from '../../shared/clock.ts';
import { rdsSourceNamed } from '../../shared/config/platform.ts';
import { notify } from '../../shared/notify/notify.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { measureVerdict, type Outcome, recordVerdict } from '../../shared/verification/recording.ts';
import type { Concluded, ConcludeRequest } from '../../shared/verification/requests.ts';
import { findDocument, writeOnce } from '../../shared/verification/step-documents.ts';
import { evidenceKey } from '../../shared/verification/steps.ts';
import { endTroubles } from '../../shared/verification/telling.ts';
import { CheckResult, Comparison, checkKey, comparisonKey, LoginProof, loginKey } from './evidence.ts';
import { Closed } from './fingerprint-document.ts';
import { closedKey } from './fingerprint-keys.ts';
import { findPlan } from './fingerprint-plans.ts';
import { type Evidence, failedChecks, judge, totals } from './verdict.ts';
import { databaseVerdictMessage } from './verdict-message.ts';

const Conclusion = z.strictObject({
  schemaVersion: z.literal(1),
  source: z.string(),
  recoveryPoint: z.string(),
  execution: z.string(),
  startedAt: z.iso.datetime(),
  at: z.iso.datetime(),
  verdict: z.enum(['PROVEN', 'INTACT', 'INCONCLUSIVE', 'FAILED']),
  reason: z.string(),
  worthRepeating: z.boolean().optional(),
  totals: z.record(z.string(), z.number()),
  evidence: z.custom<Evidence>((value) => typeof value === 'object'),
});

/** @throws what S3 or SNS refuse: a verdict that is not recorded or told is none. */
export const conclude = async (request: ConcludeRequest): Promise<Concluded> => {
  const { source, recoveryPoint, execution, startedAt } = request;
  if (!recoveryPoint) return tellNothingToVerify(request);
  const point = await readPoint(recoveryPoint);
  const key = evidenceKey(recoveryPoint, execution);
  const { value, artifact } =
    (await findDocument(key, Conclusion)) ?? (await writeOnce(key, Conclusion, await judged(request, point)));
  const { verdict, reason, worthRepeating } = value;
  await recordVerdict(recoveryPoint, outcomeOf(value), artifact);
  measureVerdict(source, verdict, secondsBetween(new Date(startedAt), new Date(value.at)));
  logger.info('verification ended', { source, recoveryPoint, verdict, reason });
  await notify(
    databaseVerdictMessage({
      ...value,
      attempt: request.attempt,
      since: new Date(point.pointInTime ?? point.startedAt),
      evidenceUri: artifact.uri,
    }),
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

const outcomeOf = ({ at, verdict, reason, execution, evidence }: z.output<typeof Conclusion>): Outcome => ({
  at,
  verdict,
  reason,
  checks: evidence.checks.filter(({ result }) => result !== undefined).length,
  failedChecks: failedChecks(evidence),
  restoreSeconds: evidence.login?.restoreSeconds,
  execution,
});

const judged = async (request: ConcludeRequest, point: RecoveryPoint): Promise<z.output<typeof Conclusion>> => {
  const { source, execution, startedAt } = request;
  const evidence = await gather(request, point);
  const judgement = judge(evidence);
  return {
    schemaVersion: 1,
    source,
    recoveryPoint: point.id,
    execution,
    startedAt,
    at: now().toISOString(),
    ...judgement,
    totals: { ...totals(evidence) },
    evidence,
  };
};

const gather = async ({ source, execution, troubles }: ConcludeRequest, point: RecoveryPoint): Promise<Evidence> => {
  const { checks } = rdsSourceNamed(source);
  const items = await findPlan(point);
  const results = await Promise.all(
    checks.map(async (_, index) => (await findDocument(checkKey(point.id, execution, index), CheckResult))?.value),
  );
  const comparisons: Evidence['comparisons'] = [];
  for (const item of items ? ['schema' as const, ...items.keys()] : []) {
    comparisons.push({
      item,
      finding: (await findDocument(comparisonKey(point.id, execution, item), Comparison))?.value,
    });
  }
  return {
    recoveryPoint: point.id,
    troubles,
    login: (await findDocument(loginKey(point.id, execution), LoginProof))?.value,
    checks: checks.map(({ name, severity }, index) => ({ name, severity, result: results[index] })),
    fingerprintMissing: items ? undefined : (point.fingerprint?.missing ?? 'none were taken when the backup was made'),
    comparisons,
    rowsAtBackup: items ? ((await findDocument(closedKey(point.id, 'after'), Closed))?.value.rows ?? 0) : 0,
  };
};

const tellNothingToVerify = async (request: ConcludeRequest): Promise<Concluded> => {
  const { source, troubles, startedAt, execution, attempt } = request;
  const evidence: Evidence = {
    recoveryPoint: undefined,
    troubles,
    login: undefined,
    checks: [],
    fingerprintMissing: undefined,
    comparisons: [],
    rowsAtBackup: 0,
  };
  const judgement = judge(evidence);
  const { verdict, reason } = judgement;
  measureVerdict(source, verdict, secondsBetween(new Date(startedAt), now()));
  logger.warn('verification ended', { source, execution, verdict, reason });
  await notify(
    databaseVerdictMessage({ source, since: new Date(startedAt), ...judgement, attempt, totals: {}, evidence }),
  );
  return judgement;
};
