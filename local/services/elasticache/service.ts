// ElastiCache of the local region: Redis servers as nodes of replication groups without cluster mode, RDB files as snapshots.
import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as sdk from '@aws-sdk/client-elasticache';
import { reachableDirectory } from '../../engines/engine-user.ts';
import { sweepServers } from '../../engines/processes.ts';
import { defineService } from '../../service.ts';
import type { Region, Service } from '../../types.ts';
import { createJobs } from '../jobs.ts';
import { snapshotExports } from './exports.ts';
import { groupRemoval } from './group-removal.ts';
import { groupOperations } from './groups.ts';
import { type ElastiCacheHooks, hooksOf } from './hooks.ts';
import { removeNodes } from './nodes.ts';
import { permissionsFor } from './permissions.ts';
import { snapshotOperations } from './snapshots.ts';
import type { ElastiCache } from './state.ts';
import { tags } from './tags.ts';

export type ElastiCacheService = Service & ElastiCacheHooks & { close(): Promise<void> };

/** ElastiCache of a region. Servers that a killed run left in its directory are ended, and their files removed. */
export const createElastiCache = (region: Region): ElastiCacheService => {
  const ec = createState(region);
  return {
    ...defineService(sdk, {
      ...groupOperations(ec),
      ...groupRemoval(ec),
      ...snapshotOperations(ec),
      ...snapshotExports(ec),
      ...tags(ec),
    }),
    authorize: (operation, input) => permissionsFor(region, operation, input as object),
    ...hooksOf(ec),
    async close() {
      await ec.jobs.close();
      for (const group of ec.groups.values()) group.cancelBackup?.();
      await Promise.all([...ec.groups.values()].map(removeNodes));
      await rm(ec.directory, { recursive: true, force: true, maxRetries: 3 });
    },
  };
};

const createState = (region: Region): ElastiCache => {
  const wanted = join(region.directory, 'elasticache');
  sweepServers(wanted);
  const directory = reachableDirectory(wanted);
  for (const folder of ['nodes', 'snapshots']) mkdirSync(join(directory, folder), { recursive: true, mode: 0o711 });
  let number = 0;
  return {
    region,
    directory,
    groups: new Map(),
    snapshots: new Map(),
    jobs: createJobs(region.clock),
    faults: { hangRestores: false, restore: false, snapshot: false, export: false },
    nextNumber: () => ++number,
  };
};
