import type * as s3 from '@aws-sdk/client-s3';
import type { Bucket } from './bucket.ts';
import { malformed, missingSetting } from './errors.ts';
import { checkedLifecycle } from './lifecycle-rules.ts';
import { parsePolicy } from './policy-document.ts';
import { checkedReplication } from './replication-rules.ts';
import { assertLockAllowed, assertVersioningAllowed, refuseOthers } from './setting-rules.ts';
import { bucketHere, type Store } from './store.ts';

type Named = { Bucket: string | undefined };

/** Every `PutBucket…` with its `GetBucket…`: kept as it came, checked where S3 checks it. `changed` hears of new lifecycles. */
export const bucketSettings = (store: Store, changed: (bucket: Bucket) => void) => {
  const settingsOf = ({ Bucket }: Named) => bucketHere(store, Bucket).settings;
  const held = <T>(value: T | undefined, code: string, { Bucket }: Named): T => {
    if (value === undefined) throw missingSetting(code, Bucket ?? '');
    return value;
  };

  return {
    async PutBucketVersioning(input: s3.PutBucketVersioningCommandInput): Promise<object> {
      const bucket = bucketHere(store, input.Bucket);
      const status = given(input.VersioningConfiguration?.Status, 'VersioningConfiguration.Status');
      assertVersioningAllowed(bucket, status);
      bucket.settings.versioning = status;
      return {};
    },
    async GetBucketVersioning(input: s3.GetBucketVersioningCommandInput): Promise<s3.GetBucketVersioningOutput> {
      return { Status: settingsOf(input).versioning };
    },

    async PutBucketEncryption(input: s3.PutBucketEncryptionCommandInput): Promise<object> {
      const wanted = given(input.ServerSideEncryptionConfiguration, 'ServerSideEncryptionConfiguration');
      const known = ['AES256', 'aws:kms', undefined];
      const odd = wanted.Rules?.map((rule) => rule.ApplyServerSideEncryptionByDefault?.SSEAlgorithm).find(
        (each) => !known.includes(each),
      );
      if (odd) throw malformed(`SSEAlgorithm ${odd} is not known.`);
      settingsOf(input).encryption = wanted;
      return {};
    },
    async GetBucketEncryption(input: s3.GetBucketEncryptionCommandInput): Promise<s3.GetBucketEncryptionOutput> {
      return { ServerSideEncryptionConfiguration: settingsOf(input).encryption };
    },

    async PutBucketPolicy(input: s3.PutBucketPolicyCommandInput): Promise<object> {
      settingsOf(input).policy = parsePolicy(input.Policy ?? '', input.Bucket ?? '');
      return {};
    },
    async GetBucketPolicy(input: s3.GetBucketPolicyCommandInput): Promise<s3.GetBucketPolicyOutput> {
      return { Policy: held(settingsOf(input).policy, 'NoSuchBucketPolicy', input).text };
    },

    async PutBucketLifecycleConfiguration(
      input: s3.PutBucketLifecycleConfigurationCommandInput,
    ): Promise<s3.PutBucketLifecycleConfigurationOutput> {
      const bucket = bucketHere(store, input.Bucket);
      refuseOthers('lifecycle', { TransitionDefaultMinimumObjectSize: input.TransitionDefaultMinimumObjectSize }, []);
      bucket.settings.lifecycle = checkedLifecycle(input.LifecycleConfiguration?.Rules ?? []);
      changed(bucket);
      return {};
    },
    async GetBucketLifecycleConfiguration(
      input: s3.GetBucketLifecycleConfigurationCommandInput,
    ): Promise<s3.GetBucketLifecycleConfigurationOutput> {
      return { Rules: held(settingsOf(input).lifecycle, 'NoSuchLifecycleConfiguration', input) };
    },

    async PutBucketReplication(input: s3.PutBucketReplicationCommandInput): Promise<object> {
      const bucket = bucketHere(store, input.Bucket);
      bucket.settings.replication = checkedReplication(store, bucket, input.ReplicationConfiguration);
      return {};
    },
    async GetBucketReplication(input: s3.GetBucketReplicationCommandInput): Promise<s3.GetBucketReplicationOutput> {
      const { replication } = settingsOf(input);
      return { ReplicationConfiguration: held(replication, 'ReplicationConfigurationNotFoundError', input) };
    },

    /** Stored; no log is delivered. */
    async PutBucketLogging(input: s3.PutBucketLoggingCommandInput): Promise<object> {
      const target = input.BucketLoggingStatus?.LoggingEnabled?.TargetBucket;
      if (target !== undefined && !store.buckets.has(target))
        throw malformed(`The target bucket for logging does not exist in this region: ${target}`);
      settingsOf(input).logging = input.BucketLoggingStatus ?? {};
      return {};
    },
    async GetBucketLogging(input: s3.GetBucketLoggingCommandInput): Promise<s3.GetBucketLoggingOutput> {
      return { LoggingEnabled: settingsOf(input).logging?.LoggingEnabled };
    },

    async PutPublicAccessBlock(input: s3.PutPublicAccessBlockCommandInput): Promise<object> {
      settingsOf(input).publicAccess = given(input.PublicAccessBlockConfiguration, 'PublicAccessBlockConfiguration');
      return {};
    },
    async GetPublicAccessBlock(input: s3.GetPublicAccessBlockCommandInput): Promise<s3.GetPublicAccessBlockOutput> {
      const { publicAccess } = settingsOf(input);
      return { PublicAccessBlockConfiguration: held(publicAccess, 'NoSuchPublicAccessBlockConfiguration', input) };
    },

    async PutBucketOwnershipControls(input: s3.PutBucketOwnershipControlsCommandInput): Promise<object> {
      settingsOf(input).ownership = given(input.OwnershipControls, 'OwnershipControls');
      return {};
    },
    async GetBucketOwnershipControls(
      input: s3.GetBucketOwnershipControlsCommandInput,
    ): Promise<s3.GetBucketOwnershipControlsOutput> {
      return { OwnershipControls: held(settingsOf(input).ownership, 'OwnershipControlsNotFoundError', input) };
    },

    /** ACLs are disabled, as in every new bucket of S3: what can be read says that the owner has full control. */
    async GetBucketAcl(input: s3.GetBucketAclCommandInput): Promise<s3.GetBucketAclOutput> {
      settingsOf(input);
      const Owner = { ID: store.region.account };
      return { Owner, Grants: [{ Grantee: { Type: 'CanonicalUser', ...Owner }, Permission: 'FULL_CONTROL' }] };
    },

    async PutObjectLockConfiguration(input: s3.PutObjectLockConfigurationCommandInput): Promise<object> {
      const bucket = bucketHere(store, input.Bucket);
      bucket.settings.lock = assertLockAllowed(bucket, input.ObjectLockConfiguration);
      return {};
    },
    async GetObjectLockConfiguration(
      input: s3.GetObjectLockConfigurationCommandInput,
    ): Promise<s3.GetObjectLockConfigurationOutput> {
      return { ObjectLockConfiguration: held(settingsOf(input).lock, 'ObjectLockConfigurationNotFoundError', input) };
    },
  };
};

const given = <T>(value: T | undefined, name: string): T => {
  if (value === undefined) throw malformed(`${name} is missing.`);
  return value;
};
