// CloudFormation and the S3 API name a bucket's settings differently: this is the translation, and nothing else.
import { z } from 'zod';
import { flag, number, text } from './properties.ts';

const status = z.enum(['Enabled', 'Disabled']);
const minutes = z.strictObject({ Minutes: number });

const LifecycleRule = z.strictObject({
  Id: text.optional(),
  Status: status,
  Prefix: text.optional(),
  ExpirationInDays: number.optional(),
  Transitions: z.array(z.strictObject({ StorageClass: text, TransitionInDays: number })).optional(),
  NoncurrentVersionExpiration: z.strictObject({ NoncurrentDays: number }).optional(),
  AbortIncompleteMultipartUpload: z.strictObject({ DaysAfterInitiation: number }).optional(),
});

const ReplicationRule = z.strictObject({
  Id: text.optional(),
  Status: status,
  Priority: number.optional(),
  Filter: z.strictObject({ Prefix: text.optional() }).optional(),
  SourceSelectionCriteria: z
    .strictObject({ SseKmsEncryptedObjects: z.strictObject({ Status: status }).optional() })
    .optional(),
  DeleteMarkerReplication: z.strictObject({ Status: status }).optional(),
  Destination: z.strictObject({
    Bucket: text,
    EncryptionConfiguration: z.strictObject({ ReplicaKmsKeyID: text }).optional(),
    ReplicationTime: z.strictObject({ Status: status, Time: minutes }).optional(),
    Metrics: z.strictObject({ Status: status, EventThreshold: minutes.optional() }).optional(),
  }),
});

export const BucketProperties = z.strictObject({
  BucketName: text.min(3).max(63).optional(),
  VersioningConfiguration: z.strictObject({ Status: z.literal('Enabled') }).optional(),
  BucketEncryption: z
    .strictObject({
      ServerSideEncryptionConfiguration: z.array(
        z.strictObject({
          BucketKeyEnabled: flag.optional(),
          ServerSideEncryptionByDefault: z.strictObject({ SSEAlgorithm: text, KMSMasterKeyID: text.optional() }),
        }),
      ),
    })
    .optional(),
  LifecycleConfiguration: z.strictObject({ Rules: z.array(LifecycleRule) }).optional(),
  ReplicationConfiguration: z.strictObject({ Role: text, Rules: z.array(ReplicationRule) }).optional(),
  ObjectLockEnabled: flag.optional(),
  ObjectLockConfiguration: z
    .strictObject({
      ObjectLockEnabled: z.literal('Enabled'),
      Rule: z
        .strictObject({
          DefaultRetention: z.strictObject({ Mode: text, Days: number.optional(), Years: number.optional() }),
        })
        .optional(),
    })
    .optional(),
  LoggingConfiguration: z.strictObject({ DestinationBucketName: text, LogFilePrefix: text.default('') }).optional(),
  PublicAccessBlockConfiguration: z
    .strictObject({
      BlockPublicAcls: flag.optional(),
      BlockPublicPolicy: flag.optional(),
      IgnorePublicAcls: flag.optional(),
      RestrictPublicBuckets: flag.optional(),
    })
    .optional(),
  OwnershipControls: z.strictObject({ Rules: z.array(z.strictObject({ ObjectOwnership: text })) }).optional(),
});

type Properties = z.output<typeof BucketProperties>;
type Setting = [operation: string, input: object];

/** The calls that give a new bucket its settings: versioning first, for replication demands it. */
export const bucketSettings = (properties: Properties): Setting[] => {
  const settings: (Setting | undefined)[] = [
    properties.VersioningConfiguration && [
      'PutBucketVersioning',
      { VersioningConfiguration: properties.VersioningConfiguration },
    ],
    properties.BucketEncryption && [
      'PutBucketEncryption',
      {
        ServerSideEncryptionConfiguration: {
          Rules: properties.BucketEncryption.ServerSideEncryptionConfiguration.map(
            ({ ServerSideEncryptionByDefault, ...rule }) => ({
              ...rule,
              ApplyServerSideEncryptionByDefault: ServerSideEncryptionByDefault,
            }),
          ),
        },
      },
    ],
    properties.PublicAccessBlockConfiguration && [
      'PutPublicAccessBlock',
      { PublicAccessBlockConfiguration: properties.PublicAccessBlockConfiguration },
    ],
    properties.OwnershipControls && ['PutBucketOwnershipControls', { OwnershipControls: properties.OwnershipControls }],
    properties.ObjectLockConfiguration && [
      'PutObjectLockConfiguration',
      { ObjectLockConfiguration: properties.ObjectLockConfiguration },
    ],
    properties.LifecycleConfiguration && [
      'PutBucketLifecycleConfiguration',
      { LifecycleConfiguration: { Rules: properties.LifecycleConfiguration.Rules.map(lifecycleRule) } },
    ],
    properties.LoggingConfiguration && [
      'PutBucketLogging',
      {
        BucketLoggingStatus: {
          LoggingEnabled: {
            TargetBucket: properties.LoggingConfiguration.DestinationBucketName,
            TargetPrefix: properties.LoggingConfiguration.LogFilePrefix,
          },
        },
      },
    ],
    properties.ReplicationConfiguration && [
      'PutBucketReplication',
      {
        ReplicationConfiguration: {
          Role: properties.ReplicationConfiguration.Role,
          Rules: properties.ReplicationConfiguration.Rules.map(({ Id, ...rule }) => ({
            ...(Id && { ID: Id }),
            ...rule,
          })),
        },
      },
    ],
  ];
  return settings.filter((setting) => setting !== undefined);
};

const lifecycleRule = (rule: z.output<typeof LifecycleRule>) => {
  const { Id, Prefix, ExpirationInDays, Transitions, ...same } = rule;
  return {
    ...same,
    ...(Id && { ID: Id }),
    Filter: { Prefix: Prefix ?? '' },
    ...(ExpirationInDays !== undefined && { Expiration: { Days: ExpirationInDays } }),
    ...(Transitions && {
      Transitions: Transitions.map(({ StorageClass, TransitionInDays }) => ({ StorageClass, Days: TransitionInDays })),
    }),
  };
};
