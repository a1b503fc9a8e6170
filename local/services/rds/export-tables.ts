// Which tables of a database an export contains. What RDS leaves out it leaves out without a word ("Limitations" of
// "Exporting DB snapshot data to Amazon S3", user guide, read 2026-11-20): here likewise.
import { InvalidExportOnlyFault } from '@aws-sdk/client-rds';
import type pg from 'pg';

export interface ExportColumn {
  name: string;
  /** As information_schema calls it. */
  type: string;
  isDomain: boolean;
  maxLength: number;
  precision: number;
  datetimePrecision: number;
}

export interface ExportTable {
  schema: string;
  name: string;
  columns: ExportColumn[];
  /** The table itself, or the leaves of a partitioned one: one batch each. Quoted names. */
  parts: string[];
}

const TABLES = `
  select n.nspname as schema, c.relname as name,
    (select json_agg(json_build_object('name', i.column_name, 'type', i.data_type, 'isDomain', i.domain_name is not null,
        'maxLength', coalesce(i.character_maximum_length, 0), 'precision', coalesce(i.numeric_precision, 0),
        'datetimePrecision', coalesce(i.datetime_precision, 0)) order by i.ordinal_position)
      from information_schema.columns i where i.table_schema = n.nspname and i.table_name = c.relname) as columns,
    case c.relkind when 'p'
      then (select coalesce(json_agg(relid::regclass::text), '[]') from pg_partition_tree(c.oid) where isleaf and relid <> c.oid)
      else json_build_array(c.oid::regclass::text) end as parts
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence = 'p'
    and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'
  order by 1, 2`;

const REFUSED_IN_COLUMNS = /[,;{}()\n\t= ]/;

/** The tables of this database that the request asks for and RDS is able to export. */
export const tablesToExport = async (client: pg.Client, database: string, only: string[]): Promise<ExportTable[]> => {
  const { rows } = await client.query<ExportTable>(TABLES);
  return rows
    .filter((table) => isWanted(only, database, table.schema, table.name))
    .filter((table) => !table.name.includes('/'))
    .filter((table) => !(table.columns ?? []).some((column) => REFUSED_IN_COLUMNS.test(column.name)));
};

const isWanted = (only: string[], database: string, schema: string, table: string): boolean =>
  only.length === 0 ||
  only.some((entry) => [database, `${database}.${schema}`, `${database}.${schema}.${table}`].includes(entry));

/** Partial exports know Latin letters, digits, `$` and `_` only. @throws {InvalidExportOnlyFault} */
export const checkExportOnly = (only: string[]): void => {
  const wrong = only.find((entry) => !/^[\w$]+(\.[\w$]+){0,2}$/.test(entry));
  if (wrong === undefined) return;
  const message = `The export-only value ${wrong} is not database, database.schema or database.schema.table.`;
  throw new InvalidExportOnlyFault({ message, $metadata: {} });
};

/** The part of a key that names a table: what S3 paths cannot carry becomes an underscore. */
export const pathOf = (database: string, table: ExportTable): string =>
  `${database}/${table.schema}.${table.name}`.replaceAll(/[\\`" ]/g, '_');
