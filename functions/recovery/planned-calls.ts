// Which calls each phase would make, on what, and which permissions they need: data, made without asking anybody. A test
// compares them with the roles of the functions, both ways.
import { rdsSourceNamed } from '../../shared/config/platform.ts';
import type { Recovery } from '../../shared/config/recovery.ts';
import { settings } from '../../shared/config/settings.ts';
import type { Phase } from '../../shared/recovery/documents.ts';
import { NAMESPACE } from '../../shared/telemetry/metrics.ts';
import {
  arn,
  bucketArn,
  type Call,
  keepRecord,
  objectArn,
  publish,
  readCatalog,
  readSecret,
  sql,
} from './planned-call.ts';
import { cacheCalls, databaseCalls, streamsCalls } from './planned-data-calls.ts';

/** What stands in the region that would take over, as far as it decides which calls are made. */
export interface Situation {
  plan: Recovery;
  from: string;
  to: string;
  /** `unknown`: RDS could not be asked, so both ways are planned. */
  database: { instance: string; way: 'replica' | 'snapshot' | 'unknown'; snapshot?: string };
  cache?: { group: string; archive?: string };
  streams?: { archive?: string };
}

/** The function that makes the calls of a phase. */
export const CALLERS: Record<Phase, string> = {
  declare: 'recoveryDeclare',
  approve: 'recoveryAwaitApproval',
  fence: 'recoveryFence',
  database: 'recoveryPromoteDatabase',
  cache: 'recoveryRestoreCache',
  streams: 'recoverySwitchStreams',
  infrastructure: 'recoveryBuildInfrastructure',
  workloads: 'recoverySwitchWorkloads',
  dns: 'recoverySwitchDns',
  health: 'recoveryCheckHealth',
  monitoring: 'recoverySwitchMonitoring',
  validate: 'recoveryValidate',
  announce: 'recoveryAnnounce',
};

export const callsOf = (phase: Phase, situation: Situation): Call[] => [
  ...keepRecord(phase),
  ...CALLS[phase](situation),
];

const CALLS: Record<Phase, (situation: Situation) => Call[]> = {
  declare: ({ plan, to, from }) => [
    readSecret(rdsSourceNamed(plan.database.source).secret, to),
    {
      ...{ call: 's3:GetObject', on: `s3://${settings().peer.vaultBucket}/recovery/epoch/${from}.json`, region: from },
      bestEffort: true,
      needs: [
        { action: 's3:GetObject', resource: objectArn(settings().peer.vaultBucket, `recovery/epoch/${from}.json`) },
        { action: 's3:ListBucket', resource: bucketArn(settings().peer.vaultBucket) },
        { action: 'kms:Decrypt', resource: settings().peer.vaultKeyArn },
      ],
    },
  ],

  approve: ({ plan, to }) => {
    const machine = `${settings().service}-failover`;
    const wake: Call = {
      ...{ call: 'states:SendTaskSuccess', on: machine, region: to, bestEffort: true },
      needs: [{ action: 'states:SendTaskSuccess', resource: arn('states', to, `stateMachine:${machine}`) }],
    };
    return plan.approval.mode === 'required' ? [publish('disaster'), wake] : [];
  },

  fence: ({ plan, from, to }) => {
    const { instance, secret } = rdsSourceNamed(plan.database.source);
    return [
      readSecret(secret, to),
      onInstance('rds:DescribeDBInstances', instance, from),
      ...plan.database.fence.roles.map((role) => sql(`ALTER ROLE ${role} NOLOGIN`, instance, from, secret)),
      sql('pg_terminate_backend of their sessions', instance, from, secret),
    ];
  },

  database: databaseCalls,
  cache: cacheCalls,
  streams: streamsCalls,

  infrastructure: ({ plan: { infrastructure }, to }) =>
    infrastructure
      ? ['ListBuildsForProject', 'BatchGetBuilds', 'StartBuild'].map((operation) => ({
          ...{ call: `codebuild:${operation}`, on: infrastructure.project, region: to },
          needs: [
            { action: `codebuild:${operation}`, resource: arn('codebuild', to, `project/${infrastructure.project}`) },
          ],
        }))
      : [],

  workloads: ({ plan: { workloads }, to }) => {
    if (!workloads) return [];
    const { namespace, configMap, deployments, clusters } = workloads;
    const name = clusters[settings().role];
    const inside = (call: string): Call => ({
      ...{ call, on: `${name}/${namespace}`, region: to, needs: [] },
      decidedBy: `the access entries of the cluster ${name}`,
    });
    return [
      {
        ...{ call: 'eks:DescribeCluster', on: name, region: to },
        needs: [{ action: 'eks:DescribeCluster', resource: arn('eks', to, `cluster/${name}`) }],
      },
      inside(`Kubernetes PATCH configmaps/${configMap}`),
      ...deployments.map(({ name: deployment, replicas }) =>
        inside(`Kubernetes PATCH deployments/${deployment}, ${replicas} replicas or more`),
      ),
    ];
  },

  dns: ({ plan: { dns }, from, to }) => {
    if (!dns) return [];
    if (dns.mode === 'records') return recordCalls(dns);
    const [own, theirs] =
      settings().role === 'recovery'
        ? ['PrimaryWithdrawn', 'RecoveryWithdrawn']
        : ['RecoveryWithdrawn', 'PrimaryWithdrawn'];
    const say = (metric: string, value: number, region: string): Call => ({
      ...{ call: 'cloudwatch:PutMetricData', on: `${NAMESPACE} ${metric} = ${value}`, region },
      needs: [{ action: 'cloudwatch:PutMetricData', resource: '*', context: { 'cloudwatch:namespace': [NAMESPACE] } }],
    });
    return [say(`${own}`, 1, to), { ...say(`${theirs}`, 0, from), bestEffort: true }];
  },

  health: ({ plan: { endpoints }, to }) =>
    endpoints.map(({ url }) => ({
      ...{ call: 'HTTP GET', on: url, region: to, needs: [] },
      decidedBy: 'the endpoint, which customers use',
    })),

  monitoring: ({ database: { instance }, from, to }) => [
    ...['rds:DescribeDBInstances', 'rds:ModifyDBInstance'].map((call) => onInstance(call, instance, to)),
    ...switches(to, ['cloudwatch:EnableAlarmActions', 'cloudwatch:SetAlarmState']),
    {
      ...{ call: 'states:StartExecution', on: `${settings().service}-backup-database`, region: to },
      needs: [
        {
          action: 'states:StartExecution',
          resource: arn('states', to, `stateMachine:${settings().service}-backup-database`),
        },
      ],
    },
    ...switches(from, ['cloudwatch:DisableAlarmActions']).map((call): Call => ({ ...call, bestEffort: true })),
  ],

  validate: ({ plan, database: { instance }, to }) => [
    readSecret(rdsSourceNamed(plan.database.source).secret, to),
    onInstance('rds:DescribeDBInstances', instance, to),
    readCatalog(),
    ...['cloudwatch:GetMetricStatistics', 'cloudwatch:DescribeAlarms'].map((call) => onAnything(call, to)),
    publish('disaster'),
  ],

  announce: () => [publish('disaster')],
};

