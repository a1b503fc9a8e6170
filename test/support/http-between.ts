// Stands between a client and an HTTP server that is real: what goes through is noted, and an answer may be lost, or be another.
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** `lost`: it took effect, and nobody hears of it. `never`: it did not reach the server. */
export type Fault = 'lost' | 'never' | { status: number; body?: object };

export interface Between extends AsyncDisposable {
  url: string;
  /** `PUT /connectors/x/stop`, in their order. */
  seen: string[];
  /** Authorization headers that came, in their order. */
  logins: (string | undefined)[];
  /** Asked of every request. */
  fault: (asked: string) => Fault | undefined;
}

export const openBetween = async (target: string): Promise<Between> => {
  const between: Pick<Between, 'seen' | 'logins' | 'fault'> = { seen: [], logins: [], fault: () => undefined };
  const server = createServer((from, to) => {
    void (async () => {
      const { method = '', url = '', headers } = from;
      const asked = `${method} ${url}`;
      between.seen.push(asked);
      between.logins.push(headers.authorization);
      const body = await buffer(from);
      const fault = between.fault(asked);
      if (fault === 'never') return to.destroy();
      if (typeof fault === 'object') {
        to.writeHead(fault.status, { 'content-type': 'application/json' });
        return to.end(JSON.stringify(fault.body ?? {}));
      }
      const onward = request(
        `${target}${url}`,
        { method, headers: { ...headers, host: new URL(target).host } },
        (answer) => {
          void buffer(answer).then((content) => {
            if (fault === 'lost') return to.destroy();
            to.writeHead(answer.statusCode ?? 500, answer.headers);
            return to.end(content);
          });
        },
      );
      onward.on('error', () => to.destroy());
      return onward.end(body);
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(between, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
};
