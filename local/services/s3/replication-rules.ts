import type { ReplicationConfiguration, ReplicationRule } from '@aws-sdk/client-s3';
import type { Bucket, Version } from './bucket.ts';
import { hasCustomerManagedKey } from './encryption.ts';
import { invalidArgument, invalidRequest, malformed } from './errors.ts';
import { refuseOthers } from './setting-rules.ts';
import { type Store, storeOf } from './store.ts';

const OFFERED = [
  ...['ID', 'Status', 'Priority', 'Filter', 'Prefix', 'SourceSelectionCriteria', 'SseKmsEncryptedObjects'],
  ...['DeleteMarkerReplication', 'Destination', 'Bucket', 'EncryptionConfiguration', 'ReplicaKmsKeyID'],
  ...['ReplicationTime', 'Time', 'Metrics', 'EventThreshold', 'Minutes'],
];

/** @throws InvalidRequest, MalformedXML or InvalidArgument, where S3 would refuse the configuration; NotImplemented for what is not carried out here. */
export const checkedReplication = (
  store: Store,
  bucket: Bucket,
  configuration: ReplicationConfiguration | undefined,
): ReplicationConfiguration => {
  const rules = configuration?.Rules ?? [];
  if (!configuration?.Role || rules.length === 0) throw malformed('A replication configuration has a Role and Rules.');
  if (bucket.settings.versioning !== 'Enabled')
    throw invalidRequest("Versioning must be 'Enabled' on the bucket to apply a replication configuration");
  const named = rules.map((rule, index) => ({ ...rule, ID: rule.ID ?? `rule-${index + 1}` }));
  if (new Set(named.map(({ Priority }) => Priority)).size < named.length)
    throw invalidArgument('Found duplicate priority in the replication rules.');
  for (const rule of named) check(store, rule);
  return { ...configuration, Rules: named };
};

const check = (store: Store, rule: ReplicationRule & { ID: string }): void => {
  const where = `replication rule ${rule.ID}`;
  refuseOthers(where, rule, OFFERED);
  if (rule.Filter === undefined || rule.Priority === undefined || rule.DeleteMarkerReplication === undefined)
    throw malformed(
      `${where}: Filter, Priority and DeleteMarkerReplication are expected (version 2 of the configuration).`,
    );
  const name = destinationName(rule);
  const destination = storeOf(store.region, name)?.buckets.get(name);
  if (!destination) throw invalidRequest(`${where}: destination bucket must exist: ${name}`);
  if (destination.settings.versioning !== 'Enabled')
    throw invalidRequest(`${where}: destination bucket must have versioning enabled: ${name}`);
  const { EncryptionConfiguration, ReplicationTime, Metrics } = rule.Destination ?? {};
  const replicatesKms = rule.SourceSelectionCriteria?.SseKmsEncryptedObjects?.Status === 'Enabled';
  if (replicatesKms !== (EncryptionConfiguration?.ReplicaKmsKeyID !== undefined))
    throw invalidRequest(`${where}: SseKmsEncryptedObjects and ReplicaKmsKeyID are given together.`);
  if (ReplicationTime?.Status === 'Enabled' && (ReplicationTime.Time?.Minutes !== 15 || Metrics?.Status !== 'Enabled'))
    throw invalidRequest(`${where}: ReplicationTime takes 15 minutes and needs Metrics.`);
};

export const destinationName = (rule: ReplicationRule): string =>
  (rule.Destination?.Bucket ?? '').replace('arn:aws:s3:::', '');

/** The rule under which a version is replicated: the one of highest priority that covers it. */
export const ruleFor = (bucket: Bucket, version: Version): ReplicationRule | undefined =>
  (bucket.settings.replication?.Rules ?? [])
    .filter((rule) => rule.Status === 'Enabled' && covers(rule, version))
    .sort((a, b) => (b.Priority ?? 0) - (a.Priority ?? 0))[0];

const covers = (rule: ReplicationRule, version: Version): boolean => {
  if (!version.key.startsWith(rule.Filter?.Prefix ?? '')) return false;
  if (version.deleteMarker) return rule.DeleteMarkerReplication?.Status === 'Enabled';
  // Objects under a KMS key are passed over in silence unless the rule asks for them.
  return (
    !hasCustomerManagedKey(version.encryption) ||
    rule.SourceSelectionCriteria?.SseKmsEncryptedObjects?.Status === 'Enabled'
  );
};
