// The record sets of one hosted zone, and what Route 53 demands of each by itself.
import { isIPv4 } from 'node:net';
import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import { isDomainName, isWithin, normalName } from './names.ts';

export interface RecordSet {
  name: string;
  type: string;
  ttl: number;
  values: string[];
  setIdentifier?: string;
  failover?: 'PRIMARY' | 'SECONDARY';
  healthCheckId?: string;
}

/** By name, type and set identifier. */
export type RecordSets = ReadonlyMap<string, RecordSet>;

export const recordKey = ({ name, type, setIdentifier = '' }: Pick<RecordSet, 'name' | 'type' | 'setIdentifier'>) =>
  `${name}|${type}|${setIdentifier}`;

const VALUES: Record<string, { fits: (value: string) => boolean; fault: string }> = {
  A: { fits: isIPv4, fault: 'ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)' },
  CNAME: {
    fits: (value) => isDomainName(normalName(value)),
    fault: 'DomainLabelUnacceptable (Label is not acceptable)',
  },
  NS: { fits: (value) => isDomainName(normalName(value)), fault: 'DomainLabelUnacceptable (Label is not acceptable)' },
  SOA: { fits: (value) => value.split(' ').length === 7, fault: 'SOARRDATAIllegal (Expected seven fields)' },
};
/** Longest time to live that DNS knows (RFC 2181). */
const MAX_TTL = 2 ** 31 - 1;
const NOT_OFFERED = [
  ...['AliasTarget', 'Weight', 'Region', 'GeoLocation', 'MultiValueAnswer', 'CidrRoutingConfig'],
  ...['GeoProximityLocation', 'TrafficPolicyInstanceId'],
] as const;

/** Reads one record set as it was sent, or says what is wrong with it. */
export const recordSetOf = (zone: string, sent: ResourceRecordSet): RecordSet | string => {
  const name = normalName(sent.Name ?? '');
  const type = sent.Type ?? '';
  const kind = VALUES[type];
  const what = `RRSet of type ${type} with DNS name ${name}.`;
  const missing = NOT_OFFERED.find((member) => sent[member] !== undefined);
  if (missing) return `${what}: ${missing} is not offered by the local region; use simple or failover records.`;
  if (!kind) return `${what}: the type is not offered by the local region. Offered: ${Object.keys(VALUES).join(', ')}.`;
  if (!isDomainName(name)) return `${what}: the name is not a domain name that the local region offers.`;
  if (!isWithin(name, zone)) return `RRSet with DNS name ${name}. is not permitted in zone ${zone}.`;
  const values = (sent.ResourceRecords ?? []).map(({ Value = '' }) => Value);
  if (sent.TTL === undefined || values.length === 0)
    return `Invalid request: Missing field 'TTL' or 'ResourceRecords' in ${what}`;
  if (sent.TTL < 0 || sent.TTL > MAX_TTL) return `${what}: the TTL ${sent.TTL} is not between 0 and ${MAX_TTL}.`;
  const wrong = values.find((value) => !kind.fits(value));
  if (wrong !== undefined) return `Invalid Resource Record: 'FATAL problem: ${kind.fault} encountered with '${wrong}''`;
  if (new Set(values).size < values.length) return `Duplicate Resource Record in ${what}`;
  if (type === 'CNAME' && name === zone) return `${what} is not permitted at apex in zone ${zone}.`;
  if (type === 'CNAME' && values.length > 1) return `${what} has ${values.length} values; one is permitted.`;
  if (Boolean(sent.Failover) !== Boolean(sent.SetIdentifier))
    return `Invalid request: ${what} needs Failover and SetIdentifier together.`;
  return {
    ...{ name, type, ttl: sent.TTL, values },
    ...(sent.SetIdentifier && { setIdentifier: sent.SetIdentifier }),
    ...(sent.Failover && { failover: sent.Failover }),
    ...(sent.HealthCheckId && { healthCheckId: sent.HealthCheckId }),
  };
};

/** What is wrong with all record sets of a zone taken together; undefined where they can stand side by side. */
export const conflictIn = (records: RecordSets, zone: string): string | undefined => {
  const byName = Map.groupBy(records.values(), ({ name }) => name);
  for (const [name, sets] of byName) {
    const types = new Set(sets.map(({ type }) => type));
    if (types.has('CNAME') && types.size > 1)
      return `RRSet of type CNAME with DNS name ${name}. is not permitted as it conflicts with other records with the same DNS name in zone ${zone}.`;
    for (const [type, same] of Map.groupBy(sets, (set) => set.type)) {
      const primaries = same.filter(({ failover }) => failover === 'PRIMARY').length;
      const secondaries = same.filter(({ failover }) => failover === 'SECONDARY').length;
      if (primaries > 1 || secondaries > 1)
        return `RRSet with DNS name ${name}., type ${type} cannot be created: a failover record of that kind exists already.`;
      if (same.length > 1 && primaries + secondaries < same.length)
        return `RRSet with DNS name ${name}., type ${type} cannot be created as other RRSets exist with the same name and type.`;
    }
  }
  return undefined;
};

export const describeRecordSet = (set: RecordSet): ResourceRecordSet => ({
  Name: `${set.name}.`,
  Type: set.type as ResourceRecordSet['Type'],
  TTL: set.ttl,
  ResourceRecords: set.values.map((Value) => ({ Value })),
  ...(set.setIdentifier && { SetIdentifier: set.setIdentifier }),
  ...(set.failover && { Failover: set.failover }),
  ...(set.healthCheckId && { HealthCheckId: set.healthCheckId }),
});
