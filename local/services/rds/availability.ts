// How an instance comes to its final state, and the automated backups it has from then on.
import { setTimeout as pause } from 'node:timers/promises';
import { trimArchive } from './archive.ts';
import { tell } from './events.ts';
import { removeSnapshot, snapshotOf, takeSnapshot } from './snapshots.ts';
import type { Instance, Rds, Snapshot } from './state.ts';

// Automated snapshots are real copies: for the sake of the disk no more than these are kept, whatever the retention.
const KEPT_AUTOMATED = 7;
const DAY_MS = 86_400_000;

/** Makes a started instance available; with backups on, its first automated snapshot is taken before, as RDS does. */
export const becomeAvailable = async (rds: Rds, instance: Instance, signal: AbortSignal): Promise<void> => {
  if (instance.settings.retention > 0) await backUp(rds, instance, signal);
  if (instance.status === 'deleting') return;
  instance.status = 'available';
  scheduleBackup(rds, instance);
};

/** Puts an instance into a state it does not leave by itself. */
export const failInstance = (rds: Rds, instance: Instance, status: string, reason: Error): void => {
  instance.status = status;
  instance.failure = reason.message;
  tell(
    rds,
    { kind: 'instance', ...instance },
    'instanceFailed',
    `DB instance put into ${status} state. ${reason.message}`,
  );
};

export const automatedOf = (rds: Rds, instance: Instance): Snapshot[] =>
  [...rds.snapshots.values()].filter(
    (snapshot) => snapshot.type === 'automated' && snapshot.resourceId === instance.resourceId,
  );

const backUp = async (rds: Rds, instance: Instance, signal: AbortSignal): Promise<void> => {
  instance.status = 'backing-up';
  const [date, time] = rds.region.clock.now().toISOString().split('T') as [string, string];
  const snapshot = snapshotOf(
    rds,
    instance,
    `rds:${instance.id}-${date}-${time.slice(0, 5).replace(':', '-')}`,
    'automated',
    [],
  );
  tell(rds, { kind: 'snapshot', ...snapshot }, 'automatedSnapshotStarted', 'Creating automated snapshot');
  try {
    await takeSnapshot(rds, instance, snapshot, signal);
    tell(rds, { kind: 'snapshot', ...snapshot }, 'automatedSnapshotCreated', 'Automated snapshot created');
  } catch (error) {
    signal.throwIfAborted();
    await removeSnapshot(rds, snapshot);
    instance.failure = `Automated backup failed: ${(error as Error).message}`;
  }
  for (const old of noLongerNeeded(rds, instance)) await removeSnapshot(rds, old);
  await trimArchive(rds, instance);
};

/** Automated snapshots from before the retention, except the newest of them: replay to the oldest moment starts there. */
const noLongerNeeded = (rds: Rds, instance: Instance): Snapshot[] => {
  const horizon = rds.region.clock.now().getTime() - instance.settings.retention * DAY_MS;
  const newestFirst = automatedOf(rds, instance).reverse();
  const firstOutside = newestFirst.findIndex(({ createdAt }) => (createdAt?.getTime() ?? 0) < horizon);
  const kept = firstOutside === -1 ? newestFirst.length : firstOutside + 1;
  return newestFirst.slice(Math.min(kept, KEPT_AUTOMATED));
};

/** Backs the instance up at the beginning of its window, every day of region time, as long as it is there. */
export const scheduleBackup = (rds: Rds, instance: Instance): void => {
  instance.cancelBackup?.();
  const { clock } = rds.region;
  const [hours = 3, minutes = 0] = instance.settings.backupWindow.split(/[:-]/).map(Number);
  const next = new Date(clock.now());
  next.setUTCHours(hours, minutes, 0, 0);
  if (next <= clock.now()) next.setTime(next.getTime() + DAY_MS);
  instance.cancelBackup = clock.at(next, () => {
    scheduleBackup(rds, instance);
    if (instance.settings.retention === 0 || instance.status !== 'available') return;
    rds.jobs.start(
      `automated backup of ${instance.id}`,
      async ({ signal }) => {
        await backUp(rds, instance, signal);
        if (instance.status === 'backing-up') instance.status = 'available';
      },
      (error) => failInstance(rds, instance, 'failed', error),
    );
  });
};

/** Waits for as long as the region is there: what never becomes available. */
export const waitForever = async (signal: AbortSignal): Promise<never> => {
  for (;;) await pause(3_600_000, undefined, { signal, ref: false });
};
