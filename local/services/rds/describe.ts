// How instances and snapshots look from outside.
import type { DBInstance, DBSnapshot } from '@aws-sdk/client-rds';
import { arnOf, type Instance, type Rds, type Snapshot } from './state.ts';

const REPLICATING = { StatusType: 'read replication', Normal: true, Status: 'replicating' };
const NOT_REPLICATING = { StatusType: 'read replication', Normal: false, Status: 'error' };

export interface Restorable {
  earliest?: Date | undefined;
  latest?: Date | undefined;
}

export const describeInstance = (rds: Rds, instance: Instance, restorable: Restorable = {}): DBInstance => {
  const { settings, primary } = instance;
  const subnetGroup = settings.subnetGroup;
  return {
    DBInstanceIdentifier: instance.id,
    DBInstanceArn: instance.arn,
    DbiResourceId: instance.resourceId,
    DBInstanceStatus: instance.status,
    DBInstanceClass: settings.instanceClass,
    Engine: 'postgres',
    EngineVersion: settings.engineVersion,
    LicenseModel: 'postgresql-license',
    MasterUsername: settings.masterUsername,
    DBName: settings.dbName,
    // As in AWS: there is an endpoint once there is a server.
    Endpoint: instance.status === 'creating' ? undefined : { Address: '127.0.0.1', Port: instance.port },
    AllocatedStorage: settings.allocatedStorage,
    StorageType: 'gp3',
    InstanceCreateTime: instance.createdAt,
    PreferredBackupWindow: settings.backupWindow,
    BackupRetentionPeriod: settings.retention,
    MultiAZ: settings.multiAz,
    StorageEncrypted: settings.encrypted,
    KmsKeyId: settings.kmsKeyId,
    DeletionProtection: settings.deletionProtection,
    PubliclyAccessible: settings.publiclyAccessible,
    VpcSecurityGroups: settings.securityGroups.map((id) => ({ VpcSecurityGroupId: id, Status: 'active' })),
    DBSubnetGroup: subnetGroup
      ? {
          DBSubnetGroupName: subnetGroup,
          SubnetGroupStatus: 'Complete',
          DBSubnetGroupArn: arnOf(rds.region, 'subgrp', subnetGroup),
        }
      : undefined,
    LatestRestorableTime: restorable.latest,
    ReadReplicaSourceDBInstanceIdentifier: primary && nameFrom(rds, primary),
    ReadReplicaDBInstanceIdentifiers: instance.replicas.map((replica) => nameFrom(rds, replica)),
    StatusInfos: primary ? [instance.replicating === false ? NOT_REPLICATING : REPLICATING] : [],
    PendingModifiedValues: {},
    TagList: instance.tags,
  };
};

export const describeSnapshot = (snapshot: Snapshot): DBSnapshot => ({
  DBSnapshotIdentifier: snapshot.id,
  DBSnapshotArn: snapshot.arn,
  DBInstanceIdentifier: snapshot.instanceId,
  DbiResourceId: snapshot.resourceId,
  SnapshotType: snapshot.type,
  Status: snapshot.status,
  PercentProgress: snapshot.percent,
  SnapshotCreateTime: snapshot.createdAt,
  OriginalSnapshotCreateTime: snapshot.originalCreatedAt,
  InstanceCreateTime: snapshot.instanceCreatedAt,
  Engine: 'postgres',
  EngineVersion: snapshot.settings.engineVersion,
  LicenseModel: 'postgresql-license',
  MasterUsername: snapshot.settings.masterUsername,
  AllocatedStorage: snapshot.settings.allocatedStorage,
  FullSnapshotSizeInBytes: snapshot.sizeBytes,
  StorageType: 'gp3',
  Port: snapshot.port,
  Encrypted: snapshot.settings.encrypted,
  KmsKeyId: snapshot.settings.kmsKeyId,
  SourceDBSnapshotIdentifier: snapshot.source?.arn,
  SourceRegion: snapshot.source?.region,
  TagList: snapshot.tags,
});

/** A relative in the same region goes by its name, one in another by its ARN. */
const nameFrom = (rds: Rds, relative: { region: string; id: string }): string =>
  relative.region === rds.region.name
    ? relative.id
    : arnOf(rds.region.world.region(relative.region), 'db', relative.id);
