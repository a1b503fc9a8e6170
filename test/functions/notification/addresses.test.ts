import { lookup } from 'node:dns/promises';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { isPublic, publicAddresses } from '../../../functions/notification/addresses.ts';

vi.mock('node:dns/promises', () => ({ lookup: vi.fn() }));
const addresses = (...found: string[]) => found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
const answer = (value: unknown) => vi.mocked(lookup).mockImplementation(async () => value as never);
const look = (host = 'hooks.slack.com') => publicAddresses('lifeboat/webhooks/alerts', host);
beforeEach(() => void answer(addresses('34.237.184.51')));

describe('an address', () => {
  it.each([
    ['127.0.0.1', 'this machine'],
    ['127.255.255.254', 'this machine'],
    ['0.0.0.0', 'no address'],
    ['10.0.0.1', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['169.254.169.254', 'instance metadata'],
    ['169.254.170.2', 'container credentials'],
    ['100.64.0.1', 'carriers'],
    ['192.0.2.1', 'documentation'],
    ['198.18.0.1', 'benchmarks'],
    ['224.0.0.1', 'multicast'],
    ['255.255.255.255', 'broadcast'],
    ['240.0.0.1', 'reserved'],
    ['::', 'no address'],
    ['::1', 'this machine'],
    ['fe80::1', 'link-local'],
    ['fd00:ec2::254', 'instance metadata'],
    ['fec0::1', 'site-local'],
    ['ff02::1', 'multicast'],
    ['::ffff:169.254.169.254', 'mapped'],
    ['::ffff:8.8.8.8', 'mapped'],
    ['64:ff9b::a9fe:a9fe', 'translated'],
    ['2002:a9fe:a9fe::1', '6to4'],
    ['2001::a9fe:a9fe', 'Teredo'],
    ['2001:db8::1', 'documentation'],
    ['hooks.slack.com', 'a name'],
    ['', 'nothing'],
  ])('%s is not public: %s', (address) => {
    expect(isPublic(address)).toBe(false);
  });

  it.each(['34.237.184.51', '8.8.8.8', '172.32.0.1', '2600:1f18::1', '2a05:d018::5'])('%s is public', (address) => {
    expect(isPublic(address)).toBe(true);
  });
});

describe('a host', () => {
  it('with public addresses is let through with exactly those', async () => {
    answer(addresses('34.237.184.51', '2600:1f18::1'));
    await expect(look()).resolves.toEqual(addresses('34.237.184.51', '2600:1f18::1'));
  });

  it.each([
    ['one address of many inside', addresses('34.237.184.51', '169.254.169.254')],
    ['none', []],
  ])('with %s is refused, by the name of its secret', async (_, found) => {
    answer(found);
    await expect(look()).rejects.toMatchObject({ name: 'AddressRefused' });
    await expect(look()).rejects.toThrow(/^lifeboat\/webhooks\/alerts: the webhook does not lead to a public address/);
  });

  it('that nobody knows is refused', async () => {
    vi.mocked(lookup).mockRejectedValue(Object.assign(new Error('ENOTFOUND'), { code: 'ENOTFOUND' }));
    await expect(look()).rejects.toThrow(/a name nobody knows/);
  });

  it('whose name server does not answer is asked again later', async () => {
    vi.mocked(lookup).mockRejectedValue(Object.assign(new Error('EAI_AGAIN'), { code: 'EAI_AGAIN' }));
    await expect(look()).rejects.toThrow('EAI_AGAIN');
  });

  it('written as an address is looked at as such', async () => {
    await look('[2600:1f18::1]');
    expect(vi.mocked(lookup).mock.calls.at(-1)?.[0]).toBe('2600:1f18::1');
  });
});
