// Why permissions stay that no call of the story needs. `npm start` fails where one is missing here, or where one
// stands here that is no longer granted; docs/permissions.md shows the same list.
import type { Justification } from './permissions.ts';

/** Events, the reconciler and the machine take the next step of a point, whoever comes first. */
const ADVANCING = ['rdsOnEvent', 'rdsReconcile', 'rdsSettlePoint'] as const;
const FINGERPRINTING = [
  'verificationPlanFingerprint',
  'verificationTakeFingerprint',
  'verificationCloseFingerprint',
] as const;

export const JUSTIFICATIONS: readonly Justification[] = [
  {
    owners: ['*'],
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    because: 'used by the Lambda runtime, not by a call that the local region sees',
  },
  {
    owners: [...ADVANCING, 'rdsExportSnapshot'],
    actions: ['*'],
    whereOneUsesIt: true,
    because: 'whoever comes first takes the next step of a point; one of them did',
  },
  {
    owners: ADVANCING,
    actions: ['rds:CreateDBSnapshot', 'rds:AddTagsToResource'],
    because: 'a snapshot that found no room in the quota, or whose execution died, is asked for again',
  },
  {
    owners: ADVANCING,
    actions: ['rds:StartExportTask', 'iam:PassRole'],
    because: 'an export that found no room among five at once is asked for again',
  },
  {
    owners: ADVANCING,
    actions: ['rds:DeleteDBSnapshot'],
    because: 'a copy that failed is removed before it is tried again',
  },
  {
    owners: [...ADVANCING, 'rdsCheckPosture', 'rdsExportSnapshot', 'retentionExpire'],
    actions: ['sns:Publish'],
    because: 'on a day without trouble they have nothing to tell',
  },
  {
    owners: ['rdsCheckPosture'],
    actions: ['kms:GenerateDataKey', 'kms:Decrypt'],
    because: 'the topics are encrypted; it tells nobody on a day without drift',
  },
  {
    owners: ['rdsOpenPoint'],
    actions: ['s3:GetObject', 's3:ListBucket', 'kms:Decrypt'],
    because: 'asked twice, it reads the point that is there',
  },
  {
    owners: ['rdsSnapshot'],
    actions: ['s3:ListBucket', 'kms:GenerateDataKey'],
    because: 'asked without its machine, it opens the point itself',
  },
  {
    owners: ['rdsRestore', 'restoreDatabase'],
    actions: ['*'],
    because: 'restores for people, which no schedule runs; test/e2e/restore.test.ts runs them',
  },
  {
    owners: ['verificationRestorePoint'],
    actions: ['rds:RestoreDBInstanceFromDBSnapshot'],
    because: 'AWS asks for the parameter, option and subnet groups that an instance has; the local region has none',
  },
  {
    owners: ['verificationRestorePoint'],
    actions: ['s3:ListBucket', 'rds:DescribeDBInstances'],
    because:
      'asked twice, it finds the instance of its execution; a point that is missing is told from one that may not be read',
  },
  {
    owners: FINGERPRINTING,
    actions: ['rds:DescribeDBInstances'],
    resource: '*:there:*',
    because: 'a fingerprint is read from the replica in the other region where that is configured',
  },
  {
    owners: ['verificationPlanFingerprint', 'verificationCloseFingerprint'],
    actions: ['rds:DescribeDBSnapshots'],
    resource: '*:db:*',
    because: 'AWS names the instance as a resource of this action, beside the snapshot',
  },
  {
    owners: ['verificationSweep'],
    actions: ['rds:DeleteDBInstance', 'states:DescribeExecution'],
    because: 'test instances that a dead execution left behind; a small database is verified between two sweeps',
  },
  {
    owners: ['retentionExpire'],
    actions: ['rds:DescribeDBSnapshots', 'rds:DeleteDBSnapshot', 's3:PutObject', 'kms:GenerateDataKey'],
    because: 'nothing is old enough on the first day; test/e2e/retention.test.ts lives through forty',
  },
  {
    owners: ['export'],
    actions: ['s3:GetObject', 's3:DeleteObject', 's3:GetBucketLocation', 'kms:Decrypt'],
    because: 'demanded of the role of an export by the RDS user guide',
  },
  {
    owners: ['replication'],
    actions: ['kms:GenerateDataKey'],
    because:
      'asked by S3 where the destination has a bucket key, as the vault has; the local region asks for kms:Encrypt only',
  },
  {
    owners: ['recoveryAbandon'],
    actions: ['*'],
    because: 'a failover that is given up; this one was not',
  },
  {
    owners: ['recoveryRehearse', 'recoveryNoteLesson'],
    actions: ['*'],
    because: 'the calendar has no drill on this day; test/e2e/drill.test.ts has what it leaves to be done',
  },
  {
    owners: ['recoveryAssess'],
    actions: ['states:StartExecution'],
    because: 'begins the failover where that is pre-authorised; here a person decides',
  },
  {
    owners: ['recoveryAwaitApproval'],
    actions: ['states:SendTaskSuccess'],
    because: 'wakes the machine where the decision came before it waited',
  },
  {
    owners: ['recoveryAnnounce'],
    actions: ['s3:ListBucket'],
    because: 'a phase that has no record is told from one that may not be read; here every phase had one',
  },
  {
    owners: ['recoveryApprove'],
    actions: ['s3:ListBucket'],
    because: 'a failover that there is not is told from one that may not be read',
  },
  {
    owners: ['recoveryDeclare'],
    actions: ['s3:GetObject', 's3:ListBucket', 'kms:Decrypt'],
    because: 'the epoch of the other region is asked there; that region was dead',
  },
  {
    owners: ['recoveryFence'],
    actions: ['rds:DescribeDBInstances'],
    because: 'finds an old primary that answers; this one was in a dead region, and the watch shut it later',
  },
  {
    owners: ['recoveryGuard', 'recoveryHoldDns', 'recoveryWriteCanary'],
    actions: ['kms:Decrypt'],
    because: 'epochs of the other region and the secret of a database may be under a key of their own',
  },
  {
    owners: ['recoveryGuard', 'recoverySwitchMonitoring'],
    actions: ['iam:PassRole'],
    because: 'asked by EventBridge Scheduler of who changes a schedule that runs under a role',
  },
  {
    owners: ['recoveryPlan', 'reportsWrite'],
    actions: ['s3:GetObject', 's3:ListBucket', 'kms:Decrypt'],
    resource: '*there*',
    because:
      'an epoch or a plan of the other region is read where there is one, and told from one that may not be read',
  },
  {
    owners: ['scheduler'],
    actions: ['lambda:InvokeFunction'],
    resource: '*recoveryPlan',
    because: 'the plan is scheduled for Mondays; the story makes it by hand',
  },
  {
    owners: ['recoveryRestoreCache'],
    actions: ['s3:AbortMultipartUpload', 'elasticache:CreateReplicationGroup', 'elasticache:AddTagsToResource'],
    because:
      'AWS asks for the parameter and subnet groups that a group has; an archive of more than five gigabytes is copied in parts, which are given up where that fails',
  },
  {
    owners: ['recoveryPromoteDatabase'],
    actions: [
      'rds:RestoreDBInstanceFromDBSnapshot',
      'rds:AddTagsToResource',
      'kms:CreateGrant',
      'kms:DescribeKey',
      's3:GetObject',
    ],
    because: 'where there is no replica, the newest snapshot is restored; here there was one',
  },
  {
    owners: ['recoverySwitchMonitoring'],
    actions: ['cloudwatch:*', 'scheduler:GetSchedule', 'scheduler:UpdateSchedule'],
    because:
      'schedules and alarms of a region that answers are put to sleep; this one was dead, and the watch did it later',
  },
  {
    owners: [
      'redisMeasure',
      'redisOpenPoint',
      'redisReconcile',
      'redisRestore',
      'redisSettlePoint',
      'redisVerificationChoosePoint',
      'redisVerificationCompareCache',
      'redisVerificationConclude',
      'redisVerificationRemoveGroup',
      'redisVerificationRestorePoint',
      'redisVerificationSweep',
      'backupRedis',
      'verifyRedis',
    ],
    actions: ['*'],
    because:
      'the story archives its cache once, by hand; test/e2e/redis.test.ts backs one up by schedule, and proves it',
  },
  {
    owners: ['retentionExpire'],
    actions: ['elasticache:*'],
    because: 'snapshots of a cache are expired as those of a database are; the cache of the story is too young',
  },
  {
    owners: ['scheduler'],
    actions: ['states:StartExecution'],
    resource: '*:stateMachine:*',
    because: 'backups and verifications of caches and streams, whose schedules sleep in the story',
  },
  {
    owners: [
      'kafkaOpenArchive',
      'kafkaArchiveShare',
      'kafkaCommitArchive',
      'kafkaMeasure',
      'kafkaPlanRestore',
      'kafkaRestoreShare',
      'kafkaConcludeRestore',
      'kafkaRestoreGroups',
      'recoverySwitchStreams',
      'kafkaVerification*',
      'verifyKafka',
      'archiveKafka',
      'restoreKafka',
    ],
    actions: ['*'],
    because:
      'without a broker the story has no streams; with one it archives, restores and goes on, and damages nothing: test/functions/kafka does',
  },
  {
    owners: ['recoveryAssess', 'recoveryPlan'],
    actions: ['s3:GetObject'],
    resource: '*/kafka-archive/*',
    because: 'whether an archive of streams is here, where there are any',
  },
  {
    owners: ['kafkaFindExtent', 'kafkaRestoreAccess'],
    actions: ['*'],
    because:
      'nothing is lost of the streams of the story, and its cluster has no authorizer; test/functions/kafka loses records, and restores ACLs',
  },
  {
    owners: ['kafkaMoveConnectors', 'kafkaMirror', 'kafkaMeasureMirrors', 'kafkaRestoreRegistry'],
    actions: ['*'],
    because:
      'the example has no Kafka Connect and no registry; test/functions/kafka brings connectors and schemas back, and mirrors a cluster',
  },
  {
    owners: ['recoveryAssess'],
    actions: ['kafka-cluster:*'],
    because: 'whether the brokers of this region answer; MSK asks IAM, other clusters do not',
  },
  {
    owners: ['recoveryRejoin', 'rejoin'],
    actions: ['*'],
    because: 'the story goes the way back once; what stands in it on other days is in test/e2e/failback.test.ts',
  },
  {
    owners: [
      'notificationAcknowledge',
      'notificationFollowUp',
      'notificationSendUpdates',
      'notificationOnExecution',
      'notificationForward',
    ],
    actions: ['*'],
    because:
      'what is not acknowledged, escalated, updated or forwarded within the story’s minutes; test/e2e/notifications.test.ts does it',
  },
  {
    owners: ['*'],
    actions: ['s3:GetObject', 's3:PutObject'],
    resource: '*/notifications/*',
    because: 'what was told is remembered; not everybody had something to tell',
  },
  {
    owners: ['verificationRetry'],
    actions: ['*'],
    because: 'nothing was inconclusive or missed on that day',
  },
  {
    owners: ['rdsReconcile', 'rdsOnEvent', 'rdsSettlePoint'],
    actions: ['states:ListExecutions', 'states:DescribeExecution'],
    because: 'asked only about a point whose snapshot is missing',
  },
  {
    owners: ['rdsReconcile'],
    actions: ['states:StartExecution', 's3:GetObject', 's3:PutObject'],
    because: 'begins a scheduled backup that never began',
  },
];
