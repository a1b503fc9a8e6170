import { ValidationException } from '@aws-sdk/client-scheduler';
import { Cron } from 'croner';

/** When a schedule runs. */
export interface Timetable {
  /** The first time strictly after `after`; undefined when there is none any more. */
  next(after: Date): Date | undefined;
}

export const invalid = (message: string): ValidationException =>
  new ValidationException({ Message: message, message, $metadata: {} });

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
 * Reads `cron(…)`, `rate(…)` or `at(…)`. A rate counts from `start`, which is its first time.
 * @throws ValidationException where the text is none of these.
 */
export const parseExpression = (text: string, timezone: string, start: Date): Timetable => {
  const [, kind, body = ''] = /^(cron|rate|at)\((.*)\)$/.exec(text) ?? [];
  if (kind === 'cron') return parseCron(text, body, timezone);
  if (kind === 'rate') return parseRate(text, body, start);
  if (kind === 'at') return parseAt(text, body, timezone);
  throw invalid(`Invalid Schedule Expression ${text}. Expected cron(…), rate(…) or at(…).`);
};

const parseCron = (text: string, body: string, timezone: string): Timetable => {
  const fields = body.split(' ');
  const wrong = FIELDS.find(({ letters }, index) => !letters.test((fields[index] ?? '').toUpperCase()));
  if (fields.length !== FIELDS.length || wrong) {
    const found = fields.length === FIELDS.length ? `${wrong?.name} is not valid` : `found ${fields.length} fields`;
    throw invalid(
      `Invalid Schedule Expression ${text}: ${found}. Expected cron(minutes hours day-of-month month day-of-week year).`,
    );
  }
  const [minutes, hours, dayOfMonth, month, dayOfWeek, year] = fields;
  if ((dayOfMonth === '?') === (dayOfWeek === '?')) {
    throw invalid(`Invalid Schedule Expression ${text}: exactly one of day-of-month and day-of-week has to be '?'.`);
  }
  const any = (field: string | undefined): string => (field === '?' ? '*' : (field ?? '*'));
  const weekday = dayOfWeek?.toUpperCase() === 'L' ? '7' : any(dayOfWeek);
  if ((year?.match(/\d{4}/g) ?? []).some((found) => Number(found) < 1970 || Number(found) > 2199)) {
    throw invalid(`Invalid Schedule Expression ${text}: years run from 1970 to 2199.`);
  }
  const cron = build(text, `0 ${minutes} ${hours} ${any(dayOfMonth)} ${month} ${weekday} ${year}`, timezone);
  return { next: (after) => cron.nextRun(after) ?? undefined };
};

const parseRate = (text: string, body: string, start: Date): Timetable => {
  const [, value, unit = ''] = /^(\d+) (minute|hour|day)s?$/.exec(body) ?? [];
  const period = Number(value) * (UNIT_MS[unit] ?? 0);
  if (!(period > 0))
    throw invalid(`Invalid Schedule Expression ${text}. Expected rate(value unit), such as rate(5 minutes).`);
  return {
    next: (after) => {
      const elapsed = after.getTime() - start.getTime();
      const runs = elapsed < 0 ? 0 : Math.floor(elapsed / period) + 1;
      return new Date(start.getTime() + runs * period);
    },
  };
};

const parseAt = (text: string, body: string, timezone: string): Timetable => {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(body))
    throw invalid(`Invalid Schedule Expression ${text}. Expected at(yyyy-mm-ddThh:mm:ss).`);
  const once = build(text, body, timezone);
  return { next: (after) => once.nextRun(after) ?? undefined };
};

/** Croner with AWS's numbering of weekdays (1 is Sunday) and its `5/15`. */
const build = (text: string, pattern: string, timezone: string): Cron => {
  try {
    const cron = pattern.includes('T')
      ? new Cron(pattern, { timezone, paused: true })
      : new Cron(pattern, { timezone, paused: true, mode: '7-part', alternativeWeekdays: true, sloppyRanges: true });
    cron.nextRun(new Date(0));
    return cron;
  } catch (cause) {
    throw invalid(`Invalid Schedule Expression ${text}. ${cause instanceof Error ? cause.message : cause}`);
  }
};
