// A bucket in memory behind the S3 client: conditional writes, checksums kept, listing in order. For tests of handlers
// whose subject is not S3.
import { createHash } from 'node:crypto';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { type AwsStub, mockClient } from 'aws-sdk-client-mock';

export interface FakeVault {
  stub: AwsStub<never, never, never>;
  objects: Map<string, Buffer>;
  json(key: string): unknown;
  put(key: string, value: unknown): void;
}

export const fakeVault = (): FakeVault => {
  const objects = new Map<string, Buffer>();
  const stub = mockClient(S3Client);
  const etag = (body: Buffer): string => `"${createHash('md5').update(body).digest('hex')}"`;
  const get = (key = ''): Buffer => {
    const body = objects.get(key);
    if (!body) throw new NoSuchKey({ message: key, $metadata: { httpStatusCode: 404 } });
    return body;
  };
  stub.on(PutObjectCommand).callsFake(({ Key = '', Body, IfNoneMatch, IfMatch }) => {
    const standing = objects.get(Key);
    const refused = (IfNoneMatch && standing) || (IfMatch && (!standing || etag(standing) !== IfMatch));
    if (refused)
      throw new S3ServiceException({
        name: 'PreconditionFailed',
        $fault: 'client',
        $metadata: { httpStatusCode: 412 },
      });
    const body = Buffer.from(Body);
    objects.set(Key, body);
    return { ETag: etag(body) };
  });
  stub.on(GetObjectCommand).callsFake(({ Key }) => {
    const body = get(Key);
    const chunks = async function* () {
      yield body;
    };
    return {
      ETag: etag(body),
      Body: Object.assign(chunks(), {
        transformToByteArray: async () => body,
        transformToString: async () => body.toString(),
      }),
    };
  });
  stub.on(HeadObjectCommand).callsFake(({ Key }) => ({ ETag: etag(get(Key)), ContentLength: get(Key).length }));
  stub.on(ListObjectsV2Command).callsFake(({ Prefix = '', Delimiter, StartAfter = '' }) => {
    const keys = [...objects.keys()].filter((key) => key.startsWith(Prefix) && key > StartAfter).sort();
    if (!Delimiter) return { Contents: keys.map((Key) => ({ Key })) };
    const folders = keys.flatMap((key) =>
      key.slice(Prefix.length).includes('/') ? [`${Prefix}${key.slice(Prefix.length).split('/')[0]}/`] : [],
    );
    return { CommonPrefixes: [...new Set(folders)].map((folder) => ({ Prefix: folder })) };
  });
  return {
    stub: stub as never,
    objects,
    json: (key) => JSON.parse(get(key).toString()),
    put: (key, value) => void objects.set(key, Buffer.from(JSON.stringify(value))),
  };
};
