// Snapshots copied within a region or from another one.
import * as sdk from '@aws-sdk/client-rds';
import { copyCluster } from '../../engines/postgres.ts';
import type { Region } from '../../types.ts';
import type { Operation } from '../operation.ts';
import { describeSnapshot } from './describe.ts';
import { invalidCombination } from './errors.ts';
import { tell } from './events.ts';
import { isKeyUsable, keyFor, notAccessible } from './keys.ts';
import { newSnapshotDirectory, newSnapshotId } from './snapshots.ts';
import { arnOf, type Rds, rdsIn, type Snapshot, snapshotNamed } from './state.ts';

// "Cross-region snapshot copies in progress: 20 per destination region and account" (user guide, "Copying a DB snapshot").
const COPIES_IN_FLIGHT = 20;

interface Copies {
  CopyDBSnapshot: Operation<sdk.CopyDBSnapshotCommandInput, sdk.CopyDBSnapshotCommandOutput>;
}

export const copies = (rds: Rds): Copies => ({
  async CopyDBSnapshot(input, { caller }) {
    const from = regionOf(rds.region, input.SourceDBSnapshotIdentifier);
    const source = sourceIn(from, input.SourceDBSnapshotIdentifier);
    const abroad = from !== rds.region;
    if (abroad && source.settings.encrypted && !input.KmsKeyId) {
      throw invalidCombination(
        'KmsKeyId of the destination region is required to copy an encrypted snapshot across regions.',
      );
    }
    if (!(await isKeyUsable(from, source.settings.kmsKeyId))) throw notAccessible(source.settings.kmsKeyId);
    const encrypted = source.settings.encrypted || input.KmsKeyId !== undefined;
    const kmsKeyId = input.KmsKeyId ? await keyFor(rds, input.KmsKeyId, caller) : source.settings.kmsKeyId;
    // From here on without a pause, so that of two requests for one name or the last place only one is let in.
    const id = newSnapshotId(rds, input.TargetDBSnapshotIdentifier);
    if (source.status !== 'available') {
      const message = `Snapshot ${source.id} is not available; it is ${source.status}.`;
      throw new sdk.InvalidDBSnapshotStateFault({ message, $metadata: {} });
    }
    if (abroad && inFlight(rds) >= COPIES_IN_FLIGHT) {
      const message = `Cannot copy more than ${COPIES_IN_FLIGHT} snapshots across regions`;
      throw new sdk.SnapshotQuotaExceededFault({ message, $metadata: {} });
    }
    const copy: Snapshot = {
      ...source,
      id,
      arn: arnOf(rds.region, 'snapshot', id),
      type: 'manual',
      status: 'creating',
      percent: 0,
      settings: { ...source.settings, encrypted, ...(kmsKeyId ? { kmsKeyId } : {}) },
      tags: [...(input.CopyTags ? source.tags : []), ...(input.Tags ?? [])],
      directory: newSnapshotDirectory(rds),
      createdAt: rds.region.clock.now(),
      source: { arn: source.arn, region: from.name },
    };
    delete copy.job;
    rds.snapshots.set(id, copy);
    startCopy(rds, source, from, copy);
    return { DBSnapshot: describeSnapshot(copy) };
  },
});

const startCopy = (rds: Rds, source: Snapshot, from: Region, copy: Snapshot): void => {
  const { clock, name: here } = rds.region;
  const told = { kind: 'snapshot', ...copy } as const;
  const abroad = from !== rds.region;
  const where = abroad ? `from region ${from.name}` : `in region ${here}`;
  const begun = clock.now().getTime();
  tell(rds, told, abroad ? 'regionCopyStarted' : 'localCopyStarted', `Started copy of snapshot ${source.id} ${where}`);
  copy.job = rds.jobs.start(
    `copy of snapshot ${copy.id}`,
    async ({ signal }) => {
      await copyCluster(source.directory, copy.directory, signal);
      // Blocks were read through the source's region and key and written under the copy's: all must have been there until now.
      if (!from.alive) throw new Error(`Region ${from.name} is not reachable.`);
      if (!(await isKeyUsable(from, source.settings.kmsKeyId))) throw notAccessible(source.settings.kmsKeyId);
      if (!(await isKeyUsable(rds.region, copy.settings.kmsKeyId))) throw notAccessible(copy.settings.kmsKeyId);
      copy.percent = 100;
      copy.status = 'available';
      const minutes = Math.round((clock.now().getTime() - begun) / 60_000);
      const message = `Finished copy of snapshot ${source.id} ${where}${abroad ? ` in ${minutes} minutes` : ''}`;
      tell(rds, told, abroad ? 'regionCopyFinished' : 'localCopyFinished', message);
    },
    (error) => {
      copy.status = 'failed';
      const message = `Canceled snapshot copy request of ${source.id} ${where}. ${error.message}`;
      tell(rds, told, abroad ? 'regionCopyCanceled' : 'localCopyCanceled', message);
    },
  );
};

const inFlight = (rds: Rds): number =>
  [...rds.snapshots.values()].filter(
    (snapshot) => snapshot.status === 'creating' && snapshot.source && snapshot.source.region !== rds.region.name,
  ).length;

const regionOf = (here: Region, idOrArn: string | undefined): Region =>
  idOrArn?.startsWith('arn:') ? here.world.region(idOrArn.split(':')[3] ?? here.name) : here;

/** @throws {DBSnapshotNotFoundFault}, also where its region cannot be reached. */
const sourceIn = (from: Region, idOrArn: string | undefined): Snapshot => {
  const other = rdsIn(from);
  if (other && from.alive) return snapshotNamed(other, idOrArn);
  const message = `DBSnapshot ${idOrArn} not found: region ${from.name} does not answer.`;
  throw new sdk.DBSnapshotNotFoundFault({ message, $metadata: {} });
};
