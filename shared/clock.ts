/** The only place that asks what time it is. */
export const now = (): Date => new Date();

/** `YYYY/MM/DD` in UTC, as in every dated prefix of the vault. */
export const datePath = (time: Date): string => time.toISOString().slice(0, 10).replaceAll('-', '/');

/** Seconds from `earlier` to `later`; negative where they are the other way round. */
export const secondsBetween = (earlier: Date, later: Date): number => (later.getTime() - earlier.getTime()) / 1000;
