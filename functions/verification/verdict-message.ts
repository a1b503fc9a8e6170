import type { Verdict } from '../../shared/catalog/recovery-point.ts';
import type { Message } from '../../shared/notify/message.ts';
import type { Topic } from '../../shared/notify/topics.ts';
import { ATTEMPTS, pauseAfter } from './attempts.ts';
import { differencesIn, type Evidence } from './verdict.ts';

export interface VerdictFacts {
  source: string;
  recoveryPoint?: string;
  /** The moment whose data was tested. */
  since: Date;
  verdict: Verdict;
  reason: string;
  worthRepeating?: boolean | undefined;
  /** Which attempt this was. */
  attempt: number;
  totals: Record<string, number>;
  evidence: Evidence;
  evidenceUri?: string;
}

const TOPIC: Record<Verdict, Topic> = {
  PROVEN: 'verification',
  INTACT: 'verification',
  INCONCLUSIVE: 'warning',
  FAILED: 'critical',
};

/** What verdicts are told as; a point that is proven ends all of it. */
export const TROUBLES = ['verification-inconclusive', 'verification-given-up', 'verification-failed'] as const;

/** That nothing tries again by itself any more is another trouble than the attempts before it, and told beside them. */
const troubleOf = (verdict: Verdict, attempt: number): { trouble?: (typeof TROUBLES)[number] } => {
  if (verdict === 'FAILED') return { trouble: 'verification-failed' };
  if (verdict !== 'INCONCLUSIVE') return {};
  return { trouble: attempt < ATTEMPTS ? 'verification-inconclusive' : 'verification-given-up' };
};

const MEANING: Record<Verdict, string> = {
  PROVEN: 'This point restores to what the database held: it can be relied on.',
  INTACT: 'The bytes are what was written; whether they restore was not tested.',
  INCONCLUSIVE: 'Nothing speaks against this point and nothing proves it. The newest proven point is older.',
  FAILED:
    'Do not restore from this point. The newest proven point is older, and what damaged this one may damage the next.',
};

const NEXT: Record<Exclude<Verdict, 'INCONCLUSIVE'>, string> = {
  PROVEN: 'Nothing.',
  INTACT: 'Verify it by a restore.',
  FAILED:
    'Read the evidence, verify the point before this one at once, and compare with the live database before anything expires.',
};

const afterInconclusive = (attempt: number, worthRepeating: boolean): string => {
  const pause = pauseAfter(attempt);
  if (!worthRepeating)
    return 'Mend the reason for the backups to come: to try this point again would end the same. The next scheduled run verifies a newer one.';
  if (pause !== undefined)
    return `Mend the reason. It is tried again by itself in ${pause / 60} minutes (attempt ${attempt + 1} of ${ATTEMPTS}), unless a newer verification begins before.`;
  return `Mend the reason, then start verify-database again: after ${ATTEMPTS} attempts only the next scheduled run tries by itself.`;
};

/** What people are told of a verdict. */
export const verdictMessage = ({
  source,
  recoveryPoint,
  since,
  verdict,
  reason,
  worthRepeating = true,
  attempt,
  totals,
  evidence,
  evidenceUri,
}: VerdictFacts): Message => ({
  topic: TOPIC[verdict],
  what: `${source}: ${recoveryPoint ? 'recovery point' : 'verification'} ${verdict}`,
  source,
  ...(recoveryPoint ? { recoveryPoint } : {}),
  since,
  impact: MEANING[verdict],
  evidence: [
    reason,
    ...evidence.checks.map(
      ({ name, severity, result }) =>
        `${markOf(result?.passed)} ${name}${severity === 'warning' ? ' (warning)' : ''}${result && !result.passed ? `: expected ${result.expected}; found ${result.found}` : ''}`,
    ),
    ...differencesIn(evidence)
      .slice(0, 10)
      .map(({ in: name, kind, key = '' }) => `differs: ${name} ${kind} ${key}`.trim()),
    ...(recoveryPoint
      ? [
          `rows compared equal: ${totals.exact ?? 0}; changed while the backup was made, not comparable: ${(totals.undecided ?? 0) + (totals.written ?? 0)}`,
        ]
      : []),
    ...(evidenceUri ? [`all of it: ${evidenceUri}`] : []),
  ],
  next: verdict === 'INCONCLUSIVE' ? afterInconclusive(attempt, worthRepeating) : NEXT[verdict],
  ...troubleOf(verdict, attempt),
});

const markOf = (passed: boolean | undefined): string =>
  passed === undefined ? 'not run:' : passed ? 'passed:' : 'FAILED:';
