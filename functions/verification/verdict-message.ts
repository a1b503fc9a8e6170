import type { Verdict } from '../../shared/catalog/recovery-point.ts';
import type { Message } from '../../shared/notify/message.ts';
import type { Topic } from '../../shared/notify/topics.ts';
import { differencesIn, type Evidence } from './verdict.ts';

export interface VerdictFacts {
  source: string;
  recoveryPoint?: string;
  /** The moment whose data was tested. */
  since: Date;
  verdict: Verdict;
  reason: string;
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

/** What a verdict is told as; a point that is proven ends both. */
export const TROUBLE: Partial<Record<Verdict, string>> = {
  INCONCLUSIVE: 'verification-inconclusive',
  FAILED: 'verification-failed',
};

const MEANING: Record<Verdict, string> = {
  PROVEN: 'This point restores to what the database held: it can be relied on.',
  INTACT: 'The bytes are what was written; whether they restore was not tested.',
  INCONCLUSIVE: 'Nothing speaks against this point and nothing proves it. The newest proven point is older.',
  FAILED:
    'Do not restore from this point. The newest proven point is older, and what damaged this one may damage the next.',
};

const NEXT: Record<Verdict, string> = {
  PROVEN: 'Nothing.',
  INTACT: 'Verify it by a restore.',
  INCONCLUSIVE:
    'Mend the reason, then start verify-database for this point again; the next scheduled run tries as well.',
  FAILED:
    'Read the evidence, verify the point before this one at once, and compare with the live database before anything expires.',
};

/** What people are told of a verdict. */
export const verdictMessage = ({
  source,
  recoveryPoint,
  since,
  verdict,
  reason,
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
  next: NEXT[verdict],
  ...(TROUBLE[verdict] ? { trouble: TROUBLE[verdict] } : {}),
});

const markOf = (passed: boolean | undefined): string =>
  passed === undefined ? 'not run:' : passed ? 'passed:' : 'FAILED:';
