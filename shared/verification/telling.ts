// What people are told of a verdict, whatever was verified.
import type { Verdict } from '../catalog/recovery-point.ts';
import type { Message } from '../notify/message.ts';
import { recovered } from '../notify/notify.ts';
import type { Topic } from '../notify/topics.ts';
import { ATTEMPTS, pauseAfter } from './attempts.ts';

export interface VerdictFacts {
  source: string;
  recoveryPoint?: string;
  /** The machine that is started to verify again. */
  machine: string;
  /** What the live thing is called that a damaged point is compared with: database, cache. */
  live: string;
  /** The moment whose data was tested. */
  since: Date;
  verdict: Verdict;
  reason: string;
  worthRepeating?: boolean | undefined;
  /** Which attempt this was. */
  attempt: number;
  /** What was found, line by line. */
  found: string[];
  evidenceUri?: string | undefined;
}

const TOPIC: Record<Verdict, Topic> = {
  PROVEN: 'verification',
  INTACT: 'verification',
  INCONCLUSIVE: 'warning',
  FAILED: 'critical',
};

/** What verdicts are told as; a point that is proven ends all of it. */
const TROUBLES = ['verification-inconclusive', 'verification-given-up', 'verification-failed'] as const;

/** That nothing tries again by itself any more is another trouble than the attempts before it, and told beside them. */
const troubleOf = (verdict: Verdict, attempt: number): { trouble?: (typeof TROUBLES)[number] } => {
  if (verdict === 'FAILED') return { trouble: 'verification-failed' };
  if (verdict !== 'INCONCLUSIVE') return {};
  return { trouble: attempt < ATTEMPTS ? 'verification-inconclusive' : 'verification-given-up' };
};

const meaningOf = (verdict: Verdict, live: string): string =>
  ({
    PROVEN: `This point restores to what the ${live} held: it can be relied on.`,
    INTACT: 'The bytes are what was written; whether they restore was not tested.',
    INCONCLUSIVE: 'Nothing speaks against this point and nothing proves it. The newest proven point is older.',
    FAILED:
      'Do not restore from this point. The newest proven point is older, and what damaged this one may damage the next.',
  })[verdict];

const nextOf = ({ verdict, live, machine, attempt, worthRepeating = true }: VerdictFacts): string => {
  switch (verdict) {
    case 'PROVEN':
      return 'Nothing.';
    case 'INTACT':
      return 'Verify it by a restore.';
    case 'FAILED':
      return `Read the evidence, verify the point before this one at once, and compare with the live ${live} before anything expires.`;
    case 'INCONCLUSIVE':
      return afterInconclusive(attempt, worthRepeating, machine);
  }
};

const afterInconclusive = (attempt: number, worthRepeating: boolean, machine: string): string => {
  const pause = pauseAfter(attempt);
  if (!worthRepeating)
    return 'Mend the reason for the backups to come: to try this point again would end the same. The next scheduled run verifies a newer one.';
  if (pause !== undefined)
    return `Mend the reason. It is tried again by itself in ${pause / 60} minutes (attempt ${attempt + 1} of ${ATTEMPTS}), unless a newer verification begins before.`;
  return `Mend the reason, then start ${machine} again: after ${ATTEMPTS} attempts only the next scheduled run tries by itself.`;
};

export const verdictMessage = (facts: VerdictFacts): Message => {
  const { source, recoveryPoint, since, verdict, reason, attempt, found, evidenceUri, live } = facts;
  return {
    topic: TOPIC[verdict],
    what: `${source}: ${recoveryPoint ? 'recovery point' : 'verification'} ${verdict}`,
    source,
    ...(recoveryPoint ? { recoveryPoint } : {}),
    since,
    impact: meaningOf(verdict, live),
    evidence: [reason, ...found, ...(evidenceUri ? [`all of it: ${evidenceUri}`] : [])],
    next: nextOf(facts),
    ...troubleOf(verdict, attempt),
  };
};

/** A point that is proven ends what was told of those that were not. */
export const endTroubles = async (source: string, recoveryPoint: string): Promise<void> => {
  for (const trouble of TROUBLES) await recovered({ source, trouble, evidence: [`PROVEN: ${recoveryPoint}`] });
};
