import type { KafkaSource, RdsSource, RedisSource, Source } from '../shared/config/schema.ts';
import { isAwake } from '../shared/recovery/schedules.ts';
import { SCHEDULER_TRIES_SECONDS, scheduleName } from '../shared/schedules/missed-runs.ts';
import { arnOf, type Deployment, functionLogicalId, machineLogicalId } from './names.ts';
import { role } from './permissions.ts';

interface Plan {
  name: string;
  expression: string;
  target: { function: string } | { machine: string };
  input: Record<string, string | number>;
}

/** EventBridge Scheduler puts the time the run was planned for here: what is made from it is named after it. */
const SCHEDULED_AT = '<aws.scheduler.scheduled-time>';

/** When what runs, from the configuration: per source, and for the platform as a whole. */
export const planSchedules = ({ platform }: Deployment): Plan[] => [
  ...recoverySchedules(platform),
  {
    name: 'follow-up',
    expression: platform.notifications.followUp,
    target: { function: 'notificationFollowUp' },
    input: {},
  },
  {
    name: 'updates',
    expression: platform.notifications.followUp,
    target: { function: 'notificationSendUpdates' },
    input: {},
  },
  { name: 'reconcile', expression: platform.schedules.reconcile, target: { function: 'rdsReconcile' }, input: {} },
  { name: 'sweep', expression: platform.schedules.reconcile, target: { function: 'verificationSweep' }, input: {} },
  { name: 'retry', expression: platform.schedules.reconcile, target: { function: 'verificationRetry' }, input: {} },
  { name: 'retention', expression: platform.schedules.retention, target: { function: 'retentionExpire' }, input: {} },
  {
    name: 'integrity',
    expression: platform.schedules.integrity,
    target: { machine: 'checkIntegrity' },
    input: { scheduledAt: SCHEDULED_AT },
  },
  {
    name: 'report',
    expression: platform.schedules.report,
    target: { function: 'reportsWrite' },
    input: { scheduledAt: SCHEDULED_AT },
  },
  { name: 'measure', expression: platform.schedules.measure, target: { function: 'rdsMeasure' }, input: {} },
  ...cacheSchedules(platform),
  ...clusterSchedules(platform),
  ...Object.entries(platform.sources).flatMap(([source, settings]) => planOf(source, settings)),
];

const planOf = (source: string, settings: Source): Plan[] => {
  switch (settings.kind) {
    case 'rds-postgres':
      return databasePlan(source, settings);
    case 'elasticache-redis':
      return cachePlan(source, settings);
    case 'kafka':
      return clusterPlan(source, settings);
  }
};

const databasePlan = (source: string, { schedules }: RdsSource): Plan[] => [
  {
    name: scheduleName(source, 'snapshot'),
    expression: schedules.snapshot,
    target: { machine: 'backupDatabase' },
    input: { source, scheduledAt: SCHEDULED_AT, purpose: 'scheduled' },
  },
  {
    name: scheduleName(source, 'export'),
    expression: schedules.export,
    target: { function: 'rdsExportSnapshot' },
    input: { source, scheduledAt: SCHEDULED_AT, purpose: 'compliance' },
  },
  {
    name: scheduleName(source, 'verify'),
    expression: schedules.verify,
    target: { machine: 'verifyDatabase' },
    input: { source, scheduledAt: SCHEDULED_AT },
  },
  {
    name: scheduleName(source, 'posture'),
    expression: schedules.posture,
    target: { function: 'rdsCheckPosture' },
    input: { source },
  },
];

/** Of all caches together, where there is one. */
const cacheSchedules = ({ schedules, sources }: Deployment['platform']): Plan[] =>
  Object.values(sources).some(({ kind }) => kind === 'elasticache-redis')
    ? [
        {
          name: 'reconcile-caches',
          expression: schedules.reconcile,
          target: { function: 'redisReconcile' },
          input: {},
        },
        { name: 'measure-caches', expression: schedules.measure, target: { function: 'redisMeasure' }, input: {} },
        {
          name: 'sweep-caches',
          expression: schedules.reconcile,
          target: { function: 'redisVerificationSweep' },
          input: {},
        },
      ]
    : [];

const cachePlan = (source: string, { schedules }: RedisSource): Plan[] => [
  {
    name: scheduleName(source, 'snapshot'),
    expression: schedules.snapshot,
    target: { machine: 'backupRedis' },
    input: { source, scheduledAt: SCHEDULED_AT, purpose: 'scheduled' },
  },
  {
    name: scheduleName(source, 'verify'),
    expression: schedules.verify,
    target: { machine: 'verifyRedis' },
    input: { source, scheduledAt: SCHEDULED_AT },
  },
];

