import { createHash, randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { crc32 } from 'node:zlib';
import {
  CreateBucketCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { as, createTestWorld, type TestWorld } from './regions.ts';
import { authorization, raw } from './wire.ts';

const Bucket = 'vault-bucket';
let test: TestWorld;
let s3: S3Client;
beforeAll(async () => {
  test = await createTestWorld();
  s3 = new S3Client(as(test.east));
  await s3.send(new CreateBucketCommand({ Bucket }));
});
afterAll(async () => {
  s3.destroy();
  await test[Symbol.asyncDispose]();
});

const put = (Key: string, Body: Uint8Array | string | Readable, rest: Partial<PutObjectCommandInput> = {}) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body, ...rest }));
const get = async (Key: string, rest: object = {}): Promise<string> => {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, ...rest }));
  return (await Body?.transformToString()) ?? '';
};

const base64Crc32 = (data: string): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(data));
  return bytes.toString('base64');
};

describe('keys', () => {
  it.each(['plain', 'a b+c%d/é&?#', '//double', 'a/../b', './a', "it's (1)!*"])(
    'arrive as they are: %s',
    async (key) => {
      await put(key, key);
      expect(await get(key)).toBe(key);
      const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: key }));
      expect(Contents?.map((each) => each.Key)).toEqual([key]);
    },
  );

  it('are found with the bucket in the host name too', async () => {
    await put('hosted/key', 'found');
    for (const host of [
      `${Bucket}.localhost:8000`,
      `${Bucket}.s3.us-east-1.amazonaws.com`,
      `${Bucket}.s3.amazonaws.com`,
    ])
      expect(await raw(test.east, 'GET', '/hosted/key', { headers: { host } })).toMatchObject({
        status: 200,
        body: 'found',
      });
    for (const host of ['localhost:8000', 's3.us-east-1.amazonaws.com', '127.0.0.1'])
      expect(await raw(test.east, 'GET', `/${Bucket}/hosted/key`, { headers: { host } })).toMatchObject({
        body: 'found',
      });
  });

  it('are read through links presigned in the new and in the old way', async () => {
    await put('linked', 'found');
    const credential = encodeURIComponent('operator/20261120/us-east-1/s3/aws4_request');
    const noHeader = { headers: { authorization: '' } };
    for (const query of [`X-Amz-Credential=${credential}&X-Amz-Signature=0`, 'AWSAccessKeyId=operator&Signature=0'])
      expect(await raw(test.east, 'GET', `/${Bucket}/linked?${query}`, noHeader)).toMatchObject({
        status: 200,
        body: 'found',
      });
  });
});

