// Rehearsals of the failover: what was planned, what was measured, what was learnt. One book of all of them, a handful a
// year, kept in the vault of the region that would take over.
import { z } from 'zod';
import { FailoverId, isDrill, PHASES } from './documents.ts';

const time = z.iso.datetime();
const seconds = z.number().nonnegative();

export const DrillKind = z.enum(['tabletop', 'partial', 'full', 'surprise']);
export type DrillKind = z.output<typeof DrillKind>;

/**
 * `passed`: everything within its objective, nothing failed; `fell short`: it went to its end, with what `tasks` names;
 * `stopped`: a phase failed, or the execution died; `missed`: its time passed and it could not begin; `handed out`: a
 * tabletop, the rest of which is talk.
 */
const DrillResult = z.strictObject({
  outcome: z.enum(['passed', 'fell short', 'stopped', 'missed', 'handed out']),
  /** Until everything that serves customers was there. */
  rtoSeconds: seconds.nullable(),
  /** From the moment that was copied back to the newest beat of the canary in the copy. */
  rpoSeconds: seconds.nullable(),
  /** Of every phase that was done, what it took. */
  phases: z.partialRecord(z.enum(PHASES), seconds),
  databaseBytes: z.number().nonnegative().nullable(),
  /** What somebody has to do before the next drill. */
  tasks: z.array(z.string()),
});
export type DrillResult = z.output<typeof DrillResult>;

const Lesson = z.strictObject({ at: time, by: z.string().min(1).max(200), text: z.string().min(1).max(2000) });

export const Drill = z.strictObject({
  /** The failoverId of its execution. */
  id: FailoverId,
  kind: DrillKind,
  mode: z.enum(['copy', 'real']),
  dueAt: time,
  announcedAt: time.optional(),
  startedAt: time.optional(),
  endedAt: time.optional(),
  result: DrillResult.optional(),
  /** What people wrote down afterwards. */
  lessons: z.array(Lesson),
});
export type Drill = z.output<typeof Drill>;

export const Drills = z.array(Drill);
export const drillsKey = (region: string): string => `recovery/drills/${region}.json`;

/**
 * One id for each time that the calendar names. A drill of a copy is known by its id; one for real is a failover like any
 * other, with an id that says why it was.
 */
export const drillId = (kind: DrillKind, mode: Drill['mode'], scheduledAt: Date): string =>
  `${mode === 'copy' ? 'drill' : 'rehearsal'}-${scheduledAt.toISOString().slice(0, 10).replaceAll('-', '')}-${kind}`;

/** A drill that somebody started by hand. */
export const unplanned = (id: string, kind: DrillKind, at: Date): Drill => ({
  id,
  kind,
  mode: isDrill(id) ? 'copy' : 'real',
  dueAt: at.toISOString(),
  lessons: [],
});
