// The API server of one cluster: HTTPS with the world's certificate, every request authenticated, authorized, and subject to
// the world's faults under the service `kubernetes` and operations such as `patch deployments`.
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { certificatesOf } from '../../../engines/certificates.ts';
import { ConnectionCut } from '../../../faults.ts';
import { ApiError } from '../../../service.ts';
import type { Region } from '../../../types.ts';
import type { AccessEntry } from '../access.ts';
import { authenticate } from './authentication.ts';
import { attributesOf, authorize } from './authorization.ts';
import { discoveryDocument } from './discovery.ts';
import { ApiFailure, badRequest, noSuchPath } from './failures.ts';
import type { Deployment, KubeObject } from './objects.ts';
import { type RequestInfo, requestInfo } from './requests.ts';
import { DEPLOYMENTS } from './resources.ts';
import { rescale, scaleOf } from './scale.ts';
import type { Store } from './store.ts';
import { tableOf, wantsTable } from './tables.ts';
import { listObjects, watchObjects } from './watches.ts';
import { createObject, deleteObject, patchObject, replaceObject, type Target } from './writes.ts';

export interface ApiServer {
  port: number;
  close(): Promise<void>;
}

export interface Served {
  region: Region;
  store: Store;
  entries: ReadonlyMap<string, AccessEntry>;
  /** The last lines a pod wrote. */
  log(namespace: string, pod: string): string[];
}

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  path: string;
  query: URLSearchParams;
}

export const startApiServer = async (served: Served): Promise<ApiServer> => {
  const { certificate, key } = await certificatesOf(served.region.world);
  const server = createServer({ cert: certificate, key, keepAliveTimeout: 60_000 }, (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'https://localhost');
    const exchange = { request, response, path: pathname.replace(/(.)\/$/, '$1'), query: searchParams };
    void answer(served, exchange).catch((error: unknown) => fail(response, error));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};

const PUBLIC = ['/healthz', '/livez', '/readyz', '/version'];

const answer = async (served: Served, exchange: Exchange): Promise<void> => {
  const { region, store } = served;
  const { request, response, path, query } = exchange;
  if (!region.alive) throw new ConnectionCut(`The region ${region.name} does not answer.`);
  if (PUBLIC.includes(path) && path !== '/version') return void response.end('ok');
  const user = PUBLIC.includes(path) ? undefined : authenticate(region, served.entries, request.headers.authorization);
  const document = request.method === 'GET' ? discoveryDocument(path) : undefined;
  if (document) return send(response, 200, document);
  const info = requestInfo(request.method ?? 'GET', path, query);
  if (!info || !user) throw noSuchPath();
  authorize(store, user, attributesOf(info));
  const table = wantsTable(request.headers.accept);
  const render = (object: KubeObject): object =>
    table ? tableOf(region.clock, [object], object.metadata.resourceVersion) : object;
  if (info.verb === 'watch') return watchObjects(store, info, query, response, render);
  const body = ['POST', 'PUT', 'PATCH'].includes(request.method ?? '') ? await bodyOf(request) : {};
  const operation = `${info.verb} ${info.resource.plural}`;
  const call = { region: region.name, service: 'kubernetes', operation, caller: user.caller };
  const outcome = await region.world.faults.around(call, async () => perform(served, info, exchange, body));
  if (!region.alive) throw new ConnectionCut(`The region ${region.name} does not answer.`);
  if (typeof outcome === 'string') return void response.end(outcome);
  if (table && 'items' in outcome)
    return send(response, 200, tableOf(region.clock, outcome.items as KubeObject[], store.version()));
  const isObject = 'metadata' in outcome && !('items' in outcome) && !('status' in outcome && 'code' in outcome);
  send(response, info.verb === 'create' ? 201 : 200, isObject ? render(outcome as KubeObject) : outcome);
};

const perform = (
  { region, store, log }: Served,
  info: RequestInfo,
  { request, query }: Exchange,
  body: object,
): object | string => {
  const { resource, namespace, name = '', verb, subresource } = info;
  const target: Target = { resource, namespace, name, subresource };
  const contentType = request.headers['content-type'] ?? '';
  if (query.get('dryRun')) throw badRequest('dryRun: the local cluster does not offer it');
  if (subresource === 'log') return `${logOf(log(namespace, name), query).join('\n')}\n`;
  if (subresource === 'scale' && verb === 'get') return scaleOf(store.named<Deployment>(DEPLOYMENTS, namespace, name));
  if (subresource === 'scale') return rescale(store, target, body, verb === 'patch' ? contentType : undefined);
  switch (verb) {
    case 'get':
      return store.named(resource, namespace, name);
    case 'list':
      return listObjects(store, info, query);
    case 'create':
      return createObject(store, target, body);
    case 'update':
      return replaceObject(store, target, body);
    case 'patch':
      return patchObject(store, target, body, contentType);
    default:
      return deleteObject(store, region.clock.now(), target);
  }
};

const logOf = (lines: string[], query: URLSearchParams): string[] =>
  query.has('tailLines') ? lines.slice(-Number(query.get('tailLines'))) : lines;

const bodyOf = async (request: IncomingMessage): Promise<object> => {
  const type = request.headers['content-type'] ?? 'application/json';
  if (!/json|yaml/.test(type))
    throw new ApiFailure(
      415,
      'UnsupportedMediaType',
      `bodies are JSON here, found ${type}: the local cluster does not offer it`,
    );
  try {
    return JSON.parse(await text(request)) as object;
  } catch (cause) {
    throw badRequest(`the body is no JSON: ${(cause as Error).message}`);
  }
};

const send = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};

const fail = (response: ServerResponse, error: unknown): void => {
  if (error instanceof ConnectionCut || response.headersSent) response.socket?.destroy();
  else {
    const failure = failureOf(error);
    send(response, failure.code, failure.status);
  }
};

const failureOf = (error: unknown): ApiFailure => {
  if (error instanceof ApiFailure) return error;
  if (error instanceof ApiError) return new ApiFailure(error.status, error.code, error.message);
  const { name, message } = error as Error;
  return new ApiFailure(500, 'InternalError', `Internal error occurred: ${name}: ${message}`);
};
