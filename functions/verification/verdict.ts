// The verdict over one recovery point, in one place and from evidence alone: what is not there did not happen.
import type { Verdict } from '../../shared/catalog/recovery-point.ts';
import type { Trouble } from '../../shared/verification/troubles.ts';
import type { CheckResult, Comparison, Difference, LoginProof } from './evidence.ts';

/** Everything a verdict is made of. */
export interface Evidence {
  /** Undefined where there was nothing to restore. */
  recoveryPoint: string | undefined;
  troubles: Trouble[];
  login: LoginProof | undefined;
  /** Names of the configured checks, and the result of each that ran, in the same order. */
  checks: { name: string; severity: 'critical' | 'warning'; result: CheckResult | undefined }[];
  /** Why there are no fingerprints; undefined where there are. */
  fingerprintMissing: string | undefined;
  /** Every comparison that was due, and its finding where it was made. */
  comparisons: { item: 'schema' | number; finding: Comparison | undefined }[];
  /** Rows the live database showed when the backup was made. */
  rowsAtBackup: number;
}

export interface Judgement {
  verdict: Verdict;
  reason: string;
  /** Of INCONCLUSIVE: false where to try again would end the same. */
  worthRepeating?: boolean;
}

/** These say that the point does not open what it should. Everything else that goes wrong says that we could not test. */
const SPEAKS_AGAINST_THE_POINT = new Set([
  'SnapshotMissing',
  'KeyUnusable',
  'RestoreFailed',
  'LoginRefused',
  'CredentialMissing',
  'DatabaseMissing',
]);

export const judge = (evidence: Evidence): Judgement => {
  if (evidence.recoveryPoint === undefined) return inconclusive('there was no recovery point to verify', evidence);
  const damning = evidence.troubles.find(({ error }) => SPEAKS_AGAINST_THE_POINT.has(error));
  if (damning) return { verdict: 'FAILED', reason: `${damning.step}: ${damning.error}: ${damning.cause}` };
  const failures = [...failedChecks(evidence), ...differencesIn(evidence).map(describeDifference)];
  if (failures.length > 0) return { verdict: 'FAILED', reason: listed(failures) };
  return judgeCompleteness(evidence);
};

/** Nothing speaks against the point; PROVEN only where all that was due was done. */
const judgeCompleteness = (evidence: Evidence): Judgement => {
  const { login, checks, comparisons, fingerprintMissing, rowsAtBackup } = evidence;
  if (!login) return inconclusive('nobody logged in to a restored copy', evidence);
  if (checks.length === 0) return final('no checks are configured', evidence);
  const critical = checks.filter(({ severity }) => severity === 'critical');
  if (critical.length === 0) return final('no critical checks are configured', evidence);
  const open = critical.filter(({ result }) => result === undefined).map(({ name }) => name);
  if (open.length > 0) return inconclusive(`not answered: ${listed(open)}`, evidence);
  if (fingerprintMissing !== undefined)
    return final(`there are no fingerprints to compare with: ${fingerprintMissing}`, evidence);
  if (comparisons.length === 0) return final('nothing was there to compare', evidence);
  const due = comparisons.filter(({ finding }) => finding === undefined);
  if (due.length > 0) return inconclusive(`${due.length} of ${comparisons.length} comparisons were not made`, evidence);
  const { exact } = totals(evidence);
  if (rowsAtBackup > 0 && exact === 0) return final(`none of ${rowsAtBackup} rows could be compared`, evidence);
  return {
    verdict: 'PROVEN',
    reason: `restored, logged in, ${critical.length} critical checks passed, ${exact} rows compared equal`,
  };
};

const inconclusive = (what: string, { troubles: [first] }: Evidence, worthRepeating = true): Judgement => ({
  verdict: 'INCONCLUSIVE',
  reason: first ? `${what} (${first.step}: ${first.error}: ${first.cause})` : what,
  worthRepeating,
});

/** Follows from the configuration or from how the backup was made: no attempt changes that. */
const final = (what: string, evidence: Evidence): Judgement => inconclusive(what, evidence, false);

/** Critical checks that ran and did not pass, by name. */
export const failedChecks = ({ checks }: Evidence): string[] =>
  checks.flatMap(({ severity, result }) =>
    severity === 'critical' && result && !result.passed
      ? `${result.name} (expected ${result.expected}; found ${result.found})`
      : [],
  );

export const differencesIn = ({ comparisons }: Evidence): Difference[] =>
  comparisons.flatMap(({ finding }) =>
    finding ? [...finding.differences, ...finding.tables.flatMap(({ differences }) => differences)] : [],
  );

const describeDifference = ({ in: name, kind, key, expected, found }: Difference): string =>
  `${name}: ${kind}${key ? ` ${key}` : ''}${expected ? ` (expected ${expected}${found ? `; found ${found}` : ''})` : ''}`;

export interface Totals {
  exact: number;
  oneByOne: number;
  undecided: number;
  written: number;
  objects: number;
  notCompared: number;
}

/** What was compared, and what could not be. */
export const totals = ({ comparisons }: Evidence): Totals => {
  const findings = comparisons.flatMap(({ finding }) => finding ?? []);
  const tables = findings.flatMap((finding) => finding.tables);
  const sum = (of: 'exact' | 'oneByOne' | 'undecided' | 'written') =>
    tables.reduce((total, table) => total + table[of], 0);
  return {
    exact: sum('exact'),
    oneByOne: sum('oneByOne'),
    undecided: sum('undecided'),
    written: sum('written'),
    objects: findings.reduce((total, { objects }) => total + objects, 0),
    notCompared:
      findings.flatMap((finding) => finding.notCompared).length + tables.filter((table) => table.notCompared).length,
  };
};

const LISTED = 5;
const listed = (things: string[]): string =>
  things.slice(0, LISTED).join('; ') + (things.length > LISTED ? `; and ${things.length - LISTED} more` : '');
