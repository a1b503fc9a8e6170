// The daily snapshots ElastiCache takes by itself where a group keeps any.
import { newSnapshot, removeSnapshot, startSnapshot } from './snapshots.ts';
import type { ElastiCache, Group, Snapshot } from './state.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Takes a snapshot at the beginning of the group's window, every day of region time, as long as the group is there. */
export const scheduleBackup = (ec: ElastiCache, group: Group): void => {
  group.cancelBackup?.();
  const { clock } = ec.region;
  const [hours = 0, minutes = 0] = group.settings.snapshotWindow.split(/[:-]/).map(Number);
  const next = new Date(clock.now());
  next.setUTCHours(hours, minutes, 0, 0);
  if (next <= clock.now()) next.setTime(next.getTime() + DAY_MS);
  group.cancelBackup = clock.at(next, async () => {
    scheduleBackup(ec, group);
    if (!group.snapshotting || group.settings.snapshotRetention === 0 || group.status !== 'available') return;
    for (const old of noLongerKept(ec, group)) await removeSnapshot(ec, old);
    const { snapshotting: node, settings } = group;
    const [date, time] = next.toISOString().split('T') as [string, string];
    const name = `automatic.${node.id}-${date}-${time.slice(0, 5).replace(':', '-')}`;
    const facts = { tags: [], ...(settings.kmsKeyId && { kmsKeyId: settings.kmsKeyId }) };
    startSnapshot(ec, { group, node }, newSnapshot(ec, { group, node }, name, 'automated', facts));
  });
};

export const automaticOf = (ec: ElastiCache, group: Group): Snapshot[] =>
  [...ec.snapshots.values()].filter(({ source, groupId }) => source === 'automated' && groupId === group.id);

/** "If you set it to 5, a snapshot that was taken today is retained for 5 days before being deleted": at the window, give or take. */
const noLongerKept = (ec: ElastiCache, group: Group): Snapshot[] => {
  const horizon = ec.region.clock.now().getTime() - group.settings.snapshotRetention * DAY_MS + HOUR_MS;
  return automaticOf(ec, group).filter(({ takenAt }) => takenAt && takenAt.getTime() <= horizon);
};
