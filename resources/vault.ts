import {
  arnOf,
  bucketArn,
  type Deployment,
  keyArn,
  keyParameter,
  logBucket,
  REPLICATION_RULE,
  sub,
  vaultBucket,
} from './names.ts';
import { role } from './permissions.ts';

const DAY = 86_400;
const YEARS_7 = 2555;

/** The vault of one region: key, bucket, who may do what with it, its access log; in the primary also its replication. */
export const vault = (deployment: Deployment) => ({
  VaultKey: deployment.role === 'recovery' ? primaryKey() : replicaKey(deployment),
  VaultKeyAlias: {
    Type: 'AWS::KMS::Alias',
    Properties: { AliasName: `alias/${deployment.service}-vault`, TargetKeyId: { Ref: 'VaultKey' } },
  },
  AccessLog: accessLog(deployment),
  AccessLogPolicy: accessLogPolicy(deployment),
  Vault: bucket(deployment),
  VaultPolicy: bucketPolicy(deployment),
  ...(deployment.role === 'primary' ? { ReplicationRole: replicationRole(deployment) } : {}),
});

// The key's primary lives in the recovery region: what DR needs is there before the day, and the other region's replica
// goes on working by itself if that region is lost.
const primaryKey = () => ({
  Type: 'AWS::KMS::Key',
  DeletionPolicy: 'Retain',
  UpdateReplacePolicy: 'Retain',
  Properties: { Description: 'Lifeboat vault', MultiRegion: true, EnableKeyRotation: true, KeyPolicy: keyPolicy() },
});

const replicaKey = (deployment: Deployment) => ({
  Type: 'AWS::KMS::ReplicaKey',
  DeletionPolicy: 'Retain',
  UpdateReplacePolicy: 'Retain',
  Properties: {
    Description: 'Lifeboat vault',
    PrimaryKeyArn: `{{resolve:ssm:${keyParameter(deployment)}}}`,
    KeyPolicy: keyPolicy(),
  },
});

const keyPolicy = () => ({
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'AccountDecidesByRolePolicies',
      Effect: 'Allow',
      Principal: { AWS: sub('arn:${AWS::Partition}:iam::${AWS::AccountId}:root') },
      Action: 'kms:*',
      Resource: '*',
    },
    {
      Sid: 'AlarmsAndRulesUseEncryptedTopics',
      Effect: 'Allow',
      Principal: { Service: ['cloudwatch.amazonaws.com', 'events.amazonaws.com'] },
      Action: ['kms:GenerateDataKey*', 'kms:Decrypt'],
      Resource: '*',
      Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
    },
  ],
});

export const PRIVATE = {
  BlockPublicAcls: true,
  BlockPublicPolicy: true,
  IgnorePublicAcls: true,
  RestrictPublicBuckets: true,
};
export const OWNED = { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] };

const accessLog = (deployment: Deployment) => ({
  Type: 'AWS::S3::Bucket',
  DeletionPolicy: 'Retain',
  UpdateReplacePolicy: 'Retain',
  Properties: {
    BucketName: logBucket(deployment),
    PublicAccessBlockConfiguration: PRIVATE,
    OwnershipControls: OWNED,
    VersioningConfiguration: { Status: 'Enabled' },
    // S3 delivers access logs only to buckets with SSE-S3 (S3 user guide, "Enabling server access logging").
    BucketEncryption: {
      ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
    },
    LifecycleConfiguration: {
      Rules: [
        {
          Id: 'logs-30-90-365-7y',
          Status: 'Enabled',
          Transitions: [
            { StorageClass: 'STANDARD_IA', TransitionInDays: 30 },
            { StorageClass: 'GLACIER', TransitionInDays: 90 },
            { StorageClass: 'DEEP_ARCHIVE', TransitionInDays: 365 },
          ],
          ExpirationInDays: YEARS_7,
          NoncurrentVersionExpiration: { NoncurrentDays: 90 },
        },
      ],
    },
  },
});

