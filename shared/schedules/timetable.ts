// When a schedule is due, by EventBridge Scheduler's own syntax: which fields and signs its cron takes, and how it counts.
import { Cron } from 'croner';
import { LifeboatError } from '../errors.ts';

export interface Timetable {
  /** The first time strictly after `after`; undefined when there is none any more. */
  next(after: Date): Date | undefined;
  /** The last time at or before `until`; undefined when there was none. */
  last(until: Date): Date | undefined;
}

export class ScheduleInvalid extends LifeboatError {
  override readonly name = 'ScheduleInvalid';
}

const UNIT_MS: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** What each field of AWS's cron takes, apart from ranges (EventBridge Scheduler user guide, "Cron-based schedules", 2026-11). */
const FIELDS = [
  { name: 'minutes', letters: /^[\d*,/-]+$/ },
  { name: 'hours', letters: /^[\d*,/-]+$/ },
  { name: 'day-of-month', letters: /^(\?|L|LW|\d{1,2}W|[\d*,/-]+)$/ },
  { name: 'month', letters: /^([\d*,/-]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)+$/ },
  {
    name: 'day-of-week',
    letters: /^(\?|L|([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(L|#[1-5])|([1-7*,/-]|SUN|MON|TUE|WED|THU|FRI|SAT)+)$/,
  },
  { name: 'year', letters: /^[\d*,/-]+$/ },
];

/**
 * Reads `cron(…)` or `rate(…)`. A rate counts from `start`, which is its first time.
 * @throws {ScheduleInvalid} where the text is neither.
 */
export const timetableOf = (text: string, timezone: string, start: Date): Timetable => {
  const [, kind, body = ''] = /^(cron|rate)\((.*)\)$/.exec(text) ?? [];
  if (kind === 'cron') return cronTimetable(text, body, timezone);
  if (kind === 'rate') return rateTimetable(text, body, start);
  throw invalid(text, 'it is neither cron(…) nor rate(…)');
};

const cronTimetable = (text: string, body: string, timezone: string): Timetable => {
  const fields = body.split(' ');
  if (fields.length !== FIELDS.length)
    throw invalid(text, `found ${fields.length} fields, not cron(minutes hours day-of-month month day-of-week year)`);
  const wrong = FIELDS.find(({ letters }, index) => !letters.test((fields[index] ?? '').toUpperCase()));
  if (wrong) throw invalid(text, `${wrong.name} is not valid`);
  const [minutes, hours, dayOfMonth, month, dayOfWeek, year] = fields;
  if ((dayOfMonth === '?') === (dayOfWeek === '?'))
    throw invalid(text, "exactly one of day-of-month and day-of-week has to be '?'");
  if ((year?.match(/\d{4}/g) ?? []).some((found) => Number(found) < 1970 || Number(found) > 2199))
    throw invalid(text, 'years run from 1970 to 2199');
  const any = (field: string | undefined): string => (field === '?' ? '*' : (field ?? '*'));
  const weekday = dayOfWeek?.toUpperCase() === 'L' ? '7' : any(dayOfWeek);
  const cron = build(text, `0 ${minutes} ${hours} ${any(dayOfMonth)} ${month} ${weekday} ${year}`, timezone);
  return {
    next: (after) => cron.nextRun(after) ?? undefined,
    // Croner looks before its reference: before the second after the one that is asked for.
    last: (until) => cron.previousRuns(1, new Date(Math.floor(until.getTime() / 1000) * 1000 + 1000))[0],
  };
};

const rateTimetable = (text: string, body: string, start: Date): Timetable => {
  const [, value, unit = ''] = /^(\d+) (minute|hour|day)s?$/.exec(body) ?? [];
  const period = Number(value) * (UNIT_MS[unit] ?? 0);
  if (!(period > 0)) throw invalid(text, 'a rate is written rate(value unit), such as rate(5 minutes)');
  const elapsed = (at: Date): number => Math.floor((at.getTime() - start.getTime()) / period);
  const run = (count: number): Date => new Date(start.getTime() + count * period);
  return {
    next: (after) => run(Math.max(0, elapsed(after) + 1)),
    last: (until) => (elapsed(until) < 0 ? undefined : run(elapsed(until))),
  };
};

/** Croner with AWS's numbering of weekdays (1 is Sunday) and its `5/15`. */
const build = (text: string, pattern: string, timezone: string): Cron => {
  try {
    const options = { timezone, paused: true, mode: '7-part', alternativeWeekdays: true, sloppyRanges: true } as const;
    const cron = new Cron(pattern, options);
    cron.nextRun(new Date(0));
    return cron;
  } catch (cause) {
    throw invalid(text, cause instanceof Error ? cause.message : String(cause), cause);
  }
};

const invalid = (text: string, found: string, cause?: unknown): ScheduleInvalid =>
  new ScheduleInvalid(
    `Invalid Schedule Expression ${text}: ${found}.`,
    {
      source: 'schedule',
      expected: 'cron(minutes hours day-of-month month day-of-week year) or rate(value unit)',
      found,
      next: 'Correct the expression as the user guide of EventBridge Scheduler writes it.',
    },
    { cause },
  );
