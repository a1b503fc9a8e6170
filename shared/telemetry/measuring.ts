// What all measurements of sources have in common: one that fails does not hold up the others.
import { startAttempts } from '../attempts.ts';
import type { RecoveryPoint } from '../catalog/recovery-point.ts';
import { secondsBetween } from '../clock.ts';
import { PartlyDone } from '../errors.ts';

/** @throws {PartlyDone} after all sources were tried, naming those that could not be measured: silence then raises the alarm. */
export const measureEach = async <S, M>(
  sources: readonly (readonly [name: string, source: S])[],
  measureSource: (name: string, source: S) => Promise<M>,
): Promise<M[]> => {
  const results: M[] = [];
  const { attempt, troubles } = startAttempts();
  for (const [name, source] of sources)
    await attempt(name, async () => void results.push(await measureSource(name, source)));
  if (troubles.length === 0) return results;
  throw new PartlyDone('some sources could not be measured.', {
    source: 'measure',
    found: troubles,
    next: 'Mend what the messages name; the next run measures again.',
  });
};

/** Seconds since the moment whose data a point holds; null where there is none. */
export const ageOf = (point: RecoveryPoint | undefined, at: Date): number | null =>
  point ? Math.max(0, secondsBetween(new Date(point.pointInTime ?? point.scheduledAt), at)) : null;