const accessLogPolicy = (deployment: Deployment) => ({
  Type: 'AWS::S3::BucketPolicy',
  Properties: {
    Bucket: { Ref: 'AccessLog' },
    PolicyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'LogDelivery',
          Effect: 'Allow',
          Principal: { Service: 'logging.s3.amazonaws.com' },
          Action: 's3:PutObject',
          Resource: sub('${AccessLog.Arn}/*'),
          Condition: {
            ArnLike: { 'aws:SourceArn': [bucketArn(deployment, deployment.region), arnOf('Exchange')] },
            StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
          },
        },
        tlsOnly('AccessLog'),
      ],
    },
  },
});

export const tlsOnly = (logicalId: string) => ({
  Sid: 'TlsOnly',
  Effect: 'Deny',
  Principal: '*',
  Action: 's3:*',
  Resource: [arnOf(logicalId), sub(`\${${logicalId}.Arn}/*`)],
  Condition: { Bool: { 'aws:SecureTransport': 'false' } },
});

const expireOld = {
  NoncurrentVersionExpiration: { NoncurrentDays: 90 },
  AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
};

/**
 * Archives of caches: read at once for as long as they are there, because a failover waits for one. GLACIER_IR is charged
 * for 90 days at least (S3 pricing, 2026-11), which is how long the shop keeps them.
 */
const archives = ({ platform }: Deployment) => ({
  Id: 'redis-snapshots',
  Status: 'Enabled',
  Prefix: 'redis-snapshots/',
  Transitions: [{ StorageClass: 'GLACIER_IR', TransitionInDays: 7 }],
  ExpirationInDays: Math.ceil(
    Math.max(
      90 * DAY,
      ...Object.values(platform.sources).flatMap((source) =>
        source.kind === 'elasticache-redis' ? source.retention.archive : [],
      ),
    ) / DAY,
  ),
  ...expireOld,
});

/** Archives of clusters: read whole for a restore, soon after it is needed; kept by the longest retention there is. */
const clusterArchives = ({ platform }: Deployment) => ({
  Id: 'kafka-archive',
  Status: 'Enabled',
  Prefix: 'kafka-archive/',
  Transitions: [{ StorageClass: 'GLACIER_IR', TransitionInDays: 30 }],
  ExpirationInDays: Math.ceil(
    Math.max(
      90 * DAY,
      ...Object.values(platform.sources).flatMap((source) => (source.kind === 'kafka' ? source.retention.archive : [])),
    ) / DAY,
  ),
  ...expireOld,
});

const bucket = (deployment: Deployment) => ({
  Type: 'AWS::S3::Bucket',
  DeletionPolicy: 'Retain',
  UpdateReplacePolicy: 'Retain',
  Properties: {
    BucketName: vaultBucket(deployment, deployment.region),
    PublicAccessBlockConfiguration: PRIVATE,
    OwnershipControls: OWNED,
    VersioningConfiguration: { Status: 'Enabled' },
    BucketEncryption: {
      ServerSideEncryptionConfiguration: [
        {
          BucketKeyEnabled: true,
          ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: keyArn(deployment.region) },
        },
      ],
    },
    LoggingConfiguration: { DestinationBucketName: { Ref: 'AccessLog' }, LogFilePrefix: 'vault/' },
    ObjectLockEnabled: true,
    ObjectLockConfiguration: {
      ObjectLockEnabled: 'Enabled',
      Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: Math.ceil(deployment.platform.vault.lock / DAY) } },
    },
    LifecycleConfiguration: {
      Rules: [
        {
          Id: 'rds-snapshots-30-90-365-7y',
          Status: 'Enabled',
          Prefix: 'rds-snapshots/',
          Transitions: [
            { StorageClass: 'STANDARD_IA', TransitionInDays: 30 },
            { StorageClass: 'GLACIER', TransitionInDays: 90 },
            { StorageClass: 'DEEP_ARCHIVE', TransitionInDays: 365 },
          ],
          ExpirationInDays: YEARS_7,
          ...expireOld,
        },
        archives(deployment),
        clusterArchives(deployment),
        // The catalogue, manifests and evidence are read for years: current versions stay where they can be read at once.
        ...[
          'catalog/',
          'manifests/',
          'evidence/',
          'fingerprints/',
          'integrity/',
          'missed-runs/',
          'reports/',
          'recovery/',
          'notifications/',
        ].map((prefix) => ({
          Id: `${prefix.slice(0, -1)}-7y`,
          Status: 'Enabled',
          Prefix: prefix,
          ExpirationInDays: YEARS_7,
          ...expireOld,
        })),
      ],
    },
    ...(deployment.role === 'primary' ? { ReplicationConfiguration: replication(deployment) } : {}),
  },
});

