// What fault campaigns and tests may do behind the API's back.
import { ADMIN_PASSWORD } from '../../engines/postgres.ts';
import { ADMIN } from '../../engines/postgres-config.ts';
import { dataOf } from './servers.ts';
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
  /** The next restore ends in this status. */
  failNextRestore(status: 'incompatible-restore' | 'failed' | 'incompatible-network' | 'storage-full'): void;
  /** A power cut for one server: RDS goes on calling the instance what it called it before. */
  stopServer(instanceId: string): Promise<void>;
  /** The same for all of them, as when a region is lost. */
  stopServers(): Promise<void>;
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
  stopServer: async (instanceId) => instanceNamed(rds, instanceId).server?.stop('immediate'),
  async stopServers() {
    await Promise.all([...rds.instances.values()].map(({ server }) => server?.stop('immediate')));
  },
});
