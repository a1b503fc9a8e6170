import { z } from 'zod';
import type { Deployment } from './names.ts';
import { sub } from './names.ts';

/** A statement as functions.yml and machines.yml write it; resources are Fn::Sub text with the names of `expand`. */
export const Permission = z.strictObject({
  Action: z.array(
    z.string().regex(/^[a-z0-9-]+:[A-Z][A-Za-z]*\*?$/, 'an action of one service, no wildcard service or action'),
  ),
  Resource: z.array(z.string()).min(1),
  Condition: z
    .record(z.string(), z.record(z.string(), z.union([z.string(), z.array(z.string()), z.boolean()])))
    .optional(),
  /** Why the permission is wider than one would expect, or used only on a rare path. */
  Because: z.string().optional(),
});
export type Permission = z.output<typeof Permission>;

const FIND_BROKERS: Permission[] = [
  {
    Action: ['secretsmanager:GetSecretValue'],
    Resource: ['${Secrets}:*'],
    Because: 'secrets are named by the configuration of each source',
  },
  {
    Action: ['kafka-cluster:Connect', 'kafka-cluster:DescribeCluster'],
    Resource: ['${Kafka}:cluster/*'],
    Because: 'clusters are named by their brokers in the configuration; their ARNs have parts that AWS makes up',
  },
  { Action: ['kafka-cluster:DescribeTopic'], Resource: ['${Kafka}:topic/*'] },
];

/** What many functions may do, written once. */
export const GRANTS = {
  readCatalog: [
    { Action: ['s3:GetObject'], Resource: ['${Vault}/catalog/*'] },
    { Action: ['s3:ListBucket'], Resource: ['${Vault}'] },
    { Action: ['kms:Decrypt'], Resource: ['${VaultKeyArn}'] },
  ],
  writeCatalog: [
    { Action: ['s3:PutObject'], Resource: ['${Vault}/catalog/*'] },
    { Action: ['kms:GenerateDataKey'], Resource: ['${VaultKeyArn}'] },
  ],
  /** The epoch, and the records of a failover's phases. */
  keepRecord: [
    { Action: ['s3:GetObject', 's3:PutObject'], Resource: ['${Vault}/recovery/*'] },
    { Action: ['s3:ListBucket'], Resource: ['${Vault}'] },
    { Action: ['kms:Decrypt', 'kms:GenerateDataKey'], Resource: ['${VaultKeyArn}'] },
  ],
  /** The other region's epoch, while it answers. */
  readPeerEpoch: [
    { Action: ['s3:GetObject'], Resource: ['${PeerVault}/recovery/epoch/*'] },
    { Action: ['s3:ListBucket'], Resource: ['${PeerVault}'] },
    { Action: ['kms:Decrypt'], Resource: ['${PeerVaultKeyArn}'] },
  ],
  notify: [
    { Action: ['sns:Publish'], Resource: ['${Topics}*'] },
    { Action: ['s3:GetObject', 's3:PutObject'], Resource: ['${Vault}/notifications/*'] },
    { Action: ['s3:ListBucket'], Resource: ['${Vault}'], Because: 'repeats are counted by listing them' },
    {
      Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
      Resource: ['${VaultKeyArn}'],
      Because: 'the topics and the vault are encrypted with the key',
    },
  ],
  /** Plans, segments and indexes of archives of clusters, and which one is the newest. */
  keepArchives: [
    { Action: ['s3:GetObject', 's3:PutObject'], Resource: ['${Vault}/kafka-archive/*', '${Vault}/kafka/heads/*'] },
    {
      Action: ['s3:AbortMultipartUpload'],
      Resource: ['${Vault}/kafka-archive/*'],
      Because: 'a segment that cannot be finished is taken back',
    },
    { Action: ['s3:ListBucket'], Resource: ['${Vault}'] },
    { Action: ['kms:Decrypt', 'kms:GenerateDataKey'], Resource: ['${VaultKeyArn}'] },
  ],
  /** Archives are read; what a restore came to is written. */
  keepRestores: [
    { Action: ['s3:GetObject', 's3:PutObject'], Resource: ['${Vault}/kafka/restores/*'] },
    { Action: ['s3:GetObject', 's3:GetObjectVersion'], Resource: ['${Vault}/kafka-archive/*'] },
    { Action: ['s3:ListBucket'], Resource: ['${Vault}'] },
    { Action: ['kms:Decrypt', 'kms:GenerateDataKey'], Resource: ['${VaultKeyArn}'] },
  ],
  /** How far mirrors were when they were last measured. */
  keepMirrors: [
    { Action: ['s3:GetObject', 's3:PutObject'], Resource: ['${Vault}/kafka/mirrors/*'] },
    { Action: ['s3:ListBucket'], Resource: ['${Vault}'] },
    { Action: ['kms:Decrypt', 'kms:GenerateDataKey'], Resource: ['${VaultKeyArn}'] },
  ],
  /** Where MSK decides by the role; other clusters decide by their own rules. */
  writeToBrokers: [
    { Action: ['kafka-cluster:CreateTopic', 'kafka-cluster:WriteData'], Resource: ['${Kafka}:topic/*'] },
    { Action: ['kafka-cluster:WriteDataIdempotently'], Resource: ['${Kafka}:cluster/*'] },
  ],
  /** To see whether brokers answer, and which topics they have. */
  findBrokers: FIND_BROKERS,
  /** By the role of the function, or by a secret. Which topics may be read is decided by the brokers, or by these names at MSK. */
  signInToBrokers: [
    ...FIND_BROKERS,
    {
      Action: ['kafka-cluster:DescribeTopicDynamicConfiguration', 'kafka-cluster:ReadData'],
      Resource: ['${Kafka}:topic/*'],
    },
    { Action: ['kafka-cluster:DescribeGroup'], Resource: ['${Kafka}:group/*'] },
  ],
  findMissedRuns: [
    {
      Action: ['scheduler:GetSchedule'],
      Resource: ['${Schedules}*'],
      Because: 'asked only where a run seems to be missing',
    },
    { Action: ['s3:GetObject', 's3:PutObject'], Resource: ['${Vault}/missed-runs/*'] },
    { Action: ['kms:GenerateDataKey'], Resource: ['${VaultKeyArn}'] },
  ],
  startBackups: [
    {
      Action: ['states:StartExecution'],
      Resource: ['${Machines}backup-database'],
      Because: 'for runs that were missed, and for the first one after a failover',
    },
  ],
  /** To begin drills, and to see that one died. */
  runDrills: [
    { Action: ['states:StartExecution'], Resource: ['${Machines}failover'] },
    { Action: ['states:DescribeExecution'], Resource: ['${Executions}failover:*'] },
  ],
  useDatabaseKeys: [
    {
      Action: ['kms:CreateGrant', 'kms:DescribeKey'],
      Resource: ['${Keys}/*'],
      Condition: { StringLike: { 'kms:ViaService': 'rds.*.amazonaws.com' } },
      Because:
        'databases have keys of their own; RDS uses them for copies, restores and exports on the behalf of who asks, and nobody else can',
    },
  ],
  /** The other region's keys, for what RDS makes there. */
  usePeerKeys: [
    {
      Action: ['kms:CreateGrant', 'kms:DescribeKey'],
      Resource: ['${PeerKeys}/*'],
      Condition: { StringLike: { 'kms:ViaService': 'rds.*.amazonaws.com' } },
      Because: 'copies are encrypted with a key of the region they are made in, on the behalf of who asks for them',
    },
  ],
} satisfies Record<string, Permission[]>;

