import { ValidationException } from '@aws-sdk/client-scheduler';
import { ScheduleInvalid, type Timetable, timetableOf } from '../../../shared/schedules/timetable.ts';

export const invalid = (message: string): ValidationException =>
  new ValidationException({ Message: message, message, $metadata: {} });

/** Reads `cron(…)` or `rate(…)`. A rate counts from `start`, which is its first time. @throws ValidationException where the text is neither. */
export const parseExpression = (text: string, timezone: string, start: Date): Pick<Timetable, 'next'> => {
  try {
    return timetableOf(text, timezone, start);
  } catch (error) {
    if (error instanceof ScheduleInvalid) throw invalid(error.message);
    throw error;
  }
};
