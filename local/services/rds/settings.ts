import type { ModifyDBInstanceMessage } from '@aws-sdk/client-rds';
import type { Settings } from './state.ts';

export const DEFAULTS: Omit<Settings, 'engineVersion' | 'masterUsername'> = {
  instanceClass: 'db.t4g.medium',
  allocatedStorage: 20,
  multiAz: false,
  encrypted: false,
  retention: 1,
  backupWindow: '03:00-03:30',
  deletionProtection: false,
  publiclyAccessible: false,
  securityGroups: [],
};

type Wishes = Pick<
  ModifyDBInstanceMessage,
  | 'DBInstanceClass'
  | 'AllocatedStorage'
  | 'MultiAZ'
  | 'BackupRetentionPeriod'
  | 'PreferredBackupWindow'
  | 'DeletionProtection'
  | 'PubliclyAccessible'
  | 'VpcSecurityGroupIds'
  | 'DBSubnetGroupName'
>;

/** What a request says about an instance, over what it would be otherwise. */
export const overridden = (wishes: Wishes, otherwise: Settings): Settings => {
  const subnetGroup = wishes.DBSubnetGroupName ?? otherwise.subnetGroup;
  return {
    ...otherwise,
    instanceClass: wishes.DBInstanceClass ?? otherwise.instanceClass,
    allocatedStorage: wishes.AllocatedStorage ?? otherwise.allocatedStorage,
    multiAz: wishes.MultiAZ ?? otherwise.multiAz,
    retention: wishes.BackupRetentionPeriod ?? otherwise.retention,
    backupWindow: wishes.PreferredBackupWindow ?? otherwise.backupWindow,
    deletionProtection: wishes.DeletionProtection ?? otherwise.deletionProtection,
    publiclyAccessible: wishes.PubliclyAccessible ?? otherwise.publiclyAccessible,
    securityGroups: wishes.VpcSecurityGroupIds ?? otherwise.securityGroups,
    ...(subnetGroup === undefined ? {} : { subnetGroup }),
  };
};

/** For what is restored: protection, standby and reachability are asked for anew, the rest is as it was. */
export const restoredSettings = (wishes: Wishes, original: Settings): Settings =>
  overridden(wishes, { ...original, multiAz: false, deletionProtection: false, publiclyAccessible: false });
