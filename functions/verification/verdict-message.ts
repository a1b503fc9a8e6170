import type { Message } from '../../shared/notify/message.ts';
import { type VerdictFacts, verdictMessage } from '../../shared/verification/telling.ts';
import { differencesIn, type Evidence } from './verdict.ts';

type Facts = Omit<VerdictFacts, 'found' | 'machine' | 'live'> & { totals: Record<string, number>; evidence: Evidence };

/** What people are told of a verdict over a database. */
export const databaseVerdictMessage = ({ totals, evidence, ...facts }: Facts): Message =>
  verdictMessage({
    ...facts,
    machine: 'verify-database',
    live: 'database',
    found: [
      ...evidence.checks.map(
        ({ name, severity, result }) =>
          `${markOf(result?.passed)} ${name}${severity === 'warning' ? ' (warning)' : ''}${result && !result.passed ? `: expected ${result.expected}; found ${result.found}` : ''}`,
      ),
      ...differencesIn(evidence)
        .slice(0, 10)
        .map(({ in: name, kind, key = '' }) => `differs: ${name} ${kind} ${key}`.trim()),
      ...(facts.recoveryPoint
        ? [
            `rows compared equal: ${totals.exact ?? 0}; changed while the backup was made, not comparable: ${(totals.undecided ?? 0) + (totals.written ?? 0)}`,
          ]
        : []),
    ],
  });

const markOf = (passed: boolean | undefined): string =>
  passed === undefined ? 'not run:' : passed ? 'passed:' : 'FAILED:';
