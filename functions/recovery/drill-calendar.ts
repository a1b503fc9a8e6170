// When drills are due. A surprise is due at a moment of its window that is drawn when the window opens and told to nobody.
import { randomInt } from 'node:crypto';
import { now } from '../../shared/clock.ts';
import type { Rehearsal } from '../../shared/config/recovery.ts';
import { drillId } from '../../shared/recovery/drills.ts';
import { timetableOf } from '../../shared/schedules/timetable.ts';
import { openDrill } from './drill-book.ts';

/** A time of the calendar that passed unnoticed for longer is left: its drill would come out of nowhere. */
const LOOK_BACK_MS = 2 * 86_400_000;

/** Writes down every drill whose time of the calendar has come, once. */
export const planDue = async (calendar: readonly Rehearsal[]): Promise<void> => {
  for (const rehearsal of calendar) {
    const scheduledAt = timetableOf(rehearsal.schedule, 'UTC', now()).last(now());
    if (!scheduledAt || now().getTime() - scheduledAt.getTime() > LOOK_BACK_MS) continue;
    const mode = 'mode' in rehearsal ? rehearsal.mode : 'copy';
    const id = drillId(rehearsal.kind, mode, scheduledAt);
    const after = 'within' in rehearsal ? randomInt(rehearsal.within) : rehearsal.notice;
    const dueAt = new Date(scheduledAt.getTime() + after * 1000).toISOString();
    await openDrill({ id, kind: rehearsal.kind, mode, dueAt, lessons: [] });
  }
};
