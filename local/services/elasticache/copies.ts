// Snapshots copied: within the region to another snapshot, or to a file in a bucket.
import { copyFile } from 'node:fs/promises';
import type * as sdk from '@aws-sdk/client-elasticache';
import type { Operation } from '../operation.ts';
import { describeSnapshot } from './describe.ts';
import { invalidCombination } from './errors.ts';
import { startExport } from './exports.ts';
import { demandKey, keyFor } from './keys.ts';
import { demandSnapshot, newFile, newSnapshotName } from './snapshots.ts';
import { arnOf, type ElastiCache, type Snapshot, snapshotNamed } from './state.ts';

interface Copies {
  CopySnapshot: Operation<sdk.CopySnapshotCommandInput, sdk.CopySnapshotCommandOutput>;
}

export const copies = (ec: ElastiCache): Copies => ({
  async CopySnapshot(input, { caller }) {
    const source = snapshotNamed(ec, input.SourceSnapshotName);
    if (input.TargetBucket) {
      if (input.KmsKeyId) throw invalidCombination('KmsKeyId cannot be specified together with TargetBucket.');
      return { Snapshot: await startExport(ec, source, input.TargetBucket, input.TargetSnapshotName ?? '') };
    }
    newSnapshotName(ec, input.TargetSnapshotName);
    const kmsKeyId = input.KmsKeyId ? await keyFor(ec, input.KmsKeyId, caller) : source.kmsKeyId;
    // From here on without a pause, so that of two requests for one name or one source only one is let in.
    const name = newSnapshotName(ec, input.TargetSnapshotName);
    demandSnapshot(source);
    const { job: _, ...facts } = source;
    const copy: Snapshot = {
      ...facts,
      name,
      arn: arnOf(ec.region, 'snapshot', name),
      source: 'manual',
      status: 'creating',
      tags: input.Tags ?? [],
      file: newFile(ec),
      ...(kmsKeyId && { kmsKeyId }),
    };
    ec.snapshots.set(name, copy);
    source.status = 'copying';
    copy.job = ec.jobs.start(
      `copy of snapshot ${name}`,
      async () => {
        try {
          await demandKey(ec, source.kmsKeyId);
          await copyFile(source.file, copy.file);
        } finally {
          source.status = 'available';
        }
        copy.status = 'available';
      },
      () => {
        copy.status = 'failed';
      },
    );
    return { Snapshot: describeSnapshot(copy) };
  },
});
