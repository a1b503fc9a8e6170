// A replication group made from an archive, in the region where this runs: what people, tests and failovers all do. Called
// again and again, it goes on where it is; nothing that exists is touched.
import {
  CreateReplicationGroupCommand,
  type ReplicationGroup,
  ReplicationGroupAlreadyExistsFault,
} from '@aws-sdk/client-elasticache';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { copyObject } from '../artifacts/object-copies.ts';
import { elasticache, s3 } from '../aws/clients.ts';
import type { RecoveryPoint } from '../catalog/recovery-point.ts';
import type { RedisSource } from '../config/schema.ts';
import { settings } from '../config/settings.ts';
import { NameTaken } from '../errors.ts';
import { logger } from '../telemetry/logger.ts';
import { rdbFileHere } from './archives.ts';
import { findGroup } from './groups.ts';
import { readToken } from './logins.ts';

export interface RestoreTarget {
  /** Name of the group to be made. */
  replicationGroup: string;
  nodeType: string;
  replicas: number;
  subnetGroup?: string | undefined;
  securityGroups: readonly string[];
  /** Days of ElastiCache's own daily snapshots; 0 for none. */
  automaticSnapshotDays: number;
  /** For whom it is made: an execution, a failover, a person. Another's group of the same name is not taken for this one. */
  owner: string;
}

export type Restore =
  | { state: 'restoring'; status: string }
  | { state: 'available'; status: string; replicationGroup: string; host: string; port: number }
  /** It will not become available; the reason as ElastiCache calls it. */
  | { state: 'failed'; status: string };

/** Where a source's cache is restored to in this region, as the configuration has it. */
export const configuredTarget = ({ recovery, replicationGroup }: RedisSource, owner: string): RestoreTarget => ({
  ...recovery,
  replicationGroup: settings().role === 'primary' ? replicationGroup : recovery.replicationGroup,
  automaticSnapshotDays: 7,
  owner,
});

/**
 * Begins the restore, or looks how far it is. It is done when it answers `available` or `failed`.
 * @throws {ArchiveMissing} {ArtifactDamaged} {CacheTokenMissing} {NameTaken}
 */
export const restoreFromArchive = async (
  source: RedisSource,
  point: RecoveryPoint,
  target: RestoreTarget,
): Promise<Restore> => {
  const existing = await findGroup(target.replicationGroup);
  const group = existing ?? (await createGroup(source, point, target));
  demandOurs(group, point, target);
  const restore = stateOf(group);
  // The seed is read while the group is created, and not after.
  if (restore.state !== 'restoring') await removeSeed(point, target);
  return restore;
};

/** Marks a group as made from a point for an owner. ElastiCache tells a description in every state, tags only in one. */
const descriptionOf = (point: RecoveryPoint, { owner }: RestoreTarget): string =>
  `${settings().service}: ${point.id} for ${owner}`;

/** The point a group was made from, and for whom; undefined for a group that no restore of this service made. */
export const madeFrom = ({
  Description = '',
}: ReplicationGroup): { recoveryPoint: string; owner: string } | undefined => {
  const prefix = `${settings().service}: `;
  const [, recoveryPoint, owner] = /^(\S+) for (.+)$/.exec(Description.slice(prefix.length)) ?? [];
  return Description.startsWith(prefix) && recoveryPoint && owner ? { recoveryPoint, owner } : undefined;
};

const demandOurs = (group: ReplicationGroup, point: RecoveryPoint, target: RestoreTarget): void => {
  if (group.Description === descriptionOf(point, target)) return;
  throw new NameTaken('a replication group of the target name exists and is not this restore.', {
    source: point.source,
    recoveryPoint: point.id,
    expected: `a free name, or "${descriptionOf(point, target)}"`,
    found: `${target.replicationGroup}, "${group.Description ?? ''}"`,
    next: 'Choose another target name, or remove that group. Restores never replace what exists.',
  });
};

const stateOf = ({ Status = 'unknown', NodeGroups, ReplicationGroupId = '' }: ReplicationGroup): Restore => {
  const { Address: host, Port: port } = NodeGroups?.[0]?.PrimaryEndpoint ?? {};
  // creating, available, modifying, deleting, create-failed, snapshotting (ReplicationGroup, API reference, 2026-11);
  // restore-failed is what a cluster is called whose node is too small for the file ("Seeding a new cluster", user guide).
  if (['create-failed', 'restore-failed', 'deleting'].includes(Status)) return { state: 'failed', status: Status };
  const isUp = ['available', 'modifying', 'snapshotting'].includes(Status);
  return isUp && host && port
    ? { state: 'available', status: Status, replicationGroup: ReplicationGroupId, host, port }
    : { state: 'restoring', status: Status };
};

const seedKey = (point: RecoveryPoint, { replicationGroup }: RestoreTarget): string =>
  `seeds/${replicationGroup}/${point.id}.rdb`;

const createGroup = async (
  source: RedisSource,
  point: RecoveryPoint,
  target: RestoreTarget,
): Promise<ReplicationGroup> => {
  const token = await readToken(point.source, source);
  const { exchangeBucket: Bucket } = settings();
  const Key = seedKey(point, target);
  await copyObject({
    from: await rdbFileHere(point),
    to: { Bucket, Key },
    settings: { ServerSideEncryption: 'AES256' },
  });
  const [major, minor] = (point.engineVersion ?? '').split('.');
  try {
    const { ReplicationGroup } = await elasticache().send(
      new CreateReplicationGroupCommand({
        ReplicationGroupId: target.replicationGroup,
        ReplicationGroupDescription: descriptionOf(point, target),
        Engine: point.cache?.engine ?? 'redis',
        ...(major && minor ? { EngineVersion: `${major}.${minor}` } : {}),
        CacheNodeType: target.nodeType,
        NumCacheClusters: target.replicas + 1,
        AutomaticFailoverEnabled: target.replicas > 0,
        MultiAZEnabled: target.replicas > 0,
        ...(target.subnetGroup ? { CacheSubnetGroupName: target.subnetGroup } : {}),
        ...(target.securityGroups.length ? { SecurityGroupIds: [...target.securityGroups] } : {}),
        SnapshotArns: [`arn:aws:s3:::${Bucket}/${Key}`],
        SnapshotRetentionLimit: target.automaticSnapshotDays,
        TransitEncryptionEnabled: true,
        AtRestEncryptionEnabled: true,
        ...(token === undefined ? {} : { AuthToken: token }),
        Tags: [
          { Key: 'lifeboat:service', Value: settings().service },
          { Key: 'lifeboat:restored-from', Value: point.id },
        ],
      }),
    );
    logger.info('cache restore started', {
      source: point.source,
      recoveryPoint: point.id,
      group: target.replicationGroup,
    });
    if (ReplicationGroup) return ReplicationGroup;
  } catch (error) {
    if (!(error instanceof ReplicationGroupAlreadyExistsFault)) throw error;
  }
  return (
    (await findGroup(target.replicationGroup)) ?? { Status: 'creating', Description: descriptionOf(point, target) }
  );
};

/** Removes the copy a group is made from. Called too early, the restore fails; called twice, nothing happens. */
export const removeSeed = async (point: RecoveryPoint, target: RestoreTarget): Promise<void> => {
  await s3().send(new DeleteObjectCommand({ Bucket: settings().exchangeBucket, Key: seedKey(point, target) }));
};
