// A verdict recorded on its recovery point and as metrics, whatever was verified.
import { changePoint } from '../catalog/catalog.ts';
import type { Artifact, RecoveryPoint, Verdict } from '../catalog/recovery-point.ts';
import { record } from '../telemetry/metrics.ts';
import { executionName } from './steps.ts';

export interface Outcome {
  at: string;
  verdict: Verdict;
  reason: string;
  /** Checks that ran. */
  checks: number;
  failedChecks: string[];
  restoreSeconds: number | undefined;
  execution: string;
}

/** Recorded once per execution, with the document it rests on. */
export const recordVerdict = (recoveryPoint: string, outcome: Outcome, evidence: Artifact): Promise<RecoveryPoint> =>
  changePoint(recoveryPoint, (current) => withVerification(current, outcome, evidence));

/** Only PROVEN moves a point to `verified`, and only FAILED takes that back. */
const withVerification = (point: RecoveryPoint, outcome: Outcome, artifact: Artifact): RecoveryPoint => {
  const execution = executionName(outcome.execution);
  if (point.verifications.some((known) => known.execution === execution)) return point;
  const { restoreSeconds, ...rest } = outcome;
  const verification: RecoveryPoint['verifications'][number] = {
    ...rest,
    execution,
    ...(restoreSeconds === undefined ? {} : { restoreSeconds }),
    evidence: artifact.uri,
  };
  const status =
    outcome.verdict === 'PROVEN'
      ? 'verified'
      : outcome.verdict === 'FAILED' && point.status !== 'started' && point.status !== 'expired'
        ? 'failed'
        : point.status;
  const { failure, ...unfailed } = point;
  return {
    ...unfailed,
    status,
    // What an earlier verification found is told by that verification; a point that is proven has no failure.
    ...(status === 'failed' ? { failure: outcome.verdict === 'FAILED' ? outcome.reason : failure } : {}),
    verifications: [...point.verifications, verification],
    artifacts: [...point.artifacts, artifact],
  };
};

const METRIC = {
  PROVEN: 'VerificationProven',
  FAILED: 'VerificationFailed',
  INCONCLUSIVE: 'VerificationInconclusive',
  INTACT: 'VerificationInconclusive',
} as const;

export const measureVerdict = (source: string, verdict: Verdict, seconds: number): void => {
  record(METRIC[verdict], 1, source);
  record('VerificationDuration', seconds, source);
};
