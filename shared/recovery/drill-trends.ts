// Drills against each other: the one before, and where their figures lead.
import type { Drill } from './drills.ts';

/** Seconds. */
interface Objectives {
  rto: number;
  rpo: number;
}

/** Against the last drill that did the same, and where its figures lead. */
export const compared = (drill: Drill, all: readonly Drill[], objectives: Objectives): string[] => {
  const alike = all
    .filter(({ mode, kind, result }) => result && mode === drill.mode && scopeOf(kind) === scopeOf(drill.kind))
    .toSorted((a, b) => a.dueAt.localeCompare(b.dueAt));
  return FIGURES.flatMap(({ name, key, objective }) => {
    const value = drill.result?.[key] ?? null;
    if (value === null) return [];
    // One that stopped on its way measured nothing to compare with.
    const before = alike.findLast((other) => other.dueAt < drill.dueAt && typeof other.result?.[key] === 'number');
    const than = before ? `; ${before.result?.[key]} s in ${before.id}` : '';
    const when = forecast(measured(alike, key), objectives[objective]);
    const line = `${name} ${value} s, objective ${objectives[objective]} s${than}`;
    return when
      ? [line, `${name}: as it grows, more than its objective from ${when.toISOString().slice(0, 10)} on`]
      : [line];
  });
};

const FIGURES = [
  { name: 'RTO', key: 'rtoSeconds', objective: 'rto' },
  { name: 'RPO', key: 'rpoSeconds', objective: 'rpo' },
] as const;

/** A surprise does what a full drill does. */
const scopeOf = (kind: Drill['kind']): string => (kind === 'surprise' ? 'full' : kind);

const measured = (drills: readonly Drill[], key: 'rtoSeconds' | 'rpoSeconds'): { at: Date; seconds: number }[] =>
  drills.flatMap(({ dueAt, result }) => {
    const seconds = result?.[key] ?? null;
    return seconds === null ? [] : [{ at: new Date(dueAt), seconds }];
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
