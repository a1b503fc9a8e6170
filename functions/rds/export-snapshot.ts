import { lambda } from '../../shared/lambda/lambda.ts';
import { ExportRequest, startExport } from './exports.ts';

/** Exports a snapshot to the vault, whole or chosen tables. Run again for the same time, it finds its own export. */
export const handler = lambda(ExportRequest, startExport);
