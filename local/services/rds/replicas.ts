// Read replicas: created in this region from an instance of any region, and promoted.
import * as sdk from '@aws-sdk/client-rds';
import { asAdmin, forgetOrigin, takeBaseBackup } from '../../engines/postgres.ts';
import type { Operation } from '../operation.ts';
import { becomeAvailable, failInstance } from './availability.ts';
import { describeInstance } from './describe.ts';
import { invalidCombination } from './errors.ts';
import { tell } from './events.ts';
import { inState } from './instance-changes.ts';
import { keyFor } from './keys.ts';
import { leaveReplication, publishLag } from './replication.ts';
import { dataOf, newInstance, newInstanceId, prepareDirectories, startInstance } from './servers.ts';
import { overridden } from './settings.ts';
import { type Instance, idOf, type Rds, rdsIn } from './state.ts';

interface Replicas {
  CreateDBInstanceReadReplica: Operation<
    sdk.CreateDBInstanceReadReplicaCommandInput,
    sdk.CreateDBInstanceReadReplicaCommandOutput
  >;
  PromoteReadReplica: Operation<sdk.PromoteReadReplicaCommandInput, sdk.PromoteReadReplicaCommandOutput>;
}

export const replicas = (rds: Rds): Replicas => ({
  async CreateDBInstanceReadReplica(input, { caller }) {
    const id = newInstanceId(rds, input.DBInstanceIdentifier);
    const source = sourceOf(rds, input.SourceDBInstanceIdentifier ?? '');
    const { settings } = source.instance;
    if (settings.retention === 0) throw invalidState(`Automated backups are not enabled for ${source.instance.id}.`);
    const abroad = source.rds !== rds;
    if (abroad && settings.encrypted && !input.KmsKeyId) {
      throw invalidCombination('KmsKeyId of this region is required for a replica of an encrypted instance elsewhere.');
    }
    const kmsKeyId = input.KmsKeyId ? await keyFor(rds, input.KmsKeyId, caller) : settings.kmsKeyId;
    const instance = await newInstance(rds, {
      id,
      settings: {
        ...overridden(input, {
          ...settings,
          retention: 0,
          multiAz: false,
          deletionProtection: false,
          publiclyAccessible: false,
        }),
        ...(kmsKeyId ? { kmsKeyId } : {}),
      },
      tags: input.Tags ?? [],
      port: input.Port,
    });
    const slot = `replica_${instance.resourceId.toLowerCase().replaceAll('-', '_')}`;
    instance.primary = { region: source.rds.region.name, id: source.instance.id, slot };
    source.instance.replicas.push({ region: rds.region.name, id });
    instance.job = rds.jobs.start(
      `creation of replica ${id}`,
      async ({ signal }) => {
        await prepareDirectories(instance);
        const reserve = 'select pg_create_physical_replication_slot($1, true)';
        await asAdmin(source.instance.port, 'postgres', (client) => client.query(reserve, [slot]));
        await takeBaseBackup(source.instance.port, dataOf(instance), signal);
        await forgetOrigin(dataOf(instance));
        await startInstance(rds, instance, signal);
        await becomeAvailable(rds, instance, signal);
        tell(rds, { kind: 'instance', ...instance }, 'replicationResumed', 'Replication for the Read Replica resumed');
        publishLag(rds, instance);
      },
      (error) => {
        failInstance(rds, instance, 'failed', error);
        tell(rds, { kind: 'instance', ...instance }, 'replicaCreationFailed', 'Read replica creation failed.');
      },
    );
    return { DBInstance: describeInstance(rds, instance) };
  },

  async PromoteReadReplica(input) {
    const instance = inState(rds, input.DBInstanceIdentifier, ['available']);
    if (!instance.primary) throw invalidState(`DB instance ${instance.id} is not a read replica.`);
    instance.settings = overridden(input, { ...instance.settings, retention: 1 });
    instance.status = 'modifying';
    instance.job = rds.jobs.start(
      `promotion of ${instance.id}`,
      async ({ signal }) => {
        await asAdmin(instance.port, 'postgres', (client) => client.query('select pg_promote(true, 60)'), signal);
        await instance.server?.stop('fast');
        await leaveReplication(rds, instance);
        const failing = rds.restores.failNext;
        rds.restores.failNext = undefined;
        if (failing) return failInstance(rds, instance, failing, new Error('made to fail'));
        // AWS, too, restarts a promoted replica; from here on it archives its own WAL.
        await startInstance(rds, instance, signal);
        tell(rds, { kind: 'instance', ...instance }, 'instanceRestarted', 'DB instance restarted');
        await becomeAvailable(rds, instance, signal);
      },
      (error) => failInstance(rds, instance, 'failed', error),
    );
    return { DBInstance: describeInstance(rds, instance) };
  },
});

/** The instance to follow. @throws {InvalidDBInstanceStateFault} {DBInstanceNotFoundFault} */
const sourceOf = (rds: Rds, idOrArn: string): { rds: Rds; instance: Instance } => {
  const region = idOrArn.startsWith('arn:') ? rds.region.world.region(idOrArn.split(':')[3] ?? '') : rds.region;
  const other = rdsIn(region);
  if (!other || !region.alive) {
    const message = `DBInstance ${idOrArn} not found: region ${region.name} does not answer.`;
    throw new sdk.DBInstanceNotFoundFault({ message, $metadata: {} });
  }
  return { rds: other, instance: inState(other, idOf(idOrArn), ['available', 'backing-up']) };
};

const invalidState = (message: string) => new sdk.InvalidDBInstanceStateFault({ message, $metadata: {} });
