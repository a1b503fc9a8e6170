// What a drill makes: a copy of the database, the snapshot it is made from, and a copy of the cache. All go by one name that
// no other thing has; the functions that remove them are allowed that name and no other (functions.yml).
import { createHash } from 'node:crypto';
import { InvalidReplicationGroupStateFault } from '@aws-sdk/client-elasticache';
import {
  type DBSnapshot,
  DBSnapshotNotFoundFault,
  DeleteDBSnapshotCommand,
  DescribeDBSnapshotsCommand,
  InvalidDBInstanceStateFault,
  InvalidDBSnapshotStateFault,
  type Tag,
} from '@aws-sdk/client-rds';
import { rds } from '../../shared/aws/clients.ts';
import { readPoint } from '../../shared/catalog/catalog.ts';
import { redisSourceNamed } from '../../shared/config/platform.ts';
import { settings } from '../../shared/config/settings.ts';
import { deleteInstance, findInstance } from '../../shared/rds/instances.ts';
import { PhaseRecord, phaseKey } from '../../shared/recovery/documents.ts';
import { deleteGroup, findGroup } from '../../shared/redis/groups.ts';
import { configuredTarget, madeFrom, type RestoreTarget, removeSeed } from '../../shared/redis/restores.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { findDocument } from '../../shared/vault/documents.ts';
import { recoveryPlan } from './epoch.ts';
import { CopyForeign } from './errors.ts';

/** Names of copies begin so, and nothing else does. A replication group's has at most 40 characters. */
const PREFIX = 'lifeboat-drill-';
export const copyName = (source: string, drill: string): string =>
  `${PREFIX}${createHash('sha256').update(`${source} ${drill}`).digest('hex').slice(0, 20)}`;

const DRILL_TAG = 'lifeboat:drill';
export const copyTags = (drill: string): Tag[] => [
  { Key: DRILL_TAG, Value: drill },
  { Key: 'lifeboat:service', Value: settings().service },
];

/** As a failover would make it, under the copy's name and without snapshots of its own. */
export const cacheCopyTarget = (source: string, drill: string): RestoreTarget => ({
  ...configuredTarget(redisSourceNamed(source), drill),
  replicationGroup: copyName(source, drill),
  automaticSnapshotDays: 0,
});

export const findSnapshot = async (id: string): Promise<DBSnapshot | undefined> => {
  try {
    const { DBSnapshots } = await rds().send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: id }));
    return DBSnapshots?.[0];
  } catch (error) {
    if (error instanceof DBSnapshotNotFoundFault) return undefined;
    throw error;
  }
};

/** @throws {CopyForeign} before anything is done to what is not this drill's. */
export const demandOurs = (drill: string, name: string, tags: Tag[] = []): void => {
  const found = tags.find(({ Key }) => Key === DRILL_TAG)?.Value;
  if (found !== drill) throw foreign(drill, name, found);
};

const foreign = (drill: string, name: string, found: string | undefined): CopyForeign =>
  new CopyForeign('something has the name of a drill’s copy and is not this drill’s.', {
    source: name,
    expected: `made by ${drill}`,
    found: found ?? 'no mark of any drill',
    next: `Find out what ${name} is; nothing was done to it.`,
  });

/**
 * Removes what a drill made, as far as AWS lets it go now. Returns what is still there: called until nothing is. Safe at any
 * time, any number of times, also beside a step of the drill that was cut off. @throws {CopyForeign}
 */
export const removeCopies = async (drill: string): Promise<string[]> => {
  const { database, cache } = recoveryPlan();
  const left = [
    await removeDatabase(drill, copyName(database.source, drill)),
    await removeSnapshot(drill, copyName(database.source, drill)),
    ...(cache ? [await removeCache(drill, cache.source)] : []),
  ];
  return left.filter((each) => each !== undefined);
};

const removeDatabase = async (drill: string, name: string): Promise<string | undefined> => {
  const instance = await findInstance(name);
  if (!instance) return undefined;
  demandOurs(drill, name, instance.TagList);
  const left = `instance ${name}, ${instance.DBInstanceStatus}`;
  await unlessBusy(() => deleteInstance(instance), InvalidDBInstanceStateFault);
  return left;
};

const removeSnapshot = async (drill: string, name: string): Promise<string | undefined> => {
  const snapshot = await findSnapshot(name);
  if (!snapshot) return undefined;
  demandOurs(drill, name, snapshot.TagList);
  const deletion = new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: name });
  const gone = await unlessBusy(async () => {
    try {
      await rds().send(deletion);
    } catch (error) {
      // By an earlier try whose answer was lost.
      if (!(error instanceof DBSnapshotNotFoundFault)) throw error;
    }
  }, InvalidDBSnapshotStateFault);
  return gone ? undefined : `snapshot ${name}, ${snapshot.Status}`;
};

const removeCache = async (drill: string, source: string): Promise<string | undefined> => {
  const target = cacheCopyTarget(source, drill);
  const name = target.replicationGroup;
  const begun = await findDocument(phaseKey(drill, 'cache'), PhaseRecord);
  const points = [begun?.facts.recoveryPoint, begun?.facts.passedOver].flat().filter((id) => typeof id === 'string');
  const group = await findGroup(name);
  if (group) {
    const owner = madeFrom(group)?.owner;
    if (owner !== drill) throw foreign(drill, name, owner);
    await unlessBusy(() => deleteGroup(group), InvalidReplicationGroupStateFault);
    return `cache ${name}, ${group.Status}`;
  }
  // What the group is made from lies in the exchange bucket until it is there.
  for (const id of points) await removeSeed(await readPoint(id), target);
  return undefined;
};

/** AWS removes nothing that it is still at work on: the next look tries again. */
const unlessBusy = async (remove: () => Promise<unknown>, busy: new (...given: never[]) => Error): Promise<boolean> => {
  try {
    await remove();
    return true;
  } catch (error) {
    if (!(error instanceof busy)) throw error;
    logger.info('a copy cannot be removed yet', { found: error.message });
    return false;
  }
};
