// Instances: changed, and called by another name.
import * as sdk from '@aws-sdk/client-rds';
import type { Operation } from '../operation.ts';
import { becomeAvailable, failInstance, scheduleBackup } from './availability.ts';
import { describeInstance } from './describe.ts';
import { tell } from './events.ts';
import { setMasterPassword } from './roles.ts';
import { newInstanceId, startInstance } from './servers.ts';
import { overridden } from './settings.ts';
import { arnOf, type Instance, instanceNamed, type Rds, rdsIn } from './state.ts';

interface InstanceChanges {
  ModifyDBInstance: Operation<sdk.ModifyDBInstanceCommandInput, sdk.ModifyDBInstanceCommandOutput>;
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
    if (before.retention > 0 !== instance.settings.retention > 0) restart(rds, instance);
    if (renamed) rename(rds, instance, renamed);
    return { DBInstance: describeInstance(rds, instance) };
  },
});

const restart = (rds: Rds, instance: Instance): void => {
  instance.status = 'modifying';
  instance.job = rds.jobs.start(
    `restart of ${instance.id}`,
    async ({ signal }) => {
      await instance.server?.stop('fast');
      await startInstance(rds, instance, signal);
      await becomeAvailable(rds, instance, signal);
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
