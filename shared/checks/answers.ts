// Asks a database what a configured check wants to know. A check that cannot be answered throws; one that was answered says
// what it expected and what it found, whichever way it went.
import type { Check } from '../config/checks.ts';
import { QueryFailed } from '../postgres/errors.ts';
import { quoteName, quoteTable, quoteText } from '../postgres/identifiers.ts';
import type { Session } from '../postgres/session.ts';
import { type RuleCheck, ruleOf } from './rules.ts';

const SAMPLES = 5;

export interface Answer {
  expected: string;
  found: string;
  passed: boolean;
  /** Keys of rows that break the rule; other columns are never shown. */
  samples?: string[];
}

/** What a database is judged against: a copy against its recovery point, a live one against the present. */
export interface Moment {
  /** The moment whose data this is. */
  time: Date;
  /** No row is younger than this. */
  latest: Date;
  /** Rows of a table as they were counted at that time, lowest and highest; empty where nobody counted. */
  countsOf(table: string): Promise<number[]>;
}

// PostgreSQL, appendix A: what was to be read is not there, or its data is not of the kind it should be, or is damaged.
const SPEAKS_AGAINST_DATA = /^(42P01|42703|42883|3F000|22|XX|58)/;

/** What the check asks and what the database answers. */
export const answerCheck = async (check: Check, copy: Session, moment: Moment): Promise<Answer> => {
  try {
    return await ask(check, copy, moment);
  } catch (error) {
    if (!(error instanceof QueryFailed) || !SPEAKS_AGAINST_DATA.test(error.sqlState)) throw error;
    return { expected: 'an answer', found: String(error.facts.found), passed: false };
  }
};

const ask = (check: Check, copy: Session, moment: Moment): Promise<Answer> => {
  switch (check.kind) {
    case 'recent':
      return askRecent(check, copy, moment.time);
    case 'row-count':
      return askRowCount(check, copy, moment);
    case 'extension':
      return askExtension(check, copy);
    case 'query':
      return askQuery(check, copy);
    default:
      return askRule(check, copy, moment.latest);
  }
};

const askRule = async (check: RuleCheck, copy: Session, time: Date): Promise<Answer> => {
  const rule = ruleOf(check, await primaryKeyOf(copy, check.table), time);
  const { examined, broken } = await copy.row(
    `SELECT count(*) AS examined, count(*) FILTER (WHERE ${rule.broken}) AS broken FROM ${rule.from}`,
  );
  const expected = rule.tolerated > 0 ? `${rule.expected} (up to ${rule.tolerated} tolerated)` : rule.expected;
  if (Number(examined) === 0) return { expected, found: 'no rows to check', passed: false };
  const passed = Number(broken) <= rule.tolerated;
  const found = `${broken} of ${examined} rows break the rule`;
  if (broken === '0') return { expected, found, passed };
  const rows = await copy.rows(`SELECT ${rule.key} AS key FROM ${rule.from} WHERE ${rule.broken} LIMIT ${SAMPLES}`);
  return { expected, found, passed, samples: rows.map(({ key }) => key ?? '') };
};

/** SQL that shows a row's primary key, `id=7`; the row's place where the table has none. Other columns are never shown. */
const primaryKeyOf = async (copy: Session, table: string): Promise<(alias: string) => string> => {
  const columns = await copy.rows(
    `SELECT a.attname AS name FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey::int2[])
     WHERE i.indrelid = to_regclass($1) AND i.indisprimary ORDER BY array_position(i.indkey::int2[], a.attnum)`,
    [quoteTable(table)],
  );
  return (alias) =>
    columns
      .map(({ name }) => `${quoteText(`${name}=`)} || ${alias}.${quoteName(name ?? '')}::text`)
      .join(` || ', ' || `) || `'row at ' || ${alias}.ctid::text`;
};

const askRecent = async (check: Extract<Check, { kind: 'recent' }>, copy: Session, time: Date): Promise<Answer> => {
  const column = quoteName(check.column);
  const expected = `the newest ${check.table}.${check.column} lies within ${check.within} s before the recovery point, ${time.toISOString()}`;
  const { newest, age } = await copy.row(
    `SELECT max(${column})::text AS newest, extract(epoch FROM $1::timestamptz - max(${column})::timestamptz)::text AS age FROM ${quoteTable(check.table)}`,
    [time.toISOString()],
  );
  if (newest == null) return { expected, found: 'no rows to check', passed: false };
  const seconds = Math.round(Number(age));
  // Written while the backup was being made, it is a little newer.
  const distance = seconds < 0 ? `${-seconds} s after it` : `${seconds} s before it`;
  return { expected, found: `${newest}, ${distance}`, passed: Number(age) <= check.within };
};

const askRowCount = async (
  check: Extract<Check, { kind: 'row-count' }>,
  copy: Session,
  moment: Moment,
): Promise<Answer> => {
  const counts = await moment.countsOf(check.table);
  const lowest = Math.max(check.minimum, Math.floor(Math.min(...counts) * (1 - check.deviation)));
  const highest = Math.ceil(Math.max(...counts) * (1 + check.deviation));
  const { rows } = await copy.row(`SELECT count(*) AS rows FROM ${quoteTable(check.table)}`);
  const expected = counts.length
    ? `${lowest} to ${highest} rows: ${counts.join(' and ')} were counted when the backup was made`
    : `at least ${check.minimum} rows; none were counted when the backup was made`;
  const passed = counts.length ? Number(rows) >= lowest && Number(rows) <= highest : Number(rows) >= check.minimum;
  return { expected, found: `${rows} rows`, passed };
};

const askExtension = async ({ extension }: Extract<Check, { kind: 'extension' }>, copy: Session): Promise<Answer> => {
  const [row] = await copy.rows('SELECT extversion AS version FROM pg_extension WHERE extname = $1', [extension]);
  return {
    expected: `extension ${extension}`,
    found: row ? `version ${row.version}` : 'it is not installed',
    passed: row !== undefined,
  };
};

const askQuery = async ({ sql, expected }: Extract<Check, { kind: 'query' }>, copy: Session): Promise<Answer> => {
  const rows = await copy.rows(sql);
  const values = Object.values(rows[0] ?? {});
  if (rows.length !== 1 || values.length !== 1)
    return { expected, found: `${rows.length} rows of ${values.length} columns`, passed: false };
  return { expected, found: values[0] ?? 'null', passed: values[0] === expected };
};
