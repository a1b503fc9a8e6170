// Between a client and a server: passes bytes on, resets connections in the middle of them, or takes them and says nothing.
import { once } from 'node:events';
import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net';

export interface TcpProxy extends AsyncDisposable {
  port: number;
  /** Asked for each new connection. */
  behave(next: (connection: number) => Fate): void;
  /** Connections since `behave` was called, how many of them were reset, and how many bytes went either way. */
  seen: { connections: number; resets: number; bytes: number };
  /** When something was sent to a connection that is silent. */
  swallowed(): Promise<void>;
}

/** After how many bytes, of both directions together, a connection ends. Infinity: never. */
export interface Fate {
  bytes: number;
  /** `reset`: both sides see it. `silent`: it stands, and nothing is passed on any more. */
  end: 'reset' | 'silent';
}

/** @param to port on 127.0.0.1 */
export const openProxy = async (to: number): Promise<TcpProxy> => {
  let plan: (connection: number) => Fate = () => ({ bytes: Number.POSITIVE_INFINITY, end: 'reset' });
  let seen = { connections: 0, resets: 0, bytes: 0 };
  let swallowing = Promise.withResolvers<void>();
  const open = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    open.add(socket.on('error', () => undefined).on('close', () => open.delete(socket)));
    return socket;
  };
  const server = createServer((client) => {
    keep(client).setNoDelay(true);
    const counted = seen;
    const fate = plan(counted.connections++);
    const broker = keep(dial(to, '127.0.0.1')).setNoDelay(true);
    let left = fate.bytes;
    const pass = (from: Socket, into: Socket): void => {
      from.on('data', (chunk) => {
        const whole = chunk.length <= left;
        const passed = whole ? chunk : chunk.subarray(0, left);
        left -= passed.length;
        counted.bytes += passed.length;
        if (whole) {
          if (!into.write(passed)) {
            from.pause();
            into.once('drain', () => from.resume());
          }
          return;
        }
        if (fate.end === 'silent') {
          if (passed.length > 0) into.write(passed);
          swallowing.resolve();
          return;
        }
        counted.resets += 1;
        client.pause();
        broker.pause();
        // What was passed on arrives; then both ends see a connection that is gone.
        into.write(passed, () => {
          client.resetAndDestroy();
          broker.resetAndDestroy();
        });
      });
      from.on('close', () => into.destroy());
    };
    pass(client, broker);
    pass(broker, client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    behave: (next) => {
      plan = next;
      seen = { connections: 0, resets: 0, bytes: 0 };
      swallowing = Promise.withResolvers<void>();
    },
    get seen() {
      return seen;
    },
    swallowed: () => swallowing.promise,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of open) socket.destroy();
      await once(server, 'close');
    },
  };
};

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export const randomFrom = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};
