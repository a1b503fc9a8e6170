import { startAttempts } from '../../shared/attempts.ts';
import { newestBefore } from '../../shared/catalog/catalog.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { newestReplicated } from '../../shared/catalog/replicated.ts';
import { now, secondsBetween } from '../../shared/clock.ts';
import { sourcesOfKind } from '../../shared/config/platform.ts';
import { PartlyDone } from '../../shared/errors.ts';
import { isArchive, isProven } from '../../shared/redis/archives.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { record } from '../../shared/telemetry/metrics.ts';

export interface Measured {
  source: string;
  /** Age of the data of the newest archive that the other region has, in seconds: what would be lost. */
  achievableRpo: number | null;
  newestPointAge: number | null;
  provenPointAge: number | null;
}

/** @throws {PartlyDone} after all sources were tried, naming those that could not be measured: silence then raises the alarm. */
export const measure = async (): Promise<Measured[]> => {
  const results: Measured[] = [];
  const { attempt, troubles } = startAttempts();
  for (const [name] of sourcesOfKind('elasticache-redis')) {
    await attempt(name, async () => void results.push(await measureSource(name)));
  }
  if (troubles.length === 0) return results;
  throw new PartlyDone('some sources could not be measured.', {
    source: 'measure',
    found: troubles,
    next: 'Mend what the messages name; the next run measures again.',
  });
};

const measureSource = async (name: string): Promise<Measured> => {
  const at = now();
  const newest = await newestBefore(name, at, isArchive);
  const replicated = await newestReplicated(name, at, isArchive);
  const proven = await newestBefore(name, at, isProven);
  const measured = {
    source: name,
    achievableRpo: ageOf(replicated, at),
    newestPointAge: ageOf(newest, at),
    provenPointAge: ageOf(proven, at),
  };
  if (measured.achievableRpo !== null) record('AchievableRpo', measured.achievableRpo, name);
  if (measured.newestPointAge !== null) record('RecoveryPointAge', measured.newestPointAge, name);
  if (measured.provenPointAge !== null) record('ProvenPointAge', measured.provenPointAge, name);
  logger.info('measured', measured);
  return measured;
};

const ageOf = (point: RecoveryPoint | undefined, at: Date): number | null =>
  point ? Math.max(0, secondsBetween(new Date(point.pointInTime ?? point.scheduledAt), at)) : null;
