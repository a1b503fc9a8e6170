import { z } from 'zod';
import { policyDocument, text } from './properties.ts';
import { resourceType } from './resource-type.ts';
import { BucketProperties, bucketSettings } from './s3-settings.ts';

export const bucket = resourceType(BucketProperties, async (properties, { call, region, madeUpName }) => {
  const Bucket = properties.BucketName ?? madeUpName(63).toLowerCase();
  await call('s3', 'CreateBucket', {
    Bucket,
    ...(region.name !== 'us-east-1' && { CreateBucketConfiguration: { LocationConstraint: region.name } }),
    ...(properties.ObjectLockEnabled && { ObjectLockEnabledForBucket: true }),
  });
  for (const [operation, input] of bucketSettings(properties)) await call('s3', operation, { Bucket, ...input });
  return {
    ref: Bucket,
    arn: `arn:aws:s3:::${Bucket}`,
    attributes: {
      DomainName: `${Bucket}.s3.amazonaws.com`,
      RegionalDomainName: `${Bucket}.s3.${region.name}.amazonaws.com`,
    },
    undo: () => call('s3', 'DeleteBucket', { Bucket }),
  };
});

export const bucketPolicy = resourceType(
  z.strictObject({ Bucket: text, PolicyDocument: policyDocument }),
  async ({ Bucket, PolicyDocument }, { call }) => {
    await call('s3', 'PutBucketPolicy', { Bucket, Policy: JSON.stringify(PolicyDocument) });
    return { ref: Bucket };
  },
);
