// The HTTP server of one region. A call signed for another region is passed on to it; a region that is not alive, and a
// connection that a fault cuts, are answered by nothing at all.
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gunzipSync } from 'node:zlib';
import { ConnectionCut } from '../faults.ts';
import { ApiError } from '../service.ts';
import type { Caller, Region, Service, World } from '../types.ts';
import { scopeOf } from './caller.ts';
import { plainBody } from './chunked.ts';
import { failureReply } from './failure.ts';
import { fromJson, toJson } from './json.ts';
import { type OperationSchema, schemaOf } from './operations.ts';
import { parseForm, readFields } from './query.ts';
import { type Reply, readRequest, streamsBody, writeReply } from './rest.ts';
import { route } from './router.ts';
import { structContent } from './xml.ts';

/** Documents only; data is streamed. A function's zip is the largest. */
const LARGEST_DOCUMENT = 128 * 1024 * 1024;

interface Exchange {
  request: IncomingMessage;
  url: URL;
  region: Region;
  service: Service;
  caller: Caller;
  requestId: string;
}

export interface Endpoint {
  url: string;
  close(): Promise<void>;
}

export const startEndpoint = async (world: World, home: () => Region, port = 0): Promise<Endpoint> => {
  const server = createServer({ keepAliveTimeout: 60_000 });
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    void answer(world, home(), request, response).catch(() => request.socket.destroy());
  };
  server.on('request', listener);
  // Answered when the operation first reads the body: a refusal must not be preceded by 256 MiB of upload.
  server.on('checkContinue', (request, response) => {
    const read = request.read.bind(request);
    let told = false;
    request.read = (size?: number) => {
      if (!told) {
        told = true;
        response.writeContinue();
      }
      return read(size);
    };
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const answer = async (
  world: World,
  home: Region,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const url = new URL(request.url ?? '/', 'http://local');
  const scope = scopeOf(request, url.searchParams);
  const requestId = randomUUID();
  if (!scope) return send(response, plain(403, 'MissingAuthenticationToken', 'The request is not signed.'), requestId);
  const region = world.regions.get(scope.region) ?? home;
  if (!home.alive || !region.alive) return void request.socket.destroy();
  const service = region.services.get(scope.service);
  if (!service)
    return send(
      response,
      plain(501, 'NotImplemented', `The local region does not offer the service ${scope.service}.`),
      requestId,
    );
  const caller = world.iam.callerOf(scope.accessKeyId);
  const exchange = { request, url, region, service, requestId };
  try {
    if (!caller)
      throw new ApiError(
        service.signingName === 's3' ? 'InvalidAccessKeyId' : 'InvalidClientTokenId',
        403,
        `The access key id ${scope.accessKeyId} is unknown here.`,
      );
    const reply = await perform({ ...exchange, caller });
    if (!region.alive) return void request.socket.destroy();
    await send(response, reply, requestId);
  } catch (error) {
    if (error instanceof ConnectionCut) return void request.socket.destroy();
    if (request.destroyed && !request.complete) return;
    // What is left of an upload is not read: the client hears the refusal, and the connection ends.
    if (!request.complete) response.setHeader('connection', 'close');
    await send(response, failureReply(service, error, requestId), requestId);
  }
};

const plain = (status: number, code: string, message: string): Reply => ({
  status,
  headers: { 'content-type': 'application/json', 'x-amzn-errortype': code },
  body: JSON.stringify({ __type: code, message }),
});

const perform = (exchange: Exchange): Promise<Reply> => {
  const { protocol } = schemaOf(exchange.service);
  if (protocol === 'awsQuery') return performQuery(exchange);
  return protocol.startsWith('awsJson') ? performJson(exchange) : performRest(exchange);
};

const call = (
  { region, service, caller }: Exchange,
  operation: OperationSchema,
  input: unknown,
): Promise<Record<string, unknown>> => region.call(service.signingName, operation.name, input as object, caller);

const named = ({ service }: Exchange, name: string): OperationSchema => {
  const operation = schemaOf(service).operations.get(name);
  if (operation) return operation;
  throw new ApiError('InvalidAction', 400, `The service ${service.signingName} has no operation ${name}.`);
};

const performQuery = async (exchange: Exchange): Promise<Reply> => {
  const body = await document(exchange.request);
  const form = parseForm(body.length ? body.toString('utf8') : exchange.url.search.slice(1));
  const operation = named(exchange, form.children.get('Action')?.text ?? '');
  const output = await call(exchange, operation, readFields(operation.input, form));
  const content = structContent(operation.output, output ?? {});
  const { name } = operation;
  const result = operation.output.isStructSchema() ? `<${name}Result>${content}</${name}Result>` : '';
  const meta = `<ResponseMetadata><RequestId>${exchange.requestId}</RequestId></ResponseMetadata>`;
  const { xmlNamespace = '' } = schemaOf(exchange.service);
  return {
    status: 200,
    headers: { 'content-type': 'text/xml' },
    body: `<${name}Response xmlns="${xmlNamespace}">${result}${meta}</${name}Response>`,
  };
};

const performJson = async (exchange: Exchange): Promise<Reply> => {
  const target = String(exchange.request.headers['x-amz-target'] ?? '');
  const operation = named(exchange, target.slice(target.indexOf('.') + 1));
  const body = await document(exchange.request);
  const output = await call(
    exchange,
    operation,
    fromJson(operation.input, JSON.parse(body.toString('utf8') || '{}')) ?? {},
  );
  const type = exchange.request.headers['content-type'] ?? 'application/x-amz-json-1.0';
  return {
    status: 200,
    headers: { 'content-type': type },
    body: JSON.stringify(toJson(operation.output, output) ?? {}),
  };
};

const performRest = async (exchange: Exchange): Promise<Reply> => {
  const { request, url, service } = exchange;
  const xml = schemaOf(service).protocol === 'restXml';
  const { path, given } = service.signingName === 's3' ? bucketOf(url.pathname) : { path: url.pathname, given: {} };
  const rest = { method: request.method ?? 'GET', path, query: url.searchParams, headers: request.headers, given };
  const found = route(service, rest);
  if (!found)
    throw new ApiError(
      'UnknownOperation',
      404,
      `No operation of ${service.signingName} answers ${rest.method} ${url.pathname}${url.search}.`,
    );
  const body =
    streamsBody(found.operation) && !(service.signingName !== 's3')
      ? plainBody(request as Readable, request.headers)
      : await document(request);
  const output = await call(exchange, found.operation, readRequest(found, rest, body, xml));
  const reply = writeReply(found.operation, output ?? {}, xml, schemaOf(service).xmlNamespace);
  if (found.operation.name === 'GetBucketLocation') return { ...reply, body: locationBody(output) };
  return request.method === 'HEAD' ? { ...reply, body: '' } : reply;
};

/** S3's URIs carry the bucket as first segment; the SDK's schemas leave it to the endpoint. */
const bucketOf = (pathname: string): { path: string; given: Record<string, string> } => {
  const [, bucket, rest] = /^\/([^/]*)(\/.*)?$/s.exec(pathname) ?? [];
  return bucket ? { path: rest ?? '/', given: { Bucket: decodeURIComponent(bucket) } } : { path: '/', given: {} };
};

/** The one operation whose root is its only member. */
const locationBody = ({ LocationConstraint = '' }: Record<string, unknown>): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${LocationConstraint ?? ''}</LocationConstraint>`;

const document = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of plainBody(request, request.headers) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_DOCUMENT)
      throw new ApiError('RequestEntityTooLarge', 413, `The request is larger than ${LARGEST_DOCUMENT} bytes.`);
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  // SDKs compress metric data of more than about 10 KB.
  return request.headers['content-encoding'] === 'gzip'
    ? gunzipSync(body, { maxOutputLength: LARGEST_DOCUMENT })
    : body;
};

const send = async (response: ServerResponse, { status, headers, body }: Reply, requestId: string): Promise<void> => {
  if (response.destroyed) return;
  response.writeHead(status, {
    'x-amzn-requestid': requestId,
    'x-amz-request-id': requestId,
    ...headers,
    ...(typeof body === 'string' && !('content-length' in headers)
      ? { 'content-length': String(Buffer.byteLength(body)) }
      : {}),
  });
  if (typeof body === 'string' || body instanceof Uint8Array) return void response.end(body);
  await pipeline(body, response);
};
