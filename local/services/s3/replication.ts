// Replication: what is written appears in the destination some time later, under the configured role and its permissions.
import type { ReplicationRule } from '@aws-sdk/client-s3';
import { announceCreated } from './announce.ts';
import { type Bucket, bucketArn, type Version } from './bucket.ts';
import { noSuchBucket } from './errors.ts';
import { copyMarker, copyObject, copySettings, type Replication } from './replica.ts';
import { countFailure, measureLag } from './replication-metrics.ts';
import { destinationName, ruleFor } from './replication-rules.ts';
import { type Store, storeOf, versionOf } from './store.ts';
import { insertVersion } from './versions.ts';

/** How long a version waits while one of the two regions is gone; region time. */
const RETRY_MS = 60_000;

/** Begins the replication of a new version, where a rule asks for it. */
export const startReplication = (store: Store, bucket: Bucket, version: Version): void => {
  const rule = ruleFor(bucket, version);
  if (!rule || version.replication === 'REPLICA') return;
  version.replication = 'PENDING';
  bucket.replicating.add(version);
  schedule(store, bucket, version, rule, store.replicationLagMs);
};

/** Takes a change of tags or lock to the replica. */
export const updateReplica = (store: Store, bucket: Bucket, version: Version): void =>
  startReplication(store, bucket, version);

const schedule = (store: Store, bucket: Bucket, version: Version, rule: ReplicationRule, delayMs: number): void => {
  const { clock } = store.region;
  measureLag(store, bucket, rule);
  clock.at(new Date(clock.now().getTime() + delayMs), () => attempt(store, bucket, version, rule));
};

const attempt = async (store: Store, bucket: Bucket, version: Version, rule: ReplicationRule): Promise<void> => {
  if (versionOf(bucket, version.key, version.versionId) !== version) return end(store, bucket, version, rule); // deleted meanwhile
  const name = destinationName(rule);
  const destinationStore = storeOf(store.region, name);
  const bothAlive = () => store.region.alive && (destinationStore?.region.alive ?? true);
  if (!bothAlive()) return schedule(store, bucket, version, rule, RETRY_MS);
  const release = store.region.clock.hold(`replication of ${bucket.name}/${version.key}`);
  try {
    const destination = destinationStore?.buckets.get(name);
    if (!destinationStore || !destination) throw noSuchBucket(name);
    const replication = open(store, bucket, destinationStore, destination, rule);
    await replicate(replication, version);
    version.replication = 'COMPLETED';
    end(store, bucket, version, rule);
  } catch (error) {
    if (!bothAlive()) return schedule(store, bucket, version, rule, RETRY_MS);
    version.replication = 'FAILED';
    version.replicationFailure = error instanceof Error ? error.message : String(error);
    countFailure(store, bucket, rule);
    end(store, bucket, version, rule);
  } finally {
    release();
  }
};

const end = (store: Store, bucket: Bucket, version: Version, rule: ReplicationRule): void => {
  bucket.replicating.delete(version);
  measureLag(store, bucket, rule);
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
  const { target } = replication;
  const present = versionOf(target.bucket, version.key, version.versionId);
  if (version.deleteMarker) {
    const marker = copyMarker(replication, version);
    if (!present) insertVersion(target.bucket, marker);
  } else if (present) {
    if (!present.deleteMarker) Object.assign(present, copySettings(replication, version));
  } else {
    const replica = await copyObject(replication, version);
    insertVersion(target.bucket, replica);
    announceCreated(target, target.bucket, replica, 'PutObject');
  }
};
