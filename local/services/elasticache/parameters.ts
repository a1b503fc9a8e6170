// What a request to create a replication group says, checked as the API reference (CreateReplicationGroup, read 2026-11) has it.
import { type CreateReplicationGroupMessage, ReplicationGroupAlreadyExistsFault } from '@aws-sdk/client-elasticache';
import { installedRedis } from '../../engines/redis-binaries.ts';
import { invalidCombination, invalidValue, notOffered } from './errors.ts';
import type { ElastiCache, Settings } from './state.ts';

/** "ElastiCache automatically chooses an appropriate time range." */
const SNAPSHOT_WINDOW = '03:00-04:00';
const MOST_NODES = 6;

type Request = CreateReplicationGroupMessage;

/** Name of a group to be, in lower case. @throws {ReplicationGroupAlreadyExistsFault} */
export const newGroupId = (ec: ElastiCache, wanted: string | undefined): string => {
  const id = (wanted ?? '').toLowerCase();
  if (!/^[a-z](-?[a-z0-9])*$/.test(id) || id.length > 40) {
    throw invalidValue(`The parameter ReplicationGroupIdentifier is not a valid identifier: ${wanted}`);
  }
  if (!ec.groups.has(id)) return id;
  const message = `Replication group with specified name already exists: ${id}`;
  throw new ReplicationGroupAlreadyExistsFault({ message, $metadata: {} });
};

/** Settings of a new group. */
export const settingsFor = async (request: Request): Promise<Settings> => {
  refuseWhatIsNotOffered(request);
  checkCombinations(request);
  const { CacheNodeType: nodeType, CacheSubnetGroupName: subnetGroup } = request;
  if (!nodeType) throw invalidCombination('CacheNodeType is required.');
  if (!/^cache\.[a-z0-9-]+\.[a-z0-9]+$/.test(nodeType)) throw invalidValue(`Invalid cache node type: ${nodeType}`);
  return {
    ...(await engineFor(request)),
    nodeType,
    ...(subnetGroup ? { subnetGroup } : {}),
    atRestEncryption: request.AtRestEncryptionEnabled ?? false,
    transitEncryption: request.TransitEncryptionEnabled ?? false,
    automaticFailover: request.AutomaticFailoverEnabled ?? false,
    multiAz: request.MultiAZEnabled ?? false,
    securityGroups: request.SecurityGroupIds ?? [],
    snapshotRetention: request.SnapshotRetentionLimit ?? 0,
    snapshotWindow: request.SnapshotWindow ?? SNAPSHOT_WINDOW,
  };
};

/** Availability zones of the nodes, the primary's first: one for each node. */
export const zonesFor = (ec: ElastiCache, request: Request): string[] =>
  Array.from({ length: nodeCount(request) }, (_, n) => `${ec.region.name}${'abc'[n % 3]}`);

/** @throws {InvalidParameterValueException} for what AUTH tokens must not be ("Authenticating with AUTH", user guide). */
const checkAuthToken = (token: string | undefined): void => {
  if (token === undefined) return;
  if (token.length < 16 || token.length > 128 || !/^[\x20-\x7e]+$/.test(token) || /[/"@]/.test(token)) {
    throw invalidValue(
      'Invalid AuthToken provided: 16 to 128 printable ASCII characters, none of them a slash, a quotation mark or an at sign.',
    );
  }
};

const nodeCount = ({ NumCacheClusters: count = 1 }: Request): number => {
  if (count < 1 || count > MOST_NODES) throw invalidValue(`NumCacheClusters must be between 1 and ${MOST_NODES}.`);
  return count;
};

/** The engine that is installed is the one there is. Minor versions are not told apart: 7.1 is ElastiCache's name for a 7.0 of its own. */
const engineFor = async (request: Request): Promise<Pick<Settings, 'engine' | 'engineVersion'>> => {
  const { engine, version } = await installedRedis();
  const wanted = request.Engine ?? engine;
  const major = (request.EngineVersion ?? version).split('.')[0];
  if (wanted !== engine || major !== version.split('.')[0]) {
    throw invalidValue(
      `Cannot find version ${request.EngineVersion ?? 'any'} for ${wanted}: here is ${engine} ${version}.`,
    );
  }
  return { engine, engineVersion: version };
};

const checkCombinations = (request: Request): void => {
  checkAuthToken(request.AuthToken);
  if (!request.ReplicationGroupDescription) throw invalidValue('ReplicationGroupDescription is required.');
  if (request.AuthToken && !request.TransitEncryptionEnabled) {
    throw invalidCombination('AuthToken can be specified only where TransitEncryptionEnabled is true.');
  }
  if (request.KmsKeyId && !request.AtRestEncryptionEnabled) {
    throw invalidCombination('KmsKeyId can be specified only where AtRestEncryptionEnabled is true.');
  }
  if (request.AutomaticFailoverEnabled && nodeCount(request) < 2) {
    throw invalidCombination('Automatic failover requires at least 2 cache clusters.');
  }
  if (request.MultiAZEnabled && !request.AutomaticFailoverEnabled) {
    throw invalidCombination('Automatic failover must be enabled for Multi-AZ.');
  }
  if ((request.SnapshotArns?.length ?? 0) > 1) {
    throw invalidCombination('A replication group of one node group is restored from one snapshot ARN.');
  }
};

const refuseWhatIsNotOffered = (request: Request): void => {
  if ((request.NumNodeGroups ?? 1) !== 1 || (request.ClusterMode ?? 'disabled') !== 'disabled') {
    throw notOffered('cluster mode');
  }
  if (request.TransitEncryptionMode === 'preferred') throw notOffered('TransitEncryptionMode preferred');
  for (const name of UNKNOWN) if (request[name] !== undefined) throw notOffered(name);
};

const UNKNOWN = [
  'GlobalReplicationGroupId',
  'PrimaryClusterId',
  'NodeGroupConfiguration',
  'CacheSecurityGroupNames',
  'NotificationTopicArn',
  'LogDeliveryConfigurations',
  'DataTieringEnabled',
  'ServerlessCacheSnapshotName',
  'SnapshotName',
  'UserGroupIds',
  'CacheParameterGroupName',
  'PreferredCacheClusterAZs',
  'PreferredMaintenanceWindow',
  'ReplicasPerNodeGroup',
  'Port',
] as const satisfies (keyof Request)[];
