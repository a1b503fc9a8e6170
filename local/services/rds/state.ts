// What one region's RDS knows: instances, snapshots, export tasks, and the work under way on them.
import { randomBytes } from 'node:crypto';
import { DBInstanceNotFoundFault, DBSnapshotNotFoundFault, type ExportTask, type Tag } from '@aws-sdk/client-rds';
import type { Certificates } from '../../engines/certificates.ts';
import type { Server } from '../../engines/postgres.ts';
import type { Region } from '../../types.ts';
import type { Job, Jobs } from '../jobs.ts';

/** What an instance hands on to its snapshots, and a snapshot to the instances restored from it. */
export interface Settings {
  engineVersion: string;
  masterUsername: string;
  dbName?: string;
  instanceClass: string;
  allocatedStorage: number;
  multiAz: boolean;
  encrypted: boolean;
  kmsKeyId?: string;
  retention: number;
  backupWindow: string;
  deletionProtection: boolean;
  publiclyAccessible: boolean;
  securityGroups: string[];
  subnetGroup?: string;
}

export interface Instance {
  id: string;
  arn: string;
  /** `db-…`: stays the instance's own, whatever it is called. */
  resourceId: string;
  status: string;
  settings: Settings;
  tags: Tag[];
  createdAt: Date;
  /** Holds `data`, and `archive` with the WAL of this instance and no other. */
  directory: string;
  port: number;
  server?: Server;
  /** What is being done to it; ended when the instance is deleted. */
  job?: Job;
  /** Why it is in the state it is in, where that is a bad one. */
  failure?: string;
  cancelBackup?: () => void;
  /** The machine's time up to which every commit is in the archive. */
  archivedUntil?: Date;
  primary?: { region: string; id: string; slot: string };
  /** Replicas of this instance, in any region. */
  replicas: { region: string; id: string }[];
  cancelLag?: () => void;
  /** When (machine's time) a replica last had everything its primary had, and whether that was at the last look. */
  levelAt?: Date;
  replicating?: boolean;
}

export interface Snapshot {
  id: string;
  arn: string;
  type: 'manual' | 'automated';
  status: 'creating' | 'available' | 'failed';
  percent: number;
  instanceId: string;
  resourceId: string;
  instanceCreatedAt: Date;
  settings: Settings;
  tags: Tag[];
  directory: string;
  port: number;
  sizeBytes?: number;
  /** Region time; a copy has its own and keeps the original's. */
  createdAt?: Date;
  originalCreatedAt?: Date;
  /** The machine's time at which the copy had become consistent: replay of WAL may stop at any later moment. */
  consistentAt?: Date;
  /** Set for copies. */
  source?: { arn: string; region: string };
  job?: Job;
}

export interface Rds {
  region: Region;
  directory: string;
  certificates(): Promise<Certificates>;
  instances: Map<string, Instance>;
  snapshots: Map<string, Snapshot>;
  exports: Map<string, ExportTask>;
  jobs: Jobs;
  /** Faults for campaigns: see hooks.ts. */
  restores: { hang: boolean; failNext: string | undefined };
  /** Numbers directories: names of instances may be used again while their files are still being removed. */
  nextNumber(): number;
}

export const arnOf = (region: Region, type: 'db' | 'snapshot' | 'subgrp', id: string): string =>
  `arn:aws:rds:${region.name}:${region.account}:${type}:${id}`;

/** The last part of an identifier that may be given as an ARN. */
export const idOf = (idOrArn: string): string =>
  (idOrArn.startsWith('arn:') ? idOrArn.split(':').slice(6).join(':') : idOrArn).toLowerCase();

export const newResourceId = (): string => `db-${randomBytes(13).toString('hex').toUpperCase()}`;

/** @throws {DBInstanceNotFoundFault} */
export const instanceNamed = (rds: Rds, idOrArn: string | undefined): Instance => {
  const instance = rds.instances.get(idOf(idOrArn ?? ''));
  if (instance) return instance;
  throw new DBInstanceNotFoundFault({ message: `DBInstance ${idOrArn} not found.`, $metadata: {} });
};

/** @throws {DBSnapshotNotFoundFault} */
export const snapshotNamed = (rds: Rds, idOrArn: string | undefined): Snapshot => {
  const snapshot = rds.snapshots.get(idOf(idOrArn ?? ''));
  if (snapshot) return snapshot;
  throw new DBSnapshotNotFoundFault({ message: `DBSnapshot ${idOrArn} not found.`, $metadata: {} });
};

const states = new WeakMap<Region, Rds>();

export const register = (rds: Rds): void => void states.set(rds.region, rds);

/** RDS of another region of the same world; undefined where it has none. */
export const rdsIn = (region: Region): Rds | undefined => states.get(region);
