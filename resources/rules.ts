import { arnOf, type Deployment, functionLogicalId, sub } from './names.ts';
import { role } from './permissions.ts';

/** What AWS says about snapshots and exports, and about our own machines. */
export const rules = (deployment: Deployment) => ({
  ...(deployment.role === 'primary' ? snapshotEvents() : forwardedEvents(deployment)),
  MachineEndedRule: {
    Type: 'AWS::Events::Rule',
    Properties: {
      Description: 'Catch is not finally: how every execution ended is told by the function behind this.',
      EventPattern: {
        source: ['aws.states'],
        'detail-type': ['Step Functions Execution Status Change'],
        detail: {
          status: ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'],
          stateMachineArn: [
            {
              prefix: sub(
                `arn:\${AWS::Partition}:states:${deployment.region}:\${AWS::AccountId}:stateMachine:${deployment.service}-`,
              ),
            },
          ],
        },
      },
      Targets: [
        {
          Id: 'people',
          Arn: arnOf(functionLogicalId('notificationOnExecution')),
          RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
        },
      ],
    },
  },
  MachineEndedRulePermission: permission('MachineEndedRule', 'notificationOnExecution'),
});

const SNAPSHOT_EVENTS = { source: ['aws.rds'], 'detail-type': ['RDS DB Snapshot Event'] };

const snapshotEvents = () => ({
  SnapshotRule: {
    Type: 'AWS::Events::Rule',
    Properties: {
      Description: 'Snapshots, copies and exports move on when RDS says so; the reconciler moves what this missed.',
      EventPattern: SNAPSHOT_EVENTS,
      Targets: [
        {
          Id: 'continue',
          Arn: arnOf(functionLogicalId('rdsOnEvent')),
          RetryPolicy: { MaximumEventAgeInSeconds: 3600, MaximumRetryAttempts: 20 },
        },
      ],
    },
  },
  SnapshotRulePermission: permission('SnapshotRule', 'rdsOnEvent'),
});

const permission = (rule: string, key: string) => ({
  Type: 'AWS::Lambda::Permission',
  Properties: {
    Action: 'lambda:InvokeFunction',
    FunctionName: arnOf(functionLogicalId(key)),
    Principal: 'events.amazonaws.com',
    SourceAccount: { Ref: 'AWS::AccountId' },
    SourceArn: arnOf(rule),
  },
});

/** Copies complete in the recovery region; what follows from it is done where the sources are. */
const forwardedEvents = (deployment: Deployment) => {
  const bus = sub(`arn:\${AWS::Partition}:events:${deployment.peerRegion}:\${AWS::AccountId}:event-bus/default`);
  return {
    ForwardRole: role('events.amazonaws.com', 'forward', [
      { Effect: 'Allow', Action: ['events:PutEvents'], Resource: [bus] },
    ]),
    ForwardRule: {
      Type: 'AWS::Events::Rule',
      Properties: {
        Description: 'Snapshot events of the recovery region go to the primary region, which waits for its copies.',
        EventPattern: SNAPSHOT_EVENTS,
        Targets: [{ Id: 'primary', Arn: bus, RoleArn: arnOf('ForwardRole') }],
      },
    },
  };
};
