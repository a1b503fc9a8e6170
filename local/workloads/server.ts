// What the shop's services have in common: routes, JSON, health, and an end that loses no request.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { listenAddress } from './configuration.ts';

export interface Answer {
  status: number;
  body: unknown;
}

export interface Route {
  method: 'GET' | 'POST';
  /** Its group is the id. */
  path: RegExp;
  answer(id: string, body: unknown): Promise<Answer>;
}

/** The request cannot be met whoever serves it: the customer is told, and nothing is tried again. */
export class Unacceptable extends Error {
  override readonly name = 'Unacceptable';
}

/** What a service needs in order to serve, by name. */
export type Needs = Record<string, () => Promise<unknown>>;

export const serve = (routes: Route[], needs: Needs): void => {
  const { port, host } = listenAddress();
  const all: Route[] = [...routes, { method: 'GET', path: /^\/health$/, answer: () => health(needs) }];
  let ending = false;
  const server = createServer((request, response) => {
    void answer(all, request)
      .catch(failed)
      .then((outcome) => {
        if (ending) response.setHeader('connection', 'close');
        send(response, outcome);
      });
  });
  server.listen(port, host);
  // Nothing new is accepted, what is under way is answered, and the process ends with its last connection.
  process.on('SIGTERM', () => {
    ending = true;
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
};

const answer = async (routes: Route[], request: IncomingMessage): Promise<Answer> => {
  const path = request.url?.split('?')[0] ?? '/';
  for (const route of routes) {
    const match = route.method === request.method ? route.path.exec(path) : null;
    if (match) return route.answer(match[1] ?? '', request.method === 'POST' ? await bodyOf(request) : undefined);
  }
  return { status: 404, body: { error: `there is no ${request.method} ${path} here` } };
};

const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
  try {
    return await json(request);
  } catch (cause) {
    throw new Unacceptable('the body is no JSON', { cause });
  }
};

/** Whoever asked is told that it did not happen, or may not have. */
const failed = (error: Error): Answer => {
  if (error instanceof Unacceptable) return { status: 422, body: { error: error.message } };
  process.stderr.write(`${error.name}: ${error.message}\n`);
  return { status: 503, body: { error: error.message } };
};

const health = async (needs: Needs): Promise<Answer> => {
  const outcomes = Object.entries(needs).map(async ([name, check]) => {
    const found = await check().then(
      () => 'ok',
      (error: Error) => error.message || error.name,
    );
    return [name, found] as const;
  });
  const body = Object.fromEntries(await Promise.all(outcomes));
  return { status: Object.values(body).every((found) => found === 'ok') ? 200 : 503, body };
};

const send = (response: ServerResponse, { status, body }: Answer): void => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};