describe('a body', () => {
  it.each(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const)(
    'that is streamed is checked against the %s that follows it',
    async (ChecksumAlgorithm) => {
      const key = `streamed-${ChecksumAlgorithm}`;
      const bytes = randomBytes(300_000);
      const written = await put(key, Readable.from([bytes.subarray(0, 100_001), bytes.subarray(100_001)]), {
        ChecksumAlgorithm,
        ContentLength: bytes.length,
      });
      expect(written[`Checksum${ChecksumAlgorithm}`]).toMatch(/=$|^[\w+/]+$/);
      const { Body, ContentLength, ContentEncoding } = await s3.send(
        new GetObjectCommand({ Bucket, Key: key, ChecksumMode: 'ENABLED' }),
      );
      expect(
        createHash('sha256')
          .update((await Body?.transformToByteArray()) ?? '')
          .digest('hex'),
      ).toBe(createHash('sha256').update(bytes).digest('hex'));
      expect(ContentLength).toBe(bytes.length);
      expect(ContentEncoding).toBeUndefined();
    },
  );

  const framed = (data: string, trailer: string, cut = data.length): string =>
    `${data.length.toString(16)};chunk-signature=0\r\n${data.slice(0, cut)}\r\n0;chunk-signature=0\r\n${trailer}\r\n\r\n`;
  const framedHeaders = (data: string) => ({
    'content-encoding': 'gzip, aws-chunked',
    'x-amz-decoded-content-length': String(data.length),
    'x-amz-trailer': 'x-amz-checksum-crc32',
    'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
  });

  it('in signed chunks, split anywhere, is unpacked; encodings other than the framing stay', async () => {
    const data = 'x'.repeat(70_000);
    const wire = Buffer.from(framed(data, `x-amz-checksum-crc32:${base64Crc32(data)}\r\nx-amz-trailer-signature:0`));
    const pieces = async function* () {
      for (let at = 0; at < wire.length; at += 997) yield wire.subarray(at, at + 997);
    };
    const body = Readable.from(pieces(), { objectMode: false });
    expect(await raw(test.east, 'PUT', `/${Bucket}/signed`, { headers: framedHeaders(data), body })).toMatchObject({
      status: 200,
    });
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'signed', ChecksumMode: 'ENABLED' }));
    expect(head).toMatchObject({ ContentLength: 70_000, ContentEncoding: 'gzip', ChecksumCRC32: base64Crc32(data) });
  });

  it.each([
    [
      'another checksum than its trailer says',
      'BadDigest',
      (data: string) => framed(data, 'x-amz-checksum-crc32:AAAAAA=='),
    ],
    ['no trailer though one is announced', 'BadDigest', (data: string) => framed(data, '')],
    ['a chunk that is shorter than it says', 'IncompleteBody', (data: string) => framed(data, '', 5)],
    ['a chunk without a size', 'IncompleteBody', (data: string) => data],
    [
      'fewer bytes than it declares',
      'IncompleteBody',
      (data: string) => framed(data.slice(1), `x-amz-checksum-crc32:${base64Crc32(data.slice(1))}`),
    ],
  ])('with %s is refused and not stored', async (_, code, wire) => {
    const data = 'some data that is to arrive';
    const answer = await raw(test.east, 'PUT', `/${Bucket}/refused`, {
      headers: framedHeaders(data),
      body: wire(data),
    });
    expect(answer.status).toBe(400);
    expect(answer.body).toContain(`<Code>${code}</Code>`);
    await expect(get('refused')).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  it('with another checksum than its header says is refused', async () => {
    await expect(put('refused', 'data', { ChecksumCRC32: 'AAAAAA==' })).rejects.toMatchObject({ name: 'BadDigest' });
  });

  it('that the client stops sending is not stored, and harms nobody else', async () => {
    const { hostname, port } = new URL(test.east.endpoint);
    const socket = connect(Number(port), hostname);
    socket.write(
      `PUT /${Bucket}/aborted HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: ${authorization()}\r\ncontent-length: 1000\r\n\r\nhalf`,
    );
    await pause(50);
    socket.destroy();
    await pause(50);
    await expect(get('aborted')).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  it('of any size streams through in both directions, with little of it in memory at a time', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const held = (): number => {
      collectGarbage();
      return process.memoryUsage().arrayBuffers;
    };
    const size = 192 * 1024 * 1024;
    const chunk = Buffer.alloc(1024 * 1024, 'lifeboat');
    const before = held();
    const samples: number[] = [];
    const pieces = async function* () {
      for (let sent = 0; sent < size; sent += chunk.length) {
        if (sent % (32 * chunk.length) === 0) samples.push(held() - before);
        yield chunk;
      }
    };
    await put('large', Readable.from(pieces(), { objectMode: false }), { ContentLength: size });
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: 'large' }));
    let received = 0;
    for await (const piece of Body as Readable) {
      const sampled = Math.floor(received / (32 * chunk.length));
      received += (piece as Buffer).length;
      if (Math.floor(received / (32 * chunk.length)) > sampled) samples.push(held() - before);
    }
    expect(received).toBe(size);
    expect(samples).toHaveLength(12);
    expect(Math.max(...samples)).toBeLessThan(size / 4);
  });
});

describe('an answer', () => {
  it('of a part is 206, and says which part of how much', async () => {
    await put('ranged', '0123456789');
    const { $metadata, ContentRange, Body } = await s3.send(
      new GetObjectCommand({ Bucket, Key: 'ranged', Range: 'bytes=2-4' }),
    );
    expect($metadata.httpStatusCode).toBe(206);
    expect(ContentRange).toBe('bytes 2-4/10');
    expect(await Body?.transformToString()).toBe('234');
  });

  it('of an empty object has no bytes', async () => {
    await put('empty', new Uint8Array());
    expect(await get('empty')).toBe('');
  });

  it('about where a bucket is has the shape all clients know', async () => {
    expect((await s3.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint).toBeUndefined();
    const west = new S3Client(as(test.west));
    const LocationConstraint = 'us-west-2';
    await west.send(
      new CreateBucketCommand({ Bucket: 'west-bucket', CreateBucketConfiguration: { LocationConstraint } }),
    );
    expect(await west.send(new GetBucketLocationCommand({ Bucket: 'west-bucket' }))).toMatchObject({
      LocationConstraint,
    });
    west.destroy();
  });
});
