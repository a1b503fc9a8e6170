import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BucketAlreadyOwnedByYou,
  type BucketLocationConstraint,
  type CreateBucketCommandInput,
  type CreateBucketOutput,
  type DeleteBucketCommandInput,
  type GetBucketLocationCommandInput,
  type GetBucketLocationOutput,
  type HeadBucketCommandInput,
  type HeadBucketOutput,
  type ListBucketsCommandInput,
  type ListBucketsOutput,
  NoSuchBucket,
  NotFound,
} from '@aws-sdk/client-s3';
import { ApiError } from '../../service.ts';
import { bucketArn, createBucketState } from './bucket.ts';
import { noSuchBucket } from './errors.ts';
import { abortUpload } from './multipart.ts';
import { allBuckets, bucketHere, type Store, storeOf } from './store.ts';
import { wholeSeconds } from './versions.ts';

const NAME = /^(?!xn--)(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

export const bucketOperations = (store: Store) => ({
  async CreateBucket(input: CreateBucketCommandInput): Promise<CreateBucketOutput> {
    const { region } = store;
    const name = input.Bucket ?? '';
    if (!NAME.test(name)) throw new ApiError('InvalidBucketName', 400, `The specified bucket is not valid: ${name}`);
    const asked: string | undefined = input.CreateBucketConfiguration?.LocationConstraint;
    if (asked !== undefined && asked !== region.name)
      throw new ApiError(
        'IllegalLocationConstraintException',
        400,
        `The ${asked} location constraint is incompatible for the region specific endpoint this request was sent to: ${region.name}.`,
      );
    const owner = storeOf(region, name);
    if (owner) {
      const message = `The bucket ${name} exists already, in ${owner.region.name}.`;
      throw new BucketAlreadyOwnedByYou({ message, $metadata: {} });
    }
    // A bucket of this name may have been deleted a moment ago: its directory is not this one's.
    const directory = join(region.directory, 's3', `${name}.${randomBytes(4).toString('hex')}`);
    const bucket = createBucketState(name, region.name, region.clock.now(), directory);
    if (input.ObjectLockEnabledForBucket) {
      bucket.settings.versioning = 'Enabled';
      bucket.settings.lock = { ObjectLockEnabled: 'Enabled' };
    }
    store.buckets.set(name, bucket);
    await mkdir(directory, { recursive: true });
    return { Location: `/${name}`, BucketArn: bucketArn(name) };
  },

  async DeleteBucket(input: DeleteBucketCommandInput): Promise<object> {
    const bucket = bucketHere(store, input.Bucket);
    if (bucket.versions.size > 0)
      throw new ApiError(
        'BucketNotEmpty',
        409,
        `The bucket ${bucket.name} still holds versions of ${bucket.versions.size} keys.`,
      );
    store.buckets.delete(bucket.name);
    for (const upload of bucket.uploads.values()) await abortUpload(bucket, upload);
    await rm(bucket.directory, { recursive: true, force: true });
    return {};
  },

  async HeadBucket(input: HeadBucketCommandInput): Promise<HeadBucketOutput> {
    try {
      const bucket = bucketHere(store, input.Bucket);
      return { BucketRegion: bucket.region, BucketArn: bucketArn(bucket.name) };
    } catch (error) {
      if (error instanceof NoSuchBucket) throw new NotFound({ message: error.message, $metadata: {} });
      throw error;
    }
  },

  async ListBuckets(input: ListBucketsCommandInput): Promise<ListBucketsOutput> {
    const wanted = allBuckets(store.region).filter(
      ({ name, region }) => name.startsWith(input.Prefix ?? '') && (input.BucketRegion ?? region) === region,
    );
    return {
      Buckets: wanted
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map(({ name, created, region }) => ({
          Name: name,
          CreationDate: wholeSeconds(created),
          BucketRegion: region,
        })),
      Owner: { ID: store.region.account },
    };
  },

  /** Answered in every region; us-east-1 has no name here, for history's sake. */
  async GetBucketLocation(input: GetBucketLocationCommandInput): Promise<GetBucketLocationOutput> {
    const owner = storeOf(store.region, input.Bucket ?? '');
    if (!owner) throw noSuchBucket(input.Bucket ?? '');
    const { name } = owner.region;
    return name === 'us-east-1' ? {} : { LocationConstraint: name as BucketLocationConstraint };
  },
});
