// Snapshots exported: one RDB file per node group, written into a bucket of the region by the service itself.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import * as sdk from '@aws-sdk/client-elasticache';
import type { Operation } from '../operation.ts';
import { describeSnapshot, NODE_GROUP } from './describe.ts';
import { invalidCombination, invalidValue, notOffered } from './errors.ts';
import { demandKey } from './keys.ts';
import { asExporter, demandBucket, demandWriting, explain, type Probe } from './service-access.ts';
import { type ElastiCache, type Snapshot, snapshotNamed } from './state.ts';

/** Permissions the service needs beside s3:PutObject ("Exporting a backup", user guide, read 2026-11). */
const WRITING: Probe[] = [
  ['READ', 'ListObjectsV2'],
  ['READ', 'ListMultipartUploads'],
  ['READ_ACP', 'GetBucketAcl'],
];

interface SnapshotExports {
  CopySnapshot: Operation<sdk.CopySnapshotCommandInput, sdk.CopySnapshotCommandOutput>;
}

export const snapshotExports = (ec: ElastiCache): SnapshotExports => ({
  async CopySnapshot({ SourceSnapshotName, TargetSnapshotName = '', TargetBucket, KmsKeyId }) {
    const source = snapshotNamed(ec, SourceSnapshotName);
    if (!TargetBucket) throw notOffered('CopySnapshot without TargetBucket');
    if (KmsKeyId) throw invalidCombination('KmsKeyId cannot be specified together with TargetBucket.');
    return { Snapshot: await startExport(ec, source, TargetBucket, TargetSnapshotName) };
  },
});

/**
 * Checks the bucket, answers, and writes the file in the background; the snapshot is `copying` until then. An export that
 * fails leaves no file, and nothing else to be seen, as in AWS. @throws {InvalidParameterValueException}
 */
const startExport = async (ec: ElastiCache, source: Snapshot, bucket: string, name: string): Promise<sdk.Snapshot> => {
  const key = keyOf(name);
  await demandBucket(ec, bucket, WRITING);
  demandWriting(ec, bucket, key);
  await demandFree(ec, bucket, key);
  // From here on without a pause, so that of two requests for one source only one is let in.
  if (source.status !== 'available') {
    const message = `Snapshot ${source.name} is not available; it is ${source.status}.`;
    throw new sdk.InvalidSnapshotStateFault({ message, $metadata: {} });
  }
  const { export: fails } = ec.faults;
  ec.faults.export = false;
  const { size } = await stat(source.file);
  source.status = 'copying';
  source.job = ec.jobs.start(
    `export of snapshot ${source.name}`,
    async () => {
      try {
        if (fails) throw new Error('As the test asked.');
        await demandKey(ec, source.kmsKeyId);
        await put(ec, bucket, key, source.file, size);
      } finally {
        source.status = 'available';
      }
    },
    () => undefined,
  );
  return { ...describeSnapshot(source), SnapshotName: name.toLowerCase(), ARN: undefined };
};

/** "ElastiCache adds an instance identifier and .rdb": `my-exported-backup` becomes `my-exported-backup-0001.rdb`. */
const keyOf = (name: string): string => {
  if (name.length < 1 || name.length > 1000)
    throw invalidValue(`TargetSnapshotName has 1 to 1,000 characters: ${name}`);
  return `${name.toLowerCase()}-${NODE_GROUP}.rdb`;
};

const demandFree = async (ec: ElastiCache, bucket: string, key: string): Promise<void> => {
  const found = await asExporter(ec, 'HeadObject', { Bucket: bucket, Key: key }).catch((error: Error) => {
    if (error.name === 'NotFound') return undefined;
    throw invalidValue(explain(bucket, 'READ', error));
  });
  if (found) throw invalidValue(`The S3 bucket ${bucket} already contains an object with key ${key}.`);
};

const put = (ec: ElastiCache, bucket: string, key: string, file: string, size: number): Promise<object> =>
  asExporter(ec, 'PutObject', { Bucket: bucket, Key: key, Body: createReadStream(file), ContentLength: size });
