import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from '../../../local/service.ts';
import { createWorld, type LocalWorld } from '../../../local/world.ts';
import { digestObject } from '../../../shared/artifacts/artifacts.ts';
import { takeBackUploads, writeStream } from '../../../shared/artifacts/streams.ts';
import { stubEnvironment, VAULT } from '../../support/environment.ts';

const MIB = 1024 * 1024;
const REGION = 'us-east-1';
let directory: string;
let world: LocalWorld;
let keyArn: string;
const ask = <T>(operation: string, input: object): Promise<T> =>
  world.region(REGION).call<T>('s3', operation, input, world.iam.operator);

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'streams-'));
  world = await createWorld({ directory, regions: [REGION] });
  const key = await world
    .region(REGION)
    .call<{ KeyMetadata: { Arn: string } }>('kms', 'CreateKey', {}, world.iam.operator);
  keyArn = key.KeyMetadata.Arn;
  await ask('CreateBucket', { Bucket: VAULT });
  await ask('PutBucketVersioning', { Bucket: VAULT, VersioningConfiguration: { Status: 'Enabled' } });
});
beforeEach(() => {
  stubEnvironment({
    ...{ AWS_ENDPOINT_URL: world.region(REGION).endpoint, VAULT_KEY_ARN: keyArn },
    AWS_ACCESS_KEY_ID: world.iam.operatorCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: world.iam.operatorCredentials.secretAccessKey,
  });
});
afterAll(async () => {
  await world.close();
  rmSync(directory, { recursive: true, force: true });
});

const stream = async function* (content: Buffer, piece: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += piece) yield content.subarray(at, at + piece);
};
const write = (key: string, content: AsyncIterable<Uint8Array>) =>
  writeStream(key, content, { contentType: 'application/octet-stream' });
const uploads = async (): Promise<object[]> =>
  (await ask<{ Uploads?: object[] }>('ListMultipartUploads', { Bucket: VAULT })).Uploads ?? [];

describe('a stream that is written as an artefact', () => {
  // Around one part of eight megabytes, and around the parts that are on their way at once.
  it.each([
    [1, 1],
    [8 * MIB - 1, 100_000],
    [8 * MIB, 100_000],
    [8 * MIB + 1, 8 * MIB + 1],
    [40 * MIB, 333_333],
    [41 * MIB + 5, 20 * MIB],
  ])('of %i bytes in pieces of %i is there as it came, with its digests', async (bytes, piece) => {
    const content = randomBytes(bytes);
    const artifact = await write(`of-${bytes}`, stream(content, piece));
    expect(artifact).toMatchObject({ bytes, sha256: createHash('sha256').update(content).digest('hex') });
    const { uri = '', versionId, writer: _, ...digests } = artifact ?? {};
    expect(await digestObject(uri, versionId)).toEqual({ ...digests, versionId });
    expect(await uploads()).toEqual([]);
  });

  it('of nothing is none', async () => {
    expect(await write('nothing', stream(Buffer.alloc(0), 1))).toBeUndefined();
  });

  it('is taken back where a part is refused, once the others have come or gone', async () => {
    const { around } = world.faults;
    let sent = 0;
    let underWay = 0;
    let atAbort = -1;
    world.faults.around = async (call, run) => {
      if (call.operation === 'AbortMultipartUpload') atAbort = underWay;
      if (call.operation !== 'UploadPart') return around(call, run);
      sent += 1;
      if (sent === 2) throw new ApiError('AccessDenied', 403, 'not this one');
      underWay += 1;
      try {
        await new Promise((resolve) => setTimeout(resolve, 200));
        return await around(call, run);
      } finally {
        underWay -= 1;
      }
    };
    await expect(write('refused', stream(randomBytes(50 * MIB), MIB))).rejects.toThrow('not this one');
    world.faults.around = around;
    expect(atAbort).toBe(0);
    expect(await uploads()).toEqual([]);
  });

  it('that was killed in the middle is taken back by whoever goes on, and others are left alone', async () => {
    for (const Key of ['kafka/1-000001', 'kafka/1-000002', 'kafka/2-000001'])
      await ask('CreateMultipartUpload', { Bucket: VAULT, Key });
    const { around } = world.faults;
    // As if somebody else took it back at the same moment: that it is gone is what was wanted.
    world.faults.around = async (call, run) => {
      if (call.operation === 'AbortMultipartUpload') await around(call, run);
      return around(call, run);
    };
    await takeBackUploads('kafka/1-');
    world.faults.around = around;
    expect(await uploads()).toMatchObject([{ Key: 'kafka/2-000001' }]);
    await takeBackUploads('kafka/2-');
    expect(await uploads()).toEqual([]);
    world.faults.around = (call, run) => {
      if (call.operation === 'AbortMultipartUpload') throw new ApiError('AccessDenied', 403, 'not you');
      return around(call, run);
    };
    await ask('CreateMultipartUpload', { Bucket: VAULT, Key: 'kafka/3-000001' });
    await expect(takeBackUploads('kafka/3-')).rejects.toThrow('not you');
    world.faults.around = around;
    await takeBackUploads('kafka/3-');
  });

  it('is taken back where the stream breaks off', async () => {
    const broken = async function* () {
      yield* stream(randomBytes(20 * MIB), MIB);
      throw new Error('the broker is gone');
    };
    await expect(write('broken', broken())).rejects.toThrow('the broker is gone');
    expect(await uploads()).toEqual([]);
    await expect(ask('HeadObject', { Bucket: VAULT, Key: 'broken' })).rejects.toThrow();
  });
});
