// What a new replication group starts with: an RDB file in S3.
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { invalidValue } from './errors.ts';
import { asExporter, demandBucket, type Probe } from './service-access.ts';
import type { ElastiCache } from './state.ts';

export interface Seed {
  /** Path of the RDB file, once it is there. */
  fetch(signal: AbortSignal): Promise<string>;
  /** Once the group no longer needs it, however that ended. */
  release(): Promise<void>;
}

/** "s3:GetObject, s3:ListBucket, s3:GetBucketAcl" for the service ("Seeding a new cluster", user guide, read 2026-11). */
const READING: Probe[] = [
  ['READ', 'ListObjectsV2'],
  ['READ_ACP', 'GetBucketAcl'],
];

/** An RDB file in a bucket of this region that lets ElastiCache read it. @throws {InvalidParameterValueException} */
export const seedFromObject = async (ec: ElastiCache, arn: string): Promise<Seed> => {
  const [, bucket = '', key = ''] = /^arn:aws:s3:::([^/,]+)\/([^,]+)$/.exec(arn) ?? [];
  if (!key) throw invalidValue(`${arn} is not the ARN of an object in Amazon S3.`);
  await demandBucket(ec, bucket, READING);
  const object = { Bucket: bucket, Key: key };
  await checkObject(ec, arn, object);
  const folder = join(ec.directory, 'seeds', `${ec.nextNumber()}`);
  return {
    async fetch(signal) {
      await mkdir(folder, { recursive: true });
      const { Body } = await asExporter<{ Body: Readable }>(ec, 'GetObject', object);
      await pipeline(Body, createWriteStream(join(folder, 'seed.rdb')), { signal });
      return join(folder, 'seed.rdb');
    },
    release: () => rm(folder, { recursive: true, force: true }),
  };
};

/** "You can encrypt a .rdb file with Amazon S3 server-side encryption (SSE-S3) only" (same page). */
const checkObject = async (ec: ElastiCache, arn: string, object: { Bucket: string; Key: string }): Promise<void> => {
  const head = await asExporter<{ ServerSideEncryption: string }>(ec, 'HeadObject', object).catch((error: Error) => {
    throw invalidValue(`ElastiCache cannot read ${arn}: ${error.message}`);
  });
  if (head.ServerSideEncryption === 'AES256') return;
  throw invalidValue(`${arn} is encrypted with ${head.ServerSideEncryption}. Only SSE-S3 can be read by ElastiCache.`);
};
