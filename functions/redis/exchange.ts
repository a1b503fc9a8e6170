// The bucket in which ElastiCache leaves the files of exports.
import { DeleteObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { s3 } from '../../shared/aws/clients.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { settings } from '../../shared/config/settings.ts';

/** What follows our name: an instance identifier and the ending ("Exporting a backup", ElastiCache user guide, 2026-11). */
const ENDING = /(-\d{4})?\.rdb$/;

export interface ExportedFile {
  key: string;
  bytes: number;
}

/** The file of a point, once it is complete: S3 shows no other. */
export const exportedFile = async ({ nativeId }: RecoveryPoint): Promise<ExportedFile | undefined> => {
  for await (const { file, name } of exportedFiles(nativeId)) if (name === nativeId) return file;
  return undefined;
};

/** Files of exports, with the name that was asked for. */
export async function* exportedFiles(prefix = 'lifeboat-'): AsyncGenerator<{ file: ExportedFile; name: string }> {
  const listing = { Bucket: settings().exchangeBucket, Prefix: prefix };
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3() }, listing)) {
    for (const { Key = '', Size = 0 } of Contents)
      if (ENDING.test(Key)) yield { file: { key: Key, bytes: Size }, name: Key.replace(ENDING, '') };
  }
}

/** Removes what ElastiCache left for a point: it is in the vault, or of no use. */
export const removeExported = async (key: string): Promise<void> => {
  await s3().send(new DeleteObjectCommand({ Bucket: settings().exchangeBucket, Key: key }));
};
