import type { Session } from '../../shared/postgres/session.ts';
import type { NotCompared, PlannedTable } from './fingerprint-document.ts';

const TABLES = `
  SELECT n.nspname AS schema, c.relname AS name, c.oid::text AS oid, c.relkind AS kind, c.relpersistence AS persistence,
         coalesce(am.amname, '') AS method, c.relispopulated::text AS populated, pg_relation_filenode(c.oid)::text AS filenode,
         (pg_relation_size(c.oid) / current_setting('block_size')::bigint)::text AS pages,
         (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'))::text AS readable,
         (EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                  AND format_type(a.atttypid, NULL) ~ '^(reg|aclitem)'))::text AS names,
         coalesce((SELECT json_agg(a.attname ORDER BY k.place)::text
                   FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
                   JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
                   WHERE i.indrelid = c.oid AND i.indisprimary AND k.place <= i.indnkeyatts), '[]') AS key
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_am am ON am.oid = c.relam
  WHERE c.relkind IN ('r', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  ORDER BY n.nspname, c.relname`;

/** Tables whose rows can be compared, and the others with the reason why not. Partitions are tables of their own. */
export const readTables = async (session: Session): Promise<{ tables: PlannedTable[]; notCompared: NotCompared[] }> => {
  const tables: PlannedTable[] = [];
  const notCompared: NotCompared[] = [];
  for (const row of await session.rows(TABLES)) {
    const { schema, name, oid, filenode } = row as Record<string, string>;
    const reason = reasonAgainst(row);
    if (reason || !schema || !name || !oid || !filenode) {
      notCompared.push({ name: `${schema}.${name}`, reason: reason ?? 'dropped while the tables were listed' });
    } else {
      tables.push({ schema, name, oid, filenode, pages: Number(row.pages), key: JSON.parse(row.key ?? '[]') });
    }
  }
  const { objects } = await session.row(`SELECT count(*) AS objects FROM pg_largeobject_metadata`);
  if (objects !== '0') notCompared.push({ name: 'large objects', reason: `${objects} of them: not read` });
  return { tables, notCompared };
};

const reasonAgainst = (row: Record<string, string | null>): string | undefined => {
  if (row.kind === 'f') return 'a foreign table: its rows are elsewhere';
  if (row.persistence === 'u') return 'an unlogged table: PostgreSQL empties it when it recovers';
  if (row.persistence === 't') return 'a temporary table';
  if (row.method !== 'heap') return `stored by "${row.method}", whose rows do not name the transaction that wrote them`;
  if (row.populated !== 'true') return 'a materialised view that was never filled';
  if (row.names === 'true')
    return 'a column shows names of other objects (regclass and the like), which may change without the row';
  if (row.readable !== 'true') return 'the login may not read it';
  return undefined;
};
