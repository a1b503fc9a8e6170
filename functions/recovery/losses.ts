import { now, secondsBetween } from '../../shared/clock.ts';
import type { PhaseContext } from './phases.ts';

/** Seconds from the moment whose data was restored until trouble was first seen; until now, where nobody saw when it began. */
export const lossSince = (pointInTime: string, { factsOf }: PhaseContext): number => {
  const since = factsOf('declare')?.downSince;
  const until = typeof since === 'string' ? new Date(since) : now();
  return Math.max(0, Math.round(secondsBetween(new Date(pointInTime), until)));
};
