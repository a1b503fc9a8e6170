// Where customers' names lead, as a client in this region sees it: through its resolver, with what that resolver remembers.
import { promises as dns } from 'node:dns';
import { isIPv4 } from 'node:net';
import type { Recovery } from '../../shared/config/recovery.ts';

export interface Move {
  name: string;
  /** Host name or address the name has to lead to, and the one it is to leave. */
  target: string;
  left: string;
}

export interface Lead {
  name: string;
  target: string;
  addresses: string[];
  /** It leads to the target, and no longer to what it left. */
  arrived: boolean;
}

type Dns = NonNullable<Recovery['dns']>;

export const movesTo = (region: 'primary' | 'recovery', { records }: Dns): Move[] =>
  records.map(({ name, primary, recovery }) =>
    region === 'primary' ? { name, target: primary, left: recovery } : { name, target: recovery, left: primary },
  );

/** Asks for every name. A target may have more addresses than one answer shows, so one in common is enough. */
export const leadsOf = (moves: Move[]): Promise<Lead[]> =>
  Promise.all(
    moves.map(async ({ name, target, left }) => {
      const [addresses, wanted, old] = await Promise.all([addressesOf(name), addressesOf(target), addressesOf(left)]);
      const arrived = addresses.some((each) => wanted.includes(each)) && !addresses.some((each) => old.includes(each));
      return { name, target, addresses, arrived };
    }),
  );

/** Why the switch is not done, name by name. */
export const stillAway = (leads: Lead[]): string =>
  leads
    .filter(({ arrived }) => !arrived)
    .map(({ name, target, addresses }) => `${name} leads to ${addresses.join(', ') || 'nothing'}, not to ${target}`)
    .join('; ');

/** Node's codes for "no such name" and "no resolver answered": of a region that is gone, either is to be expected. */
const NOTHING = new Set(['ENOTFOUND', 'ENODATA', 'EAI_AGAIN', 'ETIMEOUT', 'ESERVFAIL']);

const addressesOf = async (name: string): Promise<string[]> => {
  if (isIPv4(name)) return [name];
  try {
    const found = await dns.lookup(name, { all: true });
    return found.map(({ address }) => address).sort();
  } catch (error) {
    if (NOTHING.has((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
};
