// What all measurements of sources have in common: one that fails does not hold up the others.
import { startAttempts } from '../attempts.ts';
import { newestBefore } from '../catalog/catalog.ts';
import type { RecoveryPoint } from '../catalog/recovery-point.ts';
import { newestReplicated } from '../catalog/replicated.ts';
import { now, secondsBetween } from '../clock.ts';
import { PartlyDone } from '../errors.ts';
import { logger } from './logger.ts';
import { record } from './metrics.ts';

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

type Matches = (point: RecoveryPoint) => boolean;

/** In seconds; null where there is no such point. */
export interface Ages {
  newestPointAge: number | null;
  provenPointAge: number | null;
}

/** Ages of the data of the newest point and of the newest proven one, as metrics. */
export const measureAges = async (source: string, at: Date, isPoint: Matches, isProven: Matches): Promise<Ages> => {
  const [newest, proven] = await Promise.all([newestBefore(source, at, isPoint), newestBefore(source, at, isProven)]);
  const ages = { newestPointAge: ageOf(newest, at), provenPointAge: ageOf(proven, at) };
  recordIfKnown('RecoveryPointAge', ages.newestPointAge, source);
  recordIfKnown('ProvenPointAge', ages.provenPointAge, source);
  return ages;
};

/** A source whose data is safe in archives once these are in the other region. */
export interface MeasuredArchives extends Ages {
  source: string;
  /** Age of the data of the newest archive that the other region has, in seconds: what would be lost. */
  achievableRpo: number | null;
}

export const measureArchives = async (
  source: string,
  isPoint: Matches,
  isProven: Matches,
): Promise<MeasuredArchives> => {
  const at = now();
  const ages = await measureAges(source, at, isPoint, isProven);
  const achievableRpo = ageOf(await newestReplicated(source, at, isPoint), at);
  const measured = { source, achievableRpo, ...ages };
  recordIfKnown('AchievableRpo', achievableRpo, source);
  logger.info('measured', { ...measured });
  return measured;
};

/** Records nothing where nothing is known: the alarm takes silence for trouble. */
export const recordIfKnown = (metric: Parameters<typeof record>[0], value: number | null, source: string): void => {
  if (value !== null) record(metric, value, source);
};

/** Seconds since the moment whose data a point holds; null where there is none. */
const ageOf = (point: RecoveryPoint | undefined, at: Date): number | null =>
  point ? Math.max(0, secondsBetween(new Date(point.pointInTime ?? point.scheduledAt), at)) : null;
