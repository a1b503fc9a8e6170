import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
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

describe('a refused upload', () => {
  it.each([
    ['a small body', 'data'],
    ['a body sent at once', Buffer.alloc(1_500_000)],
    ['a body that waits to be asked for', Buffer.alloc(40_000_000)],
  ])('tells a client with %s why', async (_, Body) => {
    const Key = 'taken';
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'first' }));
    await expect(s3.send(new PutObjectCommand({ Bucket, Key, Body, IfNoneMatch: '*' }))).rejects.toMatchObject({
      name: 'PreconditionFailed',
      $metadata: { httpStatusCode: 412 },
    });
    const stored = await s3.send(new GetObjectCommand({ Bucket, Key }));
    expect(await stored.Body?.transformToString()).toBe('first');
  });

  it.each([
    ['that nobody reads', '/no-such-bucket/key', {}, 'NoSuchBucket'],
    ['that is broken at its beginning', `/${Bucket}/key`, { 'content-encoding': 'aws-chunked' }, 'IncompleteBody'],
  ])('tells a client that first sends a whole body %s, and the connection goes on', async (_, path, headers, code) => {
    const { hostname, port } = new URL(test.east.endpoint);
    const socket = connect(Number(port), hostname).setEncoding('utf8');
    let answers = '';
    const body = Buffer.alloc(20_000_000, 'x');
    const head = Object.entries({
      host: hostname,
      authorization: authorization(),
      'content-length': body.length,
      ...headers,
    });
    socket.write(`PUT ${path} HTTP/1.1\r\n${head.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
    await new Promise((resolve) => socket.write(body, resolve));
    socket.on('data', (text: string) => {
      answers += text;
    });
    socket.write(
      `HEAD /${Bucket} HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: ${authorization()}\r\nconnection: close\r\n\r\n`,
    );
    await once(socket, 'end');
    expect(answers).toContain(`<Code>${code}</Code>`);
    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual([expect.stringMatching(/ 4\d\d$/), 'HTTP/1.1 200']);
  });

  it('is refused before its body where the client asks first; where it is wanted, the body is asked for', async () => {
    const { hostname, port } = new URL(test.east.endpoint);
    const ask = async (path: string): Promise<string[]> => {
      const seen: string[] = [];
      const headers = { authorization: authorization(), expect: '100-continue', 'content-length': '4' };
      const request = httpRequest({ hostname, port, method: 'PUT', path, headers });
      request.on('continue', () => {
        seen.push('continue');
        request.end('data');
      });
      request.flushHeaders();
      const [response] = await once(request, 'response');
      response.resume();
      await once(response, 'end');
      seen.push(`${response.statusCode} ${response.headers.connection}`);
      request.destroy();
      return seen;
    };
    expect(await ask(`/${Bucket}/asked`)).toEqual(['continue', '200 keep-alive']);
    expect(await ask('/no-such-bucket/asked')).toEqual(['404 close']);
  });
});

describe('a refusal', () => {
  it('of a HEAD has no body, and of a GET it is XML', async () => {
    expect(await raw(test.east, 'HEAD', `/${Bucket}/missing`)).toMatchObject({ status: 404, body: '' });
    await expect(s3.send(new HeadObjectCommand({ Bucket, Key: 'missing' }))).rejects.toMatchObject({
      name: 'NotFound',
    });
    const { body, headers } = await raw(test.east, 'GET', `/${Bucket}/missing`);
    expect(body).toMatch(
      /<Error><Code>NoSuchKey<\/Code><Message>.+<\/Message><RequestId>[0-9a-f-]+<\/RequestId><\/Error>/,
    );
    expect(headers['content-type']).toBe('application/xml');
  });
});
