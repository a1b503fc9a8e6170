// Hosted zones: what the control plane was told, and what the name servers answer from. A change reaches them later.
import { NoSuchChange, NoSuchHostedZone } from '@aws-sdk/client-route-53';
import type { Clock } from '../../types.ts';
import { isWithin, madeUpChangeId, normalName, plainId } from './names.ts';
import { type RecordSet, type RecordSets, recordKey } from './record-sets.ts';

/** "Changes generally propagate to all Route 53 name servers within 60 seconds" (API reference, ChangeResourceRecordSets, 2026-11). */
const PROPAGATION_MS = 30_000;

export interface Zone {
  id: string;
  name: string;
  nameServers: string[];
  records: RecordSets;
  /** What the name servers know. */
  served: RecordSets;
}

export interface RecordChange {
  id: string;
  status: 'PENDING' | 'INSYNC';
  submittedAt: Date;
  comment: string | undefined;
}

export type Zones = ReturnType<typeof createZones>;

export const createZones = (clock: Clock) => {
  const zones = new Map<string, Zone>();
  const changes = new Map<string, RecordChange>();

  /** A zone that was there before: its name servers know it at once. */
  const host = (wanted: Pick<Zone, 'id' | 'name'>): void => {
    const name = normalName(wanted.name);
    const numbers = [...zones.keys()].length * 4;
    const nameServers = ['com', 'net', 'org', 'co.uk'].map((top, at) => `ns-${numbers + at}.awsdns-${at}.${top}`);
    const own: RecordSet[] = [
      { name, type: 'NS', ttl: 172_800, values: nameServers.map((server) => `${server}.`) },
      // The values of every new zone (developer guide, "NS and SOA records", 2026-11).
      {
        ...{ name, type: 'SOA', ttl: 900 },
        values: [`${nameServers[0]}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400`],
      },
    ];
    const records = new Map(own.map((set) => [recordKey(set), set]));
    zones.set(wanted.id, { id: wanted.id, name, nameServers, records, served: records });
  };

  /** The change reaches the name servers after a while, whatever happens to the control plane meanwhile. */
  const publish = (zone: Zone, records: RecordSets, comment?: string): RecordChange => {
    zone.records = records;
    const change: RecordChange = { id: madeUpChangeId(), status: 'PENDING', submittedAt: clock.now(), comment };
    changes.set(change.id, change);
    clock.at(new Date(clock.now().getTime() + PROPAGATION_MS), () => {
      zone.served = records;
      change.status = 'INSYNC';
    });
    return change;
  };

  return {
    all: (): Zone[] => [...zones.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    find: (id: string | undefined): Zone => {
      const zone = zones.get(plainId(id));
      if (zone) return zone;
      throw new NoSuchHostedZone({ message: `No hosted zone found with ID: ${plainId(id)}`, $metadata: {} });
    },
    /** The zone a name belongs to: of several, the one nearest to it. */
    of: (name: string): Zone | undefined =>
      [...zones.values()].filter((zone) => isWithin(name, zone.name)).sort((a, b) => b.name.length - a.name.length)[0],
    host,
    publish,
    change: (id: string | undefined): RecordChange => {
      const change = changes.get(plainId(id));
      if (change) return change;
      throw new NoSuchChange({ message: `Could not find resource with ID: ${plainId(id)}`, $metadata: {} });
    },
  };
};
