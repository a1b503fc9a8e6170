// A name server on the loopback interface, over UDP and TCP at one port.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import * as packets from 'dns-packet';
import type { Answer, Record } from './answers.ts';

export interface NameServer {
  /** `127.0.0.1:port`. */
  address: string;
  close(): Promise<void>;
}

export type Ask = (name: string, type: string) => Answer;

const CODES = { NOERROR: 0, NXDOMAIN: 3, REFUSED: 5 } as const;
const NOT_IMPLEMENTED = 4;
/** What a client takes over UDP unless it says more (RFC 1035). */
const UDP_BYTES = 512;
const HOST = '127.0.0.1';

export const startNameServer = async (ask: Ask): Promise<NameServer> => {
  const tcp = createServer((socket) => {
    let received = Buffer.alloc(0);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      for (;;) {
        const length = received.length >= 2 ? received.readUInt16BE(0) + 2 : Number.POSITIVE_INFINITY;
        if (received.length < length) return;
        const reply = replyTo(received.subarray(2, length), ask);
        received = received.subarray(length);
        if (!reply) return void socket.destroy();
        socket.write(packets.streamEncode(reply));
      }
    });
  });
  const sockets = new Set<{ destroy(): void }>();
  tcp.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  tcp.listen(0, HOST);
  await once(tcp, 'listening');
  const { port } = tcp.address() as AddressInfo;

  const udp = createSocket('udp4');
  udp.on('message', (message, { address, port: from }) => {
    const reply = replyTo(message, ask, UDP_BYTES);
    if (reply) udp.send(packets.encode(reply), from, address);
  });
  udp.bind(port, HOST);
  await once(udp, 'listening');
  // Whoever started the world ends it; the name server alone keeps no process alive.
  udp.unref();
  tcp.unref();

  return {
    address: `${HOST}:${port}`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all([
        new Promise<void>((resolve) => udp.close(resolve)),
        new Promise((resolve) => tcp.close(resolve)),
      ]);
    },
  };
};

/** Nothing for what is no question. Where the answer is longer than `most`, the client is asked to come over TCP. */
const replyTo = (message: Buffer, ask: Ask, most = Number.POSITIVE_INFINITY): packets.Packet | undefined => {
  let query: packets.DecodedPacket;
  try {
    query = packets.decode(message);
  } catch {
    return undefined;
  }
  const question = query.questions?.[0];
  if (query.type !== 'query' || !question) return undefined;
  const head: packets.Packet = { id: query.id ?? 0, type: 'response', questions: [question] };
  const asksForMore = ((query.flags ?? 0) & packets.RECURSION_DESIRED) | packets.RECURSION_AVAILABLE;
  const opcode = ((query.flags ?? 0) >> 11) & 0xf;
  const flags = packets.AUTHORITATIVE_ANSWER | asksForMore;
  if (opcode !== 0 || (question.class ?? 'IN') !== 'IN') return { ...head, flags: flags | NOT_IMPLEMENTED };
  const { code, answers, authorities } = ask(question.name, question.type);
  const reply: packets.Packet = {
    ...{ ...head, flags: flags | CODES[code] },
    ...{ answers: answers.map(encoded), authorities: authorities.map(encoded) },
  };
  return packets.encodingLength(reply) <= most ? reply : { ...head, flags: flags | packets.TRUNCATED_RESPONSE };
};

const encoded = ({ name, type, ttl, value }: Record): packets.Answer => {
  const base = { name, ttl, class: 'IN' as const };
  switch (type) {
    case 'SOA': {
      const [mname = '', rname = '', serial, refresh, retry, expire, minimum] = value.split(' ');
      const numbers = { serial: Number(serial), refresh: Number(refresh), retry: Number(retry) };
      return {
        ...base,
        type: 'SOA',
        data: {
          ...{ mname: undotted(mname), rname: undotted(rname) },
          ...{ ...numbers, expire: Number(expire), minimum: Number(minimum) },
        },
      };
    }
    case 'CNAME':
    case 'NS':
      return { ...base, type, data: undotted(value) };
    default:
      return { ...base, type: 'A', data: value };
  }
};

const undotted = (name: string): string => name.replace(/\.$/, '');
