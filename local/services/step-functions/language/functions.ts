import jsonata from 'jsonata';

/**
 * `$now` and `$millis` by the region's clock, and `$eval` taken away, as in Step Functions (guide, transforming data, 2026-11). What
 * else it adds to JSONata is not offered here: `$partition`, `$range`, `$hash`, `$uuid`, `$parse`, and `$random` with a seed.
 */
export const functionsAt = (now: Date): Record<string, unknown> => ({
  millis: () => now.getTime(),
  now: (picture?: string, zone?: string) =>
    jsonata('$fromMillis($at, $picture, $zone)').evaluate({}, { at: now.getTime(), picture, zone }),
  eval: undefined,
});