/** What depends on the configuration. */
export const CONFIGURED_GRANTS = {
  /** Only where records are changed, and only those: the other way needs nothing of Route 53. */
  changeRecords: ({ platform }: Deployment): Permission[] => {
    const dns = platform.recovery?.dns;
    if (dns?.mode !== 'records') return [];
    const names = 'route53:ChangeResourceRecordSetsNormalizedRecordNames';
    return [
      {
        Action: ['route53:ChangeResourceRecordSets'],
        Resource: [`arn:\${AWS::Partition}:route53:::hostedzone/${dns.zoneId}`],
        Condition: {
          'ForAllValues:StringEquals': {
            [names]: dns.records.map(({ name }) => name),
            'route53:ChangeResourceRecordSetsActions': ['UPSERT'],
          },
          // Of no values at all "for all" is true.
          Null: { [names]: 'false' },
        },
      },
      { Action: ['route53:GetChange'], Resource: ['arn:${AWS::Partition}:route53:::change/*'] },
    ];
  },
} satisfies Record<string, (deployment: Deployment) => Permission[]>;

const GRANT_NAMES = [...Object.keys(GRANTS), ...Object.keys(CONFIGURED_GRANTS)];
export const GrantName = z.enum(GRANT_NAMES as [keyof typeof GRANTS | keyof typeof CONFIGURED_GRANTS]);

export const grantedBy = (deployment: Deployment, name: z.output<typeof GrantName>): readonly Permission[] =>
  name in CONFIGURED_GRANTS
    ? CONFIGURED_GRANTS[name as keyof typeof CONFIGURED_GRANTS](deployment)
    : GRANTS[name as keyof typeof GRANTS];

