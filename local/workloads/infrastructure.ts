// The application's own infrastructure, made by its own build: a versioned bucket for receipts. A second run finds it and
// changes nothing.
import {
  CreateBucketCommand,
  GetBucketVersioningCommand,
  HeadBucketCommand,
  NotFound,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3';

const { AWS_REGION: region = '', CODEBUILD_BUILD_ARN: build = '', LIFEBOAT_FAILOVER_ID: failover } = process.env;
const Bucket = `shop-receipts-${build.split(':')[4]}-${region}`;
const s3 = new S3Client({});

/** Whether the bucket had to be made. */
const createIfMissing = async (): Promise<boolean> => {
  try {
    await s3.send(new HeadBucketCommand({ Bucket }));
    return false;
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
  }
  // us-east-1 takes no location: it is where buckets are made that name none.
  const LocationConstraint = region === 'us-east-1' ? undefined : (region as 'us-west-2');
  await s3.send(
    new CreateBucketCommand({
      Bucket,
      ...(LocationConstraint && { CreateBucketConfiguration: { LocationConstraint } }),
    }),
  );
  return true;
};

/** Whether versioning had to be switched on. */
const versionIfNot = async (): Promise<boolean> => {
  const { Status } = await s3.send(new GetBucketVersioningCommand({ Bucket }));
  if (Status === 'Enabled') return false;
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  return true;
};

console.log(failover ? `infrastructure of ${region} for failover ${failover}` : `infrastructure of ${region}`);
console.log((await createIfMissing()) ? `${Bucket}: created` : `${Bucket}: is there`);
console.log((await versionIfNot()) ? `${Bucket}: versioning switched on` : `${Bucket}: is versioned`);
