// What ElastiCache may do in a bucket: only what the bucket's policy allows its service principal.
import type { Caller } from '../../types.ts';
import { objectArn } from '../s3/bucket.ts';
import { storeOf } from '../s3/store.ts';
import { invalidValue } from './errors.ts';
import type { ElastiCache } from './state.ts';

/** A permission as the API's messages call it, and a call that shows whether it is there. */
export type Probe = ['READ' | 'READ_ACP', operation: string];

/** A call on S3 as `<region>.elasticache-snapshot.amazonaws.com`. */
export const asExporter = <T = object>(ec: ElastiCache, operation: string, input: object): Promise<T> => {
  return ec.region.call<T>('s3', operation, input, exporter(ec));
};

const exporter = ({ region: { name, account } }: ElastiCache): Caller => {
  const service = `${name}.elasticache-snapshot.amazonaws.com`;
  return { arn: service, account, service };
};

/** Checks that ElastiCache may use a bucket in this way. Messages are the API's (CopySnapshot, read 2026-11). @throws {InvalidParameterValueException} */
export const demandBucket = async (ec: ElastiCache, bucket: string, probes: Probe[]): Promise<void> => {
  const home = storeOf(ec.region, bucket)?.region;
  if (!home) throw invalidValue(`The S3 bucket ${bucket} does not exist.`);
  if (home !== ec.region) throw invalidValue(`The S3 bucket ${bucket} is outside of the region.`);
  for (const [permission, operation] of probes) {
    await asExporter(ec, operation, { Bucket: bucket }).catch((error: Error) => {
      throw invalidValue(explain(bucket, permission, error));
    });
  }
};

/** Checks that ElastiCache may write an object, without writing one. @throws {InvalidParameterValueException} */
export const demandWriting = (ec: ElastiCache, bucket: string, key: string): void => {
  const { region } = ec;
  const policy = storeOf(region, bucket)?.buckets.get(bucket)?.settings.policy?.statements;
  try {
    const check = { action: 's3:PutObject', resource: objectArn(bucket, key) };
    region.world.iam.authorize(exporter(ec), check, policy);
  } catch (error) {
    throw invalidValue(explain(bucket, 'WRITE', error as Error));
  }
};

/** An error of S3 in ElastiCache's words. */
export const explain = (bucket: string, permission: Probe[0] | 'WRITE', error: Error): string =>
  `ElastiCache has not been granted ${permission} permissions on the S3 Bucket ${bucket}. (${error.message})`;
