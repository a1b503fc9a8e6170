// Hosted zones: what the control plane was told, and what the name servers answer from. A change reaches them later.
import { HostedZoneNotFound, NoSuchChange, NoSuchHostedZone } from '@aws-sdk/client-route-53';
import type { Clock } from '../../types.ts';
import { isWithin, madeUpId, normalName, plainId } from './names.ts';
import { type RecordSet, type RecordSets, recordKey } from './record-sets.ts';

/** "Changes generally propagate to all Route 53 name servers within 60 seconds" (API reference, ChangeResourceRecordSets, 2026-11). */
const PROPAGATION_MS = 30_000;

export interface Zone {
  id: string;
  name: string;
  callerReference: string;
  comment: string | undefined;
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

  const add = ({ id, name, callerReference = id, comment }: Pick<Zone, 'id' | 'name'> & Partial<Zone>): Zone => {
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
    const zone: Zone = { id, name, callerReference, comment, nameServers, records, served: new Map() };
    zones.set(id, zone);
    return zone;
  };

  /** The change reaches the name servers after a while, whatever happens to the control plane meanwhile. */
  const publish = (zone: Zone, records: RecordSets, comment?: string): RecordChange => {
    zone.records = records;
    const change: RecordChange = { id: madeUpId('C'), status: 'PENDING', submittedAt: clock.now(), comment };
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
    named: (name: string): Zone => {
      const zone = [...zones.values()].find((each) => each.name === normalName(name));
      if (zone) return zone;
      throw new HostedZoneNotFound({ message: `No hosted zone found for the domain ${name}`, $metadata: {} });
    },
    /** The zone a name belongs to: of several, the one nearest to it. */
    of: (name: string): Zone | undefined =>
      [...zones.values()]
        .filter((zone) => zone.served.size > 0 && isWithin(name, zone.name))
        .sort((a, b) => b.name.length - a.name.length)[0],
    create: (wanted: Pick<Zone, 'name'> & Partial<Zone>): { zone: Zone; change: RecordChange } => {
      const zone = add({ ...wanted, id: madeUpId('Z') });
      return { zone, change: publish(zone, zone.records) };
    },
    /** A zone that was there before: its name servers know it at once. */
    host: (wanted: Pick<Zone, 'id' | 'name'>): void => {
      const zone = add({ id: wanted.id, name: normalName(wanted.name) });
      zone.served = zone.records;
    },
    remove: (zone: Zone): RecordChange => {
      const change = publish(zone, new Map());
      zones.delete(zone.id);
      return change;
    },
    publish,
    change: (id: string | undefined): RecordChange => {
      const change = changes.get(plainId(id));
      if (change) return change;
      throw new NoSuchChange({ message: `Could not find resource with ID: ${plainId(id)}`, $metadata: {} });
    },
  };
};
