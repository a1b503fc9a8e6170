import { newestBefore } from '../../shared/catalog/catalog.ts';
import { newestReplicated } from '../../shared/catalog/replicated.ts';
import { now } from '../../shared/clock.ts';
import { sourcesOfKind } from '../../shared/config/platform.ts';
import { isStoredArchive } from '../../shared/kafka/newest.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { ageOf, measureEach } from '../../shared/telemetry/measuring.ts';
import { record } from '../../shared/telemetry/metrics.ts';

interface Measured {
  source: string;
  /** Seconds since the brokers were asked for the newest archive that the other region has: what would be lost. */
  achievableRpo: number | null;
  newestPointAge: number | null;
  /** Of the newest that was replayed into a test cluster. */
  provenPointAge: number | null;
}

/** @throws {PartlyDone} where some could not be measured. */
export const measure = (): Promise<Measured[]> => measureEach(sourcesOfKind('kafka'), measureSource);

const measureSource = async (source: string): Promise<Measured> => {
  const at = now();
  const measured = {
    source,
    achievableRpo: ageOf(await newestReplicated(source, at, isStoredArchive), at),
    newestPointAge: ageOf(await newestBefore(source, at, isStoredArchive), at),
    provenPointAge: ageOf(
      await newestBefore(source, at, ({ method, status }) => method === 'archive' && status === 'verified'),
      at,
    ),
  };
  if (measured.achievableRpo !== null) record('AchievableRpo', measured.achievableRpo, source);
  if (measured.newestPointAge !== null) record('RecoveryPointAge', measured.newestPointAge, source);
  if (measured.provenPointAge !== null) record('ProvenPointAge', measured.provenPointAge, source);
  logger.info('measured', measured);
  return measured;
};
