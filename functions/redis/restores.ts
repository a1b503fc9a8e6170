// Restores for people, in either region: always to a new replication group, whose name is given.
import { z } from 'zod';
import { parsePointId } from '../../shared/catalog/ids.ts';
import { now } from '../../shared/clock.ts';
import { redisSourceNamed } from '../../shared/config/platform.ts';
import { chooseArchive } from '../../shared/redis/archives.ts';
import { findGroup } from '../../shared/redis/groups.ts';
import { configuredTarget, madeFrom, type Restore, restoreFromArchive } from '../../shared/redis/restores.ts';
import { logger } from '../../shared/telemetry/logger.ts';

export const RestoreRequest = z.strictObject({
  source: z.string().min(1),
  /** Name of the replication group to make. */
  target: z
    .string()
    .regex(
      /^[a-z](?!.*--)[a-z0-9-]{0,38}[a-z0-9]$/,
      'a replication group of 2 to 40 lower case letters, digits, hyphens',
    ),
  from: z.union([
    z.strictObject({ recoveryPoint: z.string().min(1) }),
    /** The newest archive whose data is of this time or before. */
    z.strictObject({ before: z.iso.datetime() }),
    z.strictObject({ latest: z.literal('archive') }),
  ]),
});
export type RestoreRequest = z.output<typeof RestoreRequest>;

export type RestoreAnswer = Restore & {
  source: string;
  target: string;
  recoveryPoint: string;
  /** The moment whose data the cache holds, less what has ended since. */
  pointInTime: string;
};

const OWNER = 'people';

/** @throws {RecoveryPointMissing} {ArchiveMissing} {NameTaken} {CacheTokenMissing} */
export const restoreCache = async ({ source, target, from }: RestoreRequest): Promise<RestoreAnswer> => {
  const settings = redisSourceNamed(source);
  // What is newest moves on between a request and its repetition: the restore under way goes on with what it began with.
  const id = 'recoveryPoint' in from ? from.recoveryPoint : await pointUnderWay(source, target);
  const point = await chooseArchive(source, { id, before: 'before' in from ? new Date(from.before) : now() });
  const wanted = { ...configuredTarget(settings, OWNER), replicationGroup: target };
  const restore = await restoreFromArchive(settings, point, wanted);
  const answer = {
    ...restore,
    source,
    target,
    recoveryPoint: point.id,
    pointInTime: point.pointInTime ?? point.scheduledAt,
  };
  logger.info('cache restore looked at', { ...answer });
  return answer;
};

const pointUnderWay = async (source: string, target: string): Promise<string | undefined> => {
  const group = await findGroup(target);
  const made = group && madeFrom(group);
  return made?.owner === OWNER && parsePointId(made.recoveryPoint).source === source ? made.recoveryPoint : undefined;
};
