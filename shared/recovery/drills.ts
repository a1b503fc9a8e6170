// Rehearsals of the failover: what was planned, what was measured, what was learnt. One document each, kept in the vault of
// the region that would take over.
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

export const DRILLS = 'recovery/drills/';
export const drillKey = (id: string): string => `${DRILLS}${id}.json`;

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

/** Fewer say nothing of a trend. */
const ENOUGH = 3;

/**
 * When a figure that grows as it did will be more than its objective: the least-squares line through what was measured.
 * Undefined where too little was measured, where it does not grow, or where it is so far off that nobody should plan by it.
 */
export const forecast = (
  measured: readonly { at: Date; seconds: number }[],
  objective: number,
  horizonDays = 3 * 365,
): Date | undefined => {
  const newest = measured.toSorted((a, b) => a.at.getTime() - b.at.getTime()).at(-1);
  if (measured.length < ENOUGH || !newest) return undefined;
  const days = measured.map(({ at }) => at.getTime() / 86_400_000);
  const meanDay = mean(days);
  const meanSeconds = mean(measured.map((each) => each.seconds));
  const spread = days.reduce((sum, day) => sum + (day - meanDay) ** 2, 0);
  if (spread === 0) return undefined;
  const together = measured.reduce(
    (sum, each, at) => sum + ((days[at] ?? 0) - meanDay) * (each.seconds - meanSeconds),
    0,
  );
  const perDay = together / spread;
  if (perDay <= 0) return undefined;
  const crossing = meanDay + (objective - meanSeconds) / perDay;
  const today = newest.at.getTime() / 86_400_000;
  return crossing > today + horizonDays ? undefined : new Date(Math.max(crossing, today) * 86_400_000);
};

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
