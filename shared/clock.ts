/** The only place that asks what time it is. */
export const now = (): Date => new Date();

/** `2026-11-20T03:00:00.000Z` → `20261120T030000Z`: sorts as text, is legal in every AWS identifier but for its case. */
export const compactTime = (time: Date): string => time.toISOString().replace(/[-:]|\.\d{3}/g, '');

/** `YYYY/MM/DD` in UTC, as in every dated prefix of the vault. */
export const datePath = (time: Date): string => time.toISOString().slice(0, 10).replaceAll('-', '/');

/** Seconds from `earlier` to `later`; negative where they are the other way round. */
export const secondsBetween = (earlier: Date, later: Date): number => (later.getTime() - earlier.getTime()) / 1000;
