// Replication groups that exist only to be tested: named after the execution that made them, private, and removed.
import { createHash } from 'node:crypto';
import type { ReplicationGroup } from '@aws-sdk/client-elasticache';
import { readPoint } from '../../shared/catalog/catalog.ts';
import { redisSourceNamed } from '../../shared/config/platform.ts';
import { NameTaken } from '../../shared/errors.ts';
import { deleteGroup, findGroup } from '../../shared/redis/groups.ts';
import {
  madeFrom,
  type Restore,
  type RestoreTarget,
  removeSeed,
  restoreFromArchive,
} from '../../shared/redis/restores.ts';
import { executionName, type StepRequest } from '../../shared/verification/steps.ts';
import { GroupForeign } from './errors.ts';

const PREFIX = 'lifeboat-test-';

/** One name per execution; a replication group's has at most 40 characters. */
export const testGroupName = (execution: string): string =>
  `${PREFIX}${createHash('sha256').update(execution).digest('hex').slice(0, 20)}`;

const testTarget = (source: string, execution: string): RestoreTarget => {
  const { recovery, restore } = redisSourceNamed(source);
  return {
    ...restore,
    nodeType: restore.nodeType ?? recovery.nodeType,
    replicationGroup: testGroupName(execution),
    replicas: 0,
    automaticSnapshotDays: 0,
    owner: `test ${executionName(execution)}`,
  };
};

/** Asks for the test group, or looks how far it is. @throws {GroupForeign}, and as restoreFromArchive does */
export const restoreTest = async ({ source, recoveryPoint, execution }: StepRequest): Promise<Restore> => {
  const point = await readPoint(recoveryPoint);
  try {
    return await restoreFromArchive(redisSourceNamed(source), point, testTarget(source, execution));
  } catch (error) {
    if (!(error instanceof NameTaken)) throw error;
    throw foreign(source, testGroupName(execution), error);
  }
};

/** Removes this execution's group and what it was made from. Safe to call at any time and any number of times. @throws {GroupForeign} */
export const removeTest = async ({
  source,
  recoveryPoint,
  execution,
}: StepRequest): Promise<{ group: string; removed: boolean }> => {
  const name = testGroupName(execution);
  await removeSeed(await readPoint(recoveryPoint), testTarget(source, execution));
  const group = await findGroup(name);
  if (!group) return { group: name, removed: true };
  if (ownerOf(group) !== executionName(execution)) throw foreign(source, name);
  await deleteGroup(group);
  return { group: name, removed: false };
};

/** The name of the execution a test group belongs to; undefined for any other group. */
export const ownerOf = (group: ReplicationGroup): string | undefined =>
  group.ReplicationGroupId?.startsWith(PREFIX) ? /^test (\S+)$/.exec(madeFrom(group)?.owner ?? '')?.[1] : undefined;

const foreign = (source: string, group: string, cause?: Error): GroupForeign =>
  new GroupForeign(
    'a replication group of our name is not ours.',
    {
      source,
      expected: 'a description that names this execution',
      found: cause ? cause.message : 'another description',
      next: `Find out what ${group} is; nothing was done to it.`,
    },
    { cause },
  );
