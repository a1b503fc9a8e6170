import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bucketIn, createTestWorld, type TestWorld } from './region.ts';

let world: TestWorld;
let call: TestWorld['east']['call'];
beforeEach(async () => {
  world = await createTestWorld();
  ({ call } = world.east);
  await bucketIn(world.east, 'vault');
});
afterEach(() => world[Symbol.asyncDispose]());

const put = (...keys: string[]) =>
  Promise.all(keys.map((Key) => call('PutObject', { Bucket: 'vault', Key, Body: Key })));
const list = (more: object = {}) => call('ListObjectsV2', { Bucket: 'vault', ...more });
interface Listed {
  Contents?: { Key: string }[];
  CommonPrefixes?: { Prefix: string }[];
}
const names = ({ Contents = [], CommonPrefixes = [] }: Listed) => [
  ...Contents.map(({ Key }) => Key),
  ...CommonPrefixes.map(({ Prefix }) => Prefix),
];

/** Every page until the last, each as its names. */
const pages = async (more: object): Promise<string[][]> => {
  const found: string[][] = [];
  for (let ContinuationToken: string | undefined; ; ) {
    const page = await list({ ...more, ...(ContinuationToken && { ContinuationToken }) });
    found.push(names(page));
    if (!page.IsTruncated) return found;
    ContinuationToken = page.NextContinuationToken;
  }
};

describe('s3 listings', () => {
  it('stand in the order of UTF-8 bytes, not of JavaScript strings', async () => {
    await put('b', 'a', 'B', '\u{1F600}', '\uFF5E', 'é', 'a/b', 'a-b');
    expect(names(await list())).toEqual(['B', 'a', 'a-b', 'a/b', 'b', 'é', '\uFF5E', '\u{1F600}']);
  });

  it('fold what comes after the delimiter, once per folder', async () => {
    await put('catalog/a/1', 'catalog/a/2', 'catalog/b/1', 'catalog/c', 'other');
    const found = await list({ Prefix: 'catalog/', Delimiter: '/' });
    expect(found.Contents.map(({ Key }: { Key: string }) => Key)).toEqual(['catalog/c']);
    expect(found.CommonPrefixes).toEqual([{ Prefix: 'catalog/a/' }, { Prefix: 'catalog/b/' }]);
    expect(found.KeyCount).toBe(3);
  });

  it('come in pages that leave out nothing and repeat nothing, folders included', async () => {
    await put('a/1', 'a/2', 'b', 'c/1', 'd');
    expect(await pages({ Delimiter: '/', MaxKeys: 1 })).toEqual([['a/'], ['b'], ['c/'], ['d']]);
    expect(await pages({ MaxKeys: 2 })).toEqual([['a/1', 'a/2'], ['b', 'c/1'], ['d']]);
  });

  it('start after a key, within a prefix', async () => {
    await put('a/1', 'a/2', 'a/3', 'b');
    expect(names(await list({ Prefix: 'a/', StartAfter: 'a/1' }))).toEqual(['a/2', 'a/3']);
    expect(names(await list({ Prefix: 'a/', StartAfter: 'a/' }))).toEqual(['a/1', 'a/2', 'a/3']);
    expect(names(await list({ Prefix: 'a/', StartAfter: 'b' }))).toEqual([]);
  });

  it('leave out what is deleted, and folders in which all is deleted', async () => {
    await put('a/1', 'b/1', 'b/2', 'c');
    for (const Key of ['a/1', 'b/1', 'c']) await call('DeleteObject', { Bucket: 'vault', Key });
    expect(names(await list())).toEqual(['b/2']);
    expect(names(await list({ Delimiter: '/' }))).toEqual(['b/']);
  });

  it('say size, ETag, checksum and class of each object', async () => {
    await put('k');
    const [object] = (await list()).Contents;
    expect(object).toMatchObject({ Size: 1, StorageClass: 'STANDARD', ChecksumAlgorithm: ['CRC64NVME'] });
  });

  it('encode keys where the client asks for it', async () => {
    await put('a b/ü');
    expect(names(await list({ EncodingType: 'url' }))).toEqual(['a%20b/%C3%BC']);
  });

  it('of versions go on in the middle of a key', async () => {
    await put('a', 'b');
    await put('a', 'b');
    await call('DeleteObject', { Bucket: 'vault', Key: 'a' });
    const found: string[] = [];
    let markers: object = {};
    for (;;) {
      const page = await call('ListObjectVersions', { Bucket: 'vault', MaxKeys: 1, ...markers });
      for (const { Key, IsLatest } of page.DeleteMarkers) found.push(`${Key} deleted ${IsLatest}`);
      for (const { Key, IsLatest } of page.Versions) found.push(`${Key} ${IsLatest}`);
      if (!page.IsTruncated) break;
      markers = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
    }
    expect(found).toEqual(['a deleted true', 'a false', 'a false', 'b true', 'b false']);
  });

  it('of versions fold folders as well', async () => {
    await put('a/1', 'a/2', 'b/1', 'c');
    const first = await call('ListObjectVersions', { Bucket: 'vault', Delimiter: '/', MaxKeys: 1 });
    expect(first).toMatchObject({ CommonPrefixes: [{ Prefix: 'a/' }], NextKeyMarker: 'a/' });
    const rest = await call('ListObjectVersions', { Bucket: 'vault', Delimiter: '/', KeyMarker: 'a/' });
    expect(rest.CommonPrefixes).toEqual([{ Prefix: 'b/' }]);
    expect(rest.Versions).toMatchObject([{ Key: 'c' }]);
  });
});
