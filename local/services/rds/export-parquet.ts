// Rows of a table as Parquet files of a few megabytes, never more than one of them in memory.
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import type pg from 'pg';
import type { ExportColumn, ExportTable } from './export-tables.ts';

// "Individual Parquet files are usually 1–10 MB in size" (user guide, read 2026-11-20); measured here before compression.
const FILE_BYTES = 10 << 20;
const ROWS_AT_ONCE = 2000;

type Text = string | null;
interface ParquetType {
  /** As export_tables_info names it. */
  exported: string;
  element: {
    type: 'BOOLEAN' | 'INT32' | 'INT64' | 'FLOAT' | 'DOUBLE' | 'BYTE_ARRAY';
    converted_type?: 'INT_16' | 'UTF8';
  };
  value(text: string): unknown;
}

const STRING: ParquetType = {
  exported: 'binary (UTF8)',
  element: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  value: (text) => text,
};

// "PostgreSQL data type mapping to Parquet" (user guide, read 2026-11-20): what is not listed there becomes a string.
const TYPES: Record<string, ParquetType> = {
  bigint: { exported: 'int64', element: { type: 'INT64' }, value: BigInt },
  integer: { exported: 'int32', element: { type: 'INT32' }, value: Number },
  smallint: { exported: 'int32', element: { type: 'INT32', converted_type: 'INT_16' }, value: Number },
  'double precision': { exported: 'double', element: { type: 'DOUBLE' }, value: Number },
  real: { exported: 'float', element: { type: 'FLOAT' }, value: Number },
  boolean: { exported: 'boolean', element: { type: 'BOOLEAN' }, value: (text) => text === 't' },
  bytea: { exported: 'binary', element: { type: 'BYTE_ARRAY' }, value: (text) => Buffer.from(text.slice(2), 'hex') },
};

export const parquetTypeOf = (column: ExportColumn): ParquetType =>
  (column.isDomain ? undefined : TYPES[column.type]) ?? STRING;

/** The files of one part of a table, in the order of its rows. An empty part has none, as in AWS. */
export async function* parquetFiles(client: pg.Client, table: ExportTable, part: string): AsyncGenerator<Uint8Array> {
  const names = table.columns.map(({ name }) => client.escapeIdentifier(name)).join(', ');
  await client.query('begin');
  await client.query(`declare exported no scroll cursor for select ${names} from ${part}`);
  let rows: Text[][] = [];
  let bytes = 0;
  for (;;) {
    const fetched = await client.query<Text[]>({
      text: `fetch ${ROWS_AT_ONCE} from exported`,
      rowMode: 'array',
      types: { getTypeParser: () => (text: string) => text },
    });
    rows.push(...fetched.rows);
    for (const row of fetched.rows) for (const value of row) bytes += value?.length ?? 0;
    const ended = fetched.rows.length < ROWS_AT_ONCE;
    if (rows.length > 0 && (ended || bytes >= FILE_BYTES)) {
      yield encode(table.columns, rows);
      rows = [];
      bytes = 0;
    }
    if (ended) break;
  }
  await client.query('rollback');
}

const encode = (columns: ExportColumn[], rows: Text[][]): Uint8Array => {
  const columnData = columns.map((column, index) => {
    const { value } = parquetTypeOf(column);
    return { name: column.name, data: rows.map((row) => (row[index] == null ? null : value(row[index]))) };
  });
  const elements = columns.map((column) => ({
    name: column.name,
    repetition_type: 'OPTIONAL' as const,
    ...parquetTypeOf(column).element,
  }));
  const schema = [{ name: 'root', num_children: columns.length }, ...elements];
  const compressors = { GZIP: (input: Uint8Array) => gzipSync(input, { level: 1 }) };
  return new Uint8Array(parquetWriteBuffer({ columnData, schema, codec: 'GZIP', compressors }));
};
