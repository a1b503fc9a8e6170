import { ValidationException } from '@aws-sdk/client-scheduler';
import { Cron } from 'croner';
import { ScheduleInvalid, type Timetable, timetableOf } from '../../../shared/schedules/timetable.ts';

export const invalid = (message: string): ValidationException =>
  new ValidationException({ Message: message, message, $metadata: {} });

/**
 * Reads `cron(…)`, `rate(…)` or `at(…)`. A rate counts from `start`, which is its first time.
 * @throws ValidationException where the text is none of these.
 */
export const parseExpression = (text: string, timezone: string, start: Date): Pick<Timetable, 'next'> => {
  const [, once] = /^at\((.*)\)$/.exec(text) ?? [];
  if (once !== undefined) return parseAt(text, once, timezone);
  try {
    return timetableOf(text, timezone, start);
  } catch (error) {
    if (error instanceof ScheduleInvalid) throw invalid(error.message);
    throw error;
  }
};

const parseAt = (text: string, body: string, timezone: string): Pick<Timetable, 'next'> => {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(body))
    throw invalid(`Invalid Schedule Expression ${text}. Expected at(yyyy-mm-ddThh:mm:ss).`);
  try {
    const once = new Cron(body, { timezone, paused: true });
    once.nextRun(new Date(0));
    return { next: (after) => once.nextRun(after) ?? undefined };
  } catch (cause) {
    throw invalid(`Invalid Schedule Expression ${text}. ${cause instanceof Error ? cause.message : cause}`);
  }
};
