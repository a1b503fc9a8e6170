import { z } from 'zod';
import { number, tags, text, texts } from './properties.ts';
import { resourceType } from './resource-type.ts';

export const healthCheck = resourceType(
  z.strictObject({
    HealthCheckConfig: z.strictObject({
      Type: text,
      AlarmIdentifier: z.strictObject({ Name: text, Region: text }).optional(),
      InsufficientDataHealthStatus: text.optional(),
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

const recordSet = z.strictObject({
  Name: text,
  Type: text,
  TTL: number,
  ResourceRecords: texts,
  SetIdentifier: text.optional(),
  Failover: text.optional(),
  HealthCheckId: text.optional(),
});

/** Made in one batch, and taken back in one. CloudFormation waits for the name servers; nothing here does. */
export const recordSetGroup = resourceType(
  z.strictObject({ HostedZoneId: text, Comment: text.optional(), RecordSets: z.array(recordSet).min(1) }),
  async ({ HostedZoneId, Comment, RecordSets }, { call, madeUpName }) => {
    const change = (Action: string) =>
      call('route53', 'ChangeResourceRecordSets', {
        HostedZoneId,
        ChangeBatch: {
          ...(Comment && { Comment }),
          Changes: RecordSets.map(({ ResourceRecords, ...rest }) => ({
            Action,
            ResourceRecordSet: { ...rest, ResourceRecords: ResourceRecords.map((Value) => ({ Value })) },
          })),
        },
      });
    await change('CREATE');
    return { ref: madeUpName(), undo: () => change('DELETE') };
  },
);
