// Digests of rows by where they stand: a row version never moves until its table is rewritten, so buckets are runs of
// pages. That needs no key, reads in order, and finds the rows of one bucket without a search.
import { quoteName } from '../../shared/postgres/identifiers.ts';
import type { Session } from '../../shared/postgres/session.ts';
import type { Bucket, PlannedTable, RowDigest } from './fingerprint-document.ts';
import { oldRow } from './horizon.ts';

/** 64 KiB: some hundred rows of an ordinary table. */
export const PAGES_PER_BUCKET = 8;
/** Pages one statement reads: 16 MiB, below a second, so that no snapshot is held and vacuum is not held back. */
const PAGES_PER_STATEMENT = 2048;
const UNSIGNED = 64;

/** Pages from `fromPage` to before `toPage`; null reads to the end, however far that is by then. */
export interface Pages {
  fromPage: number;
  toPage: number | null;
}

export interface Reading {
  session: Session;
  table: PlannedTable;
  horizon: bigint;
  /** Fixed for a restored copy, where nothing runs; on a live server each statement has its own. */
  next?: bigint;
  signal?: AbortSignal;
  /** Seconds of rest after each statement. */
  pauseSeconds?: number;
}

export const nameOf = ({ schema, name }: PlannedTable): string => `${quoteName(schema)}.${quoteName(name)}`;

const between = ({ fromPage, toPage }: Pages): string =>
  `ctid >= '(${fromPage},0)'::pg_catalog.tid${toPage === null ? '' : ` AND ctid < '(${toPage},0)'::pg_catalog.tid`}`;

// OFFSET 0 keeps the planner from writing out the row twice. The row's text holds every column; xmin names its writer.
const rowsOf = ({ table, horizon, next }: Reading, pages: Pages, key: string): string => `
  SELECT page, place, xmin, key, old, pg_catalog.hashtextextended(body, 1) AS d1, pg_catalog.hashtextextended(body, 2) AS d2
  FROM (SELECT (t.ctid::text::pg_catalog.point)[0]::bigint AS page, t.ctid::text AS place, t.xmin::text AS xmin, ${key} AS key,
               ${oldRow('t.xmin', horizon, next)} AS old, t.xmin::text || ' ' || (t.*)::text COLLATE "C" AS body
        FROM ONLY ${nameOf(table)} AS t WHERE ${between(pages)} OFFSET 0) AS r`;

/** Buckets that hold old rows, in order, and how many rows are visible in all. */
export const readBuckets = async (reading: Reading, pages: Pages): Promise<{ buckets: Bucket[]; total: number }> => {
  const buckets: Bucket[] = [];
  let total = 0;
  for (const part of statementsOf(pages, reading.table.pages)) {
    reading.signal?.throwIfAborted();
    const rows = await reading.session.rows(`
      SELECT page / ${PAGES_PER_BUCKET} AS index, count(*) AS total, count(*) FILTER (WHERE old) AS rows,
             sum(d1) FILTER (WHERE old) AS d1, sum(d2) FILTER (WHERE old) AS d2
      FROM (${rowsOf(reading, part, 'NULL')}) AS d GROUP BY 1 ORDER BY 1`);
    for (const row of rows) {
      total += Number(row.total);
      if (row.rows === '0') continue;
      buckets.push({ index: Number(row.index), rows: Number(row.rows), d1: unsigned(row.d1), d2: unsigned(row.d2) });
    }
    if (reading.pauseSeconds) await reading.session.rows('SELECT pg_catalog.pg_sleep($1)', [reading.pauseSeconds]);
  }
  return { buckets, total };
};

/** A row with what names it to people: its key, or its place where the table has none. */
export interface NamedRow extends RowDigest {
  place: string;
  xmin: string;
  /** As people write it: `id=7`, or the row's place where the table has no primary key. */
  key: string;
  keyValues: string[];
}

/** The old rows of the given buckets, bucket by bucket. */
export async function* readRows(reading: Reading, indexes: readonly number[]): AsyncGenerator<NamedRow> {
  for (const run of runsOf(indexes)) {
    reading.signal?.throwIfAborted();
    const pages = { fromPage: run.from * PAGES_PER_BUCKET, toPage: run.to * PAGES_PER_BUCKET };
    const rows = await reading.session.rows(
      `SELECT page / ${PAGES_PER_BUCKET} AS index, place, xmin, key, d1, d2
       FROM (${rowsOf(reading, pages, keyOf(reading.table))}) AS d WHERE old ORDER BY 1`,
    );
    for (const { index, place, xmin, key, d1, d2 } of rows) {
      const keyValues: string[] = JSON.parse(key ?? '[]');
      const named = keyValues.map((value, at) => `${reading.table.key[at]}=${value}`).join(', ') || `row at ${place}`;
      yield {
        index: Number(index),
        place: place ?? '',
        xmin: xmin ?? '',
        key: named,
        keyValues,
        d1: unsigned(d1),
        d2: unsigned(d2),
      };
    }
  }
}

/** Primary key values as text; a table without a key has none. */
const keyOf = ({ key }: PlannedTable): string =>
  `pg_catalog.json_build_array(${key.map((column) => `t.${quoteName(column)}::text`).join(', ')})::text`;

/** Whether the table still is the one that was planned, in the same file: only then no row of it can have moved. */
export const isSameFile = async ({ session, table }: Reading): Promise<'same' | 'rewritten' | 'dropped'> => {
  const { oid, filenode } = await session.row(
    `SELECT pg_catalog.to_regclass($1)::pg_catalog.oid::text AS oid,
            pg_catalog.pg_relation_filenode(pg_catalog.to_regclass($1))::text AS filenode`,
    [nameOf(table)],
  );
  if (oid !== table.oid) return 'dropped';
  return filenode === table.filenode ? 'same' : 'rewritten';
};

/** Statements of bounded size over a range of pages; the last one of an open range has no end. */
const statementsOf = function* (pages: Pages, known: number): Generator<Pages> {
  const end = pages.toPage ?? Math.max(known, pages.fromPage);
  let fromPage = pages.fromPage;
  for (; fromPage + PAGES_PER_STATEMENT < end; fromPage += PAGES_PER_STATEMENT) {
    yield { fromPage, toPage: fromPage + PAGES_PER_STATEMENT };
  }
  yield { fromPage, toPage: pages.toPage };
};

/** Neighbouring buckets together, up to what one statement may read. */
const runsOf = (indexes: readonly number[]): { from: number; to: number }[] => {
  const runs: { from: number; to: number }[] = [];
  for (const index of [...indexes].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last && index === last.to && (last.to - last.from) * PAGES_PER_BUCKET < PAGES_PER_STATEMENT)
      last.to = index + 1;
    else runs.push({ from: index, to: index + 1 });
  }
  return runs;
};

const unsigned = (text: string | null | undefined): bigint => BigInt.asUintN(UNSIGNED, BigInt(text ?? '0'));
