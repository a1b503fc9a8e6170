// The calls that bring database and cache up in the region that takes over.
import { kafkaSourceNamed, rdsSourceNamed, redisSourceNamed } from '../../shared/config/platform.ts';
import { settings } from '../../shared/config/settings.ts';
import { arn, type Call, objectArn, readCatalog, readSecret, sql } from './planned-call.ts';
import type { Situation } from './planned-calls.ts';

export const databaseCalls = ({ plan, to, database: { instance, way, snapshot } }: Situation): Call[] => {
  const { secret } = rdsSourceNamed(plan.database.source);
  const db = arn('rds', to, `db:${instance}`);
  const promote: Call = {
    ...{ call: 'rds:PromoteReadReplica', on: instance, region: to },
    needs: [{ action: 'rds:PromoteReadReplica', resource: db }],
  };
  return [
    {
      ...{ call: 'rds:DescribeDBInstances', on: instance, region: to },
      needs: [{ action: 'rds:DescribeDBInstances', resource: db }],
    },
    ...(way === 'snapshot' ? [] : [promote]),
    ...(way === 'replica' ? [] : restoreCalls(plan.database.source, to, instance, snapshot)),
    readSecret(secret, to),
    ...plan.database.fence.roles.map((role) => sql(`ALTER ROLE ${role} LOGIN`, instance, to, secret)),
  ];
};

const restoreCalls = (source: string, to: string, instance: string, snapshot = 'the newest copy here'): Call[] => {
  const { subnetGroup = 'default' } = rdsSourceNamed(source).restore;
  const on = [`db:${instance}`, 'snapshot:any', `subgrp:${subnetGroup}`, 'pg:default', 'og:default'];
  const restore = 'rds:RestoreDBInstanceFromDBSnapshot';
  return [
    readCatalog(),
    {
      ...{ call: restore, on: `${instance} from ${snapshot}`, region: to },
      needs: [
        ...on.map((resource) => ({ action: restore, resource: arn('rds', to, resource) })),
        { action: 'rds:AddTagsToResource', resource: arn('rds', to, `db:${instance}`) },
      ],
    },
    {
      ...{ call: 'kms:CreateGrant', on: 'the key of the snapshot, by RDS for the caller', region: to },
      needs: ['kms:CreateGrant', 'kms:DescribeKey'].map((action) => ({
        ...{ action, resource: arn('kms', to, 'key/any') },
        context: { 'kms:ViaService': [`rds.${to}.amazonaws.com`] },
      })),
    },
  ];
};

export const cacheCalls = ({ plan, to, cache }: Situation): Call[] => {
  if (!plan.cache || !cache) return [];
  const { secret, recovery } = redisSourceNamed(plan.cache.source);
  const { vaultBucket, exchangeBucket } = settings();
  const { group, archive = 'the newest archive' } = cache;
  const replicationGroup = arn('elasticache', to, `replicationgroup:${group}`);
  const seed = `seeds/${group}/any.rdb`;
  const create = 'elasticache:CreateReplicationGroup';
  const used = ['parametergroup:default', `subnetgroup:${recovery.subnetGroup ?? 'default'}`].map((resource) =>
    arn('elasticache', to, resource),
  );
  return [
    {
      ...{ call: 'elasticache:DescribeReplicationGroups', on: group, region: to },
      needs: [{ action: 'elasticache:DescribeReplicationGroups', resource: replicationGroup }],
    },
    readCatalog(),
    ...(secret ? [readSecret(secret, to)] : []),
    {
      ...{ call: 's3:CopyObject', on: `${archive} to s3://${exchangeBucket}/seeds/${group}/`, region: to },
      needs: [
        { action: 's3:GetObjectVersion', resource: objectArn(vaultBucket, 'redis-snapshots/any.rdb') },
        ...['s3:PutObject', 's3:AbortMultipartUpload'].map((action) => ({
          action,
          resource: objectArn(exchangeBucket, seed),
        })),
      ],
    },
    {
      ...{ call: create, on: `${group}: ${recovery.replicas + 1} nodes ${recovery.nodeType}`, region: to },
      needs: [
        ...[replicationGroup, ...used].map((resource) => ({ action: create, resource })),
        { action: 'elasticache:AddTagsToResource', resource: replicationGroup },
        // ElastiCache reads the seed for the caller.
        { action: 's3:GetObject', resource: objectArn(exchangeBucket, seed) },
      ],
    },
    {
      ...{ call: 's3:DeleteObject', on: `s3://${exchangeBucket}/seeds/${group}/`, region: to },
      needs: [{ action: 's3:DeleteObject', resource: objectArn(exchangeBucket, seed) }],
    },
  ];
};

