import { z } from 'zod';
import type { WorldDns } from '../../services/route53/dns.ts';
import { flag, number, tags, text, texts } from './properties.ts';
import { type Creation, resourceType } from './resource-type.ts';

export const healthCheck = resourceType(
  z.strictObject({
    HealthCheckConfig: z.strictObject({
      Type: text,
      AlarmIdentifier: z.strictObject({ Name: text, Region: text }).optional(),
      InsufficientDataHealthStatus: text.optional(),
      ChildHealthChecks: texts.optional(),
      HealthThreshold: number.optional(),
      Inverted: flag.optional(),
    }),
    HealthCheckTags: tags.optional(),
  }),
  async ({ HealthCheckConfig }, { call, madeUpName }) => {
    const { HealthCheck } = await call<{ HealthCheck: { Id: string } }>('route53', 'CreateHealthCheck', {
      CallerReference: madeUpName(64),
      HealthCheckConfig,
    });
    const HealthCheckId = HealthCheck.Id;
    const undo = () => call('route53', 'DeleteHealthCheck', { HealthCheckId });
    return { ref: HealthCheckId, attributes: { HealthCheckId }, undo };
  },
);

const set = {
  Name: text,
  Type: text,
  TTL: number.optional(),
  ResourceRecords: texts.optional(),
  SetIdentifier: text.optional(),
  Failover: text.optional(),
  HealthCheckId: text.optional(),
};
/** A stack names the zone by its id, or by its name with a dot at the end. */
const zone = { HostedZoneId: text.optional(), HostedZoneName: text.optional(), Comment: text.optional() };

export const recordSet = resourceType(
  z.strictObject({ ...set, ...zone }),
  async ({ HostedZoneId, HostedZoneName, Comment, ...sent }, creation) => ({
    ref: sent.Name,
    undo: await makeRecords(creation, { HostedZoneId, HostedZoneName, Comment }, [sent]),
  }),
);

export const recordSetGroup = resourceType(
  z.strictObject({ RecordSets: z.array(z.strictObject(set)).min(1), ...zone }),
  async ({ RecordSets, ...where }, creation) => ({
    ref: creation.madeUpName(),
    undo: await makeRecords(creation, where, RecordSets),
  }),
);

type Where = { [name in keyof typeof zone]?: string | undefined };

/** Makes record sets in one batch, and says how to take them back. CloudFormation waits for the name servers; nothing here does. */
const makeRecords = async (
  { call, region }: Creation,
  where: Where,
  sets: { ResourceRecords?: string[] | undefined }[],
) => {
  const { HostedZoneName, Comment } = where;
  const HostedZoneId = where.HostedZoneId ?? (region.world.dns as WorldDns).zones.named(HostedZoneName ?? '').id;
  const change = (Action: string) =>
    call('route53', 'ChangeResourceRecordSets', {
      HostedZoneId,
      ChangeBatch: {
        ...(Comment && { Comment }),
        Changes: sets.map(({ ResourceRecords = [], ...rest }) => ({
          Action,
          ResourceRecordSet: { ...rest, ResourceRecords: ResourceRecords.map((Value) => ({ Value })) },
        })),
      },
    });
  await change('CREATE');
  return () => change('DELETE');
};
