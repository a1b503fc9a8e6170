// Streaming replicas: how far behind they are, and how instances part from each other.
import { ADMIN_PASSWORD, asAdmin } from '../../engines/postgres.ts';
import { callAs } from '../own-calls.ts';
import { engineNow } from './archive.ts';
import { tell } from './events.ts';
import { type Instance, type Rds, rdsIn } from './state.ts';

const MINUTE_MS = 60_000;
/** A minute of region time that took less than this was a jump. */
const JUMPED_MS = 200;

/** The instance a replica follows, with the RDS that has it; undefined once it is gone or its region is. */
export const primaryOf = (rds: Rds, replica: Instance): { rds: Rds; instance: Instance } | undefined => {
  if (!replica.primary) return undefined;
  const region = rds.region.world.region(replica.primary.region);
  const other = region.alive ? rdsIn(region) : undefined;
  const instance = other?.instances.get(replica.primary.id);
  return other && instance ? { rds: other, instance } : undefined;
};

/** Seconds of region time since the replica last had everything its primary had. Remembers the outcome on the instance. */
export const measureLag = async (rds: Rds, replica: Instance): Promise<number> => {
  const now = engineNow(rds);
  if (await isLevel(replica)) replica.levelAt = now;
  replica.replicating = replica.levelAt === now;
  const { clock } = rds.region;
  const level = replica.levelAt ? clock.toRegionTime(replica.levelAt) : replica.createdAt;
  return replica.replicating ? 0 : (clock.now().getTime() - level.getTime()) / 1000;
};

const isLevel = async (replica: Instance): Promise<boolean> => {
  if (!replica.server?.running()) return false;
  const statement = `select pg_last_wal_replay_lsn() >= pg_last_wal_receive_lsn() as level
    from pg_stat_wal_receiver where status = 'streaming'`;
  const result = await asAdmin(replica.port, 'postgres', (client) => client.query(statement)).catch(() => undefined);
  return result?.rows[0]?.level === true;
};

/**
 * Publishes ReplicaLag every minute of region time for as long as the instance is a replica; while time jumps, every
 * quarter of an hour, so that a month does not take a day.
 */
export const publishLag = (rds: Rds, replica: Instance): void => {
  const { clock } = rds.region;
  let sampledAt = engineNow(rds).getTime();
  const sample = async () => {
    if (!replica.primary || rds.instances.get(replica.id) !== replica) return;
    if (replica.status === 'available' && rds.region.alive) await putLag(rds, replica, await measureLag(rds, replica));
    const now = engineNow(rds).getTime();
    const jumping = now - sampledAt < JUMPED_MS;
    sampledAt = now;
    replica.cancelLag = clock.at(new Date(clock.now().getTime() + MINUTE_MS * (jumping ? 15 : 1)), sample);
  };
  replica.cancelLag = clock.at(new Date(clock.now().getTime() + MINUTE_MS), sample);
};

const putLag = (rds: Rds, replica: Instance, seconds: number): Promise<unknown> => {
  const datum = {
    MetricName: 'ReplicaLag',
    Dimensions: [{ Name: 'DBInstanceIdentifier', Value: replica.id }],
    Timestamp: rds.region.clock.now(),
    Value: seconds,
    Unit: 'Seconds',
  };
  const input = { Namespace: 'AWS/RDS', MetricData: [datum] };
  // A metric that could not be delivered is missing, as in AWS; alarms have their own opinion on that.
  return callAs('rds.amazonaws.com', rds.region, 'monitoring', 'PutMetricData', input).catch(() => undefined);
};

/** Ends this instance's part in replication: its slot goes, its own replicas stay where they are. */
export const leaveReplication = async (rds: Rds, instance: Instance): Promise<void> => {
  instance.cancelLag?.();
  const primary = primaryOf(rds, instance);
  const slot = instance.primary?.slot;
  delete instance.primary;
  if (primary) {
    primary.instance.replicas = primary.instance.replicas.filter(
      ({ region, id }) => region !== rds.region.name || id !== instance.id,
    );
    if (slot && primary.instance.server?.running()) await dropSlot(primary.instance, instance, slot);
  }
  for (const { region, id } of instance.replicas) {
    const other = rdsIn(rds.region.world.region(region));
    const replica = other?.instances.get(id);
    if (other && replica) {
      tell(
        other,
        { kind: 'instance', ...replica },
        'replicationTerminated',
        'Replication streaming has been terminated',
      );
    }
  }
};

// A slot in use cannot be dropped: the receiver may take a moment to notice that it is no longer wanted.
const dropSlot = (primary: Instance, replica: Instance, slot: string): Promise<unknown> =>
  asAdmin(primary.port, 'postgres', async (client) => {
    await replica.server?.stop('immediate');
    await client.query('select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = $1', [
      slot,
    ]);
    for (let tries = 0; tries < 20; tries++) {
      const dropped = await client
        .query('select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1', [slot])
        .catch(() => undefined);
      if (dropped) return;
      await client.query('select pg_sleep(0.05)');
    }
  });

/** How a standby reaches its primary. */
export const streamingFrom = (rds: Rds, replica: Instance) => {
  const primary = primaryOf(rds, replica)?.instance;
  return primary && replica.primary
    ? { port: primary.port, slot: replica.primary.slot, password: ADMIN_PASSWORD }
    : undefined;
};
