import type { ReplicationRule } from '@aws-sdk/client-s3';
import type { Region } from '../../types.ts';
import type { Bucket } from './bucket.ts';
import { destinationName, ruleFor } from './replication-rules.ts';
import { type Store, storeOf } from './store.ts';

/** Backlog and age of the oldest version waiting; S3 publishes both in the destination's region (user guide, 2026-11). */
export const measureLag = (store: Store, bucket: Bucket, rule: ReplicationRule): void => {
  const pending = [...bucket.replicating].filter((version) => ruleFor(bucket, version)?.ID === rule.ID);
  const now = store.region.clock.now().getTime();
  const latency = Math.max(0, ...pending.map(({ modified }) => (now - modified.getTime()) / 1000));
  put(storeOf(store.region, destinationName(rule))?.region, bucket, rule, [
    { MetricName: 'ReplicationLatency', Value: latency, Unit: 'Seconds' },
    {
      MetricName: 'BytesPendingReplication',
      Value: pending.reduce((sum, version) => sum + (version.deleteMarker ? 0 : version.bytes), 0),
      Unit: 'Bytes',
    },
    { MetricName: 'OperationsPendingReplication', Value: pending.length, Unit: 'Count' },
  ]);
};

/** Published in the source's region. */
export const countFailure = (store: Store, bucket: Bucket, rule: ReplicationRule): void =>
  put(store.region, bucket, rule, [{ MetricName: 'OperationsFailedReplication', Value: 1, Unit: 'Count' }]);

const put = (
  region: Region | undefined,
  bucket: Bucket,
  rule: ReplicationRule,
  metrics: { MetricName: string; Value: number; Unit: string }[],
): void => {
  if (rule.Destination?.Metrics?.Status !== 'Enabled' || !region?.services.has('monitoring')) return;
  const Dimensions = Object.entries({
    SourceBucket: bucket.name,
    DestinationBucket: destinationName(rule),
    RuleId: rule.ID,
  }).map(([Name, Value]) => ({ Name, Value }));
  const MetricData = metrics.map((metric) => ({ ...metric, Dimensions, Timestamp: region.clock.now() }));
  // Best effort, as on AWS: a metric that does not arrive changes nothing about the replication.
  region
    .call('monitoring', 'PutMetricData', { Namespace: 'AWS/S3', MetricData }, region.world.iam.operator)
    .catch(() => undefined);
};
