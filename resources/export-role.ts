import { bucketArn, type Deployment, keyArn } from './names.ts';
import { role } from './permissions.ts';

/** What RDS acts under while it exports a snapshot (RDS user guide, "Exporting DB snapshot data to Amazon S3", 2026-11). */
export const exportRole = (deployment: Deployment) => ({
  ExportRole: role('export.rds.amazonaws.com', 'export', [
    {
      Effect: 'Allow',
      Action: ['s3:PutObject', 's3:GetObject', 's3:DeleteObject'],
      Resource: [bucketArn(deployment, deployment.region, '/rds-snapshots/*')],
    },
    {
      Effect: 'Allow',
      Action: ['s3:ListBucket', 's3:GetBucketLocation'],
      Resource: [bucketArn(deployment, deployment.region)],
    },
    { Effect: 'Allow', Action: ['kms:GenerateDataKey', 'kms:Decrypt'], Resource: [keyArn(deployment.region)] },
  ]),
});
