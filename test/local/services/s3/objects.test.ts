import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { Crc64Nvme } from '@aws-sdk/checksums/crc';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bucketIn, createTestWorld, type TestWorld, textOf } from './region.ts';

let world: TestWorld;
let call: TestWorld['east']['call'];
beforeEach(async () => {
  world = await createTestWorld();
  ({ call } = world.east);
  await bucketIn(world.east, 'vault');
});
afterEach(() => world[Symbol.asyncDispose]());

const crc64 = async (text: string): Promise<string> => {
  const crc = new Crc64Nvme();
  crc.update(Buffer.from(text));
  return Buffer.from(await crc.digest()).toString('base64');
};
const put = (Key: string, Body: string, more: object = {}) =>
  call('PutObject', { Bucket: 'vault', Key, Body, ...more });
const read = async (Key: string, more: object = {}) =>
  textOf((await call('GetObject', { Bucket: 'vault', Key, ...more })).Body);

describe('s3 objects', () => {
  it('come back as they were written, with their type, metadata, tags and ETag', async () => {
    const written = await put('a/b', 'hello', {
      ContentType: 'text/plain',
      Metadata: { Who: 'me' },
      Tagging: 'x=1&y=2',
    });
    const answer = await call('GetObject', { Bucket: 'vault', Key: 'a/b' });

    expect(await textOf(answer.Body)).toBe('hello');
    expect(answer).toMatchObject({
      ContentType: 'text/plain',
      ContentLength: 5,
      Metadata: { who: 'me' },
      TagCount: 2,
      ETag: `"${createHash('md5').update('hello').digest('hex')}"`,
      VersionId: written.VersionId,
      LastModified: new Date('2026-11-20T10:00:00Z'),
      ServerSideEncryption: 'AES256',
    });
    expect((await call('GetObjectTagging', { Bucket: 'vault', Key: 'a/b' })).TagSet).toEqual([
      { Key: 'x', Value: '1' },
      { Key: 'y', Value: '2' },
    ]);
  });

  it('keep every version, and a delete only hides them', async () => {
    const first = await put('k', 'one');
    await put('k', 'two');
    expect(await read('k')).toBe('two');
    expect(await read('k', { VersionId: first.VersionId })).toBe('one');

    const deleted = await call('DeleteObject', { Bucket: 'vault', Key: 'k' });
    expect(deleted).toMatchObject({ DeleteMarker: true });
    await expect(read('k')).rejects.toMatchObject({ name: 'NoSuchKey' });
    await expect(call('HeadObject', { Bucket: 'vault', Key: 'k' })).rejects.toMatchObject({ name: 'NotFound' });
    await expect(read('k', { VersionId: deleted.VersionId })).rejects.toMatchObject({ code: 'MethodNotAllowed' });

    await call('DeleteObject', { Bucket: 'vault', Key: 'k', VersionId: deleted.VersionId });
    expect(await read('k')).toBe('two');
  });

  it('replace each other in a bucket without versioning, bytes and all', async () => {
    await bucketIn(world.east, 'plain', { versioned: false });
    await call('PutObject', { Bucket: 'plain', Key: 'k', Body: 'one' });
    const second = await call('PutObject', { Bucket: 'plain', Key: 'k', Body: 'two' });
    expect(second.VersionId).toBeUndefined();
    const directory = dirname(world.east.s3.path('plain', 'k'));
    await expect.poll(() => readdir(directory)).toHaveLength(1);
    await call('DeleteObject', { Bucket: 'plain', Key: 'k' });
    await expect.poll(() => readdir(directory)).toHaveLength(0);
  });

  it('get a CRC64NVME where the writer gives no checksum, told only when asked for', async () => {
    await put('k', 'hello');
    const quiet = await call('HeadObject', { Bucket: 'vault', Key: 'k' });
    expect(quiet.ChecksumCRC64NVME).toBeUndefined();
    const told = await call('HeadObject', { Bucket: 'vault', Key: 'k', ChecksumMode: 'ENABLED' });
    expect(told).toMatchObject({ ChecksumCRC64NVME: await crc64('hello'), ChecksumType: 'FULL_OBJECT' });
  });

  it.each([
    ['CRC32', 'NhCmhg=='],
    ['CRC32C', 'mnG7TA=='],
    ['SHA1', 'qvTGHdzF6KLavt4PO0gs2a6pQ00='],
    ['SHA256', 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ='],
  ])('keep the %s that was sent with them', async (algorithm, value) => {
    await put('k', 'hello', { [`Checksum${algorithm}`]: value });
    const told = await call('HeadObject', { Bucket: 'vault', Key: 'k', ChecksumMode: 'ENABLED' });
    expect(told[`Checksum${algorithm}`]).toBe(value);
    await expect(put('k', 'hellO', { [`Checksum${algorithm}`]: value })).rejects.toMatchObject({ code: 'BadDigest' });
  });

  it('are refused, and leave no file, when MD5, length or source fail', async () => {
    const md5 = createHash('md5').update('hello').digest('base64');
    await put('k', 'hello', { ContentMD5: md5 });
    const directory = dirname(world.east.s3.path('vault', 'k'));
    await expect(put('k', 'other', { ContentMD5: md5 })).rejects.toMatchObject({ code: 'BadDigest' });
    await expect(put('k', 'short', { ContentLength: 6 })).rejects.toMatchObject({ code: 'IncompleteBody' });
    const cut = Readable.from(
      (async function* () {
        yield Buffer.from('half');
        throw new Error('aborted');
      })(),
    );
    await expect(call('PutObject', { Bucket: 'vault', Key: 'k', Body: cut })).rejects.toThrow('aborted');
    expect(await read('k')).toBe('hello');
    expect(await readdir(directory)).toHaveLength(1);
  });

  it('show rot as a client would see it: other bytes under the same checksum', async () => {
    await put('k', 'hello');
    await world.east.s3.corrupt('vault', 'k', 1);
    const answer = await call('GetObject', { Bucket: 'vault', Key: 'k', ChecksumMode: 'ENABLED' });
    const found = await textOf(answer.Body);
    expect(found).not.toBe('hello');
    expect(answer.ChecksumCRC64NVME).toBe(await crc64('hello'));
  });

  it.each([
    ['bytes=1-3', 'ell', 'bytes 1-3/5'],
    ['bytes=3-', 'lo', 'bytes 3-4/5'],
    ['bytes=-2', 'lo', 'bytes 3-4/5'],
    ['bytes=2-99', 'llo', 'bytes 2-4/5'],
  ])('are read by range: %s', async (Range, expected, ContentRange) => {
    await put('k', 'hello');
    const answer = await call('GetObject', { Bucket: 'vault', Key: 'k', Range, ChecksumMode: 'ENABLED' });
    expect(await textOf(answer.Body)).toBe(expected);
    expect(answer).toMatchObject({ ContentRange, ContentLength: expected.length });
    expect(answer.ChecksumCRC64NVME).toBeUndefined();
  });

  it('refuse a range beyond their end', async () => {
    await put('k', 'hello');
    await expect(read('k', { Range: 'bytes=5-' })).rejects.toMatchObject({ code: 'InvalidRange', status: 416 });
  });

  it('are copied with their metadata, or with new', async () => {
    await put('from here', 'hello', { Metadata: { a: '1' }, ContentType: 'text/plain' });
    await call('CopyObject', { Bucket: 'vault', Key: 'to', CopySource: '/vault/from%20here' });
    expect(await read('to')).toBe('hello');
    const copied = await call('HeadObject', { Bucket: 'vault', Key: 'to' });
    expect(copied).toMatchObject({ Metadata: { a: '1' }, ContentType: 'text/plain' });
    await call('CopyObject', {
      Bucket: 'vault',
      Key: 'to',
      CopySource: 'vault/to',
      MetadataDirective: 'REPLACE',
      Metadata: { b: '2' },
    });
    expect((await call('HeadObject', { Bucket: 'vault', Key: 'to' })).Metadata).toEqual({ b: '2' });
  });

  it('are deleted by the thousand, each with its own result', async () => {
    const { VersionId } = await put('a', '1');
    await put('b', '2');
    const answer = await call('DeleteObjects', {
      Bucket: 'vault',
      Delete: { Objects: [{ Key: 'a', VersionId }, { Key: 'b' }, { Key: 'never there' }] },
    });
    expect(answer.Errors).toEqual([]);
    expect(answer.Deleted).toMatchObject([
      { Key: 'a', VersionId },
      { Key: 'b', DeleteMarker: true },
      { Key: 'never there' },
    ]);
    const left = await call('ListObjectVersions', { Bucket: 'vault' });
    expect(left.Versions.map(({ Key }: { Key: string }) => Key)).toEqual(['b']);
  });
});
