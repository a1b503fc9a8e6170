// Export tasks: started and described.
import * as sdk from '@aws-sdk/client-rds';
import type { Caller } from '../../types.ts';
import type { Operation } from '../operation.ts';
import { pageOf } from '../pages.ts';
import { codeOf, exportLimitReached, refuseFilters } from './errors.ts';
import { tell } from './events.ts';
import { runExport } from './export-run.ts';
import { checkExportOnly } from './export-tables.ts';
import { keyFor } from './keys.ts';
import { type Rds, type Snapshot, snapshotNamed } from './state.ts';

// "Up to five concurrent DB snapshot export tasks in progress per account" (user guide, read 2026-11-20).
const CONCURRENT_EXPORTS = 5;

interface Exports {
  StartExportTask: Operation<sdk.StartExportTaskCommandInput, sdk.StartExportTaskCommandOutput>;
  DescribeExportTasks: Operation<sdk.DescribeExportTasksCommandInput, sdk.DescribeExportTasksCommandOutput>;
}

export const exports = (rds: Rds): Exports => ({
  async StartExportTask(input, { caller }) {
    const id = input.ExportTaskIdentifier ?? '';
    const snapshot = snapshotNamed(rds, input.SourceArn);
    checkExportOnly(input.ExportOnly ?? []);
    const key = await keyFor(rds, input.KmsKeyId, caller);
    const role = assumeExportRole(rds, input);
    await checkBucket(rds, input, role);
    // From here on without a pause, so that of two requests for one name or the last place only one is let in.
    if (rds.exports.has(id)) {
      const message = `The export task with the ID ${id} already exists.`;
      throw new sdk.ExportTaskAlreadyExistsFault({ message, $metadata: {} });
    }
    checkSource(rds, snapshot);
    if ([...rds.exports.values()].filter(isRunning).length >= CONCURRENT_EXPORTS) throw exportLimitReached();
    const task: sdk.ExportTask = {
      ExportTaskIdentifier: id,
      SourceArn: snapshot.arn,
      SourceType: 'SNAPSHOT',
      ExportOnly: input.ExportOnly,
      SnapshotTime: snapshot.originalCreatedAt,
      TaskStartTime: rds.region.clock.now(),
      S3Bucket: input.S3BucketName,
      S3Prefix: input.S3Prefix,
      IamRoleArn: input.IamRoleArn,
      KmsKeyId: key,
      Status: 'STARTING',
      PercentProgress: 0,
    };
    rds.exports.set(id, task);
    rds.jobs.start(
      `export ${id}`,
      async ({ signal }) => {
        await runExport(rds, task, snapshot, role, signal);
        tell(rds, { kind: 'snapshot', ...snapshot }, 'exportCompleted', 'The snapshot export task completed.');
      },
      (error) => {
        const ended = { Status: 'FAILED', FailureCause: error.message, TaskEndTime: rds.region.clock.now() };
        Object.assign(task, ended);
        tell(rds, { kind: 'snapshot', ...snapshot }, 'exportFailed', 'The snapshot export task failed.');
      },
    );
    return { ...task };
  },

  async DescribeExportTasks(input) {
    const { ExportTaskIdentifier: id, SourceArn: source } = input;
    if (id && !rds.exports.has(id)) throw notFound(id);
    refuseFilters(input.Filters);
    const wanted = [...rds.exports.values()].filter(
      (task) => (!id || task.ExportTaskIdentifier === id) && (!source || task.SourceArn === source),
    );
    const { items, marker } = pageOf(wanted, (task) => task.ExportTaskIdentifier ?? '', input);
    return { ExportTasks: items.map((task) => ({ ...task })), Marker: marker };
  },
});

const isRunning = ({ Status = '' }: sdk.ExportTask): boolean => ['STARTING', 'IN_PROGRESS'].includes(Status);

/** One export of a snapshot at a time, and only of a finished one. @throws {InvalidExportSourceStateFault} */
const checkSource = (rds: Rds, snapshot: Snapshot): void => {
  const busy = [...rds.exports.values()].some((other) => isRunning(other) && other.SourceArn === snapshot.arn);
  if (snapshot.status === 'available' && !busy) return;
  const found = busy ? 'being exported by another task' : snapshot.status;
  throw new sdk.InvalidExportSourceStateFault({ message: `Snapshot ${snapshot.id} is ${found}.`, $metadata: {} });
};

/** @throws {IamRoleNotFoundFault} where the role does not let RDS assume it. */
const assumeExportRole = (rds: Rds, input: sdk.StartExportTaskCommandInput): Caller => {
  const { account, world } = rds.region;
  const options = { actor: 'rds-export', sourceArn: input.SourceArn ?? '', sourceAccount: account };
  try {
    return world.iam.assume(input.IamRoleArn ?? '', 'export.rds.amazonaws.com', options);
  } catch (error) {
    const message = `The principal export.rds.amazonaws.com isn't authorized to call sts:AssumeRole on the IAM role ${input.IamRoleArn}. (${(error as Error).message})`;
    throw new sdk.IamRoleNotFoundFault({ message, $metadata: {} });
  }
};

/** @throws {IamRoleMissingPermissionsFault} {InvalidS3BucketFault} */
const checkBucket = async (rds: Rds, input: sdk.StartExportTaskCommandInput, role: Caller): Promise<void> => {
  const listing = { Bucket: input.S3BucketName, MaxKeys: 1 };
  await rds.region.call('s3', 'ListObjectsV2', listing, role).catch((error: Error) => {
    const message = `The bucket ${input.S3BucketName} cannot be used by ${input.IamRoleArn}: ${error.message}`;
    if (codeOf(error).startsWith('AccessDenied'))
      throw new sdk.IamRoleMissingPermissionsFault({ message, $metadata: {} });
    throw new sdk.InvalidS3BucketFault({ message, $metadata: {} });
  });
};

const notFound = (id: string) =>
  new sdk.ExportTaskNotFoundFault({ message: `Export task ${id} not found.`, $metadata: {} });
