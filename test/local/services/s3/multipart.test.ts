import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bucketIn, createTestWorld, type TestWorld, textOf } from './region.ts';

const MIB = 1024 * 1024;
const FIRST = Buffer.alloc(5 * MIB, 'a');
const LAST = Buffer.from('the end');

let world: TestWorld;
let call: TestWorld['east']['call'];
beforeEach(async () => {
  world = await createTestWorld();
  ({ call } = world.east);
  await bucketIn(world.east, 'vault');
});
afterEach(() => world[Symbol.asyncDispose]());

const at = { Bucket: 'vault', Key: 'k' };
const start = async (more: object = {}): Promise<string> =>
  (await call('CreateMultipartUpload', { ...at, ...more })).UploadId;
const part = async (UploadId: string, PartNumber: number, Body: Uint8Array, more: object = {}) => {
  const { ETag, ChecksumCRC32, ChecksumSHA256 } = await call('UploadPart', {
    ...at,
    UploadId,
    PartNumber,
    Body,
    ...more,
  });
  return { PartNumber, ETag, ChecksumCRC32, ChecksumSHA256 };
};
const complete = (UploadId: string, Parts: object[], more: object = {}) =>
  call('CompleteMultipartUpload', { ...at, UploadId, MultipartUpload: { Parts }, ...more });
const base64 = (crc: number): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc);
  return bytes.toString('base64');
};

describe('s3 multipart uploads', () => {
  it('appear as one object only when complete, and leave no parts behind', async () => {
    const id = await start({ Metadata: { a: '1' }, ContentType: 'text/plain' });
    const second = await part(id, 2, LAST);
    const first = await part(id, 1, FIRST);
    expect((await call('ListParts', { ...at, UploadId: id })).Parts).toMatchObject([
      { PartNumber: 1, Size: 5 * MIB },
      { PartNumber: 2, Size: 7 },
    ]);
    await expect(call('HeadObject', at)).rejects.toMatchObject({ name: 'NotFound' });

    await complete(id, [first, second]);
    const answer = await call('GetObject', at);
    expect(await textOf(answer.Body)).toBe(Buffer.concat([FIRST, LAST]).toString());
    const md5 = (data: Uint8Array) => createHash('md5').update(data).digest();
    const tag = createHash('md5')
      .update(Buffer.concat([md5(FIRST), md5(LAST)]))
      .digest('hex');
    expect(answer).toMatchObject({ ETag: `"${tag}-2"`, Metadata: { a: '1' }, ContentType: 'text/plain' });
    const directory = dirname(world.east.s3.path('vault', 'k'));
    expect(await readdir(directory)).toHaveLength(2);
    const across = `bytes=${5 * MIB - 2}-${5 * MIB + 2}`;
    const cut = await textOf((await call('GetObject', { ...at, Range: across })).Body);
    expect(cut).toBe(`${FIRST.subarray(-2)}${LAST.subarray(0, 3)}`);
    await world.east.s3.corrupt('vault', 'k', 5 * MIB);
    const rotten = Buffer.from(await textOf((await call('GetObject', { ...at, Range: across })).Body));
    expect(rotten.subarray(0, 2)).toEqual(FIRST.subarray(-2));
    expect(rotten.subarray(2).equals(LAST.subarray(0, 3))).toBe(false);
    await call('DeleteObject', { ...at, VersionId: answer.VersionId });
    await vi.waitFor(async () => expect(await readdir(directory)).toEqual([]), { timeout: 20_000 });
    expect((await call('ListMultipartUploads', { Bucket: 'vault' })).Uploads).toEqual([]);
  });

  it('with a full-object checksum have that of the whole, checked against what the client says', async () => {
    const whole = base64(crc32(LAST, crc32(FIRST)));
    const id = await start({ ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' });
    const parts = [await part(id, 1, FIRST), await part(id, 2, LAST)];
    await expect(complete(id, parts, { ChecksumCRC32: base64(1) })).rejects.toMatchObject({ code: 'BadDigest' });
    await complete(id, parts, { ChecksumCRC32: whole });
    const told = await call('HeadObject', { ...at, ChecksumMode: 'ENABLED' });
    expect(told).toMatchObject({ ChecksumCRC32: whole, ChecksumType: 'FULL_OBJECT' });
  });

  it('with composite checksums have the checksum of their parts’ checksums', async () => {
    const sha = (data: Uint8Array) => createHash('sha256').update(data).digest();
    const id = await start({ ChecksumAlgorithm: 'SHA256' });
    const parts = [await part(id, 1, FIRST), await part(id, 2, LAST)];
    const withoutChecksums = parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag }));
    await expect(complete(id, withoutChecksums)).rejects.toMatchObject({ code: 'InvalidRequest' });
    await complete(id, parts);
    const composite = `${sha(Buffer.concat([sha(FIRST), sha(LAST)])).toString('base64')}-2`;
    const told = await call('HeadObject', { ...at, ChecksumMode: 'ENABLED' });
    expect(told).toMatchObject({ ChecksumSHA256: composite, ChecksumType: 'COMPOSITE' });
  });

  it('refuse wrong order, unknown parts, parts that are too small, and sizes that differ', async () => {
    const id = await start();
    const [first, second] = [await part(id, 1, LAST), await part(id, 2, LAST)];
    await expect(complete(id, [second, first])).rejects.toMatchObject({ code: 'InvalidPartOrder' });
    await expect(complete(id, [first, { PartNumber: 3, ETag: first.ETag }])).rejects.toMatchObject({
      code: 'InvalidPart',
    });
    await expect(complete(id, [{ ...first, ETag: '"other"' }])).rejects.toMatchObject({ code: 'InvalidPart' });
    await expect(complete(id, [first, second])).rejects.toMatchObject({ code: 'EntityTooSmall' });
    await expect(complete(id, [first], { MpuObjectSize: 8 })).rejects.toMatchObject({ code: 'InvalidRequest' });
    await complete(id, [first], { MpuObjectSize: 7 });
  });

  it('are gone once aborted or completed', async () => {
    const aborted = await start();
    const directory = world.east.s3.store.buckets.get('vault')?.directory ?? '';
    await part(aborted, 1, LAST);
    await call('AbortMultipartUpload', { ...at, UploadId: aborted });
    expect(await readdir(directory)).toEqual([]);
    await expect(part(aborted, 1, LAST)).rejects.toMatchObject({ name: 'NoSuchUpload' });

    const id = await start();
    const parts = [await part(id, 1, LAST)];
    const both = await Promise.allSettled([complete(id, parts), complete(id, parts)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('are completed only under their condition', async () => {
    const id = await start();
    const parts = [await part(id, 1, LAST)];
    await call('PutObject', { ...at, Body: 'there first' });
    await expect(complete(id, parts, { IfNoneMatch: '*' })).rejects.toMatchObject({ code: 'PreconditionFailed' });
    const { ETag } = await call('HeadObject', at);
    await complete(id, parts, { IfMatch: ETag });
  });
});
