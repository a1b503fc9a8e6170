import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { sourcesOfKind } from '../../shared/config/platform.ts';
import { isStoredArchive } from '../../shared/kafka/newest.ts';
import { type MeasuredArchives, measureArchives, measureEach } from '../../shared/telemetry/measuring.ts';

/** @throws {PartlyDone} where some could not be measured. */
export const measure = (): Promise<MeasuredArchives[]> =>
  measureEach(sourcesOfKind('kafka'), (source) => measureArchives(source, isStoredArchive, isReplayed));

/** Into a test cluster, or decoded. */
const isReplayed = ({ method, status }: RecoveryPoint): boolean => method === 'archive' && status === 'verified';
