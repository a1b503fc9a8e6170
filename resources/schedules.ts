import { SCHEDULER_TRIES_SECONDS, scheduleName } from '../shared/schedules/missed-runs.ts';
import { arnOf, type Deployment, functionLogicalId, machineLogicalId } from './names.ts';
import { role } from './permissions.ts';

interface Plan {
  name: string;
  expression: string;
  target: { function: string } | { machine: string };
  input: Record<string, string>;
}

/** EventBridge Scheduler puts the time the run was planned for here: what is made from it is named after it. */
const SCHEDULED_AT = '<aws.scheduler.scheduled-time>';

/** When what runs, from the configuration: per source, and for the platform as a whole. */
export const planSchedules = ({ platform }: Deployment): Plan[] => [
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
  ...Object.entries(platform.sources).flatMap(([source, { schedules }]): Plan[] => [
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
  ]),
];

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
            State: deployment.role === 'primary' ? 'ENABLED' : 'DISABLED',
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