/** `${Vault}` and its like become the deployment's own names; what is left is CloudFormation's. */
const expand = (deployment: Deployment, text: string) => {
  const { service, region, peerRegion } = deployment;
  const names: Record<string, string> = {
    Vault: `arn:\${AWS::Partition}:s3:::${service}-vault-\${AWS::AccountId}-${region}`,
    PeerVault: `arn:\${AWS::Partition}:s3:::${service}-vault-\${AWS::AccountId}-${peerRegion}`,
    VaultKeyArn: `arn:\${AWS::Partition}:kms:${region}:\${AWS::AccountId}:key/\${VaultKey}`,
    PeerVaultKeyArn: `arn:\${AWS::Partition}:kms:${peerRegion}:\${AWS::AccountId}:key/\${VaultKey}`,
    Exchange: `arn:\${AWS::Partition}:s3:::${service}-rdb-\${AWS::AccountId}-${region}`,
    ElastiCache: `arn:\${AWS::Partition}:elasticache:${region}:\${AWS::AccountId}`,
    Keys: `arn:\${AWS::Partition}:kms:${region}:\${AWS::AccountId}:key`,
    PeerKeys: `arn:\${AWS::Partition}:kms:${peerRegion}:\${AWS::AccountId}:key`,
    Topics: `arn:\${AWS::Partition}:sns:${region}:\${AWS::AccountId}:${service}-`,
    Rds: `arn:\${AWS::Partition}:rds:${region}:\${AWS::AccountId}`,
    PeerRds: `arn:\${AWS::Partition}:rds:${peerRegion}:\${AWS::AccountId}`,
    PeerSchedules: `arn:\${AWS::Partition}:scheduler:${peerRegion}:\${AWS::AccountId}:schedule/${service}/`,
    // Of both regions: CloudFormation names them after the stack and something random. By reference they would depend on
    // the functions that the role may invoke.
    SchedulerRoles: `arn:\${AWS::Partition}:iam::\${AWS::AccountId}:role/${service}-SchedulerRole-*`,
    Functions: `arn:\${AWS::Partition}:lambda:${region}:\${AWS::AccountId}:function:${service}-`,
    RecoveryRoles: `arn:\${AWS::Partition}:iam::\${AWS::AccountId}:role/${service}-Recovery*`,
    Alarms: `arn:\${AWS::Partition}:cloudwatch:${region}:\${AWS::AccountId}:alarm:${service}-`,
    PeerAlarms: `arn:\${AWS::Partition}:cloudwatch:${peerRegion}:\${AWS::AccountId}:alarm:${service}-`,
    Kafka: `arn:\${AWS::Partition}:kafka:${region}:\${AWS::AccountId}`,
    CodeBuild: `arn:\${AWS::Partition}:codebuild:${region}:\${AWS::AccountId}`,
    Eks: `arn:\${AWS::Partition}:eks:${region}:\${AWS::AccountId}`,
    Secrets: `arn:\${AWS::Partition}:secretsmanager:${region}:\${AWS::AccountId}:secret`,
    Executions: `arn:\${AWS::Partition}:states:${region}:\${AWS::AccountId}:execution:${service}-`,
    Machines: `arn:\${AWS::Partition}:states:${region}:\${AWS::AccountId}:stateMachine:${service}-`,
    Schedules: `arn:\${AWS::Partition}:scheduler:${region}:\${AWS::AccountId}:schedule/${service}/`,
    Service: service,
  };
  return sub(text.replace(/\$\{(\w+)\}/g, (whole, name: string) => names[name] ?? whole));
};

/** A permission as an IAM statement. */
export const statement = (deployment: Deployment, { Because: _, Resource, ...rest }: Permission) => ({
  Effect: 'Allow',
  ...rest,
  Resource: Resource.map((text) => (text === '*' ? '*' : expand(deployment, text))),
});

/** A role that one AWS service may take on, only for this account. */
export const role = (principal: string, policyName: string, statements: object[], managed: object[] = []) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: principal },
          Action: 'sts:AssumeRole',
          // Lambda takes on its roles without a source account, and only for functions of the same account.
          ...(principal === 'lambda.amazonaws.com'
            ? {}
            : { Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } } }),
        },
      ],
    },
    ...(managed.length ? { ManagedPolicyArns: managed } : {}),
    Policies: [{ PolicyName: policyName, PolicyDocument: { Version: '2012-10-17', Statement: statements } }],
  },
});
