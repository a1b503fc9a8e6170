import { recordType } from '../shared/recovery/dns.ts';
import { type MetricName, NAMESPACE } from '../shared/telemetry/metrics.ts';
import type { Deployment } from './names.ts';

/** In each region the switch by which it withdraws the other one. Names are logical ids' beginnings. */
const SWITCHES = {
  // What the recovery region said last stays true when it can say nothing any more: customers do not wander back by themselves.
  recovery: { other: 'primary', id: 'PrimaryWithdrawn', failover: 'PRIMARY', silence: 'LastKnownStatus' },
  // A primary region that is lost cannot take its word back: with its silence the word is gone, and the way there is free.
  primary: { other: 'recovery', id: 'RecoveryWithdrawn', failover: 'SECONDARY', silence: 'Healthy' },
} as const satisfies Record<string, { id: MetricName } & Record<string, string>>;

/**
 * Everything a switch of names needs, made on a quiet day: this region's alarm, the health check that follows its data, and
 * the records of the OTHER region, which are answered while that is healthy. Nothing where records are changed instead.
 */
export const dns = ({ platform, role, service, region }: Deployment) => {
  const settings = platform.recovery?.dns;
  if (settings?.mode !== 'health-check') return {};
  const { other, id, failover, silence } = SWITCHES[role];
  const { zoneId, ttl, records } = settings;
  return {
    [`${id}Alarm`]: {
      Type: 'AWS::CloudWatch::Alarm',
      Properties: {
        AlarmName: `${service}-${other}-withdrawn`,
        AlarmDescription: `Customers are not sent to the ${other} region. Switched by the failover and the failback; the health check reads its data.`,
        ...{ Namespace: NAMESPACE, MetricName: id, Dimensions: [{ Name: 'service', Value: service }] },
        // What health checks can follow: one standard statistic, no resolution below a minute, no "m out of n" (developer
        // guide, "Monitoring a CloudWatch alarm", 2026-11). The check copies these settings once: changing them here
        // needs a new logical id of the check.
        ...{ Statistic: 'Maximum', Period: 60, EvaluationPeriods: 1 },
        ...{ ComparisonOperator: 'GreaterThanThreshold', Threshold: 0, TreatMissingData: 'ignore' },
      },
    },
    [`${id}Check`]: {
      Type: 'AWS::Route53::HealthCheck',
      Properties: {
        HealthCheckConfig: {
          Type: 'CLOUDWATCH_METRIC',
          AlarmIdentifier: { Name: { Ref: `${id}Alarm` }, Region: region },
          InsufficientDataHealthStatus: silence,
        },
        HealthCheckTags: [{ Key: 'Name', Value: `${service}: the ${other} region is not withdrawn` }],
      },
    },
    [`${id}Records`]: {
      Type: 'AWS::Route53::RecordSetGroup',
      Properties: {
        HostedZoneId: zoneId,
        Comment: `${service}: names of the ${other} region`,
        RecordSets: records.map((record) => ({
          ...{ Name: `${record.name}.`, Type: recordType(record[other]), TTL: String(ttl) },
          ...{ ResourceRecords: [record[other]], SetIdentifier: `${service}-${other}`, Failover: failover },
          HealthCheckId: { Ref: `${id}Check` },
        })),
      },
    },
  };
};
