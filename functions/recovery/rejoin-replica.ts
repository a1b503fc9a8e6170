// A replica of the living database takes the place of the old one, which stays under another name.
import {
  CreateDBInstanceReadReplicaCommand,
  type DBInstance,
  DBInstanceAlreadyExistsFault,
  InvalidDBInstanceStateFault,
  ModifyDBInstanceCommand,
} from '@aws-sdk/client-rds';
import { rds } from '../../shared/aws/clients.ts';
import { now } from '../../shared/clock.ts';
import { settings } from '../../shared/config/settings.ts';
import { describeInstance, findInstance } from '../../shared/rds/instances.ts';
import type { Rejoin } from '../../shared/recovery/rejoin.ts';
import { InstanceUnusable } from './errors.ts';
import { tellReady } from './rejoin-message.ts';
import { assertShut, change, open, type RejoinStep, type Way, wait } from './rejoin-way.ts';

/** The old database stays, whole, under a name of its own: what it has that the living one lacks is nowhere else. */
export const setAside = async (way: Way, { DBInstanceIdentifier: id = '' }: DBInstance, signal: AbortSignal) => {
  await assertShut(way, signal);
  const keptAs = `${id}-left-${way.move?.failoverId ?? 'behind'}`.slice(0, 63).replace(/-+$/, '');
  await change(way, (standing) => ({ ...standing, keptAs }));
  try {
    await rds().send(
      new ModifyDBInstanceCommand({
        DBInstanceIdentifier: id,
        NewDBInstanceIdentifier: keptAs,
        ApplyImmediately: true,
      }),
    );
  } catch (error) {
    // Being renamed already, by a call whose answer was lost: the next look tells.
    if (!(error instanceof InvalidDBInstanceStateFault)) throw error;
  }
  return wait(`${id} is given the name ${keptAs}`, 10);
};

export const replicate = async (way: Way, { keptAs }: Rejoin): Promise<RejoinStep> => {
  const { name, here, there } = way;
  const old = keptAs ? await findInstance(keptAs) : undefined;
  // It is renamed after it was asked: neither name answers for a while.
  if (keptAs && old?.DBInstanceStatus !== 'available')
    return wait(`${keptAs} is ${old?.DBInstanceStatus ?? 'not there yet'}`, 10);
  const living = await describeInstance(name, there, settings().peer.region);
  try {
    await rds().send(
      new CreateDBInstanceReadReplicaCommand({
        DBInstanceIdentifier: here,
        SourceDBInstanceIdentifier: living.DBInstanceArn,
        PubliclyAccessible: false,
        CopyTagsToSnapshot: true,
        // Where the old one stood the new one stands; the key of the vault where there was none.
        ...(living.StorageEncrypted ? { KmsKeyId: old?.KmsKeyId ?? settings().vaultKeyArn } : {}),
        DBInstanceClass: living.DBInstanceClass,
        ...placeOf(old),
        Tags: [{ Key: 'lifeboat:service', Value: settings().service }],
      }),
    );
    await change(way, (standing) => ({ ...standing, askedAt: now().toISOString() }));
  } catch (error) {
    if (!(error instanceof DBInstanceAlreadyExistsFault)) throw error;
  }
  return wait(`${here} is being made as a replica of ${there}`, 10);
};

const placeOf = (old: DBInstance | undefined) => ({
  ...(old?.DBSubnetGroup?.DBSubnetGroupName ? { DBSubnetGroupName: old.DBSubnetGroup.DBSubnetGroupName } : {}),
  ...(old?.VpcSecurityGroups?.length
    ? { VpcSecurityGroupIds: old.VpcSecurityGroups.flatMap(({ VpcSecurityGroupId }) => VpcSecurityGroupId ?? []) }
    : {}),
});

/** Done once the replica follows the living database and is level with what it had when we asked. */
export const follow = async (way: Way, instance: DBInstance, signal: AbortSignal): Promise<RejoinStep> => {
  const { name, here, there } = way;
  const { region } = settings().peer;
  const living = await describeInstance(name, there, region);
  const followed = instance.ReadReplicaSourceDBInstanceIdentifier ?? '';
  if (![there, living.DBInstanceArn].includes(followed))
    throw new InstanceUnusable('the instance of this region follows another database.', {
      source: name,
      expected: `a replica of ${there} in ${region}`,
      found: followed,
      next: `Find out what ${here} is for; give it another name, then start this again.`,
    });
  await using writing = await open(way, living, signal);
  await using standby = await open(way, instance, signal);
  const { lsn } = await writing.row('SELECT pg_current_wal_lsn()::text AS lsn');
  const { behind } = await standby.row('SELECT pg_wal_lsn_diff($1::pg_lsn, pg_last_wal_replay_lsn())::text AS behind', [
    lsn ?? '0/0',
  ]);
  if (behind === null || Number(behind) > LEVEL_BYTES)
    return wait(`${here} is ${behind ?? 'unknown'} bytes behind`, CATCHING_UP_SECONDS);
  const record = await change(way, (standing) => ({ ...standing, readyAt: standing.readyAt ?? now().toISOString() }));
  if (!record.toldAt) {
    await tellReady({ source: name, instance: here, record });
    await change(way, (standing) => ({ ...standing, toldAt: standing.toldAt ?? now().toISOString() }));
  }
  return { done: true, instance: here, keptAs: record.keptAs ?? null };
};

/** Hours, where the copy took a day. */
const CATCHING_UP_SECONDS = 60;

/** A segment of WAL: what a database that is used has on the way at any time. */
const LEVEL_BYTES = 16 * 1024 * 1024;
