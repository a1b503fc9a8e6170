// How replication groups, cache clusters and snapshots look from outside.
import type * as sdk from '@aws-sdk/client-elasticache';
import type { Front } from '../../engines/front.ts';
import type { Group, Node, Snapshot } from './state.ts';

/** "A replication group without cluster mode contains only 1 node group; therefore, the node group ID is 0001." */
export const NODE_GROUP = '0001';
/** "For clusters running Valkey or Redis OSS", there is one node. */
const NODE = '0001';
const MEGABYTE = 1 << 20;
const PORT = 6379;
/** "ElastiCache automatically chooses an appropriate time range." */
const MAINTENANCE_WINDOW = 'sun:05:00-sun:06:00';

const endpoint = ({ port }: Front): sdk.Endpoint => ({ Address: '127.0.0.1', Port: port });

const hasEndpoints = ({ status }: Group): boolean => status !== 'creating' && status !== 'create-failed';

export const describeGroup = (group: Group): sdk.ReplicationGroup => {
  const { settings, authToken, fronts } = group;
  return {
    ReplicationGroupId: group.id,
    ARN: group.arn,
    Description: group.description,
    Status: group.status,
    ReplicationGroupCreateTime: group.createdAt,
    PendingModifiedValues: {},
    MemberClusters: group.nodes.map(({ id }) => id),
    NodeGroups:
      fronts && hasEndpoints(group)
        ? [
            {
              NodeGroupId: NODE_GROUP,
              Status: group.status,
              PrimaryEndpoint: endpoint(fronts.primary),
              ReaderEndpoint: endpoint(fronts.reader),
              NodeGroupMembers: group.nodes.map((node) => describeMember(group, node)),
            },
          ]
        : [],
    SnapshottingClusterId: group.snapshotting?.id,
    AutomaticFailover: settings.automaticFailover ? 'enabled' : 'disabled',
    MultiAZ: settings.multiAz ? 'enabled' : 'disabled',
    SnapshotRetentionLimit: settings.snapshotRetention,
    SnapshotWindow: settings.snapshotWindow,
    ClusterEnabled: false,
    ClusterMode: 'disabled',
    CacheNodeType: settings.nodeType,
    AuthTokenEnabled: authToken !== undefined,
    ...encryption(settings),
    KmsKeyId: settings.kmsKeyId,
    Engine: settings.engine,
    AutoMinorVersionUpgrade: false,
  };
};

const describeMember = (group: Group, node: Node): sdk.NodeGroupMember => ({
  CacheClusterId: node.id,
  CacheNodeId: NODE,
  ReadEndpoint: node.front && endpoint(node.front),
  PreferredAvailabilityZone: node.zone,
  CurrentRole: node === group.primary ? 'primary' : 'replica',
});

export const describeNode = (group: Group, node: Node, withNodes: boolean): sdk.CacheCluster => {
  const { settings } = group;
  return {
    CacheClusterId: node.id,
    ARN: node.arn,
    ReplicationGroupId: group.id,
    CacheClusterStatus: node.status,
    CacheClusterCreateTime: node.createdAt,
    NumCacheNodes: 1,
    CacheNodeType: settings.nodeType,
    Engine: settings.engine,
    EngineVersion: settings.engineVersion,
    PreferredAvailabilityZone: node.zone,
    PreferredMaintenanceWindow: MAINTENANCE_WINDOW,
    PendingModifiedValues: {},
    CacheSecurityGroups: [],
    CacheParameterGroup: {
      CacheParameterGroupName: parameterGroupOf(settings),
      ParameterApplyStatus: 'in-sync',
      CacheNodeIdsToReboot: [],
    },
    CacheSubnetGroupName: settings.subnetGroup,
    CacheNodes: withNodes && hasEndpoints(group) ? [describeCacheNode(node)] : undefined,
    SecurityGroups: settings.securityGroups.map((id) => ({ SecurityGroupId: id, Status: 'active' })),
    SnapshotRetentionLimit: node === group.snapshotting ? settings.snapshotRetention : 0,
    SnapshotWindow: settings.snapshotWindow,
    AuthTokenEnabled: group.authToken !== undefined,
    ...encryption(settings),
    AutoMinorVersionUpgrade: false,
  };
};

const describeCacheNode = (node: Node): sdk.CacheNode => ({
  CacheNodeId: NODE,
  CacheNodeStatus: node.status === 'deleting' ? 'deleting' : 'available',
  CacheNodeCreateTime: node.createdAt,
  Endpoint: node.front && endpoint(node.front),
  ParameterGroupStatus: 'in-sync',
  CustomerAvailabilityZone: node.zone,
});

const parameterGroupOf = ({ engine, engineVersion }: Group['settings']): string =>
  `default.${engine}${engineVersion.split('.')[0]}`;

const encryption = ({ transitEncryption, atRestEncryption }: Group['settings']) => ({
  TransitEncryptionEnabled: transitEncryption,
  TransitEncryptionMode: transitEncryption ? ('required' as const) : undefined,
  AtRestEncryptionEnabled: atRestEncryption,
});

/** A snapshot asked of a group is described as the group's, one asked of a node as that cache cluster's. */
export const describeSnapshot = (snapshot: Snapshot): sdk.Snapshot => {
  const { settings, group } = snapshot;
  const ofGroup = group && {
    ReplicationGroupId: snapshot.groupId,
    ReplicationGroupDescription: group.description,
    NumNodeGroups: 1,
    AutomaticFailover: settings.automaticFailover ? ('enabled' as const) : ('disabled' as const),
  };
  const ofNode = {
    CacheClusterId: snapshot.nodeId,
    CacheClusterCreateTime: snapshot.nodeCreatedAt,
    NumCacheNodes: 1,
    PreferredAvailabilityZone: snapshot.zone,
  };
  return {
    SnapshotName: snapshot.name,
    ARN: snapshot.arn,
    ...(ofGroup ?? ofNode),
    SnapshotStatus: snapshot.status,
    SnapshotSource: snapshot.source,
    CacheNodeType: settings.nodeType,
    Engine: settings.engine,
    EngineVersion: settings.engineVersion,
    PreferredMaintenanceWindow: MAINTENANCE_WINDOW,
    Port: PORT,
    CacheParameterGroupName: parameterGroupOf(settings),
    CacheSubnetGroupName: settings.subnetGroup,
    AutoMinorVersionUpgrade: false,
    SnapshotRetentionLimit: settings.snapshotRetention,
    SnapshotWindow: settings.snapshotWindow,
    KmsKeyId: snapshot.kmsKeyId,
    NodeSnapshots: [
      {
        ...(group && { CacheClusterId: snapshot.nodeId, NodeGroupId: NODE_GROUP }),
        CacheNodeId: NODE,
        CacheSize: snapshot.cacheBytes === undefined ? undefined : `${Math.ceil(snapshot.cacheBytes / MEGABYTE)} MB`,
        CacheNodeCreateTime: snapshot.nodeCreatedAt,
        SnapshotCreateTime: snapshot.takenAt,
      },
    ],
  };
};
