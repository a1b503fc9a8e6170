// A vault in memory behind the S3 client, with the rules that catalogue and artefacts lean on: conditional writes,
// versions, checksums as S3 stores them, pages, folders. Every operation yields first, so that concurrent runs interleave.
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import {
  GetObjectCommand,
  HeadObjectCommand,
  InvalidObjectState,
  ListObjectsV2Command,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { digestsOf } from '../../shared/artifacts/artifacts.ts';
import { catalogKey } from '../../shared/catalog/ids.ts';
import { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { VAULT } from './environment.ts';

export type S3Operation = 'put' | 'get' | 'head' | 'list';

interface Version {
  versionId: string;
  body: Buffer;
  crc64nvme: string;
  archived: boolean;
}

export interface Vault {
  /** Runs before or after an operation took effect; throws to refuse it, or to lose its answer. */
  before: (operation: S3Operation, key: string) => unknown;
  after: (operation: S3Operation, key: string) => unknown;
  /** Keys in a page of a listing; small, so that every listing of a test has several. */
  pageSize: number;
  /** Keys whose bodies break off in the middle. */
  cut: Set<string>;
  /** How far the replication of a key is, as S3 says it. */
  replication: Map<string, string>;
  /** Every request so far, as `get catalog/…`. */
  requests: string[];
  keys(prefix?: string): string[];
  versions(key: string): Version[];
  text(key: string): string;
  /** Puts an object past all rules: what AWS wrote, what damage left. Returns its version. */
  place(key: string, body: string | Buffer): Promise<Version>;
  remove(key: string): void;
  addPoint(point: RecoveryPoint): Promise<RecoveryPoint>;
  point(id: string): RecoveryPoint;
}

const status = (httpStatusCode: number) => ({ $metadata: { httpStatusCode } });

export const failure = (name: string, httpStatusCode: number): S3ServiceException =>
  new S3ServiceException({
    name,
    message: name,
    $fault: httpStatusCode < 500 ? 'client' : 'server',
    ...status(httpStatusCode),
  });

/** Lets `count` calls pass, then throws once. */
export const once = (error: Error, matches: (operation: S3Operation, key: string) => boolean, count = 0) => {
  let left = count;
  let thrown = false;
  return (operation: S3Operation, key: string): void => {
    if (thrown || !matches(operation, key) || left-- > 0) return;
    thrown = true;
    throw error;
  };
};

const stream = (body: Buffer, cut: boolean) => {
  const chunks = async function* () {
    for (let at = 0; at < body.length; at += 64 * 1024) yield body.subarray(at, at + 64 * 1024);
    if (cut) throw new Error('aborted');
  };
  const whole = async () => Buffer.concat(await Array.fromAsync(chunks()));
  return Object.assign(chunks(), {
    transformToByteArray: async () => new Uint8Array(await whole()),
    transformToString: async () => (await whole()).toString('utf8'),
  });
};

export const memoryVault = (): Vault => {
  const objects = new Map<string, Version[]>();
  const stub = mockClient(S3Client);
  const etagOf = ({ body, versionId }: Version): string =>
    `"${createHash('md5').update(body).update(versionId).digest('hex')}"`;
  const current = (key: string): Version | undefined => objects.get(key)?.at(-1);
  const find = (key: string, versionId?: string): Version | undefined =>
    versionId ? objects.get(key)?.find((version) => version.versionId === versionId) : current(key);
  let count = 0;

  const vault: Vault = {
    before: () => undefined,
    after: () => undefined,
    pageSize: 3,
    cut: new Set(),
    replication: new Map(),
    requests: [],
    keys: (prefix = '') => [...objects.keys()].filter((key) => key.startsWith(prefix)).sort(),
    versions: (key) => objects.get(key) ?? [],
    text: (key) => current(key)?.body.toString('utf8') ?? '',
    place: async (key, content) => {
      const body = Buffer.from(content);
      const { crc64nvme } = await digestsOf([body]);
      const version = { versionId: `v${++count}`, body, crc64nvme, archived: false };
      objects.set(key, [...(objects.get(key) ?? []), version]);
      return version;
    },
    remove: (key) => void objects.delete(key),
    addPoint: async (point) => {
      await vault.place(catalogKey(point.id), JSON.stringify(RecoveryPoint.parse(point)));
      return point;
    },
    point: (id) => RecoveryPoint.parse(JSON.parse(vault.text(catalogKey(id)))),
  };

  const operation = <I, O>(name: S3Operation, keyOf: (input: I) => string, run: (input: I) => O | Promise<O>) => {
    return async (input: I & { Bucket: string }): Promise<O> => {
      const key = keyOf(input);
      if (input.Bucket !== VAULT) throw failure('NoSuchBucket', 404);
      vault.requests.push(`${name} ${key}`);
      await setImmediate();
      await vault.before(name, key);
      const answer = await run(input);
      await vault.after(name, key);
      return answer;
    };
  };
  const keyOf = ({ Key }: { Key: string }): string => Key;

  stub.on(PutObjectCommand).callsFake(
    operation(
      'put',
      keyOf,
      async (input: {
        Key: string;
        Body: string | Buffer;
        IfNoneMatch?: string;
        IfMatch?: string;
        ChecksumCRC64NVME?: string;
      }) => {
        const { crc64nvme } = await digestsOf([Buffer.from(input.Body)]);
        if (input.ChecksumCRC64NVME && input.ChecksumCRC64NVME !== crc64nvme) throw failure('BadDigest', 400);
        // From here on without a pause: of two conditional writes one wins.
        const standing = current(input.Key);
        if (input.IfNoneMatch === '*' && standing) throw failure('PreconditionFailed', 412);
        if (input.IfMatch && !standing) throw failure('NoSuchKey', 404);
        if (input.IfMatch && standing && etagOf(standing) !== input.IfMatch) throw failure('PreconditionFailed', 412);
        const version = { versionId: `v${++count}`, body: Buffer.from(input.Body), crc64nvme, archived: false };
        objects.set(input.Key, [...(objects.get(input.Key) ?? []), version]);
        return { ETag: etagOf(version), VersionId: version.versionId, ChecksumCRC64NVME: crc64nvme };
      },
    ),
  );
  stub.on(GetObjectCommand).callsFake(
    operation('get', keyOf, (input: { Key: string; VersionId?: string }) => {
      const version = find(input.Key, input.VersionId);
      if (!version && input.VersionId && objects.has(input.Key)) throw failure('NoSuchVersion', 404);
      if (!version) throw new NoSuchKey({ message: input.Key, ...status(404) });
      if (version.archived) throw new InvalidObjectState({ message: input.Key, ...status(403) });
      return {
        ETag: etagOf(version),
        VersionId: version.versionId,
        Body: stream(version.body, vault.cut.has(input.Key)),
      };
    }),
  );
  stub.on(HeadObjectCommand).callsFake(
    operation('head', keyOf, (input: { Key: string; VersionId?: string }) => {
      const version = find(input.Key, input.VersionId);
      if (!version) throw new NotFound({ message: 'UnknownError', ...status(404) });
      return {
        ETag: etagOf(version),
        VersionId: version.versionId,
        ContentLength: version.body.length,
        ChecksumCRC64NVME: version.crc64nvme,
        ReplicationStatus: vault.replication.get(input.Key),
      };
    }),
  );
  stub.on(ListObjectsV2Command).callsFake(
    operation(
      'list',
      ({ Prefix }: { Prefix: string }) => Prefix,
      (input: { Prefix: string; Delimiter?: string; StartAfter?: string; ContinuationToken?: string }) => {
        const after = input.ContinuationToken ?? input.StartAfter ?? '';
        const keys = vault.keys(input.Prefix).filter((key) => key > after);
        if (input.Delimiter) {
          const rest = keys.map((key) => key.slice(input.Prefix.length)).filter((key) => key.includes('/'));
          const folders = new Set(rest.map((key) => `${input.Prefix}${key.slice(0, key.indexOf('/') + 1)}`));
          return { CommonPrefixes: [...folders].map((Prefix) => ({ Prefix })) };
        }
        const page = keys.slice(0, vault.pageSize);
        return {
          Contents: page.map((Key) => ({ Key })),
          ...(keys.length > page.length ? { NextContinuationToken: page.at(-1) } : {}),
        };
      },
    ),
  );
  return vault;
};
