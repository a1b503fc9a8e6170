// What every configured check asks of the copy, as SQL: pure, so that each can be read and tested on its own.
import type { Check } from '../config/checks.ts';
import { quoteName, quoteTable, quoteText } from '../postgres/identifiers.ts';

/** Rows of `from` that satisfy `broken` break the rule; `key` names one of them to people. */
export interface Rule {
  from: string;
  broken: string;
  key: string;
  tolerated: number;
  expected: string;
}

export type RuleCheck = Exclude<Check, { kind: 'recent' | 'row-count' | 'extension' | 'query' }>;

/** `keyOf` gives the SQL of a row's primary key for an alias; `time` is the latest moment whose data the copy can hold. */
export const ruleOf = (check: RuleCheck, keyOf: (alias: string) => string, time: Date): Rule => {
  const table = `${quoteTable(check.table)} AS t`;
  const of = (column: string) => `t.${quoteName(column)}`;
  const plain = { from: table, key: keyOf('t'), tolerated: check.tolerated };
  switch (check.kind) {
    case 'orphans': {
      const parents = `(SELECT DISTINCT ${quoteName(check.key)} AS key FROM ${quoteTable(check.references)}) AS r`;
      return {
        ...plain,
        from: `${table} LEFT JOIN ${parents} ON r.key = ${of(check.column)}`,
        broken: `${of(check.column)} IS NOT NULL AND r.key IS NULL`,
        expected: `every ${check.table}.${check.column} is a ${check.references}.${check.key}`,
      };
    }
    case 'not-null':
      return { ...plain, broken: `${of(check.column)} IS NULL`, expected: `no ${check.table}.${check.column} is null` };
    case 'unique':
      return {
        ...plain,
        from: `(SELECT count(*) AS n, min(${keyOf('t')}) AS key FROM ${table} WHERE ${of(check.column)} IS NOT NULL GROUP BY ${of(check.column)}) AS g`,
        broken: 'g.n > 1',
        key: 'g.key',
        expected: `no ${check.table}.${check.column} stands twice`,
      };
    case 'format':
      return {
        ...plain,
        broken: `${of(check.column)}::text !~ ${quoteText(check.pattern)}`,
        expected: `every ${check.table}.${check.column} matches ${check.pattern}`,
      };
    case 'at-least':
      return {
        ...plain,
        broken: `${of(check.column)} < ${Number(check.minimum)}`,
        expected: `no ${check.table}.${check.column} is below ${check.minimum}`,
      };
    case 'not-in-future':
      return {
        ...plain,
        broken: `${of(check.column)} > ${quoteText(time.toISOString())}::timestamptz`,
        expected: `no ${check.table}.${check.column} is later than the recovery point was complete, ${time.toISOString()}`,
      };
    case 'total-matches': {
      const line = quoteName(check.lineKey);
      const sums = `(SELECT l.${line} AS key, sum(${check.amount}) AS total FROM ${quoteTable(check.lines)} AS l GROUP BY 1) AS s`;
      return {
        ...plain,
        from: `${table} LEFT JOIN ${sums} ON s.key = ${of(check.key)}`,
        broken: `${of(check.total)} IS DISTINCT FROM coalesce(s.total, 0)`,
        expected: `every ${check.table}.${check.total} is the sum of ${check.amount} over ${check.lines}`,
      };
    }
  }
};
