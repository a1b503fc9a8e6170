import { newestBefore, readPoint } from '../catalog/catalog.ts';
import { RecoveryPointMissing } from '../catalog/errors.ts';
import type { Artifact, RecoveryPoint } from '../catalog/recovery-point.ts';

/** A complete archive of a cache. */
export const isArchive = ({ kind, method, status }: RecoveryPoint): boolean =>
  kind === 'elasticache-redis' && method === 'export' && (status === 'stored' || status === 'verified');

export const isProven = (point: RecoveryPoint): boolean => isArchive(point) && point.status === 'verified';

/** The RDB file of an archive: artefacts of its verifications come after it. */
export const rdbFileOf = (point: RecoveryPoint): Artifact => {
  const [file] = point.artifacts;
  if (isArchive(point) && file?.uri.endsWith('.rdb')) return file;
  throw new RecoveryPointMissing('this recovery point has no archive to restore from.', {
    source: point.source,
    recoveryPoint: point.id,
    expected: 'a stored or verified archive of a cache',
    found: `${point.method} of ${point.kind}, ${point.status}`,
    next: 'Name another one, or leave the name out to take the newest.',
  });
};

/** The archive asked for, or the newest of a source taken at or before a time. @throws {RecoveryPointMissing} */
export const chooseArchive = async (
  source: string,
  { id, before }: { id?: string | undefined; before: Date },
): Promise<RecoveryPoint> => {
  const taken = ({ pointInTime, scheduledAt }: RecoveryPoint): boolean =>
    new Date(pointInTime ?? scheduledAt) <= before;
  const point = id ? await readPoint(id) : await newestBefore(source, before, (each) => isArchive(each) && taken(each));
  if (point?.source === source && isArchive(point)) return point;
  throw new RecoveryPointMissing('there is no archive to restore from.', {
    source,
    ...(id ? { recoveryPoint: id } : {}),
    expected: id ? 'a stored or verified archive of this source' : `an archive of before ${before.toISOString()}`,
    found: point ? `${point.method} of ${point.source}, ${point.status}` : 'none',
    next: 'List the catalogue for exports of the source; the alarm on its RPO tells since when none was made.',
  });
};
