// Instances: changed, restarted, stopped and started.
import * as sdk from '@aws-sdk/client-rds';
import type { Operation } from '../operation.ts';
import { becomeAvailable, failInstance, scheduleBackup } from './availability.ts';
import { describeInstance } from './describe.ts';
import { invalidCombination } from './errors.ts';
import { tell } from './events.ts';
import { setMasterPassword } from './roles.ts';
import { newInstanceId, startInstance } from './servers.ts';
import { overridden } from './settings.ts';
import { arnOf, type Instance, instanceNamed, type Rds, rdsIn } from './state.ts';

interface InstanceChanges {
  ModifyDBInstance: Operation<sdk.ModifyDBInstanceCommandInput, sdk.ModifyDBInstanceCommandOutput>;
  RebootDBInstance: Operation<sdk.RebootDBInstanceCommandInput, sdk.RebootDBInstanceCommandOutput>;
  StopDBInstance: Operation<sdk.StopDBInstanceCommandInput, sdk.StopDBInstanceCommandOutput>;
  StartDBInstance: Operation<sdk.StartDBInstanceCommandInput, sdk.StartDBInstanceCommandOutput>;
}

export const instanceChanges = (rds: Rds): InstanceChanges => ({
  async ModifyDBInstance(input) {
    const instance = inState(rds, input.DBInstanceIdentifier, ['available', 'backing-up']);
    const before = instance.settings;
    const renamed = input.NewDBInstanceIdentifier && newInstanceId(rds, input.NewDBInstanceIdentifier);
    // Everything takes effect at once: there is no maintenance window here.
    instance.settings = overridden(input, before);
    if (input.MasterUserPassword) {
      await setMasterPassword(instance.port, before.masterUsername, input.MasterUserPassword);
      tell(rds, { kind: 'instance', ...instance }, 'masterPasswordReset', 'Reset master credentials');
    }
    if (input.PreferredBackupWindow) scheduleBackup(rds, instance);
    // Archiving is switched on and off at a server's start only; in AWS, too, this change costs an outage.
    if (before.retention > 0 !== instance.settings.retention > 0) restart(rds, instance, 'modifying');
    if (renamed) rename(rds, instance, renamed);
    return { DBInstance: describeInstance(rds, instance) };
  },

  async RebootDBInstance(input) {
    const instance = inState(rds, input.DBInstanceIdentifier, ['available']);
    restart(rds, instance, 'rebooting');
    return { DBInstance: describeInstance(rds, instance) };
  },

  async StopDBInstance(input) {
    const instance = inState(rds, input.DBInstanceIdentifier, ['available']);
    if (instance.primary || instance.replicas.length > 0) {
      throw invalidCombination('Cannot stop a DB instance that has a read replica or is one.');
    }
    instance.status = 'stopping';
    instance.job = rds.jobs.start(
      `stop of ${instance.id}`,
      async () => {
        await instance.server?.stop('fast');
        instance.status = 'stopped';
        tell(rds, { kind: 'instance', ...instance }, 'instanceStopped', 'DB instance stopped');
      },
      (error) => failInstance(rds, instance, 'failed', error),
    );
    return { DBInstance: describeInstance(rds, instance) };
  },

  async StartDBInstance(input) {
    const instance = inState(rds, input.DBInstanceIdentifier, ['stopped']);
    restart(rds, instance, 'starting');
    return { DBInstance: describeInstance(rds, instance) };
  },
});

const restart = (rds: Rds, instance: Instance, status: 'modifying' | 'rebooting' | 'starting'): void => {
  instance.status = status;
  instance.job = rds.jobs.start(
    `${status} ${instance.id}`,
    async ({ signal }) => {
      await instance.server?.stop('fast');
      await startInstance(rds, instance, signal);
      if (status === 'modifying') return becomeAvailable(rds, instance, signal);
      instance.status = 'available';
      const [event, message] =
        status === 'starting'
          ? (['instanceStarted', 'DB instance started'] as const)
          : (['instanceRestarted', 'DB instance restarted'] as const);
      tell(rds, { kind: 'instance', ...instance }, event, message);
    },
    (error) => failInstance(rds, instance, 'failed', error),
  );
};

/**
 * Another name and another address, after a restart; its replicas, its backups and its own identity stay (RDS user guide,
 * "Renaming a DB instance", 2026-11). Until then it answers to the old name.
 */
const rename = (rds: Rds, instance: Instance, id: string): void => {
  instance.status = 'renaming';
  instance.job = rds.jobs.start(
    `renaming ${instance.id}`,
    async ({ signal }) => {
      await instance.server?.stop('fast');
      rds.instances.delete(instance.id);
      for (const { region, id: of } of instance.replicas) {
        const primary = rdsIn(rds.region.world.region(region))?.instances.get(of)?.primary;
        if (primary) primary.id = id;
      }
      Object.assign(instance, { id, arn: arnOf(rds.region, 'db', id) });
      rds.instances.set(id, instance);
      await startInstance(rds, instance, signal);
      instance.status = 'available';
      scheduleBackup(rds, instance);
    },
    (error) => failInstance(rds, instance, 'failed', error),
  );
};

/** The instance, if it is in one of these states. @throws {InvalidDBInstanceStateFault} */
export const inState = (rds: Rds, id: string | undefined, states: string[]): Instance => {
  const instance = instanceNamed(rds, id);
  if (states.includes(instance.status)) return instance;
  throw new sdk.InvalidDBInstanceStateFault({
    message: `Instance ${instance.id} is not in ${states.join(' or ')} state; it is ${instance.status}.`,
    $metadata: {},
  });
};