const replication = (deployment: Deployment) => ({
  Role: arnOf('ReplicationRole'),
  Rules: [
    {
      Id: REPLICATION_RULE,
      Status: 'Enabled',
      Priority: 1,
      Filter: { Prefix: '' },
      SourceSelectionCriteria: { SseKmsEncryptedObjects: { Status: 'Enabled' } },
      // A deletion here must not become a deletion there.
      DeleteMarkerReplication: { Status: 'Disabled' },
      Destination: {
        Bucket: bucketArn(deployment, deployment.peerRegion),
        EncryptionConfiguration: { ReplicaKmsKeyID: keyArn(deployment.peerRegion) },
        // Replication time control knows one threshold: 15 minutes (S3 user guide, 2026-11).
        ReplicationTime: { Status: 'Enabled', Time: { Minutes: 15 } },
        Metrics: { Status: 'Enabled', EventThreshold: { Minutes: 15 } },
      },
    },
  ],
});

const replicationRole = (deployment: Deployment) =>
  role('s3.amazonaws.com', 'replication', [
    {
      Effect: 'Allow',
      Action: ['s3:GetReplicationConfiguration', 's3:ListBucket'],
      Resource: [bucketArn(deployment, deployment.region)],
    },
    {
      Effect: 'Allow',
      Action: [
        's3:GetObjectVersionForReplication',
        's3:GetObjectVersionAcl',
        's3:GetObjectVersionTagging',
        's3:GetObjectRetention',
        's3:GetObjectLegalHold',
      ],
      Resource: [bucketArn(deployment, deployment.region, '/*')],
    },
    {
      Effect: 'Allow',
      Action: ['s3:ReplicateObject', 's3:ReplicateTags'],
      Resource: [bucketArn(deployment, deployment.peerRegion, '/*')],
    },
    { Effect: 'Allow', Action: ['kms:Decrypt'], Resource: [keyArn(deployment.region)] },
    { Effect: 'Allow', Action: ['kms:Encrypt', 'kms:GenerateDataKey'], Resource: [keyArn(deployment.peerRegion)] },
  ]);

const bucketPolicy = (deployment: Deployment) => ({
  Type: 'AWS::S3::BucketPolicy',
  Properties: {
    Bucket: { Ref: 'Vault' },
    PolicyDocument: {
      Version: '2012-10-17',
      Statement: [
        tlsOnly('Vault'),
        {
          Sid: 'NoUnencryptedPut',
          Effect: 'Deny',
          Principal: '*',
          Action: 's3:PutObject',
          Resource: sub('${Vault.Arn}/*'),
          Condition: { StringNotEquals: { 's3:x-amz-server-side-encryption': 'aws:kms' } },
        },
        {
          Sid: 'NoForeignKey',
          Effect: 'Deny',
          Principal: '*',
          Action: 's3:PutObject',
          Resource: sub('${Vault.Arn}/*'),
          Condition: {
            StringNotEqualsIfExists: { 's3:x-amz-server-side-encryption-aws-kms-key-id': keyArn(deployment.region) },
          },
        },
        {
          Sid: 'NoCustomerKeys',
          Effect: 'Deny',
          Principal: '*',
          Action: 's3:PutObject',
          Resource: sub('${Vault.Arn}/*'),
          Condition: { Null: { 's3:x-amz-server-side-encryption-customer-algorithm': 'false' } },
        },
        {
          // Lifecycle and replication are not people: the condition spares service principals.
          Sid: 'PeopleDeleteOnlyWithMfa',
          Effect: 'Deny',
          Principal: '*',
          Action: [
            's3:DeleteObjectVersion',
            's3:DeleteBucket',
            's3:BypassGovernanceRetention',
            's3:PutBucketVersioning',
          ],
          Resource: [arnOf('Vault'), sub('${Vault.Arn}/*')],
          Condition: {
            BoolIfExists: { 'aws:MultiFactorAuthPresent': 'false' },
            Bool: { 'aws:PrincipalIsAWSService': 'false' },
          },
        },
      ],
    },
  },
});
