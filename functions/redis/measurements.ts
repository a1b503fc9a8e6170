import { newestBefore } from '../../shared/catalog/catalog.ts';
import { newestReplicated } from '../../shared/catalog/replicated.ts';
import { now } from '../../shared/clock.ts';
import { sourcesOfKind } from '../../shared/config/platform.ts';
import { isArchive, isProven } from '../../shared/redis/archives.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { ageOf, measureEach } from '../../shared/telemetry/measuring.ts';
import { record } from '../../shared/telemetry/metrics.ts';

export interface Measured {
  source: string;
  /** Age of the data of the newest archive that the other region has, in seconds: what would be lost. */
  achievableRpo: number | null;
  newestPointAge: number | null;
  provenPointAge: number | null;
}

/** @throws {PartlyDone} where some could not be measured. */
export const measure = (): Promise<Measured[]> => measureEach(sourcesOfKind('elasticache-redis'), measureSource);

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
