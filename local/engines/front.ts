// An address that stays while the servers behind it come and go, as a name in DNS does. It leads nowhere while it is shut.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { pipeline, Transform } from 'node:stream';

export interface Front {
  port: number;
  close(): Promise<void>;
}

export interface FrontOptions {
  /** The port behind it for the next connection. */
  target(): number | undefined;
  /** False cuts connections at their next byte and lets no new ones through. */
  isOpen(): boolean;
}

export const openFront = async ({ target, isOpen }: FrontOptions): Promise<Front> => {
  const connections = new Set<Socket>();
  const server = createServer((client) => {
    const behind = isOpen() ? target() : undefined;
    if (behind === undefined) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(behind, '127.0.0.1');
    for (const socket of [client, upstream]) {
      connections.add(socket);
      socket.setNoDelay(true);
      socket.once('close', () => connections.delete(socket));
    }
    const gate = () =>
      new Transform({ transform: (chunk, _, next) => (isOpen() ? next(null, chunk) : next(new Error('shut'))) });
    // Each way ends by itself where one side has said all it had to; an error on either ends both.
    const ended = (error?: Error | null) => {
      if (!error) return;
      client.resetAndDestroy();
      upstream.destroy();
    };
    pipeline(client, gate(), upstream, ended);
    pipeline(upstream, gate(), client, ended);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      if (!server.listening) return;
      server.close();
      for (const socket of connections) socket.destroy();
      await once(server, 'close');
    },
  };
};