/** Topics come by an execution of restore-kafka, whose functions have roles of their own; groups are set by the phase itself. */
export const streamsCalls = (situation: Situation): Call[] => {
  const { streams } = situation.plan;
  if (!streams) return [];
  return streams.by === 'mirror' ? mirrorCalls(streams.source, situation) : archiveCalls(situation);
};

/** Left for the mirror: its connectors are stopped by Kafka Connect, and both clusters are looked at, where they answer. */
const mirrorCalls = (source: string, { to }: Situation): Call[] => {
  const { auth, mirror } = kafkaSourceNamed(source);
  const { vaultBucket, vaultKeyArn } = settings();
  const kept = ['kafka/mirrors/any.json', 'kafka/restores/any.json'].map((key) => objectArn(vaultBucket, key));
  return [
    {
      ...{ call: 's3:PutObject', on: `s3://${vaultBucket}/kafka/restores/`, region: to },
      needs: [
        ...['s3:GetObject', 's3:PutObject'].flatMap((action) => kept.map((resource) => ({ action, resource }))),
        { action: 'kms:GenerateDataKey', resource: vaultKeyArn },
      ],
    },
    ...(auth.mode === 'scram' ? [readSecret(auth.secret, to)] : []),
    {
      ...{
        call: 'Kafka Connect PUT /connectors/…/stop',
        on: `the workers of ${mirror?.target}`,
        region: to,
        needs: [],
      },
      decidedBy: 'Kafka Connect',
    },
  ];
};

const archiveCalls = ({ plan, to, streams }: Situation): Call[] => {
  if (!plan.streams) return [];
  const { source } = plan.streams;
  const { auth } = kafkaSourceNamed(source);
  const { service, vaultBucket, vaultKeyArn } = settings();
  const machine = `${service}-restore-kafka`;
  const archived = objectArn(vaultBucket, 'kafka-archive/any.json');
  const kept = objectArn(vaultBucket, 'kafka/restores/any.json');
  return [
    readCatalog(),
    {
      ...{ call: 's3:GetObject', on: `${streams?.archive ?? 'the newest archive'}, index and segments`, region: to },
      needs: ['s3:GetObject', 's3:GetObjectVersion'].map((action) => ({ action, resource: archived })),
    },
    {
      ...{ call: 'states:StartExecution', on: machine, region: to },
      needs: [{ action: 'states:StartExecution', resource: arn('states', to, `stateMachine:${machine}`) }],
    },
    {
      ...{ call: 'states:DescribeExecution', on: machine, region: to },
      needs: [{ action: 'states:DescribeExecution', resource: arn('states', to, `execution:${machine}:any`) }],
    },
    {
      ...{ call: 's3:PutObject', on: `s3://${vaultBucket}/kafka/restores/`, region: to },
      needs: [
        ...['s3:GetObject', 's3:PutObject'].map((action) => ({ action, resource: kept })),
        { action: 'kms:GenerateDataKey', resource: vaultKeyArn },
      ],
    },
    ...(auth.mode === 'scram' ? [readSecret(auth.secret, to)] : []),
    ...BROKER_CALLS.map(([call, ...needs]) => ({
      ...{ call, on: `the brokers of ${source}`, region: to },
      ...(auth.mode === 'iam'
        ? { needs: needs.map(([action, resource]) => ({ action, resource: arn('kafka', to, resource) })) }
        : { needs: [], decidedBy: 'the brokers' }),
    })),
  ];
};

/** What is asked of brokers, and what MSK asks IAM about it (MSK guide, IAM access control, actions and resources, 2026-11). */
const BROKER_CALLS: readonly [call: string, ...needs: [action: string, resource: string][]][] = [
  [
    'Kafka Metadata, DescribeConfigs',
    ['kafka-cluster:Connect', 'cluster/any'],
    ['kafka-cluster:DescribeCluster', 'cluster/any'],
    ['kafka-cluster:DescribeTopic', 'topic/any'],
    ['kafka-cluster:DescribeTopicDynamicConfiguration', 'topic/any'],
  ],
  [
    'Kafka OffsetFetch, OffsetCommit',
    ['kafka-cluster:DescribeGroup', 'group/any'],
    ['kafka-cluster:AlterGroup', 'group/any'],
    ['kafka-cluster:ReadData', 'topic/any'],
  ],
];
