import type { KafkaSource, RdsSource, RedisSource, Source } from '../shared/config/schema.ts';
import type { Topic } from '../shared/notify/topics.ts';
import { type MetricName, NAMESPACE } from '../shared/telemetry/metrics.ts';
import { type Deployment, REPLICATION_RULE, vaultBucket } from './names.ts';
import { planSchedules } from './schedules.ts';
import { topicArn } from './topics.ts';

interface AlarmPlan {
  name: string;
  source: string;
  metric: MetricName;
  threshold: number;
  topic: Topic;
  /** Periods of five minutes in a row. */
  periods: number;
  meaning: string;
}

const HOUR = 3600;
/** Snapshots are daily; two hours for the snapshot itself and its lateness. */
const SNAPSHOT_AGE = 26 * HOUR;

/**
 * What is measured all the time, and whose silence is bad news. What happens once (a backup failed, a verification did)
 * is told by the function that finds it, with all it knows: an alarm on top of it would page twice.
 */
export const planAlarms = ({ platform }: Deployment): AlarmPlan[] =>
  Object.entries(platform.sources).flatMap(([source, settings]) =>
    planOf(settings).map(([name, metric, threshold, topic, periods, meaning]) => ({
      name: `${source}-${name}`,
      source,
      metric,
      threshold,
      topic,
      periods,
      meaning,
    })),
  );

/** Name, metric, threshold, topic, periods, meaning. */
type Alarm = [string, MetricName, number, Topic, number, string];

const planOf = (source: Source): Alarm[] => {
  switch (source.kind) {
    case 'rds-postgres':
      return [notProven(source), ...databaseAlarms(source)];
    case 'elasticache-redis':
      return [notProven(source), ...cacheAlarms(source)];
    case 'kafka':
      return [...(source.verify.into ? [notProven(source)] : []), ...clusterAlarms(source)];
  }
};

const notProven = ({ objectives }: RdsSource | RedisSource | KafkaSource): Alarm => [
  'not-proven',
  'ProvenPointAge',
  objectives.proven,
  'critical',
  2,
  'No recovery point was proven by a restore within the objective.',
];

const databaseAlarms = ({ objectives, replica }: RdsSource): Alarm[] => [
  ['no-recent-point', 'RecoveryPointAge', SNAPSHOT_AGE, 'critical', 2, 'The newest recovery point is too old.'],
  [
    'rpo',
    'AchievableRpo',
    objectives.rpo,
    'critical',
    3,
    'A point-in-time restore begun now would lose more than the objective allows.',
  ],
  ...(replica
    ? [
        [
          'replica-lag',
          'ReplicaLag',
          replica.maxLag,
          'warning',
          3,
          'The replica in the recovery region is behind.',
        ] satisfies Alarm,
      ]
    : []),
];

/**
 * The age of the newest archive runs from little to the interval of the snapshots and the minutes that snapshot and export take: an
 * objective of the interval itself is passed for these minutes every time, and missed for longer only where one failed.
 */
const cacheAlarms = ({ objectives }: RedisSource): Alarm[] => [
  [
    'rpo',
    'AchievableRpo',
    objectives.rpo,
    'critical',
    6,
    'A restore of the newest archive begun now would lose more than the objective allows.',
  ],
];

const clusterAlarms = ({ objectives, mirror }: KafkaSource): Alarm[] => [
  ...(mirror
    ? [
        [
          'mirror-lag',
          'MirrorLag',
          mirror.maxLag,
          'warning',
          3,
          'The mirror of the cluster is behind, or nobody can say how far: a failover to it would lose that many messages.',
        ] satisfies Alarm,
      ]
    : []),
  [
    'rpo',
    'AchievableRpo',
    objectives.rpo,
    'critical',
    3,
    'What came into the cluster longer ago than the objective allows is in no archive of the other region.',
  ],
];

