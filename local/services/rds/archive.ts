// The WAL archive of an instance: how far it reaches, and what of it is still needed.
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { asAdmin } from '../../engines/postgres.ts';
import type { Restorable } from './describe.ts';
import { archiveOf } from './servers.ts';
import type { Instance, Rds, Snapshot } from './state.ts';

// RDS uploads transaction logs to S3 every five minutes (user guide, "Restoring to a specified time", read 2026-11-20).
const UPLOADED_EVERY_MS = 5 * 60_000;
const DAY_MS = 86_400_000;
const SEGMENT = /^[0-9A-F]{24}$/;

/** The machine's time now, as seen through region time. */
export const engineNow = (rds: Rds): Date => rds.region.clock.toEngineTime(rds.region.clock.now());

/** Between which region times this instance can be restored; measured, not assumed. */
export const restorableWindow = async (rds: Rds, instance: Instance): Promise<Restorable> => {
  const bases = basesOf(rds, instance);
  if (instance.settings.retention === 0 || bases.length === 0) return {};
  const latest = await latestRestorable(rds, instance);
  const { clock } = rds.region;
  const oldest = Math.min(...bases.map((base) => clock.toRegionTime(base.consistentAt).getTime()));
  const horizon = clock.now().getTime() - instance.settings.retention * DAY_MS;
  return { earliest: new Date(Math.max(oldest, horizon)), latest };
};

type Base = Snapshot & { consistentAt: Date };

/** What replay can start from: the instance's own automated snapshots, as in RDS. */
export const basesOf = (rds: Rds, instance: Instance): Base[] =>
  [...rds.snapshots.values()].filter(
    (snapshot): snapshot is Base =>
      snapshot.type === 'automated' &&
      snapshot.resourceId === instance.resourceId &&
      snapshot.status === 'available' &&
      snapshot.consistentAt !== undefined,
  );

const latestRestorable = async (rds: Rds, instance: Instance): Promise<Date | undefined> => {
  const { clock } = rds.region;
  await noticeArchived(instance);
  const known = instance.archivedUntil && clock.toRegionTime(instance.archivedUntil);
  const due = known === undefined || clock.now().getTime() - known.getTime() > UPLOADED_EVERY_MS;
  // What RDS would have done every five minutes of region time is done when somebody looks.
  if (due && instance.server?.running() && !instance.primary) await uploadNow(rds, instance);
  return instance.archivedUntil && clock.toRegionTime(instance.archivedUntil);
};

/** Segments the server archived by itself: each reaches to its last write. */
const noticeArchived = async (instance: Instance): Promise<void> => {
  const newest = (await segmentsOf(instance)).at(-1);
  if (!newest) return;
  const { mtime } = await stat(join(archiveOf(instance), newest));
  advance(instance, mtime);
};

/** Closes the current segment and waits for it to arrive. Without arrival nothing is claimed. */
const uploadNow = async (rds: Rds, instance: Instance): Promise<void> => {
  const before = engineNow(rds);
  const name = await asAdmin(instance.port, 'postgres', async (client) => {
    // The byte before the switch point lies in the segment that has to arrive, even where nothing new was written.
    const { rows } = await client.query('select pg_walfile_name(pg_switch_wal() - 1) as name');
    return rows[0].name as string;
  }).catch(() => undefined);
  if (name === undefined) return;
  for (let tries = 0; tries < 100; tries++) {
    const segments = await segmentsOf(instance);
    if ((segments.at(-1) ?? '') >= name) return advance(instance, before);
    await delay(20);
  }
};

const advance = (instance: Instance, time: Date): void => {
  if (instance.archivedUntil === undefined || instance.archivedUntil < time) instance.archivedUntil = time;
};

const segmentsOf = async (instance: Instance): Promise<string[]> =>
  (await readdir(archiveOf(instance)).catch(() => [])).filter((name) => SEGMENT.test(name)).sort();

/** Removes segments that end before the oldest copy one could replay from. */
export const trimArchive = async (rds: Rds, instance: Instance): Promise<void> => {
  const needed = basesOf(rds, instance).map((base) =>
    base.createdAt ? rds.region.clock.toEngineTime(base.createdAt).getTime() : 0,
  );
  const oldest = Math.min(...needed);
  for (const name of await segmentsOf(instance)) {
    const file = join(archiveOf(instance), name);
    if ((await stat(file)).mtimeMs < oldest) await rm(file, { force: true });
  }
};
