import { arnOf, type Deployment, functionLogicalId, sub } from './names.ts';
import { role } from './permissions.ts';
import { topicArn } from './topics.ts';

/** What AWS says about snapshots and exports, and about our own machines. */
export const rules = (deployment: Deployment) => ({
  ...(deployment.role === 'primary' ? snapshotEvents() : forwardedEvents(deployment)),
  MachineFailedRule: {
    Type: 'AWS::Events::Rule',
    Properties: {
      Description: 'Catch is not finally: executions that end badly are told to people here.',
      EventPattern: {
        source: ['aws.states'],
        'detail-type': ['Step Functions Execution Status Change'],
        detail: {
          status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
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
          Arn: topicArn('critical'),
          InputTransformer: {
            InputPathsMap: { execution: '$.detail.executionArn', status: '$.detail.status', time: '$.time' },
            InputTemplate:
              '"A state machine ended <status>: <execution>, at <time>. What it left behind is removed by the next sweep. Next: open the execution, read the failed state, mend the cause and redrive it."',
          },
        },
      ],
    },
  },
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
  SnapshotRulePermission: {
    Type: 'AWS::Lambda::Permission',
    Properties: {
      Action: 'lambda:InvokeFunction',
      FunctionName: arnOf(functionLogicalId('rdsOnEvent')),
      Principal: 'events.amazonaws.com',
      SourceAccount: { Ref: 'AWS::AccountId' },
      SourceArn: arnOf('SnapshotRule'),
    },
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