/** Of all clusters together, where there is one. */
const clusterSchedules = ({ schedules: { measure }, sources }: Deployment['platform']): Plan[] => {
  const clusters = Object.values(sources).filter((source) => source.kind === 'kafka');
  const plan = (name: string, key: string): Plan => ({
    ...{ name, expression: measure, target: { function: key }, input: {} },
  });
  return [
    ...(clusters.length > 0 ? [plan('measure-clusters', 'kafkaMeasure')] : []),
    ...(clusters.some(({ mirror }) => mirror) ? [plan('measure-mirrors', 'kafkaMeasureMirrors')] : []),
  ];
};

const clusterPlan = (source: string, { schedules }: KafkaSource): Plan[] => [
  {
    name: scheduleName(source, 'archive'),
    expression: schedules.archive,
    target: { machine: 'archiveKafka' },
    input: { source, scheduledAt: SCHEDULED_AT, purpose: 'scheduled' },
  },
  {
    name: scheduleName(source, 'verify'),
    expression: schedules.verify,
    target: { machine: 'verifyKafka' },
    input: { source, scheduledAt: SCHEDULED_AT },
  },
];

/** The region is looked at from the other one; the canary is written where the database is. */
const recoverySchedules = ({ recovery }: Deployment['platform']): Plan[] =>
  recovery
    ? [
        {
          name: 'assess',
          expression: recovery.assessment.schedule,
          target: { function: 'recoveryAssess' },
          input: { scheduledAt: SCHEDULED_AT },
        },
        {
          name: 'canary',
          expression: recovery.canary.schedule,
          target: { machine: 'writeCanary' },
          input: { everySeconds: recovery.canary.every },
        },
        ...(recovery.plan
          ? [{ name: 'plan', expression: recovery.plan.schedule, target: { function: 'recoveryPlan' }, input: {} }]
          : []),
        ...(recovery.drills.length > 0
          ? [{ name: 'drills', expression: 'rate(15 minutes)', target: { function: 'recoveryRehearse' }, input: {} }]
          : []),
        { name: 'guard', expression: 'rate(1 minute)', target: { function: 'recoveryGuard' }, input: {} },
        ...(recovery.dns?.mode === 'health-check'
          ? [
              {
                name: 'hold-dns',
                expression: 'rate(1 minute)',
                target: { function: 'recoveryHoldDns' },
                input: {},
              },
            ]
          : []),
      ]
    : [];

const targetArn = (target: Plan['target']) =>
  'function' in target ? arnOf(functionLogicalId(target.function)) : { Ref: machineLogicalId(target.machine) };

const resourceName = (name: string): string =>
  `${name
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')}Schedule`;

/** In the recovery region schedules exist and sleep: a failover switches them on. */
export const schedules = (deployment: Deployment) => {
  const plans = planSchedules(deployment);
  const unique = <T>(values: T[]): T[] => [...new Set(values)];
  return {
    ScheduleGroup: { Type: 'AWS::Scheduler::ScheduleGroup', Properties: { Name: deployment.service } },
    SchedulerRole: role('scheduler.amazonaws.com', 'schedules', [
      {
        Effect: 'Allow',
        Action: ['lambda:InvokeFunction'],
        Resource: unique(plans.flatMap(({ target }) => ('function' in target ? target.function : []))).map((key) =>
          arnOf(functionLogicalId(key)),
        ),
      },
      {
        Effect: 'Allow',
        Action: ['states:StartExecution'],
        Resource: unique(plans.flatMap(({ target }) => ('machine' in target ? target.machine : []))).map((key) => ({
          Ref: machineLogicalId(key),
        })),
      },
    ]),
    ...Object.fromEntries(
      plans.map((plan) => [
        resourceName(plan.name),
        {
          Type: 'AWS::Scheduler::Schedule',
          Properties: {
            Name: plan.name,
            GroupName: { Ref: 'ScheduleGroup' },
            ScheduleExpression: plan.expression,
            ScheduleExpressionTimezone: 'UTC',
            FlexibleTimeWindow: { Mode: 'OFF' },
            State: isAwake(plan.name, deployment.role === 'primary') ? 'ENABLED' : 'DISABLED',
            Target: {
              Arn: targetArn(plan.target),
              RoleArn: arnOf('SchedulerRole'),
              Input: JSON.stringify(plan.input),
              RetryPolicy: { MaximumEventAgeInSeconds: SCHEDULER_TRIES_SECONDS, MaximumRetryAttempts: 10 },
            },
          },
        },
      ]),
    ),
  };
};
