// The other way: records are changed. It needs the control plane of Route 53, which is in us-east-1.
import {
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  type ResourceRecordSet,
  Route53ServiceException,
} from '@aws-sdk/client-route-53';
import { z } from 'zod';
import { route53 } from '../../shared/aws/clients.ts';
import { isUnreachable } from '../../shared/aws/unreachable.ts';
import { now } from '../../shared/clock.ts';
import type { Recovery } from '../../shared/config/recovery.ts';
import { recordType } from '../../shared/recovery/dns.ts';
import { findDocument, openDocument } from '../../shared/vault/documents.ts';
import type { Move } from './dns-names.ts';
import { DnsChangeRefused, DnsControlPlaneSilent } from './errors.ts';

const Submitted = z.strictObject({ changeId: z.string().min(1), submittedAt: z.iso.datetime() });

/** Control plane calls that later calls of the same failover go on from. */
const keyOf = (failoverId: string): string => `recovery/${failoverId}/dns-change.json`;

/**
 * Submits the change once and says whether all name servers have it. A run that was killed before it could write the
 * change down submits the same again. @throws {DnsControlPlaneSilent} {DnsChangeRefused}
 */
export const changeRecords = async (
  failoverId: string,
  dns: NonNullable<Recovery['dns']>,
  moves: Move[],
): Promise<{ inSync: true; changeId: string } | { inSync: false; found: string }> => {
  const submitted = await findDocument(keyOf(failoverId), Submitted);
  const changeId = submitted?.changeId ?? (await submit(failoverId, dns, moves));
  if (!changeId) return { inSync: false, found: 'Route 53 is busy with an earlier change of the zone' };
  const answer = await asked(dns.zone, () => route53().send(new GetChangeCommand({ Id: changeId })));
  return answer?.ChangeInfo?.Status === 'INSYNC'
    ? { inSync: true, changeId }
    : { inSync: false, found: `the change ${changeId} has not reached all name servers` };
};

/** The id of the change; undefined where Route 53 is busy. */
const submit = async (
  failoverId: string,
  { zoneId, zone, ttl }: NonNullable<Recovery['dns']>,
  moves: Move[],
): Promise<string | undefined> => {
  const Changes = moves.map((move) => ({ Action: 'UPSERT' as const, ResourceRecordSet: recordOf(move, ttl) }));
  const answer = await asked(zone, () =>
    route53().send(
      new ChangeResourceRecordSetsCommand({ HostedZoneId: zoneId, ChangeBatch: { Comment: failoverId, Changes } }),
    ),
  );
  const changeId = answer?.ChangeInfo?.Id;
  if (!changeId) return undefined;
  const { value } = await openDocument(keyOf(failoverId), Submitted, { changeId, submittedAt: now().toISOString() });
  return value.changeId;
};

const recordOf = ({ name, target }: Move, ttl: number): ResourceRecordSet => ({
  ...{ Name: name, Type: recordType(target), TTL: ttl },
  ResourceRecords: [{ Value: target }],
});

/** One change of a zone at a time, five requests a second of an account (developer guide, "Quotas", 2026-11). */
const BUSY = new Set(['PriorRequestNotComplete', 'Throttling', 'ThrottlingException']);

/** The answer; undefined where Route 53 is busy and will answer later. */
const asked = async <T>(zone: string, call: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await call();
  } catch (cause) {
    if (cause instanceof Route53ServiceException && BUSY.has(cause.name)) return undefined;
    if (isUnreachable(cause))
      throw new DnsControlPlaneSilent(
        'the control plane of Route 53 does not answer, so records cannot be changed.',
        {
          source: zone,
          expected: 'an answer from us-east-1',
          found: (cause as Error).name,
          next: 'Names still lead to the old region. Start the failover again with the same id once Route 53 answers, or move them at another DNS provider; for the next time set dns.mode to "health-check", which needs no control plane (docs/dns.md).',
        },
        { cause },
      );
    if (cause instanceof Route53ServiceException)
      throw new DnsChangeRefused(
        'Route 53 refused to change the records.',
        {
          source: zone,
          found: `${cause.name}: ${cause.message}`,
          next: 'Correct the zone, the records or the permission named above, and start the failover again with the same id.',
        },
        { cause },
      );
    throw cause;
  }
};
