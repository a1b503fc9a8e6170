import type { ReplicationRule } from '@aws-sdk/client-s3';
import type { Region } from '../../types.ts';
import { recordMetric } from '../cloudwatch/record.ts';
import type { Bucket } from './bucket.ts';
import { destinationName, ruleFor } from './replication-rules.ts';
import { type Store, storeOf } from './store.ts';

const MINUTE = 60_000;

/**
 * Backlog and age of the oldest version waiting, now and every minute until nothing waits. S3 publishes both in the
 * region of the destination (user guide, "Using S3 Replication metrics", 2026-11).
 */
export const measureBacklog = (store: Store, bucket: Bucket, rule: ReplicationRule): void => {
  const pending = [...bucket.replicating].filter((version) => ruleFor(bucket, version)?.ID === rule.ID);
  const { clock } = store.region;
  const now = clock.now().getTime();
  const region = storeOf(store.region, destinationName(rule))?.region;
  const record = recorder(region, bucket, rule);
  record(
    'ReplicationLatency',
    Math.max(0, ...pending.map(({ modified }) => (now - modified.getTime()) / 1000)),
    'Seconds',
  );
  record(
    'BytesPendingReplication',
    pending.reduce((sum, version) => sum + (version.deleteMarker ? 0 : version.bytes), 0),
    'Bytes',
  );
  record('OperationsPendingReplication', pending.length, 'Count');
  if (pending.length === 0 || bucket.measured.has(rule.ID ?? '')) return;
  bucket.measured.add(rule.ID ?? '');
  clock.at(new Date(now + MINUTE), () => {
    bucket.measured.delete(rule.ID ?? '');
    measureBacklog(store, bucket, rule);
  });
};

/** Published in the region of the source. */
export const countFailure = (store: Store, bucket: Bucket, rule: ReplicationRule): void =>
  recorder(store.region, bucket, rule)('OperationsFailedReplication', 1, 'Count');

const recorder =
  (region: Region | undefined, bucket: Bucket, rule: ReplicationRule) =>
  (name: string, value: number, unit: string): void => {
    if (rule.Destination?.Metrics?.Status !== 'Enabled' || !region?.alive) return;
    const dimensions = { SourceBucket: bucket.name, DestinationBucket: destinationName(rule), RuleId: rule.ID ?? '' };
    recordMetric(region, 'AWS/S3', name, value, dimensions, unit);
  };
