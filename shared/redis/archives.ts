import { S3ServiceException } from '@aws-sdk/client-s3';
import { headObject, uriHere } from '../artifacts/artifacts.ts';
import { newestBefore, readPoint } from '../catalog/catalog.ts';
import { RecoveryPointMissing } from '../catalog/errors.ts';
import type { Artifact, RecoveryPoint } from '../catalog/recovery-point.ts';
import { logger } from '../telemetry/logger.ts';
import { ArchiveMissing } from './errors.ts';

/** A complete archive of a cache. */
export const isArchive = ({ kind, method, status }: RecoveryPoint): boolean =>
  kind === 'elasticache-redis' && method === 'export' && (status === 'stored' || status === 'verified');

export const isProven = (point: RecoveryPoint): boolean => isArchive(point) && point.status === 'verified';

/** Its content was read from end to end, or proven by a restore. Of another nothing is known but its bytes. */
export const isChecked = (point: RecoveryPoint): boolean =>
  isProven(point) || (isArchive(point) && point.cache?.archive?.checked === 'whole');

/** The RDB file of an archive, before the artefacts of its verifications. @throws {RecoveryPointMissing} */
const rdbFileOf = (point: RecoveryPoint): Artifact => {
  const [file] = point.artifacts;
  if (point.method === 'export' && point.status !== 'expired' && file?.uri.endsWith('.rdb')) return file;
  throw missing(point.source, point.id, 'an archive of a cache with its file', point);
};

/**
 * The RDB file as this region has it: a replica keeps key and version. @throws {ArchiveMissing} where it has not come yet,
 * or is another one.
 */
export const rdbFileHere = async (point: RecoveryPoint): Promise<Artifact> => {
  const file = rdbFileOf(point);
  const uri = uriHere(file.uri);
  const here = { ...file, uri };
  const found = await sizeOf(here);
  if (found === file.bytes) return here;
  throw new ArchiveMissing('the file of this archive is not in the vault of this region.', {
    source: point.source,
    recoveryPoint: point.id,
    expected: `${file.bytes} bytes at ${uri}, version ${file.versionId}`,
    found: found === undefined ? 'nothing' : `${found} bytes`,
    next: 'Take the archive before it, or wait for replication if the other region is alive.',
  });
};

const sizeOf = async ({ uri, versionId }: Artifact): Promise<number | undefined> => {
  try {
    return (await headObject(uri, versionId)).ContentLength;
  } catch (error) {
    if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return undefined;
    throw error;
  }
};

/** Archives that are looked for one after the other, while their files have not come. */
const LOOKED_AT = 48;

/**
 * The archive asked for, or the newest usable one of a source, taken at or before a time, whose file is in this region. One that was
 * found bad may be asked for to be verified again, and for nothing else.
 * @throws {RecoveryPointMissing} {ArchiveMissing} of the one asked for
 */
export const chooseArchive = async (
  source: string,
  {
    id,
    before,
    toVerify = false,
    usable = isArchive,
  }: { id?: string | undefined; before: Date; toVerify?: boolean; usable?: (point: RecoveryPoint) => boolean },
): Promise<RecoveryPoint> => {
  if (id) {
    const point = await readPoint(id);
    const may = isArchive(point) || (toVerify && point.status === 'failed');
    if (point.source !== source || !may) throw missing(source, id, `an archive of ${source}`, point);
    await rdbFileHere(point);
    return point;
  }
  const taken = ({ pointInTime, scheduledAt }: RecoveryPoint): boolean =>
    new Date(pointInTime ?? scheduledAt) <= before;
  let until = before;
  for (let looked = 0; looked < LOOKED_AT; looked++) {
    const point = await newestBefore(source, until, (each) => usable(each) && taken(each));
    if (!point) break;
    if (await isHere(point)) return point;
    logger.warn('archive passed over: its file is not here', { source, recoveryPoint: point.id });
    until = new Date(new Date(point.scheduledAt).getTime() - 1);
  }
  throw missing(source, undefined, `an archive of before ${before.toISOString()}, with its file in this region`);
};

const isHere = async (point: RecoveryPoint): Promise<boolean> => {
  try {
    await rdbFileHere(point);
    return true;
  } catch (error) {
    if (error instanceof ArchiveMissing) return false;
    throw error;
  }
};

const missing = (
  source: string,
  id: string | undefined,
  expected: string,
  found?: RecoveryPoint,
): RecoveryPointMissing =>
  new RecoveryPointMissing('there is no archive to restore from.', {
    source,
    ...(id ? { recoveryPoint: id } : {}),
    expected,
    found: found ? `${found.method} of ${found.source}, ${found.status}` : 'none',
    next: 'List the catalogue for exports of the source; the alarm on its RPO tells since when none was made.',
  });
