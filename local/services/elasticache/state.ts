// What one region's ElastiCache knows: replication groups with their nodes, snapshots, and the work under way on them.
import {
  CacheClusterNotFoundFault,
  ReplicationGroupNotFoundFault,
  SnapshotNotFoundFault,
  type Tag,
} from '@aws-sdk/client-elasticache';
import type { Front } from '../../engines/front.ts';
import type { RedisServer } from '../../engines/redis.ts';
import type { Region } from '../../types.ts';
import type { Job, Jobs } from '../jobs.ts';

/** What a group hands on to its snapshots. */
export interface Settings {
  engine: 'redis' | 'valkey';
  engineVersion: string;
  nodeType: string;
  subnetGroup?: string;
  atRestEncryption: boolean;
  kmsKeyId?: string;
  transitEncryption: boolean;
  automaticFailover: boolean;
  multiAz: boolean;
  securityGroups: string[];
  snapshotRetention: number;
  snapshotWindow: string;
}

/** A cache cluster of one node, as all are of which replication groups without cluster mode consist. */
export interface Node {
  /** `shop-cache-001`. */
  id: string;
  arn: string;
  zone: string;
  status: 'creating' | 'available' | 'snapshotting' | 'deleting' | 'restore-failed';
  createdAt: Date;
  directory: string;
  server?: RedisServer;
  /** Its own address, also when it fails over. */
  front?: Front;
  /** When manual snapshots were begun on it, for the quota. */
  snapshotsAt: Date[];
}

export interface Group {
  id: string;
  arn: string;
  description: string;
  status: 'creating' | 'available' | 'snapshotting' | 'deleting' | 'create-failed';
  settings: Settings;
  /** Absent where nobody needs one. */
  authToken?: string;
  nodes: Node[];
  primary: Node;
  /** The source of automatic snapshots. */
  snapshotting?: Node;
  tags: Tag[];
  createdAt: Date;
  /** The addresses of whichever node is primary, and of its replicas in turn. */
  fronts?: { primary: Front; reader: Front };
  job?: Job;
  /** Why it is in the state it is in, where that is a bad one. */
  failure?: string;
  cancelBackup?: () => void;
}

export interface Snapshot {
  name: string;
  arn: string;
  source: 'manual' | 'automated';
  status: 'creating' | 'available' | 'copying' | 'failed';
  groupId: string;
  /** Set where the snapshot was asked of the group: then AWS describes it as the group's, else as the node's. */
  group?: { description: string };
  nodeId: string;
  nodeCreatedAt: Date;
  zone: string;
  settings: Settings;
  tags: Tag[];
  kmsKeyId?: string;
  /** The RDB file. */
  file: string;
  cacheBytes?: number;
  /** Region time of the data. */
  takenAt?: Date;
  job?: Job;
}

export interface ElastiCache {
  region: Region;
  directory: string;
  groups: Map<string, Group>;
  snapshots: Map<string, Snapshot>;
  jobs: Jobs;
  /** Faults for campaigns: see hooks.ts. */
  faults: { hangRestores: boolean; restore: boolean; snapshot: boolean; export: boolean };
  /** Numbers directories: names may be used again while the files of their last bearer are still being removed. */
  nextNumber(): number;
}

type ResourceType = 'replicationgroup' | 'cluster' | 'snapshot' | 'parametergroup' | 'subnetgroup';

export const arnOf = (region: Region, type: ResourceType, id: string): string =>
  `arn:aws:elasticache:${region.name}:${region.account}:${type}:${id}`;

/** @throws {ReplicationGroupNotFoundFault} */
export const groupNamed = (ec: ElastiCache, id: string | undefined): Group => {
  const group = ec.groups.get((id ?? '').toLowerCase());
  if (group) return group;
  throw new ReplicationGroupNotFoundFault({ message: `ReplicationGroup ${id} not found.`, $metadata: {} });
};

/** @throws {CacheClusterNotFoundFault} */
export const nodeNamed = (ec: ElastiCache, id: string | undefined): { group: Group; node: Node } => {
  const wanted = (id ?? '').toLowerCase();
  for (const group of ec.groups.values()) {
    const node = group.nodes.find((each) => each.id === wanted);
    if (node) return { group, node };
  }
  throw new CacheClusterNotFoundFault({ message: `CacheCluster not found: ${id}`, $metadata: {} });
};

/** @throws {SnapshotNotFoundFault} */
export const snapshotNamed = (ec: ElastiCache, name: string | undefined): Snapshot => {
  const snapshot = ec.snapshots.get((name ?? '').toLowerCase());
  if (snapshot) return snapshot;
  throw new SnapshotNotFoundFault({ message: `Snapshot ${name} not found.`, $metadata: {} });
};
