import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Front, openFront } from '../../../local/engines/front.ts';

/** Answers every line with its own name. */
const echoing = async (name: string): Promise<Server> => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => socket.write(name));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
};
const portOf = (server: Server) => (server.address() as AddressInfo).port;
const ask = (socket: Socket): Promise<string> => {
  const { promise, resolve } = Promise.withResolvers<string>();
  if (socket.destroyed) resolve('cut');
  socket.once('data', (answer) => resolve(String(answer)));
  socket.once('close', () => resolve('cut'));
  socket.write('?');
  return promise;
};
const arrive = (front: Front): Socket => connect(front.port, '127.0.0.1').on('error', () => undefined);

let one: Server;
let two: Server;
let front: Front;
let target: number | undefined;
let open: boolean;
beforeAll(async () => {
  [one, two] = [await echoing('one'), await echoing('two')];
  front = await openFront({ target: () => target, isOpen: () => open });
});
beforeEach(() => {
  target = portOf(one);
  open = true;
});
afterAll(async () => {
  await front.close();
  for (const server of [one, two]) server.close();
});

describe('a front', () => {
  it('leads to the server of the moment; who is connected stays where it is', async () => {
    const early = arrive(front);
    expect(await ask(early)).toBe('one');
    target = portOf(two);
    const late = arrive(front);
    expect([await ask(early), await ask(late)]).toEqual(['one', 'two']);
    for (const socket of [early, late]) socket.destroy();
  });

  it('leads nowhere while there is no server, or none answers', async () => {
    target = undefined;
    expect(await ask(arrive(front))).toBe('cut');
    const gone = await echoing('gone');
    target = portOf(gone);
    gone.close();
    await once(gone, 'close');
    expect(await ask(arrive(front))).toBe('cut');
  });

  it('lets nothing through while it is shut, and is there again when opened', async () => {
    const connected = arrive(front);
    expect(await ask(connected)).toBe('one');
    open = false;
    expect([await ask(connected), await ask(arrive(front))]).toEqual(['cut', 'cut']);
    open = true;
    const again = arrive(front);
    expect(await ask(again)).toBe('one');
    again.destroy();
  });

  it('ends connections with itself', async () => {
    const other = await openFront({ target: () => portOf(one), isOpen: () => true });
    const connected = arrive(other);
    expect(await ask(connected)).toBe('one');
    await other.close();
    expect(await ask(connected)).toBe('cut');
    await other.close();
  });
});
