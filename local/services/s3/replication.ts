// Replication: what is written appears in the destination some time later, under the configured role and its permissions.
import type { ReplicationRule } from '@aws-sdk/client-s3';
import { ConnectionCut } from '../../faults.ts';
import { ApiError } from '../../service.ts';
import { type Bucket, bucketArn, type Version } from './bucket.ts';
import { noSuchBucket } from './errors.ts';
import { copyMarker, copyObject, type Replication } from './replica.ts';
import { countFailure, measureBacklog } from './replication-metrics.ts';
import { destinationName, ruleFor } from './replication-rules.ts';
import { type Store, storeOf, versionOf } from './store.ts';
import { insertVersion } from './versions.ts';

/** How often replications look whether both regions are back; region time. */
const RETRY_MS = 60_000;

/** Begins the replication of a new version, where a rule asks for it. */
export const startReplication = (store: Store, bucket: Bucket, version: Version): void => {
  const rule = ruleFor(bucket, version);
  if (!rule || version.replication === 'REPLICA') return;
  version.replication = 'PENDING';
  bucket.replicating.add(version);
  measureBacklog(store, bucket, rule);
  const { clock } = store.region;
  const due = new Date(clock.now().getTime() + store.replicationLagMs);
  clock.at(due, () => attempt(store, bucket, version, rule));
};

/** What S3 itself would try again: a connection cut, a service in trouble or too busy. */
const isPassing = (error: unknown): boolean =>
  error instanceof ConnectionCut ||
  (error instanceof ApiError && (error.status >= 500 || /Throttling|SlowDown/.test(error.code)));

/** One timer for all that wait, however many they are. */
const postpone = (store: Store, retry: () => Promise<void>): void => {
  store.stalled.push(retry);
  if (store.stalled.length > 1) return;
  const { clock } = store.region;
  clock.at(new Date(clock.now().getTime() + RETRY_MS), async () => {
    for (const again of store.stalled.splice(0)) await again();
  });
};

const attempt = async (store: Store, bucket: Bucket, version: Version, rule: ReplicationRule): Promise<void> => {
  if (versionOf(bucket, version.key, version.versionId) !== version) return end(store, bucket, version, rule); // deleted meanwhile
  const name = destinationName(rule);
  const destinationStore = storeOf(store.region, name);
  const bothAlive = () => store.region.alive && (destinationStore?.region.alive ?? true);
  const retry = () => attempt(store, bucket, version, rule);
  if (!bothAlive()) return postpone(store, retry);
  const release = store.region.clock.hold(`replication of ${bucket.name}/${version.key}`);
  try {
    const destination = destinationStore?.buckets.get(name);
    if (!destinationStore || !destination) throw noSuchBucket(name);
    const replication = open(store, bucket, destinationStore, destination, rule);
    await replicate(replication, version);
    version.replication = 'COMPLETED';
    end(store, bucket, version, rule);
  } catch (error) {
    if (!bothAlive() || isPassing(error)) return postpone(store, retry);
    version.replication = 'FAILED';
    version.replicationFailure = error instanceof Error ? error.message : String(error);
    countFailure(store, bucket, rule);
    end(store, bucket, version, rule);
  } finally {
    release();
  }
};

const end = (store: Store, bucket: Bucket, version: Version, rule: ReplicationRule): void => {
  measureBacklog(store, bucket, rule);
  bucket.replicating.delete(version);
  measureBacklog(store, bucket, rule);
};

const open = (
  store: Store,
  bucket: Bucket,
  destinationStore: Store,
  destination: Bucket,
  rule: ReplicationRule,
): Replication => {
  const { iam } = store.region.world;
  const role = iam.assume(bucket.settings.replication?.Role ?? '', 's3.amazonaws.com', {
    actor: 's3-replication',
    sourceArn: bucketArn(bucket.name),
    sourceAccount: store.region.account,
  });
  return {
    rule,
    role,
    source: { region: store.region, bucket },
    target: { region: destinationStore.region, bucket: destination },
  };
};

const replicate = async (replication: Replication, version: Version): Promise<void> => {
  const { bucket } = replication.target;
  if (versionOf(bucket, version.key, version.versionId)) return;
  const replica = version.deleteMarker ? copyMarker(replication, version) : await copyObject(replication, version);
  insertVersion(bucket, replica);
};
