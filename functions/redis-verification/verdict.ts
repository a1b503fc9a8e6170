// The verdict over one archive, in one place and from evidence alone: what is not there did not happen.
import type { Verdict } from '../../shared/catalog/recovery-point.ts';
import type { Trouble } from '../../shared/verification/troubles.ts';
import type { Comparison } from './comparisons.ts';
import type { Difference } from './differences.ts';

export interface Evidence {
  /** Undefined where there was nothing to restore. */
  recoveryPoint: string | undefined;
  troubles: Trouble[];
  /** Undefined where the restored cache was not read through. */
  comparison: Comparison | undefined;
  minimumKeys: number;
}

export interface Judgement {
  verdict: Verdict;
  reason: string;
  /** Of INCONCLUSIVE: false where to try again would end the same. */
  worthRepeating?: boolean;
}

/** These say that the archive does not open what it should. Everything else that goes wrong says that we could not test. */
const SPEAKS_AGAINST_THE_POINT = new Set([
  'ArchiveMissing',
  'ArtifactDamaged',
  'RdbDamaged',
  'RestoreFailed',
  'CacheLoginRefused',
  'CacheTokenMissing',
]);

export const judge = (evidence: Evidence): Judgement => {
  const { recoveryPoint, troubles, comparison, minimumKeys } = evidence;
  if (recoveryPoint === undefined) return inconclusive('there was no archive to verify', evidence);
  const damning = troubles.find(({ error }) => SPEAKS_AGAINST_THE_POINT.has(error));
  if (damning) return { verdict: 'FAILED', reason: `${damning.step}: ${damning.error}: ${damning.cause}` };
  if (!comparison) return inconclusive('the restored cache was not read through', evidence);
  const { differences, differencesInAll, equal, incomparable, keys, found } = comparison;
  if (differencesInAll > 0) return { verdict: 'FAILED', reason: listed(differences, differencesInAll) };
  if (found < minimumKeys) return { verdict: 'FAILED', reason: `${found} keys; at least ${minimumKeys} were demanded` };
  if (equal === 0)
    return final(`no value could be compared; ${incomparable} keys only their module could compare`, evidence);
  return {
    verdict: 'PROVEN',
    reason: `restored, logged in, ${keys} keys counted by database, type and time, ${equal} values compared equal`,
  };
};

const inconclusive = (what: string, { troubles: [first] }: Evidence, worthRepeating = true): Judgement => ({
  verdict: 'INCONCLUSIVE',
  reason: first ? `${what} (${first.step}: ${first.error}: ${first.cause})` : what,
  worthRepeating,
});

/** Follows from what is in the cache: no attempt changes that. */
const final = (what: string, evidence: Evidence): Judgement => inconclusive(what, evidence, false);

const LISTED = 5;

const listed = (differences: Difference[], all: number): string =>
  differences.slice(0, LISTED).map(lineOf).join('; ') + (all > LISTED ? `; and ${all - LISTED} more` : '');

export const lineOf = ({ kind, of, expected, found }: Difference): string =>
  `${of}: ${kind} (expected ${expected}; found ${found})`;