const onInstance = (call: string, instance: string, region: string): Call => ({
  ...{ call, on: instance, region },
  needs: [{ action: call, resource: arn('rds', region, `db:${instance}`) }],
});

const onAnything = (call: string, region: string): Call => ({
  ...{ call, on: '*', region },
  needs: [{ action: call, resource: '*' }],
});

/** Records are changed in us-east-1, whichever region asks. */
const recordCalls = ({ zoneId, records }: NonNullable<Recovery['dns']>): Call[] => [
  {
    ...{ call: 'route53:ChangeResourceRecordSets', on: `${zoneId}: ${records.map(({ name }) => name).join(', ')}` },
    region: 'us-east-1',
    needs: [
      {
        action: 'route53:ChangeResourceRecordSets',
        resource: `arn:aws:route53:::hostedzone/${zoneId}`,
        context: {
          'route53:ChangeResourceRecordSetsNormalizedRecordNames': records.map(({ name }) => name),
          'route53:ChangeResourceRecordSetsActions': ['UPSERT'],
        },
      },
    ],
  },
  {
    ...{ call: 'route53:GetChange', on: 'the change', region: 'us-east-1' },
    needs: [{ action: 'route53:GetChange', resource: 'arn:aws:route53:::change/next' }],
  },
];

/** Schedules and alarms of one region; each by its name, of which one stands for all. */
const switches = (region: string, alarmCalls: string[]): Call[] => {
  const { service } = settings();
  const schedule = arn('scheduler', region, `schedule/${service}/any`);
  return [
    onAnything('scheduler:ListSchedules', region),
    {
      ...{ call: 'scheduler:GetSchedule', on: `every schedule of ${service}`, region },
      needs: [{ action: 'scheduler:GetSchedule', resource: schedule }],
    },
    {
      ...{ call: 'scheduler:UpdateSchedule', on: `every schedule of ${service}`, region },
      needs: [
        { action: 'scheduler:UpdateSchedule', resource: schedule },
        {
          ...{ action: 'iam:PassRole', resource: arn('iam', '', `role/${service}-SchedulerRole-any`) },
          context: { 'iam:PassedToService': ['scheduler.amazonaws.com'] },
        },
      ],
    },
    onAnything('cloudwatch:DescribeAlarms', region),
    ...alarmCalls.map((call) => ({
      ...{ call, on: `alarms of ${service} that take silence for bad news`, region },
      needs: [{ action: call, resource: arn('cloudwatch', region, `alarm:${service}-any`) }],
    })),
  ];
};
