import { redisSourceNamed } from '../../shared/config/platform.ts';
import { chooseArchive } from '../../shared/redis/archives.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import type { ChooseRequest } from '../../shared/verification/requests.ts';
import { testGroupName } from './test-groups.ts';

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
