// The servers behind the instances.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DBInstanceAlreadyExistsFault } from '@aws-sdk/client-rds';
import { makeEngineDirectory } from '../../engines/engine-user.ts';
import { freePort } from '../../engines/ports.ts';
import { startServer } from '../../engines/postgres.ts';
import type { Recovery } from '../../engines/postgres-config.ts';
import { invalidValue } from './errors.ts';
import { streamingFrom } from './replication.ts';
import { arnOf, type Instance, idOf, newResourceId, type Rds, type Settings } from './state.ts';

export const dataOf = (instance: Instance): string => join(instance.directory, 'data');
export const archiveOf = (instance: Instance): string => join(instance.directory, 'archive');

/** Registers an instance that is being created; its files and server come later. @throws {DBInstanceAlreadyExistsFault} */
export const newInstance = async (
  rds: Rds,
  facts: { id: string; settings: Settings; tags: Instance['tags']; port?: number | undefined },
): Promise<Instance> => {
  // Again, because others may have come first while keys and versions were looked up.
  const id = newInstanceId(rds, facts.id);
  const instance: Instance = {
    id,
    arn: arnOf(rds.region, 'db', facts.id),
    resourceId: newResourceId(),
    status: 'creating',
    settings: facts.settings,
    tags: facts.tags,
    createdAt: rds.region.clock.now(),
    directory: join(rds.directory, 'instances', `${rds.nextNumber()}`),
    port: 0,
    replicas: [],
  };
  rds.instances.set(instance.id, instance);
  instance.port = facts.port ?? (await freePort());
  return instance;
};

/** Makes the directories an instance needs before its data directory can be created or copied there. */
export const prepareDirectories = async (instance: Instance): Promise<void> => {
  await mkdir(instance.directory, { recursive: true, mode: 0o711 });
  await makeEngineDirectory(archiveOf(instance));
};

/**
 * Starts the instance's server on its data directory, archiving into its own archive where backups are on. What is being
 * restored is not forced to disk: a crash of the machine, which ends the whole local region, could lose it; a crash of
 * the server cannot.
 */
export const startInstance = async (
  rds: Rds,
  instance: Instance,
  signal: AbortSignal,
  restored?: { recovery: Recovery | undefined },
): Promise<void> => {
  const standbyOf = streamingFrom(rds, instance);
  instance.server = await startServer(
    dataOf(instance),
    {
      port: instance.port,
      certificates: await rds.certificates(),
      durable: restored === undefined,
      ...(instance.settings.retention > 0 ? { archive: archiveOf(instance) } : {}),
      ...(restored?.recovery ? { recovery: restored.recovery } : {}),
      ...(standbyOf ? { standbyOf } : {}),
    },
    signal,
  );
};

/** Stops the instance's server and removes its files. */
export const removeInstanceFiles = async (instance: Instance): Promise<void> => {
  await instance.server?.stop('immediate');
  delete instance.server;
  await rm(instance.directory, { recursive: true, force: true, maxRetries: 3 });
};

/** Checks the name of an instance to be. @throws {DBInstanceAlreadyExistsFault} */
export const newInstanceId = (rds: Rds, wanted: string | undefined): string => {
  const id = idOf(wanted ?? '');
  if (!/^[a-z](-?[a-z0-9])*$/.test(id) || id.length > 63) {
    throw invalidValue(`The parameter DBInstanceIdentifier is not a valid identifier: ${wanted}`);
  }
  if (!rds.instances.has(id)) return id;
  throw new DBInstanceAlreadyExistsFault({
    message: `DB instance already exists: ${arnOf(rds.region, 'db', id)}`,
    $metadata: {},
  });
};
