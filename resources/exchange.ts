import { arnOf, type Deployment, exchangeBucket, sub } from './names.ts';
import { OWNED, PRIVATE, tlsOnly } from './vault.ts';

/**
 * The bucket in which ElastiCache leaves RDB files, and from which it reads them. It reads nothing but what S3 encrypts
 * with its own key, and writes without naming a key ("Seeding a new cluster", "Exporting a backup", ElastiCache user
 * guide, 2026-11): neither goes with the vault. What is here is on its way, and gone within a day.
 */
export const exchange = (deployment: Deployment) => ({
  Exchange: {
    Type: 'AWS::S3::Bucket',
    Properties: {
      BucketName: exchangeBucket(deployment),
      PublicAccessBlockConfiguration: PRIVATE,
      OwnershipControls: OWNED,
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      LoggingConfiguration: { DestinationBucketName: { Ref: 'AccessLog' }, LogFilePrefix: 'rdb/' },
      LifecycleConfiguration: {
        Rules: [
          {
            Id: 'on-its-way',
            Status: 'Enabled',
            ExpirationInDays: 1,
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
          },
        ],
      },
    },
  },
  ExchangePolicy: {
    Type: 'AWS::S3::BucketPolicy',
    Properties: {
      Bucket: { Ref: 'Exchange' },
      PolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Sid: 'ElastiCacheHandsOverRdbFiles',
            Effect: 'Allow',
            Principal: { Service: `${deployment.region}.elasticache-snapshot.amazonaws.com` },
            Action: [
              's3:PutObject',
              's3:GetObject',
              's3:ListBucket',
              's3:GetBucketAcl',
              's3:ListMultipartUploadParts',
              's3:ListBucketMultipartUploads',
            ],
            Resource: [arnOf('Exchange'), sub('${Exchange.Arn}/*')],
          },
          tlsOnly('Exchange'),
        ],
      },
    },
  },
});
