// RDS of the local region: PostgreSQL servers as instances, physical copies as snapshots, WAL archives for restores to a
// moment, streaming replicas, exports as Parquet.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as sdk from '@aws-sdk/client-rds';
import { certificatesIn } from '../../engines/certificates.ts';
import { reachableDirectory } from '../../engines/engine-user.ts';
import { sweepServers } from '../../engines/processes.ts';
import { defineService } from '../../service.ts';
import type { Region, Service } from '../../types.ts';
import { createJobs } from '../jobs.ts';
import { accountOperations } from './account.ts';
import { copies } from './copies.ts';
import { exports } from './exports.ts';
import { hooksOf, type RdsHooks } from './hooks.ts';
import { instanceChanges } from './instance-changes.ts';
import { instanceRemoval } from './instance-removal.ts';
import { instanceOperations } from './instances.ts';
import { permissionsFor } from './permissions.ts';
import { pointInTimeRestores } from './point-in-time.ts';
import { replicas } from './replicas.ts';
import { restores } from './restores.ts';
import { snapshotOperations } from './snapshots.ts';
import { type Rds, register } from './state.ts';
import { tags } from './tags.ts';

export type RdsService = Service & RdsHooks & { close(): Promise<void> };

/** RDS of a region. Servers that a killed run left in its directory are ended, and their files removed. */
export const createRds = (region: Region): RdsService => {
  const rds = createState(region);
  register(rds);
  const hooks = hooksOf(rds);
  return {
    ...defineService(sdk, {
      ...instanceOperations(rds),
      ...instanceChanges(rds),
      ...instanceRemoval(rds),
      ...snapshotOperations(rds),
      ...copies(rds),
      ...restores(rds),
      ...pointInTimeRestores(rds),
      ...replicas(rds),
      ...exports(rds),
      ...tags(rds),
      ...accountOperations(rds),
    }),
    authorize: (operation, input) => permissionsFor(region, operation, input as object),
    ...hooks,
    cutPower: hooks.stopServers,
    restorePower: async () => hooks.startServers(),
    async close() {
      await rds.jobs.close();
      for (const instance of rds.instances.values()) {
        instance.cancelBackup?.();
        instance.cancelLag?.();
      }
      await Promise.all([...rds.instances.values()].map((instance) => instance.server?.stop('immediate')));
      await rm(rds.directory, { recursive: true, force: true, maxRetries: 3 });
    },
  };
};

const createState = (region: Region): Rds => {
  const wanted = join(region.directory, 'rds');
  sweepServers(wanted);
  const directory = reachableDirectory(wanted);
  let number = 0;
  return {
    region,
    directory,
    certificates: () => certificatesIn(region),
    instances: new Map(),
    snapshots: new Map(),
    exports: new Map(),
    jobs: createJobs(region.clock),
    restores: { hang: false, failNext: undefined },
    nextNumber: () => ++number,
  };
};
