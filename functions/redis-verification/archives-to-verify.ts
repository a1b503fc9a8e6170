import { z } from 'zod';
import { redisSourceNamed } from '../../shared/config/platform.ts';
import { chooseArchive } from '../../shared/redis/archives.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { testGroupName } from './test-groups.ts';

/** Input of the machine, and who runs it. */
export const ChooseRequest = z.strictObject({
  source: z.string(),
  recoveryPoint: z.string().optional(),
  before: z.iso.datetime().optional(),
  scheduledAt: z.iso.datetime(),
  attempt: z.int().min(1).default(1),
  execution: z.string().min(1),
});
export type ChooseRequest = z.output<typeof ChooseRequest>;

export interface Chosen {
  source: string;
  recoveryPoint: string;
  execution: string;
  group: string;
  deadlineSeconds: number;
}

/** The archive asked for, or the newest before a time. @throws {RecoveryPointMissing} {ArchiveMissing} {SourceUnknown} */
export const choosePoint = async (request: ChooseRequest): Promise<Chosen> => {
  const { source, execution, recoveryPoint, before, scheduledAt } = request;
  const { restore } = redisSourceNamed(source);
  const point = await chooseArchive(source, {
    id: recoveryPoint,
    before: new Date(before ?? scheduledAt),
    toVerify: true,
  });
  logger.info('verification begun', { source, recoveryPoint: point.id, execution });
  return {
    source,
    recoveryPoint: point.id,
    execution,
    group: testGroupName(execution),
    deadlineSeconds: restore.deadline,
  };
};
