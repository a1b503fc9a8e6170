// What fault campaigns and tests may do behind the API's back.
import { chmod } from 'node:fs/promises';
import { ADMIN_PASSWORD, asAdmin } from '../../engines/postgres.ts';
import { ADMIN } from '../../engines/postgres-config.ts';
import { failInstance } from './availability.ts';
import { archiveOf, dataOf, startInstance } from './servers.ts';
import { instanceNamed, type Rds, snapshotNamed } from './state.ts';

export interface RdsHooks {
  /** The server of an instance and its superuser, who needs no TLS. */
  server(instanceId: string): {
    host: string;
    port: number;
    user: string;
    password: string;
    directory: string;
    running: boolean;
  };
  /** The files of a snapshot; what is changed there, every later restore, copy and export finds changed. */
  snapshotDirectory(snapshotId: string): string;
  /** While true, restores that are begun never become available. */
  hangRestores(hang: boolean): void;
  /** The next restore or promotion ends in this status. */
  failNextRestore(status: 'incompatible-restore' | 'failed' | 'incompatible-network' | 'storage-full'): void;
  /** While true, the archive of an instance takes no WAL: the server keeps it and tries again, the restorable time stands still. */
  pauseArchiving(instanceId: string, paused: boolean): Promise<void>;
  /** A power cut for one server, or a clean end: RDS goes on calling the instance what it called it before. */
  stopServer(instanceId: string, mode?: 'fast' | 'immediate'): Promise<void>;
  /** The same for all of them, as when a region is lost. */
  stopServers(): Promise<void>;
  /** Starts the servers that do not run, on the disks they left. */
  startServers(): void;
  /** The link between a replica and its source breaks for good: what is committed from now on is not shipped. */
  breakReplication(replicaId: string): Promise<void>;
}

export const hooksOf = (rds: Rds): RdsHooks => ({
  server(instanceId) {
    const instance = instanceNamed(rds, instanceId);
    const running = instance.server?.running() ?? false;
    const access = { host: '127.0.0.1', port: instance.port, user: ADMIN, password: ADMIN_PASSWORD };
    return { ...access, directory: dataOf(instance), running };
  },
  snapshotDirectory: (snapshotId) => snapshotNamed(rds, snapshotId).directory,
  hangRestores(hang) {
    rds.restores.hang = hang;
  },
  failNextRestore(status) {
    rds.restores.failNext = status;
  },
  async pauseArchiving(instanceId, paused) {
    const instance = instanceNamed(rds, instanceId);
    // Closed to the engine's own user, so that its archive command fails as it would on a full or lost store.
    await chmod(archiveOf(instance), paused ? 0o500 : 0o700);
    // After failures the archiver looks again only once a minute of the machine's time; a reload wakes it.
    if (!paused) await asAdmin(instance.port, 'postgres', (client) => client.query('select pg_reload_conf()'));
  },
  stopServer: async (instanceId, mode = 'immediate') => instanceNamed(rds, instanceId).server?.stop(mode),
  async stopServers() {
    await Promise.all([...rds.instances.values()].map(({ server }) => server?.stop('immediate')));
  },
  startServers() {
    for (const instance of rds.instances.values()) {
      if (!instance.server || instance.server.running()) continue;
      instance.job = rds.jobs.start(
        `start of ${instance.id} after a power cut`,
        ({ signal }) => startInstance(rds, instance, signal),
        (error) => failInstance(rds, instance, 'failed', error),
      );
    }
  },
  breakReplication: (replicaId) =>
    asAdmin(instanceNamed(rds, replicaId).port, 'postgres', async (client) => {
      await client.query("alter system set primary_conninfo = ''");
      await client.query('select pg_reload_conf()');
      // The receiver ends a moment later; only then the link is broken.
      while ((await client.query('select 1 from pg_stat_wal_receiver')).rowCount)
        await client.query('select pg_sleep(0.02)');
    }),
});
