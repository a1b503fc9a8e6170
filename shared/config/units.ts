import { z } from 'zod';

const SECONDS = { second: 1, minute: 60, hour: 3600, day: 86_400, year: 31_536_000 } as const;

/** `"15 minutes"` → 900. Whole numbers of seconds, minutes, hours, days or years (of 365 days). */
export const duration = z
  .string()
  .regex(
    /^[1-9]\d* (second|minute|hour|day|year)s?$/,
    'a duration is written like "15 minutes", "90 days" or "7 years"',
  )
  .transform((text) => {
    const [amount, unit] = text.split(' ') as [string, string];
    return Number(amount) * SECONDS[unit.replace(/s$/, '') as keyof typeof SECONDS];
  });

/** The vault's lifecycle ends every object after 2555 days. */
export const kept = duration.refine((seconds) => seconds <= 2555 * 86_400, 'nothing is kept longer than 7 years');

/** `"25 %"` → 0.25. */
export const share = z
  .string()
  .regex(/^\d+(\.\d+)? %$/, 'a share is written like "50 %"')
  .transform((text) => Number.parseFloat(text) / 100);

/** EventBridge Scheduler's own syntax, six fields in UTC: `cron(0 2 * * ? *)`, or `rate(5 minutes)`. */
export const schedule = z
  .string()
  .regex(
    /^(cron\((\S+ ){5}\S+\)|rate\([1-9]\d* (minute|hour|day)s?\))$/,
    'a schedule is written like "cron(0 2 * * ? *)" (six fields, UTC) or "rate(5 minutes)"',
  );

const WINDOW = /^(?:[01]\d|2[0-3]):[0-5]\d-(?:[01]\d|2[0-3]):[0-5]\d$/;
/** Daily window in UTC, `"03:00-04:00"`, as RDS writes it. */
export const dailyWindow = z.string().regex(WINDOW, 'a daily window is written like "03:00-04:00" (UTC)');
