// The two kinds of JSON that RDS writes beside the exported data. Their members are those of real exports in public code
// (read 2026-11-20); there is no reference of them.
import type { ExportTask } from '@aws-sdk/client-rds';
import { parquetTypeOf } from './export-parquet.ts';
import type { ExportTable } from './export-tables.ts';

export interface ExportedTable {
  database: string;
  table: ExportTable;
  bytes: number;
}

/** `export_info_<task>.json` */
export const exportInfo = (task: ExportTask, exportedFilesPath: string) => ({
  exportTaskIdentifier: task.ExportTaskIdentifier,
  sourceArn: task.SourceArn,
  exportOnly: task.ExportOnly ?? [],
  snapshotTime: task.SnapshotTime?.toISOString(),
  taskStartTime: task.TaskStartTime?.toISOString(),
  taskEndTime: task.TaskEndTime?.toISOString(),
  s3Bucket: task.S3Bucket,
  s3Prefix: task.S3Prefix,
  exportedFilesPath,
  iamRoleArn: task.IamRoleArn,
  kmsKeyId: task.KmsKeyId,
  status: task.Status,
  percentProgress: task.PercentProgress,
  totalExportedDataInGB: task.TotalExtractedDataInGB,
});

/** `export_tables_info_<task>_from_<first>_to_<last>.json` */
export const tablesInfo = (exported: ExportedTable[]) => ({
  perTableStatus: exported.map(({ database, table, bytes }) => ({
    tableStatistics: {
      partitioningInfo: { numberOfPartitions: table.parts.length, numberOfCompletedPartitions: table.parts.length },
    },
    schemaMetadata: {
      originalTypeMappings: table.columns.map((column) => ({
        columnName: column.name,
        originalType: column.type,
        expectedExportedType: parquetTypeOf(column).exported,
        originalCharMaxLength: column.maxLength,
        originalNumPrecision: column.precision,
        originalDateTimePrecision: column.datetimePrecision,
      })),
    },
    status: 'COMPLETE',
    sizeGB: bytes / 2 ** 30,
    target: `${database}.${table.schema}.${table.name}`,
  })),
});
