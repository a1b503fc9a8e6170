// Where a webhook may lead: to public addresses only. An address inside, or that of instance metadata, would make this
// function post for whoever wrote the secret to places that trust it.
import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import ipaddr from 'ipaddr.js';
import { AddressRefused } from './errors.ts';

const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3') as [ipaddr.IPv6, number];

/** Private, loopback, link-local (169.254.169.254), shared, documentation, mapped and translated addresses are none. */
export const isPublic = (text: string): boolean => {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.parse(text);
  if (address.range() !== 'unicast') return false;
  return address instanceof ipaddr.IPv4 || address.match(GLOBAL_IPV6);
};

/** Every address of a host name. One that is not public makes all of them unusable. @throws {AddressRefused} */
export const publicAddresses = async (secret: string, hostname: string): Promise<LookupAddress[]> => {
  const addresses = await resolve(hostname.replace(/^\[|\]$/g, ''));
  if (addresses.length > 0 && addresses.every(({ address }) => isPublic(address))) return addresses;
  throw new AddressRefused('the webhook does not lead to a public address.', {
    source: secret,
    expected: 'public addresses only',
    found: addresses.map(({ address }) => address).join(', ') || 'a name nobody knows',
    next: 'Put the address of a public service into the secret; what is inside the network is told by SNS itself.',
  });
};

const resolve = async (hostname: string): Promise<LookupAddress[]> => {
  try {
    return await lookup(hostname, { all: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTFOUND') return [];
    throw error;
  }
};
