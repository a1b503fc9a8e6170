// The schema as a list of definitions. `version` is the transaction that wrote the catalogue row: two equal readings then
// mean that nothing changed in between, not that it changed and changed back.
import { createHash } from 'node:crypto';
import type { Session } from '../../shared/postgres/session.ts';
import type { Definition, Sequence } from './fingerprint-document.ts';

const OURS = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;
const notOfExtension = (catalog: string, oid: string): string =>
  `NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '${catalog}'::regclass AND e.objid = ${oid} AND e.deptype = 'e')`;

/** Every type a table's columns lead to, so that a renamed label of an enum changes the tables that show it. */
const LABELS = `
  WITH RECURSIVE uses(relation, type) AS (
    SELECT attrelid, atttypid FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped
    UNION
    SELECT u.relation, next.type FROM uses u JOIN pg_type t ON t.oid = u.type CROSS JOIN LATERAL (
      SELECT t.typelem UNION ALL SELECT t.typbasetype
      UNION ALL SELECT a.atttypid FROM pg_attribute a WHERE a.attrelid = t.typrelid AND t.typrelid <> 0 AND a.attnum > 0
      UNION ALL SELECT r.rngsubtype FROM pg_range r WHERE t.oid IN (r.rngtypid, r.rngmultitypid)) AS next(type)
    WHERE next.type <> 0)
  SELECT u.relation, string_agg(e.enumtypid || ':' || e.enumlabel, ',' ORDER BY e.enumtypid, e.enumsortorder) AS labels
  FROM uses u JOIN pg_enum e ON e.enumtypid = u.type GROUP BY u.relation`;

const DEFINITIONS = [
  `SELECT 'table' AS kind, n.nspname || '.' || c.relname AS name,
          c.relkind::text || c.relpersistence::text || coalesce(max(l.labels), '') || max(concat(pg_get_expr(c.relpartbound, c.oid), pg_get_partkeydef(c.oid))) || string_agg(concat_ws(' ', a.attnum, a.attname, format_type(a.atttypid, a.atttypmod),
            a.attnotnull, a.attidentity, a.attgenerated, a.attisdropped, a.attcollation::regcollation, pg_get_expr(d.adbin, d.adrelid)), ',' ORDER BY a.attnum) AS body,
          max(c.xmin::text) || ',' || string_agg(a.xmin::text, ',' ORDER BY a.attnum) AS version
   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
   LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum LEFT JOIN (${LABELS}) l ON l.relation = c.oid
   WHERE c.relkind IN ('r', 'p', 'm', 'f') AND c.relpersistence <> 't' AND ${OURS} GROUP BY n.nspname, c.relname, c.relkind, c.relpersistence`,
  `SELECT 'constraint', n.nspname || '.' || coalesce(c.relname, t.typname) || '.' || k.conname, pg_get_constraintdef(k.oid) || k.convalidated, k.xmin::text
   FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace LEFT JOIN pg_class c ON c.oid = k.conrelid LEFT JOIN pg_type t ON t.oid = k.contypid WHERE ${OURS}`,
  `SELECT 'index', n.nspname || '.' || c.relname, pg_get_indexdef(c.oid) || i.indisvalid, i.xmin::text
   FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relpersistence <> 't' AND ${OURS}`,
  `SELECT 'view', n.nspname || '.' || c.relname, pg_get_viewdef(c.oid), r.xmin::text
   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_rewrite r ON r.ev_class = c.oid AND r.rulename = '_RETURN' WHERE ${OURS}`,
  `SELECT 'function', n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', pg_get_functiondef(p.oid), p.xmin::text
   FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.prokind <> 'a' AND ${OURS} AND ${notOfExtension('pg_proc', 'p.oid')}`,
  `SELECT 'trigger', n.nspname || '.' || c.relname || '.' || t.tgname, pg_get_triggerdef(t.oid) || t.tgenabled::text, t.xmin::text
   FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND ${OURS}`,
  `SELECT 'type', n.nspname || '.' || t.typname, concat_ws(' ', t.typtype, format_type(nullif(t.typbasetype, 0), t.typtypmod), t.typnotnull, t.typdefault,
            (SELECT string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid)),
          t.xmin::text || coalesce((SELECT string_agg(e.xmin::text, ',' ORDER BY e.oid) FROM pg_enum e WHERE e.enumtypid = t.oid), '')
   FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype IN ('e', 'd') AND ${OURS}`,
  `SELECT 'extension', e.extname::text, e.extversion, e.xmin::text FROM pg_extension e`,
  `SELECT 'sequence', n.nspname || '.' || c.relname, concat_ws(' ', format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle), s.xmin::text
   FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relpersistence <> 't' AND ${OURS}`,
].join('\nUNION ALL\n');

/** Tables, constraints, indexes, views, functions, triggers, types, extensions and sequences. Owners and grants are not read. */
export const readDefinitions = async (session: Session): Promise<Definition[]> => {
  const rows = await session.rows(
    `SELECT kind, name, body, version FROM (${DEFINITIONS}) AS d(kind, name, body, version) ORDER BY 1, 2`,
  );
  return rows.map(({ kind, name, body, version }) => ({
    kind: kind ?? '',
    name: name ?? '',
    digest: createHash('sha256')
      .update(body ?? '')
      .digest('hex')
      .slice(0, 32),
    version: createHash('sha256')
      .update(version ?? '')
      .digest('hex')
      .slice(0, 16),
  }));
};

const SEQUENCES = `
  SELECT schemaname || '.' || sequencename AS name, last_value::text AS value, increment_by::text AS increment, cache_size::text AS cache, cycle::text AS cycle
  FROM pg_sequences WHERE schemaname !~ '^pg_' ORDER BY 1`;

export const readSequences = async (session: Session): Promise<Sequence[]> =>
  (await session.rows(SEQUENCES)).map(({ name, value, increment, cache, cycle }) => ({
    name: name ?? '',
    value: value ?? null,
    increment: increment ?? '1',
    cache: cache ?? '1',
    cycle: cycle === 'true',
  }));
