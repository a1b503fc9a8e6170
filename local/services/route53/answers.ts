// What the name servers say: from the zones as they were published, and the health of the checks at the moment of asking.
import { isWithin, normalName } from './names.ts';
import type { RecordSet } from './record-sets.ts';
import type { Zone, Zones } from './zones.ts';

export interface Record {
  name: string;
  type: string;
  ttl: number;
  value: string;
}

export interface Answer {
  /** REFUSED: no zone and no registered name; whoever asks has to ask somebody else. */
  code: 'NOERROR' | 'NXDOMAIN' | 'REFUSED';
  answers: Record[];
  /** The zone's SOA where there is no answer: how long that may be remembered. */
  authorities: Record[];
}

export interface Sources {
  zones: Zones;
  isHealthy(healthCheckId: string): boolean;
  /** Addresses of a registered name; undefined where there is none. */
  registered(name: string): string[] | undefined;
}

/** Names of AWS live for a minute (Elastic Load Balancing user guide, "DNS name", 2026-11). */
const REGISTERED_TTL = 60;
/** A chain of names longer than this is a circle. */
const MAX_CHAIN = 8;

export const answer = (sources: Sources, question: string, type: string): Answer => {
  const asked = normalName(question);
  const answers: Record[] = [];
  let name = asked;
  for (let step = 0; step < MAX_CHAIN; step += 1) {
    const addresses = sources.registered(name);
    if (addresses)
      return { code: 'NOERROR', answers: [...answers, ...addressRecords(name, addresses, type)], authorities: [] };
    const zone = sources.zones.of(name);
    // A chain that leaves what is known here ends there; the resolver behind would go on.
    if (!zone) return { code: answers.length > 0 ? 'NOERROR' : 'REFUSED', answers, authorities: [] };
    const found = chosen(sources, zone, name, type);
    if (found) return { code: 'NOERROR', answers: [...answers, ...recordsOf(found)], authorities: [] };
    const alias = chosen(sources, zone, name, 'CNAME');
    if (!alias) {
      const exists = [...zone.served.values()].some((set) => isWithin(set.name, name));
      return { code: exists ? 'NOERROR' : 'NXDOMAIN', answers, authorities: negative(zone) };
    }
    answers.push(...recordsOf(alias));
    name = normalName(alias.values[0] ?? '');
  }
  return { code: 'NOERROR', answers, authorities: [] };
};

/** The record set that answers: of a failover pair, by the health of both. */
const chosen = ({ isHealthy }: Sources, zone: Zone, name: string, type: string): RecordSet | undefined => {
  const sets = [...zone.served.values()].filter((set) => set.name === name && set.type === type);
  const healthy = (set: RecordSet): boolean => set.healthCheckId === undefined || isHealthy(set.healthCheckId);
  const primary = sets.find(({ failover }) => failover === 'PRIMARY');
  const secondary = sets.find(({ failover }) => failover === 'SECONDARY');
  if (!primary || !secondary) return sets[0];
  // Both unhealthy: the primary (developer guide, "How Route 53 chooses records when health checking is configured").
  return !healthy(primary) && healthy(secondary) ? secondary : primary;
};

const recordsOf = ({ name, type, ttl, values }: RecordSet): Record[] =>
  values.map((value) => ({ name, type, ttl, value }));

/** All addresses here are of IPv4. */
const addressRecords = (name: string, addresses: string[], type: string): Record[] =>
  type === 'A' ? addresses.map((value) => ({ name, type, ttl: REGISTERED_TTL, value })) : [];

/** Remembered no longer than the SOA's own time and its last field (RFC 2308). */
const negative = ({ name, served }: Zone): Record[] => {
  const soa = served.get(`${name}|SOA|`);
  if (!soa) return [];
  const value = soa.values[0] ?? '';
  return [{ name, type: 'SOA', ttl: Math.min(soa.ttl, Number(value.split(' ').at(-1))), value }];
};
