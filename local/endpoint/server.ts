// The HTTP server of one region. A call signed for another region is passed on to it; a region that is not alive, and a
// connection that a fault cuts, are answered by nothing at all.
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { ConnectionCut } from '../faults.ts';
import { ApiError } from '../service.ts';
import type { Region, World } from '../types.ts';
import { continueOnRead, neverContinued } from './bodies.ts';
import { callerOf, scopeOf } from './caller.ts';
import { failureReply } from './failure.ts';
import { perform } from './protocols.ts';
import type { Reply } from './rest.ts';

export interface Endpoint {
  url: string;
  close(): Promise<void>;
}

export const startEndpoint = async (world: World, home: () => Region, port = 0): Promise<Endpoint> => {
  // No limit on how long a request takes: an upload takes as long as it takes.
  const server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0 });
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    void answer(world, home(), request, response).catch(() => request.socket.destroy());
  };
  server.on('request', listener);
  server.on('checkContinue', (request, response) => {
    continueOnRead(request, response);
    listener(request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
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
  const [path = '/', search = ''] = (request.url ?? '/').split(/\?(.*)/s);
  const query = new URLSearchParams(search);
  const scope = scopeOf(request, query);
  const requestId = randomUUID();
  if (!scope)
    return send(request, response, plain(403, 'MissingAuthenticationToken', 'The request is not signed.'), requestId);
  const region = scope.region === undefined ? home : world.regions.get(scope.region);
  if (!home.alive || region?.alive === false) return void request.socket.destroy();
  const service = (region ?? home).services.get(scope.service);
  if (!service) {
    const message = `The local region does not offer the service ${scope.service}.`;
    return send(request, response, plain(501, 'NotImplemented', message), requestId);
  }
  try {
    const offering = region ?? (service.worldwide ? home : undefined);
    if (!offering) throw unknownRegion(world, scope.region);
    const caller = callerOf(world, scope.accessKeyId);
    if (!caller) throw unknownKey(scope.service, scope.accessKeyId);
    const reply = await perform({ request, path, query, region: offering, service, caller, requestId });
    if (!home.alive) return void request.socket.destroy();
    await send(request, response, reply, requestId);
  } catch (error) {
    if (error instanceof ConnectionCut) return void request.socket.destroy();
    if (request.destroyed && !request.complete) return; // the client went away
    await send(request, response, failureReply(service, error, requestId), requestId);
  }
};

const unknownKey = (service: string, accessKeyId: string): ApiError =>
  new ApiError(
    service === 's3' ? 'InvalidAccessKeyId' : 'InvalidClientTokenId',
    403,
    `The access key id ${accessKeyId} is unknown here.`,
  );

const unknownRegion = ({ regions }: World, name: string | undefined): ApiError =>
  new ApiError('InvalidRegion', 400, `There is no region ${name} here, only ${[...regions.keys()].join(', ')}.`);

const plain = (status: number, code: string, message: string): Reply => ({
  status,
  headers: { 'content-type': 'application/json', 'x-amzn-errortype': code },
  body: JSON.stringify({ __type: code, message }),
});

const send = async (
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: Reply,
  requestId: string,
): Promise<void> => {
  if (response.destroyed) return;
  // A client that was not told to continue sends nothing more on this connection; one that is sending may finish, unheard.
  if (neverContinued(request)) response.setHeader('connection', 'close');
  else request.resume();
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