/** Lambda tries an event three times: as many errors within a quarter of an hour are an event that was given up, no passing fault. */
const functionAlarms = (deployment: Deployment) => {
  // Those that sleep here fail nowhere, and are watched from the moment they wake.
  const scheduled = planSchedules(deployment).flatMap(({ target }) => ('function' in target ? target.function : []));
  const called = [
    'notificationOnExecution',
    'notificationForward',
    ...(deployment.role === 'primary' ? ['rdsOnEvent'] : []),
  ];
  return Object.fromEntries(
    [...new Set([...scheduled, ...called])].map((key) => [
      logicalId(`${key}-failing`),
      alarmResource(
        `${deployment.service}-${key}-failing`,
        'warning',
        `The function ${key} keeps failing. Its log says why; what it would have done is not being done.`,
        {
          Namespace: 'AWS/Lambda',
          MetricName: 'Errors',
          Dimensions: [{ Name: 'FunctionName', Value: `${deployment.service}-${key}` }],
          Statistic: 'Sum',
          Period: 900,
          EvaluationPeriods: 1,
          DatapointsToAlarm: 1,
          Threshold: 2,
          TreatMissingData: 'notBreaching',
        },
      ),
    ]),
  );
};

const logicalId = (name: string): string =>
  `${name
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')}Alarm`;

/** S3 publishes latency in the destination's region and failures in the source's (S3 user guide, "Using S3 Replication metrics", 2026-11). */
const replicationAlarms = (deployment: Deployment) => {
  const { role, region, peerRegion, platform, service } = deployment;
  const [source, destination] = role === 'primary' ? [region, peerRegion] : [peerRegion, region];
  const dimensions = [
    { Name: 'SourceBucket', Value: vaultBucket(deployment, source) },
    { Name: 'DestinationBucket', Value: vaultBucket(deployment, destination) },
    { Name: 'RuleId', Value: REPLICATION_RULE },
  ];
  const alarm = (name: string, topic: Topic, MetricName: string, threshold: number, meaning: string) =>
    alarmResource(`${service}-${name}`, topic, meaning, {
      Namespace: 'AWS/S3',
      MetricName,
      Dimensions: dimensions,
      EvaluationPeriods: 1,
      DatapointsToAlarm: 1,
      Threshold: threshold,
      TreatMissingData: 'notBreaching',
    });
  return role === 'primary'
    ? {
        VaultReplicationFailedAlarm: alarm(
          'vault-replication-failed',
          'critical',
          'OperationsFailedReplication',
          0,
          'Objects of the vault were not replicated to the recovery region.',
        ),
      }
    : {
        VaultReplicationLateAlarm: alarm(
          'vault-replication-late',
          'warning',
          'ReplicationLatency',
          platform.vault.replicationWithin,
          'The vault in this region is behind the one in the primary region.',
        ),
      };
};

const alarmResource = (AlarmName: string, topic: Topic, AlarmDescription: string, properties: object) => ({
  Type: 'AWS::CloudWatch::Alarm',
  Properties: {
    AlarmName,
    AlarmDescription,
    Statistic: 'Maximum',
    Period: 300,
    ComparisonOperator: 'GreaterThanThreshold',
    AlarmActions: [topicArn(topic)],
    OKActions: [topicArn(topic)],
    ...properties,
  },
});

export const alarms = (deployment: Deployment) => ({
  ...replicationAlarms(deployment),
  ...functionAlarms(deployment),
  ...measuredAlarms(deployment),
});

/**
 * Only where schedules run is silence bad news: in the recovery region these alarms tell nobody until a failover switches
 * their actions on, together with the schedules. It finds them by how they treat silence.
 */
const measuredAlarms = (deployment: Deployment) =>
  Object.fromEntries(
    planAlarms(deployment).map((plan) => [
      logicalId(plan.name),
      alarmResource(`${deployment.service}-${plan.name}`, plan.topic, plan.meaning, {
        Namespace: NAMESPACE,
        MetricName: plan.metric,
        Dimensions: [
          { Name: 'service', Value: deployment.service },
          { Name: 'source', Value: plan.source },
        ],
        EvaluationPeriods: plan.periods,
        DatapointsToAlarm: plan.periods,
        Threshold: plan.threshold,
        TreatMissingData: 'breaching',
        ActionsEnabled: deployment.role === 'primary',
      }),
    ]),
  );
