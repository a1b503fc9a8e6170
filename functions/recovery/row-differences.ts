// Two databases that were one until a failover, compared row by row: which rows only one of them has, and on which side
// they were written after the two parted. Pages of one are compared with the same range of keys of the other, so that
// little is in memory however large the table is.
import { quoteName } from '../../shared/postgres/identifiers.ts';
import type { Session } from '../../shared/postgres/session.ts';
import { LACKING, type TableDifferences } from '../../shared/recovery/rejoin.ts';

export interface Sides {
  /** The database of the region that was left; nobody writes it any more. */
  left: Session;
  /** The one that customers use. */
  living: Session;
  /** Rows written by this transaction or a later one were written after the two parted. Left out, all count as such. */
  partedAt: string | undefined;
}

interface Table {
  /** Quoted, with its schema. */
  name: string;
  /** Columns of the primary key with their types, and the columns both sides have. */
  key: { name: string; type: string }[];
  columns: string[];
}

interface Row {
  digest: string;
  /** Written after the two parted. */
  fresh: boolean;
}

const PAGE = 10_000;
const LISTED = 100;
/** What one call can read within its time; a larger table is compared by hand. */
const MAX_ROWS = 50_000_000;

type Kind = 'same' | Exclude<keyof TableDifferences, 'table' | 'rows' | 'keys' | 'skipped'>;

/** What the living database lacks, or has otherwise: what people have to look at. */
const LISTED_KINDS: readonly Kind[] = LACKING;

/** Of one key: what happened to its row on the two sides since they parted. */
export const classify = (left: Row | undefined, living: Row | undefined): Kind => {
  if (left && living) {
    if (left.digest === living.digest) return 'same';
    if (left.fresh && living.fresh) return 'bothChanged';
    return left.fresh ? 'leftChanged' : living.fresh ? 'livingChanged' : 'unexplained';
  }
  if (left) return left.fresh ? 'leftInserted' : 'livingDeleted';
  return living?.fresh ? 'livingInserted' : 'leftDeleted';
};

/** Tables of either database, sorted; `lifeboat` is our own. */
export const tablesOf = async ({ left, living }: Sides): Promise<string[]> => {
  const list = `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'lifeboat')`;
  const names = [...(await left.rows(list)), ...(await living.rows(list))].map(({ name }) => name ?? '');
  return [...new Set(names)].sort();
};

/** @throws {QueryTimedOut} {DatabaseUnreachable} */
export const compareTable = async (sides: Sides, name: string): Promise<TableDifferences> => {
  const differences = nothing(name);
  const table = await describe(sides, name);
  if (typeof table === 'string') return { ...differences, skipped: table };
  const see = (key: string, left: Row | undefined, living: Row | undefined): void => {
    const kind = classify(left, living);
    if (left) differences.rows += 1;
    if (kind === 'same') return;
    differences[kind] += 1;
    if (LISTED_KINDS.includes(kind) && differences.keys.length < LISTED) differences.keys.push({ kind, key });
  };
  let after: string[] | undefined;
  do {
    const page = await pageOf(sides.left, table, sides.partedAt, after, undefined);
    const last = page.length === PAGE ? page.at(-1)?.key : undefined;
    const rows = new Map(page.map(({ key, row }) => [textOf(key), row]));
    let from = after;
    let read: Page;
    do {
      read = await pageOf(sides.living, table, sides.partedAt, from, last);
      for (const { key, row } of read) {
        see(textOf(key), rows.get(textOf(key)), row);
        rows.delete(textOf(key));
      }
      from = read.at(-1)?.key;
    } while (read.length === PAGE);
    for (const [key, row] of rows) see(key, row, undefined);
    after = last;
  } while (after);
  return differences;
};

const nothing = (table: string): TableDifferences => ({
  table,
  rows: 0,
  leftInserted: 0,
  leftChanged: 0,
  leftDeleted: 0,
  bothChanged: 0,
  livingInserted: 0,
  livingChanged: 0,
  livingDeleted: 0,
  unexplained: 0,
  keys: [],
});

/** The table as both sides have it, or why it cannot be compared. */
const describe = async ({ left, living }: Sides, name: string): Promise<Table | string> => {
  const find = `SELECT (SELECT json_agg(attname ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped)::text AS columns,
      (SELECT json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) ORDER BY k.place)
         FROM pg_index i CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k(number, place)
         JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
         WHERE i.indrelid = c.oid AND i.indisprimary)::text AS key,
      c.reltuples::bigint::text AS rows
    FROM pg_class c WHERE c.oid = to_regclass($1)`;
  const [old] = await left.rows(find, [name]);
  const [now] = await living.rows(find, [name]);
  if (!old || !now) return `only the ${old ? 'left' : 'living'} database has it`;
  if (!old.key || old.key !== now.key) return old.key ? 'its primary key was changed' : 'it has no primary key';
  if (Number(old.rows) > MAX_ROWS) return `it has about ${old.rows} rows, more than the ${MAX_ROWS} that are compared`;
  const others: string[] = JSON.parse(now.columns ?? '[]');
  const columns = (JSON.parse(old.columns ?? '[]') as string[]).filter((column) => others.includes(column));
  return { name, key: JSON.parse(old.key), columns };
};

type Page = { key: string[]; row: Row }[];

/** Rows by key, after one key and up to another, at most a page of them. */
const pageOf = async (
  session: Session,
  { name, key, columns }: Table,
  partedAt: string | undefined,
  after: string[] | undefined,
  upTo: string[] | undefined,
): Promise<Page> => {
  const names = `(${key.map((column) => `t.${quoteName(column.name)}`).join(', ')})`;
  const values: string[] = [];
  const bound = (of: string[]): string =>
    `(${key.map(({ type }, index) => `$${values.push(of[index] ?? '')}::text::${type}`).join(', ')})`;
  const conditions = [
    ...(after ? [`${names} > ${bound(after)}`] : []),
    ...(upTo ? [`${names} <= ${bound(upTo)}`] : []),
  ];
  const fresh = partedAt ? `age(t.xmin) <= age($${values.push(partedAt)}::text::xid8::xid)` : 'true';
  const rows = await session.rows(
    `SELECT ${key.map((column, index) => `t.${quoteName(column.name)}::text AS k${index}`).join(', ')},
       md5(ROW(${columns.map((column) => `t.${quoteName(column)}`).join(', ')})::text) AS digest, ${fresh} AS fresh
     FROM ${name} t ${conditions.length ? `WHERE ${conditions.join(' AND ')}` : ''}
     ORDER BY ${key.map((column) => `t.${quoteName(column.name)}`).join(', ')} LIMIT ${PAGE}`,
    values,
  );
  return rows.map((row) => ({
    key: key.map((_, index) => row[`k${index}`] ?? ''),
    row: { digest: row.digest ?? '', fresh: row.fresh === 't' },
  }));
};

const textOf = (key: readonly string[]): string => (key.length === 1 ? (key[0] ?? '') : JSON.stringify(key));
