// One port of a load balancer: connections are handed to the ready pods in turn. With none of them nobody listens, and
// whoever comes is refused.
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import type { Region } from '../../../types.ts';

export interface Listener {
  forwardTo(targets: { address: string; port: number }[]): void;
  close(): Promise<void>;
}

interface ListenerOptions {
  region: Region;
  address: string;
  port: number;
  failed(error: Error): void;
}

export const createListener = ({ region, address, port, failed }: ListenerOptions): Listener => {
  const sockets = new Set<Socket>();
  let targets: { address: string; port: number }[] = [];
  let turn = 0;
  let server: Server | undefined;

  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    // A connection that breaks breaks on both sides; nobody else has to hear of it.
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
    return socket;
  };
  const forward = (incoming: Socket): void => {
    keep(incoming);
    const target = targets[turn++ % targets.length];
    if (!target || !region.alive) return void incoming.resetAndDestroy();
    const outgoing = keep(createConnection({ host: target.address, port: target.port }));
    incoming.once('close', () => outgoing.destroy());
    outgoing.once('close', () => incoming.destroySoon());
    // A region that is cut off answers nobody, on connections that stand either.
    incoming.on('data', () => region.alive || incoming.resetAndDestroy());
    incoming.pipe(outgoing).pipe(incoming);
  };
  const open = (): void => {
    server = createServer({ noDelay: true }, forward);
    server.on('error', failed);
    server.listen(port, address);
  };
  const shut = (): Promise<void> => {
    const closing = server;
    server = undefined;
    if (!closing) return Promise.resolve();
    return new Promise((resolve) => closing.close(() => resolve()));
  };

  return {
    forwardTo: (ready) => {
      targets = ready;
      if (ready.length > 0 && !server) open();
      if (ready.length === 0) void shut();
    },
    close: () => {
      const closed = shut();
      for (const socket of sockets) socket.destroy();
      return closed;
    },
  };
};
