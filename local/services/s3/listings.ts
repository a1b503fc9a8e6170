import type {
  ListObjectsV2CommandInput,
  ListObjectsV2Output,
  ListObjectVersionsCommandInput,
  ListObjectVersionsOutput,
} from '@aws-sdk/client-s3';
import type { StoredObject, Version } from './bucket.ts';
import { currentObject } from './bucket.ts';
import { invalidArgument } from './errors.ts';
import { type Place, walk } from './key-walk.ts';
import { bucketHere, type Store } from './store.ts';
import { wholeSeconds } from './versions.ts';

export const listings = (store: Store) => ({
  async ListObjectsV2(input: ListObjectsV2CommandInput): Promise<ListObjectsV2Output> {
    const bucket = bucketHere(store, input.Bucket);
    const limit = pageSize(input.MaxKeys);
    const encode = encoder(input.EncodingType);
    const from: Place = input.ContinuationToken ? placeOf(input.ContinuationToken) : { after: input.StartAfter ?? '' };
    const found = take(
      walk(bucket.keys, input, from, (key) => currentObject(bucket, key) !== undefined),
      limit,
    );
    const Contents = found.items.flatMap((item) => {
      const object = 'key' in item && currentObject(bucket, item.key);
      return object ? [{ Key: encode(object.key), ...listed(object) }] : [];
    });
    const CommonPrefixes = found.items.flatMap((item) => ('prefix' in item ? [{ Prefix: encode(item.prefix) }] : []));
    return {
      Name: bucket.name,
      Prefix: encode(input.Prefix ?? ''),
      Delimiter: input.Delimiter === undefined ? undefined : encode(input.Delimiter),
      StartAfter: input.StartAfter === undefined ? undefined : encode(input.StartAfter),
      EncodingType: input.EncodingType,
      MaxKeys: limit,
      KeyCount: found.items.length,
      IsTruncated: found.more,
      ContinuationToken: input.ContinuationToken,
      ...(found.more && { NextContinuationToken: tokenOf(found.items.at(-1)) }),
      ...(Contents.length > 0 && { Contents }),
      ...(CommonPrefixes.length > 0 && { CommonPrefixes }),
    };
  },

  async ListObjectVersions(input: ListObjectVersionsCommandInput): Promise<ListObjectVersionsOutput> {
    const bucket = bucketHere(store, input.Bucket);
    const limit = pageSize(input.MaxKeys);
    const encode = encoder(input.EncodingType);
    const { KeyMarker: marker, VersionIdMarker: versionMarker, Delimiter: delimiter } = input;
    if (versionMarker && !marker)
      throw invalidArgument('A version-id marker cannot be specified without a key marker.');
    const from = placeAfter(marker ?? '', versionMarker, delimiter);

    const each = function* (): Generator<{ prefix: string } | { version: Version; latest: boolean }> {
      for (const item of walk(bucket.keys, input, from, () => true)) {
        if ('prefix' in item) yield item;
        else {
          const versions = bucket.versions.get(item.key) ?? [];
          const seen = item.key === marker ? versions.findIndex(({ versionId }) => versionId === versionMarker) + 1 : 0;
          for (const version of versions.slice(seen)) yield { version, latest: version === versions[0] };
        }
      }
    };
    const found = take(each(), limit);
    const last = found.items.at(-1);
    const versions = found.items.flatMap((item) => ('version' in item ? [item] : []));
    const common = ({ version, latest }: { version: Version; latest: boolean }) => ({
      Key: encode(version.key),
      VersionId: version.versionId,
      IsLatest: latest,
    });
    return {
      Name: bucket.name,
      Prefix: encode(input.Prefix ?? ''),
      KeyMarker: encode(marker ?? ''),
      VersionIdMarker: versionMarker ?? '',
      Delimiter: delimiter === undefined ? undefined : encode(delimiter),
      EncodingType: input.EncodingType,
      MaxKeys: limit,
      IsTruncated: found.more,
      ...(found.more && last && 'prefix' in last && { NextKeyMarker: encode(last.prefix) }),
      ...(found.more &&
        last &&
        'version' in last && { NextKeyMarker: encode(last.version.key), NextVersionIdMarker: last.version.versionId }),
      Versions: versions.flatMap((item) =>
        item.version.deleteMarker
          ? []
          : [{ ...common(item), ...listed(item.version), StorageClass: versionClass(item.version) }],
      ),
      DeleteMarkers: versions.flatMap((item) =>
        item.version.deleteMarker ? [{ ...common(item), LastModified: wholeSeconds(item.version.modified) }] : [],
      ),
      CommonPrefixes: found.items.flatMap((item) => ('prefix' in item ? [{ Prefix: encode(item.prefix) }] : [])),
    };
  },
});

/** A marker that ends in the delimiter was a common prefix; with a version marker the key itself has more to show. */
const placeAfter = (marker: string, versionMarker: string | undefined, delimiter: string | undefined): Place => {
  if (delimiter && marker.endsWith(delimiter)) return { beyond: marker };
  return versionMarker ? { at: marker } : { after: marker };
};

const listed = (object: StoredObject) => ({
  LastModified: wholeSeconds(object.modified),
  ETag: object.etag,
  Size: object.bytes,
  StorageClass: object.storageClass,
  ChecksumAlgorithm: [object.checksum.algorithm],
  ChecksumType: object.checksum.type,
});

/** The SDK's type for versions knows `STANDARD` only; S3 answers with any class. */
const versionClass = (object: StoredObject) => object.storageClass as 'STANDARD';

const pageSize = (asked: number | undefined): number => {
  if (asked !== undefined && asked < 0) throw invalidArgument(`max-keys is 0 or more, found ${asked}.`);
  return Math.min(asked ?? 1000, 1000);
};

const take = <T>(source: Iterable<T>, limit: number): { items: T[]; more: boolean } => {
  const items: T[] = [];
  if (limit === 0) return { items, more: false };
  for (const item of source) {
    if (items.length === limit) return { items, more: true };
    items.push(item);
  }
  return { items, more: false };
};

const encoder = (encoding: string | undefined) => (text: string) =>
  encoding === 'url' ? encodeURIComponent(text).replaceAll('%2F', '/') : text;

const tokenOf = (item: { key: string } | { prefix: string } | undefined): string | undefined =>
  item &&
  Buffer.from(JSON.stringify('key' in item ? { after: item.key } : { beyond: item.prefix })).toString('base64url');

const placeOf = (token: string): Place => {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString()) as Place;
  } catch {
    throw invalidArgument('The continuation token provided is incorrect');
  }
};
