// One batch of changes: all of it takes effect, or nothing does.
import { type Change, InvalidChangeBatch, type ResourceRecordSet } from '@aws-sdk/client-route-53';
import { conflictIn, type RecordSet, type RecordSets, recordKey, recordSetOf } from './record-sets.ts';

/** Quota of one request (developer guide, "Quotas", 2026-11); values of an UPSERT count twice. */
const MAX_VALUES = 1000;

export const invalidBatch = (...messages: string[]): InvalidChangeBatch =>
  new InvalidChangeBatch({ message: `[${messages.join(', ')}]`, messages, $metadata: {} });

/** The record sets of a zone after a batch. @throws InvalidChangeBatch, with everything that is wrong. */
export const afterBatch = (zone: string, records: RecordSets, changes: Change[]): Map<string, RecordSet> => {
  const after = new Map(records);
  const wrong = changes.flatMap((change) => applied(zone, after, change) ?? []);
  const values = changes.reduce(
    (sum, { Action, ResourceRecordSet: set }) =>
      sum + (set?.ResourceRecords?.length ?? 0) * (Action === 'UPSERT' ? 2 : 1),
    0,
  );
  if (changes.length === 0) wrong.push('Invalid request: a change batch needs at least one change.');
  if (values > MAX_VALUES) wrong.push(`Number of records limit of ${MAX_VALUES} exceeded.`);
  const conflict = wrong.length === 0 ? conflictIn(after, zone) : undefined;
  if (conflict) wrong.push(conflict);
  if (wrong.length > 0) throw invalidBatch(...wrong);
  return after;
};

/** Carries out one change, or says why it cannot be. */
const applied = (zone: string, records: Map<string, RecordSet>, change: Change): string | undefined => {
  const set = recordSetOf(zone, change.ResourceRecordSet ?? ({} as ResourceRecordSet));
  if (typeof set === 'string') return set;
  const key = recordKey(set);
  const standing = records.get(key);
  const what = `resource record set [name='${set.name}.', type='${set.type}'${set.setIdentifier ? `, set identifier='${set.setIdentifier}'` : ''}]`;
  if (change.Action === 'DELETE') {
    if (!standing) return `Tried to delete ${what} but it was not found`;
    if (!isSame(standing, set))
      return `Tried to delete ${what} but the values provided do not match the current values`;
    if (set.name === zone && (set.type === 'NS' || set.type === 'SOA'))
      return `A HostedZone must contain exactly one SOA record and at least one NS record.`;
    records.delete(key);
    return undefined;
  }
  if (change.Action === 'CREATE' && standing) return `Tried to create ${what} but it already exists`;
  records.set(key, set);
  return undefined;
};

const isSame = (one: RecordSet, other: RecordSet): boolean => {
  const written = (set: RecordSet) =>
    JSON.stringify([set.ttl, set.values.toSorted(), set.failover, set.setIdentifier, set.healthCheckId]);
  return written(one) === written(other);
};
