import { startAttempts } from '../../shared/attempts.ts';
import { newestBefore } from '../../shared/catalog/catalog.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { newestReplicated } from '../../shared/catalog/replicated.ts';
import { now, secondsBetween } from '../../shared/clock.ts';
import { sourcesOfKind } from '../../shared/config/platform.ts';
import { PartlyDone } from '../../shared/errors.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { record } from '../../shared/telemetry/metrics.ts';

interface Measured {
  source: string;
  /** Seconds since the brokers were asked for the newest archive that the other region has: what would be lost. */
  achievableRpo: number | null;
  newestPointAge: number | null;
}

/** @throws {PartlyDone} after all sources were tried, naming those that could not be measured: silence then raises the alarm. */
export const measure = async (): Promise<Measured[]> => {
  const results: Measured[] = [];
  const { attempt, troubles } = startAttempts();
  for (const [name] of sourcesOfKind('kafka')) {
    await attempt(name, async () => void results.push(await measureSource(name)));
  }
  if (troubles.length === 0) return results;
  throw new PartlyDone('some sources could not be measured.', {
    source: 'measure',
    found: troubles,
    next: 'Mend what the messages name; the next run measures again.',
  });
};

const isArchive = ({ method, status }: RecoveryPoint): boolean => method === 'archive' && status === 'stored';

const measureSource = async (source: string): Promise<Measured> => {
  const at = now();
  const measured = {
    source,
    achievableRpo: ageOf(await newestReplicated(source, at, isArchive), at),
    newestPointAge: ageOf(await newestBefore(source, at, isArchive), at),
  };
  if (measured.achievableRpo !== null) record('AchievableRpo', measured.achievableRpo, source);
  if (measured.newestPointAge !== null) record('RecoveryPointAge', measured.newestPointAge, source);
  logger.info('measured', measured);
  return measured;
};

const ageOf = (point: RecoveryPoint | undefined, at: Date): number | null =>
  point ? Math.max(0, secondsBetween(new Date(point.pointInTime ?? point.scheduledAt), at)) : null;
