// Instances: created and described.
import type * as sdk from '@aws-sdk/client-rds';
import { createCluster, installedVersion } from '../../engines/postgres.ts';
import type { Operation } from '../operation.ts';
import { pageOf } from '../pages.ts';
import { restorableWindow } from './archive.ts';
import { becomeAvailable, failInstance } from './availability.ts';
import { describeInstance } from './describe.ts';
import { invalidValue, refuseFilters } from './errors.ts';
import { tell } from './events.ts';
import { keyFor } from './keys.ts';
import { measureLag } from './replication.ts';
import { createMaster } from './roles.ts';
import { dataOf, newInstance, newInstanceId, prepareDirectories, startInstance } from './servers.ts';
import { DEFAULTS, overridden } from './settings.ts';
import { instanceNamed, type Rds, type Settings } from './state.ts';

interface InstanceOperations {
  CreateDBInstance: Operation<sdk.CreateDBInstanceCommandInput, sdk.CreateDBInstanceCommandOutput>;
  DescribeDBInstances: Operation<sdk.DescribeDBInstancesCommandInput, sdk.DescribeDBInstancesCommandOutput>;
}

export const instanceOperations = (rds: Rds): InstanceOperations => ({
  async CreateDBInstance(input, { caller }) {
    const id = newInstanceId(rds, input.DBInstanceIdentifier);
    if (input.Engine !== 'postgres')
      throw invalidValue(`Invalid DB engine: ${input.Engine}. Only postgres is offered.`);
    const password = input.MasterUserPassword ?? '';
    if (!input.MasterUsername || password.length < 8) {
      throw invalidValue('MasterUsername and a MasterUserPassword of at least 8 characters are required.');
    }
    const facts = { engineVersion: await installedVersion(), masterUsername: input.MasterUsername };
    const settings: Settings = {
      ...overridden(input, { ...DEFAULTS, ...facts }),
      encrypted: input.StorageEncrypted ?? false,
      ...(input.StorageEncrypted ? { kmsKeyId: await keyFor(rds, input.KmsKeyId, caller) } : {}),
      ...(input.DBName ? { dbName: input.DBName } : {}),
    };
    const instance = await newInstance(rds, { id, settings, tags: input.Tags ?? [], port: input.Port });
    instance.job = rds.jobs.start(
      `creation of ${id}`,
      async ({ signal }) => {
        await prepareDirectories(instance);
        await createCluster(dataOf(instance), signal);
        await startInstance(rds, instance, signal);
        await createMaster(instance.port, { username: settings.masterUsername, password, database: settings.dbName });
        tell(rds, { kind: 'instance', ...instance }, 'instanceCreated', 'DB instance created');
        await becomeAvailable(rds, instance, signal);
      },
      (error) => failInstance(rds, instance, 'failed', error),
    );
    return { DBInstance: describeInstance(rds, instance) };
  },

  async DescribeDBInstances(input) {
    const { DBInstanceIdentifier: id } = input;
    refuseFilters(input.Filters);
    const wanted = id ? [instanceNamed(rds, id)] : [...rds.instances.values()];
    const { items, marker } = pageOf(wanted, (instance) => instance.id, input);
    const described = items.map(async (instance) => {
      if (instance.primary && instance.status === 'available') await measureLag(rds, instance);
      return describeInstance(rds, instance, await restorableWindow(rds, instance));
    });
    return { DBInstances: await Promise.all(described), Marker: marker };
  },
});
