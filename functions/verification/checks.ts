// Runs one configured check against the restored copy. A check that cannot be answered throws; one that was answered says
// what it expected and what it found, whichever way it went.
import { z } from 'zod';
import { readPoint } from '../../shared/catalog/catalog.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { now, secondsBetween } from '../../shared/clock.ts';
import type { Check } from '../../shared/config/checks.ts';
import { rdsSourceNamed } from '../../shared/config/platform.ts';
import { QueryFailed } from '../../shared/postgres/errors.ts';
import { quoteName, quoteTable, quoteText } from '../../shared/postgres/identifiers.ts';
import type { Session } from '../../shared/postgres/session.ts';
import { type RuleCheck, ruleOf } from './check-rules.ts';
import { openCopy } from './databases.ts';
import { EvidenceMissing } from './errors.ts';
import { CheckResult, checkKey, StepRequest } from './evidence.ts';
import { Closed, PHASES } from './fingerprint-document.ts';
import { closedKey } from './fingerprint-keys.ts';
import { instanceName } from './test-instances.ts';
import { findDocument, writeOnce } from './vault-documents.ts';

export const CheckRequest = StepRequest.extend({ check: z.int().nonnegative() });
export type CheckRequest = z.output<typeof CheckRequest>;

const STATEMENT_SECONDS = 600;
const SAMPLES = 5;

type Answer = Pick<CheckResult, 'expected' | 'found' | 'passed'> & { samples?: string[] };

/** Runs one check and leaves its result in the vault; run again, it finds that. @throws {QueryTimedOut} {DatabaseUnreachable} {LoginRefused} */
export const runCheck = async (
  request: CheckRequest,
  { signal }: { signal: AbortSignal },
): Promise<{ name: string; passed: boolean }> => {
  const { source, recoveryPoint, execution } = request;
  const check = rdsSourceNamed(source).checks[request.check];
  if (!check) {
    throw new EvidenceMissing('the configuration has no such check.', {
      source,
      found: request.check,
      next: 'It was deployed anew while the verification ran: run it again.',
    });
  }
  const key = checkKey(recoveryPoint, execution, request.check);
  const standing = await findDocument(key, CheckResult);
  if (standing) return standing.value;
  const point = await readPoint(recoveryPoint);
  const started = now();
  await using copy = await openCopy(point, instanceName(source, execution), {
    statementSeconds: STATEMENT_SECONDS,
    signal,
    searchPath: 'public',
  });
  const { expected, found, passed, samples = [] } = await answer(check, copy, point);
  const { name, kind, severity } = check;
  const result = {
    name,
    kind,
    severity,
    expected,
    found,
    passed,
    samples,
    at: started.toISOString(),
    seconds: secondsBetween(started, now()),
  };
  return (await writeOnce(key, CheckResult, result)).value;
};

// PostgreSQL, appendix A: what was to be read is not there, or its data is not of the kind it should be, or is damaged.
const SPEAKS_AGAINST_DATA = /^(42P01|42703|42883|3F000|22|XX|58)/;

/** What the check asks and what the copy answers. */
export const answer = async (check: Check, copy: Session, point: RecoveryPoint): Promise<Answer> => {
  try {
    return await ask(check, copy, point);
  } catch (error) {
    if (!(error instanceof QueryFailed) || !SPEAKS_AGAINST_DATA.test(error.sqlState)) throw error;
    return { expected: 'an answer', found: String(error.facts.found), passed: false };
  }
};

const ask = (check: Check, copy: Session, point: RecoveryPoint): Promise<Answer> => {
  const time = new Date(point.pointInTime ?? point.startedAt);
  switch (check.kind) {
    case 'recent':
      return askRecent(check, copy, time);
    case 'row-count':
      return askRowCount(check, copy, point);
    case 'extension':
      return askExtension(check, copy);
    case 'query':
      return askQuery(check, copy);
    default:
      return askRule(check, copy, latestContent(point));
  }
};

/**
 * No row of a snapshot is younger than this. A snapshot's own time is when it was begun, and writes go on while it is
 * taken; it holds what was committed up to some moment before it was available.
 */
const latestContent = (point: RecoveryPoint): Date => new Date(point.storedAt ?? point.pointInTime ?? point.startedAt);

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
  return { expected, found: `${newest}, ${Math.round(Number(age))} s before it`, passed: Number(age) <= check.within };
};

const askRowCount = async (
  check: Extract<Check, { kind: 'row-count' }>,
  copy: Session,
  point: RecoveryPoint,
): Promise<Answer> => {
  const counts = await countsAtBackup(point, check.table);
  const lowest = Math.max(check.minimum, Math.floor(Math.min(...counts) * (1 - check.deviation)));
  const highest = Math.ceil(Math.max(...counts) * (1 + check.deviation));
  const { rows } = await copy.row(`SELECT count(*) AS rows FROM ${quoteTable(check.table)}`);
  const expected = counts.length
    ? `${lowest} to ${highest} rows: ${counts.join(' and ')} were counted when the backup was made`
    : `at least ${check.minimum} rows; none were counted when the backup was made`;
  const passed = counts.length ? Number(rows) >= lowest && Number(rows) <= highest : Number(rows) >= check.minimum;
  return { expected, found: `${rows} rows`, passed };
};

/** Rows of one table as the fingerprints before and after the snapshot counted them; none where there are no fingerprints. */
const countsAtBackup = async (point: RecoveryPoint, table: string): Promise<number[]> => {
  const name = table.includes('.') ? table : `public.${table}`;
  const closed = await Promise.all(
    PHASES.filter((phase) => point.fingerprint?.[phase]).map((phase) =>
      findDocument(closedKey(point.id, phase), Closed),
    ),
  );
  return closed.flatMap((document) => document?.value.tables.find((counted) => counted.name === name)?.rows ?? []);
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
