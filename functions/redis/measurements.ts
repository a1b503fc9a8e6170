import { sourcesOfKind } from '../../shared/config/platform.ts';
import { isArchive, isProven } from '../../shared/redis/archives.ts';
import { type MeasuredArchives, measureArchives, measureEach } from '../../shared/telemetry/measuring.ts';

/** @throws {PartlyDone} where some could not be measured. */
export const measure = (): Promise<MeasuredArchives[]> =>
  measureEach(sourcesOfKind('elasticache-redis'), (name) => measureArchives(name, isArchive, isProven));
