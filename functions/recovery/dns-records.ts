// The other way: records are changed. It needs the control plane of Route 53, which is in us-east-1.
import {
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  type ResourceRecordSet,
  Route53ServiceException,
} from '@aws-sdk/client-route-53';
import { z } from 'zod';
import { route53 } from '../../shared/aws/clients.ts';
import { now } from '../../shared/clock.ts';
import type { Recovery } from '../../shared/config/recovery.ts';
import { recordType } from '../../shared/recovery/dns.ts';
import { findDocument, openDocument } from '../../shared/vault/documents.ts';
import type { Move } from './dns-names.ts';
import { DnsChangeRefused, DnsControlPlaneSilent } from './errors.ts';
import { isUnreachable } from './unreachable.ts';

const Submitted = z.strictObject({ changeId: z.string().min(1), submittedAt: z.iso.datetime() });

/** Control plane calls that later calls of the same failover go on from. */
const keyOf = (failoverId: string): string => `recovery/${failoverId}/dns-change.json`;

/**
 * Submits the change once and says whether all name servers have it. A run that was killed before it could write the
 * change down submits the same again. @throws {DnsControlPlaneSilent} {DnsChangeRefused}
 */
export const changeRecords = async (
  failoverId: string,
  { zoneId, zone, ttl }: NonNullable<Recovery['dns']>,
  moves: Move[],
): Promise<{ changeId: string; inSync: boolean }> => {
  const submitted = await findDocument(keyOf(failoverId), Submitted);
  const changeId =
    submitted?.changeId ??
    (await submit(
      failoverId,
      zoneId,
      zone,
      moves.map((move) => recordOf(move, ttl)),
    ));
  const { ChangeInfo } = await asked(zone, () => route53().send(new GetChangeCommand({ Id: changeId })));
  return { changeId, inSync: ChangeInfo?.Status === 'INSYNC' };
};

const submit = async (failoverId: string, zoneId: string, zone: string, sets: ResourceRecordSet[]): Promise<string> => {
  const Changes = sets.map((ResourceRecordSet) => ({ Action: 'UPSERT' as const, ResourceRecordSet }));
  const { ChangeInfo } = await asked(zone, () =>
    route53().send(
      new ChangeResourceRecordSetsCommand({ HostedZoneId: zoneId, ChangeBatch: { Comment: failoverId, Changes } }),
    ),
  );
  const fresh = { changeId: ChangeInfo?.Id ?? '', submittedAt: now().toISOString() };
  const { value } = await openDocument(keyOf(failoverId), Submitted, fresh);
  return value.changeId;
};

const recordOf = ({ name, target }: Move, ttl: number): ResourceRecordSet => ({
  ...{ Name: name, Type: recordType(target), TTL: ttl },
  ResourceRecords: [{ Value: target }],
});

const asked = async <T>(zone: string, call: () => Promise<T>): Promise<T> => {
  try {
    return await call();
  } catch (cause) {
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
