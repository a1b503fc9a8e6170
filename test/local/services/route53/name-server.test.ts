import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import * as packets from 'dns-packet';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MINUTE, type ShopZone, shopZone, upsert } from './shop-zone.ts';

let shop: ShopZone;
beforeEach(async () => {
  shop = await shopZone();
});
afterEach(() => shop.close());

const serve = async (...changes: object[]): Promise<void> => {
  await shop.change(...changes);
  await shop.world.advance(MINUTE);
};
const server = () => {
  const [host = '', port = ''] = shop.world.dns.address.split(':');
  return { host, port: Number(port) };
};
const overUdp = async (message: Uint8Array): Promise<packets.DecodedPacket> => {
  const socket = createSocket('udp4');
  const { host, port } = server();
  socket.send(message, port, host);
  const [reply] = (await once(socket, 'message')) as [Buffer];
  socket.close();
  return packets.decode(reply);
};
const question = (name: string, type: packets.RecordType = 'A'): packets.Packet => ({
  ...{ type: 'query', id: 7, flags: packets.RECURSION_DESIRED },
  questions: [{ name, type }],
});

describe('the name server', () => {
  it('answers every kind of record with its time to live', async () => {
    await serve(upsert('a.shop.example', 'A', ['192.0.2.1', '192.0.2.2'], { TTL: 17 }));
    const { resolver } = shop;
    expect(await resolver.resolve4('a.shop.example', { ttl: true })).toEqual([
      { address: '192.0.2.1', ttl: 17 },
      { address: '192.0.2.2', ttl: 17 },
    ]);
    expect(await resolver.resolve4('A.Shop.Example')).toHaveLength(2);
    expect(await resolver.resolveNs('shop.example')).toHaveLength(4);
  });

  it('follows names to other zones and to names of AWS, as they are when asked', async () => {
    let addresses = ['127.0.0.9'];
    const remove = shop.world.dns.register('Shop-1.elb.us-west-2.amazonaws.com', () => addresses);
    await serve(
      upsert('www.shop.example', 'CNAME', 'web.shop.example'),
      upsert('web.shop.example', 'CNAME', 'shop-1.elb.us-west-2.amazonaws.com.'),
    );
    const { resolver } = shop;
    expect(await resolver.resolve4('www.shop.example')).toEqual(['127.0.0.9']);
    expect(await resolver.resolveCname('www.shop.example')).toEqual(['web.shop.example']);
    addresses = ['127.0.0.10', '127.0.0.11'];
    expect(shop.world.dns.resolve('www.shop.example')).toEqual(addresses);
    remove();
    expect(shop.world.dns.resolve('www.shop.example')).toEqual([]);
  });

  it('tells a name that is not there from one that has no such record', async () => {
    await serve(upsert('deep.under.shop.example', 'A', '192.0.2.1'));
    const answerTo = async (name: string, type?: packets.RecordType) => overUdp(packets.encode(question(name, type)));
    const gone = await answerTo('gone.shop.example');
    expect(gone).toMatchObject({ rcode: 'NXDOMAIN', id: 7, flag_aa: true, authorities: [{ type: 'SOA', ttl: 900 }] });
    expect(await answerTo('deep.under.shop.example', 'AAAA')).toMatchObject({
      ...{ rcode: 'NOERROR', answers: [], authorities: [{ type: 'SOA' }] },
    });
    expect(await answerTo('under.shop.example')).toMatchObject({ rcode: 'NOERROR', answers: [] });
  });

  it('refuses what is not its own, so that others can be asked', async () => {
    expect(await overUdp(packets.encode(question('www.other.example')))).toMatchObject({ rcode: 'REFUSED' });
  });

  it('ends a chain that leads in a circle', async () => {
    await serve(
      upsert('a.shop.example', 'CNAME', 'b.shop.example'),
      upsert('b.shop.example', 'CNAME', 'a.shop.example'),
    );
    expect(shop.world.dns.resolve('a.shop.example')).toEqual([]);
  });

  it('asks clients to come over TCP where an answer is long, and gives it there, several on one connection', async () => {
    const many = Array.from({ length: 60 }, (_, at) => `192.0.2.${at + 1}`);
    await serve(upsert('many.shop.example', 'A', many));
    expect(await overUdp(packets.encode(question('many.shop.example')))).toMatchObject({ flag_tc: true, answers: [] });
    expect(await shop.resolver.resolve4('many.shop.example')).toEqual(many);

    const { host, port } = server();
    const socket = connect(port, host);
    const asked = packets.streamEncode(question('many.shop.example'));
    socket.write(Buffer.concat([asked, asked]));
    let received = Buffer.alloc(0);
    const replies: packets.DecodedPacket[] = [];
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 2 && received.length >= received.readUInt16BE(0) + 2) {
        const end = received.readUInt16BE(0) + 2;
        replies.push(packets.decode(received.subarray(2, end)));
        received = received.subarray(end);
      }
      if (replies.length === 2) break;
    }
    expect(replies.map(({ answers }) => answers?.length)).toEqual([60, 60]);
  });

  it('is not disturbed by what is no question', async () => {
    const { host, port } = server();
    const socket = createSocket('udp4');
    for (const junk of [Buffer.from('x'), Buffer.alloc(12), packets.encode({ type: 'response', id: 1 })])
      socket.send(junk, port, host);
    socket.close();
    const update = Buffer.from(packets.encode(question('www.shop.example')));
    update.writeUInt16BE(5 << 11, 2);
    expect(await overUdp(update)).toMatchObject({ rcode: 'NOTIMP' });
  });
});
